"""Any sequence of calls, restarts among them: the answers are those of a dict of documents."""

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from document_model import Condition, Documents, Entry
from embedding_service.indexes.definition import FieldType, Metric
from embedding_service.indexes.documents import IdempotencyKey
from embedding_service.retrieval.requests import (
    Addition,
    Answer,
    Include,
    NewDocument,
    NewIndex,
    Search,
)
from embedding_service.retrieval.retrieval import Retrieval
from retrievals import open_retrieval

_T = TypeVar("_T")
NAME = "subject"
FIELDS = {"year": FieldType.INT, "tag": FieldType.KEYWORD}
EVERYTHING: frozenset[Include] = frozenset({"text", "metadata", "vector"})
MOST_RESTARTS = 1
"""Of one example: it is the slowest step by far."""

FILTERS: list[tuple[dict[str, Any], Condition]] = [
    ({"year": 2}, lambda document: document.get("year") == 2),
    ({"year": {"gte": 1, "lt": 3}}, lambda document: 1 <= document.get("year", 0) < 3),
    ({"tag": {"in": ["b", "c"]}}, lambda document: document.get("tag") in {"b", "c"}),
    ({"tag": {"exists": False}}, lambda document: "tag" not in document),
    (
        {"or": [{"year": 1}, {"tag": {"prefix": "b"}}]},
        lambda document: document.get("year") == 1 or document.get("tag") == "b",
    ),
]
# A cosine needs a direction, and small whole numbers make equal scores likely.
VECTORS = st.tuples(*[st.integers(-2, 2).map(float)] * 3).filter(any)
METADATA = st.none() | st.fixed_dictionaries(
    {}, optional={"year": st.integers(1, 4), "tag": st.sampled_from("abc")}
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3)
ENTRIES = st.builds(Entry, VECTORS, st.none() | TEXTS, METADATA)
IDS = st.sampled_from([*"abcdefgh", "ä", "🦊", "a "])
BATCHES = st.lists(st.tuples(IDS, ENTRIES), min_size=1, max_size=6)
KEYS = st.none() | st.integers(0, 3).map(str)


class Process:
    """A process that serves, and may be started anew; on an event loop of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder
        self._runner = asyncio.Runner()
        self._open = AsyncExitStack()
        self.retrieval: Retrieval
        self.start()

    def start(self) -> None:
        opening = open_retrieval(self._folder, self._url)
        self.retrieval = self.run(self._open.enter_async_context(opening))

    def stop(self) -> None:
        self.run(self._open.aclose())

    def run(self, call: Awaitable[_T]) -> _T:
        async def wait() -> _T:
            return await call

        return self._runner.run(wait())

    def close(self) -> None:
        self.stop()
        self._runner.close()


class RetrievalAgainstDocuments(RuleBasedStateMachine):
    process: Process

    @initialize(metric=st.sampled_from(Metric))
    def create(self, metric: Metric) -> None:
        self.model = Documents(metric)
        self.restarts = 0
        self.repeatable: dict[str, tuple[Addition, int]] = {}
        new = NewIndex(name=NAME, has_model=False, dimension=3, metric=metric, fields=FIELDS)
        self.run(self.retrieval.create(new))

    def teardown(self) -> None:
        self.run(self.retrieval.drop(NAME, NAME))

    @property
    def retrieval(self) -> Retrieval:
        return self.process.retrieval

    def run(self, call: Awaitable[_T]) -> _T:
        return self.process.run(call)

    @rule(batch=BATCHES, key=KEYS)
    def add(self, batch: list[tuple[str, Entry]], key: str | None) -> None:
        if key in self.repeatable:
            return
        documents = [
            NewDocument(id_, entry.text, np.array(entry.vector, np.float32), entry.metadata)
            for id_, entry in batch
        ]
        named = None if key is None else IdempotencyKey(key, b"digest")
        addition = Addition(documents=documents, key=named)
        added = self.run(self.retrieval.add(NAME, addition))
        self.model.put(batch)
        assert (added.version, added.is_repeated) == (self.model.version, False)
        assert added.ids == [id_ for id_, _ in batch]
        if key is not None:
            self.repeatable[key] = (addition, added.version)

    @rule(key=KEYS)
    def repeat(self, key: str | None) -> None:
        if key is None or key not in self.repeatable:
            return
        addition, version = self.repeatable[key]
        added = self.run(self.retrieval.add(NAME, addition))
        assert (added.version, added.is_repeated) == (version, True)

    @rule(ids=st.lists(IDS, max_size=4))
    def remove(self, ids: list[str]) -> None:
        removal = self.run(self.retrieval.remove(NAME, ids))
        assert list(removal.ids) == self.model.remove(ids)
        assert removal.version == self.model.version

    @rule(chosen=st.sampled_from(FILTERS))
    def remove_where(self, chosen: tuple[Mapping[str, Any], Condition]) -> None:
        asked, condition = chosen
        removal = self.run(self.retrieval.remove_where(NAME, asked))
        assert list(removal.ids) == self.model.remove_where(condition)
        assert removal.version == self.model.version

    @rule(query=VECTORS, chosen=st.none() | st.sampled_from(FILTERS), top_k=st.integers(1, 4))
    def search(
        self,
        query: tuple[float, ...],
        chosen: tuple[Mapping[str, Any], Condition] | None,
        top_k: int,
    ) -> None:
        """All pages of one search."""
        asked, condition = (None, None) if chosen is None else chosen
        found: list[tuple[str, float]] = []
        cursor: str | None = None
        while cursor is not None or not found:
            answer = self.ask(query, top_k=top_k, filter=asked, cursor=cursor)
            found += [(hit.id, hit.score) for hit in answer.hits]
            cursor = answer.cursor
            if cursor is None:
                break
        expected = self.model.search(query, condition)
        assert [id_ for id_, _ in found] == [id_ for id_, _ in expected]
        np.testing.assert_allclose(
            [score for _, score in found], [score for _, score in expected], rtol=1e-6, atol=1e-6
        )

    @rule(limit=st.integers(1, 4))
    def page(self, limit: int) -> None:
        """Through all documents."""
        listed: list[tuple[str, int]] = []
        cursor: str | None = None
        while True:
            page = self.run(self.retrieval.page(NAME, cursor, limit))
            listed += [(each.id, each.version) for each in page.documents]
            if (cursor := page.cursor) is None:
                break
        assert listed == [(id_, self.model.entries[id_][0]) for id_ in self.model.by_age()]

    @precondition(lambda self: self.restarts < MOST_RESTARTS)
    @rule()
    def restart(self) -> None:
        self.restarts += 1
        self.process.stop()
        self.process.start()

    @invariant()
    def everything_is_there_and_nothing_else(self) -> None:
        answer = self.ask((1.0, 0.0, 0.0), top_k=100)
        assert answer.version == self.model.version
        assert {hit.id for hit in answer.hits} == self.model.entries.keys()
        for hit in answer.hits:
            _, entry = self.model.entries[hit.id]
            assert (hit.text, metadata_of(hit.metadata)) == (entry.text, entry.metadata)
            assert hit.vector is not None
            assert hit.vector.tolist() == self.model.stored(entry.vector)

    def ask(self, query: tuple[float, ...], **options: Any) -> Answer:
        matrix = np.array([query], dtype=np.float32)
        search = Search(matrix=matrix, is_exact=True, include=EVERYTHING, **options)
        (answer,) = self.run(self.retrieval.search(NAME, search))
        assert answer.is_exact
        return answer


def metadata_of(content: bytes | None) -> Mapping[str, Any] | None:
    return None if content is None else dict(orjson.loads(content))


def check(url: str, folder: Path, examples: int, steps: int) -> None:
    process = Process(url, folder)
    machine = type("Machine", (RetrievalAgainstDocuments,), {"process": process})
    bounds = settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    try:
        run_state_machine_as_test(machine, settings=bounds)
    finally:
        process.close()


def test_answers_are_those_of_a_dict(record_url: str, record_folder: Path) -> None:
    check(record_url, record_folder, examples=25, steps=20)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_answers_stay_those_of_a_dict(record_url: str, record_folder: Path) -> None:
    check(record_url, record_folder, examples=1_000, steps=50)
