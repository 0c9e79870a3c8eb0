"""Indexes without an engine, for tests of HTTP alone: they keep what they are asked."""

from typing import Any, TypeVar

import numpy as np

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine, FieldType, Metric
from embedding_service.indexes.tuning import Tuning
from embedding_service.retrieval import requests
from embedding_service.retrieval.retrieval import Retrieval

_T = TypeVar("_T")
SEGMENT = requests.SegmentFacts("flat", 4, 3, 64)
FACTS = requests.IndexFacts(
    name="articles", uid="u1", model="fake", fingerprint="f" * 64, dimension=2, documents=3,
    metric=Metric.COSINE, engine=Engine.AUTO, tuning=Tuning(), aliases=["news"],
    fields={"year": FieldType.INT},
    size=100, version=7, applied=5, memory=200, estimate=300, unbuilt=60, created_at=1.5e9,
    segments=[SEGMENT],
)  # fmt: skip
VECTOR = np.array([0.1, -2.5], dtype=np.float32)
HIT = requests.Hit("a/1", float(np.float32(0.7)), "one", b'{"year":2024}', VECTOR)
DOCUMENT = requests.StoredDocument("a/1", 7, "one", b'{"year":2024}', VECTOR)


class FakeRetrieval(Retrieval):
    """Answers as prepared; `failure` is raised instead, for whatever is asked."""

    def __init__(self) -> None:  # without a catalogue
        self.calls, self.removed = list[tuple[Any, ...]](), ["a/1"]
        self.failure: Exception | None = None
        self.is_loaded = True
        self.added: requests.Added | None = None  # None: all are taken as they come
        self.answer = requests.Answer([HIT], 7, is_exact=True, scanned=3, cursor="on")

    async def create(self, new: requests.NewIndex) -> requests.IndexFacts:
        return self._keep(FACTS, "create", new)

    async def retune(self, name: str, wanted: Blueprint) -> requests.IndexFacts:
        return self._keep(FACTS, "retune", name, wanted)

    async def indexes(self) -> list[requests.IndexFacts]:
        return self._keep([FACTS], "indexes")

    async def describe(self, name: str, documents: int | None = None) -> requests.IndexFacts:
        return self._keep(FACTS, "describe", name, documents)

    async def drop(self, name: str, confirmation: str | None) -> None:
        self._keep(None, "drop", name, confirmation)

    async def add(self, name: str, addition: requests.Addition) -> requests.Added:
        ids = [one.id or f"made-{row}" for row, one in enumerate(addition.documents)]
        return self._keep(self.added or requests.Added(name, ids, 8), "add", name, addition)

    async def search(self, name: str, search: requests.Search) -> list[requests.Answer]:
        queries = len(search.texts) if search.matrix is None else len(search.matrix)
        return self._keep([self.answer] * queries, "search", name, search)

    async def read(self, name: str, id: str) -> requests.StoredDocument:  # noqa: A002
        return self._keep(DOCUMENT, "read", name, id)

    async def page(self, name: str, cursor: str | None, limit: int) -> requests.Page:
        return self._keep(requests.Page([DOCUMENT], "more"), "page", name, cursor, limit)

    async def remove(self, name: str, ids: Any, key: Any = None) -> requests.Removal:
        return self._keep(requests.Removal(name, self.removed, 9), "remove", name, ids, key)

    async def remove_where(self, name: str, condition: Any, key: Any = None) -> requests.Removal:
        return self._keep(
            requests.Removal(name, self.removed, 9), "remove_where", name, condition, key
        )

    async def point(self, alias: str, name: str) -> None:
        self._keep(None, "point", alias, name)

    async def unpoint(self, alias: str) -> None:
        self._keep(None, "unpoint", alias)

    async def aliases(self) -> dict[str, str]:
        return self._keep({"news": "articles"}, "aliases")

    def _keep(self, answer: _T, *call: object) -> _T:
        self.calls.append(call)
        if self.failure:
            raise self.failure
        return answer
