"""An index in memory alone, as upkeep needs it; no other process builds anything for it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from embedding_service.indexes.definition import Definition, Engine, FieldType, Metric
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.tuning import Tuning
from embedding_service.indexes.upkeep.building import Built
from embedding_service.indexes.upkeep.kept import Holding
from embedding_service.indexes.view import View
from index_model import Row, changes_of, random_matrix, random_rows

DIMENSION = 16


class NotingView(View):
    """Keeps the engines of what it has adopted."""

    def __init__(self, definition: Definition, most_growing: int) -> None:
        super().__init__(definition, most_growing=most_growing)
        self.adopted: list[Engine] = []

    def adopt(self, segment: Sealed) -> None:
        self.adopted.append(segment.engine)
        super().adopt(segment)


class KeptIndex:
    """Seals every 500 rows; keeps the engines of what it has adopted, and what it was to share."""

    has_news = False

    def __init__(self, engine: Engine = Engine.AUTO, uid: str = "u1", rows: int = 0) -> None:
        fields = {"n": FieldType.INT, "tag": FieldType.KEYWORD}
        tuning = Tuning(exact_rows=1_000)
        self.definition = Definition(
            uid, f"books-{uid}", DIMENSION, Metric.DOT, engine, fields, tuning=tuning
        )
        self.view = NotingView(self.definition, most_growing=500)
        self.given: list[Built] = []
        self.write(random_rows(rows, DIMENSION))

    @property
    def sealed(self) -> Sequence[tuple[Sealed, Bitmap]]:
        return self.view.sealed

    @property
    def adopted(self) -> list[Engine]:
        return self.view.adopted

    @property
    def engines(self) -> list[Engine]:
        """Of its sealed segments."""
        return [segment.engine for segment, _ in self.sealed]

    def office(self) -> AbstractContextManager[bool]:
        return nullcontext(enter_result=True)

    def take_builds(self) -> bool:
        return False

    def give_build(self, holding: Holding, built: Built) -> None:
        assert holding is self.view
        self.given.append(built)

    def measure(self) -> None:
        pass

    def write(self, rows: Sequence[Row]) -> None:
        """In the order of versions."""
        if rows:
            self.view.apply(changes_of(rows, DIMENSION))


def factories(index: KeptIndex) -> list[str | None]:
    """Of its sealed segments, in FAISS's words."""
    return [segment.graph.factory if segment.graph else None for segment, _ in index.sealed]


def found_in(index: KeptIndex, *, is_exact: bool = True) -> list[list[tuple[int, int]]]:
    """Keys and versions of the nearest 50 to some queries."""
    found = index.view.search(random_matrix(10, DIMENSION, 7), 50, is_exact=is_exact)
    return [
        list(zip(hits.keys.tolist(), hits.versions.tolist(), strict=True)) for hits in found.queries
    ]
