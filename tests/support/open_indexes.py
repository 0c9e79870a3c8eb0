"""Open indexes over a real record, and a record in which others act at the worst moment."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import orjson
from prometheus_client import CollectorRegistry

from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.definition import Definition, FieldType, Metric
from embedding_service.indexes.documents import Changes, Document, Point, Puts
from embedding_service.indexes.index import Index
from embedding_service.indexes.query import Query
from embedding_service.indexes.records.record import Quota, Record, Standing
from embedding_service.telemetry.index_metrics import IndexMetrics

FREE = Quota(documents=0, size=0)
DEFINITION = Definition(
    uid="u", name="faq", dimension=2, metric=Metric.DOT, fields={"year": FieldType.INT}
)


def open_index(record: Record, definition: Definition = DEFINITION) -> Index:
    """An index that has followed its record; the record must have it."""
    index = Index(record, definition, FREE, IndexMetrics(CollectorRegistry()))
    index.follow()
    return index


def open_catalogue(record: Record) -> Catalogue:
    """A loaded catalogue."""
    catalogue = Catalogue(record, FREE, IndexMetrics(CollectorRegistry()))
    catalogue.load()
    return catalogue


def puts_of(given: Mapping[str, Sequence[float]], **metadata: object) -> Puts:
    """Documents by id, with these vectors; the text is the vector in words."""
    count = len(given)
    return Puts(
        ids=list(given),
        texts=[str(list(vector)) for vector in given.values()],
        metadata=[orjson.dumps(metadata) if metadata else None] * count,
        matrix=np.array(list(given.values()), dtype=np.float32).reshape(count, 2),
    )


def ask(x: float = 1, y: float = 0, *, wants_documents: bool = True) -> Query:
    """The ten nearest to (x, y)."""
    matrix = np.array([[x, y]], dtype=np.float32)
    return Query(matrix, top_k=10, is_exact=True, wants_documents=wants_documents)


def ids_of(index: Index, query: Query | None = None) -> list[str]:
    """What is found, nearest first."""
    found, _ = index.search(query or ask(wants_documents=False))
    return list(found.queries[0].ids)


class MeddledRecord(Record):
    """Another writer acts right before one of its answers is read, as often as it is told to."""

    def __init__(self, record: Record) -> None:
        """`record` stays open, and is what the other writer should use."""
        super().__init__(record._database, record._address, record._patience)
        self._meddling: dict[str, deque[Callable[[], object]]] = defaultdict(deque)
        self.holds = 0
        """How often writers were kept out."""

    def before(self, call: str, *acts: Callable[[], object]) -> None:
        """Before each of the next calls of `call` (a method's name), do the next of `acts`."""
        self._meddling[call].extend(acts)

    @contextmanager
    def hold(self, uid: str) -> Iterator[None]:
        self.holds += 1
        with super().hold(uid):
            yield

    def changes(self, uid: str, after: int, most: int, known: Point | None = None) -> Changes:
        self._meddle("changes")
        return super().changes(uid, after, most, known)

    def fetch(self, uid: str, keys: Sequence[int]) -> dict[int, Document]:
        self._meddle("fetch")
        return super().fetch(uid, keys)

    def standing(self, uid: str) -> Standing:
        self._meddle("standing")
        return super().standing(uid)

    def aliases(self) -> dict[str, str]:
        self._meddle("aliases")
        return super().aliases()

    def _meddle(self, call: str) -> None:
        if acts := self._meddling[call]:
            acts.popleft()()
