"""An index in memory alone, as upkeep needs it."""

from collections.abc import Sequence

from embedding_service.indexes.definition import Definition, Engine, FieldType, Metric
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.view import View
from index_model import Row, changes_of, random_rows

DIMENSION = 16


class KeptIndex:
    """Seals every 500 rows; keeps the engines of what it has adopted."""

    def __init__(self, engine: Engine = Engine.AUTO, uid: str = "u1", rows: int = 0) -> None:
        fields = {"n": FieldType.INT, "tag": FieldType.KEYWORD}
        self.definition = Definition(uid, f"books-{uid}", DIMENSION, Metric.DOT, engine, fields)
        self.view = View(self.definition, most_growing=500)
        self.adopted: list[Engine] = []
        self.write(random_rows(rows, DIMENSION))

    @property
    def sealed(self) -> Sequence[tuple[Sealed, Bitmap]]:
        return self.view.state.sealed

    @property
    def engines(self) -> list[Engine]:
        """Of its sealed segments."""
        return [segment.engine for segment, _ in self.sealed]

    def adopt(self, segment: Sealed) -> None:
        self.adopted.append(segment.engine)
        self.view.adopt(segment)

    def write(self, rows: Sequence[Row]) -> None:
        """In the order of versions."""
        if rows:
            self.view.apply(changes_of(rows, DIMENSION))
