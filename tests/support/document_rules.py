"""Rules by which an index that another process serves is compared with a dict of documents."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import orjson
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from document_model import Condition, Documents, Entry
from embedding_service.indexes.definition import FieldType, Metric
from embedding_service.indexes.documents import IdempotencyKey
from embedding_service.retrieval.requests import (
    Added,
    Addition,
    Answer,
    Include,
    NewDocument,
    NewIndex,
    Page,
    Removal,
    Search,
)
from served_process import ServedProcess

NAME = "subject"
FIELDS = {"year": FieldType.INT, "tag": FieldType.KEYWORD}
EVERYTHING: frozenset[Include] = frozenset({"text", "metadata", "vector"})

Vector: TypeAlias = tuple[float, ...]


class Filter(NamedTuple):
    """The same as the index is asked, and of a document's metadata."""

    asked: Mapping[str, Any]
    condition: Condition


class Batch(tuple[tuple[str, Entry], ...]):
    """Documents to put."""


Change: TypeAlias = Batch | Sequence[str] | Filter

FILTERS = [
    Filter({"year": 2}, lambda document: document.get("year") == 2),
    Filter({"year": {"gte": 1, "lt": 3}}, lambda document: 1 <= document.get("year", 0) < 3),
    Filter({"tag": {"in": ["b", "c"]}}, lambda document: document.get("tag") in {"b", "c"}),
    Filter({"tag": {"exists": False}}, lambda document: "tag" not in document),
    Filter(
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
BATCHES = st.lists(st.tuples(IDS, ENTRIES), min_size=1, max_size=6).map(Batch)
IDS_OR_FILTER = st.lists(IDS, max_size=4) | st.sampled_from(FILTERS)
CHANGES = st.lists(BATCHES | IDS_OR_FILTER, max_size=2)
KEYS = st.none() | st.integers(0, 3).map(str)
QUERIES: list[Vector] = [(1.0, 0.0, 0.0), (-1.0, 2.0, 0.5)]


class DocumentRules(RuleBasedStateMachine):
    """All that is done with documents."""

    process: ServedProcess

    @initialize(metric=st.sampled_from(Metric), changes=CHANGES)
    def create(self, metric: Metric, changes: Sequence[Change]) -> None:
        self.model = Documents(metric)
        self.repeatable: dict[str, tuple[Addition, int]] = {}
        new = NewIndex(name=NAME, has_model=False, dimension=3, metric=metric, fields=FIELDS)
        self.call("create", new)
        self.change(changes)

    def teardown(self) -> None:
        self.call("drop", NAME, NAME)

    def call(self, method: str, *arguments: Any) -> Any:
        return self.process.call(f"retrieval.{method}", *arguments)

    @rule(batch=BATCHES, key=KEYS)
    def add(self, batch: Batch, key: str | None) -> None:
        if key in self.repeatable:
            return
        addition = addition_of(batch, key)
        self.put(batch, self.call("add", NAME, addition))
        if key is not None:
            self.repeatable[key] = (addition, self.model.version)

    def put(self, batch: Batch, added: Added) -> None:
        """Compare the answer with what the model makes of it."""
        self.model.put(batch)
        assert (added.version, added.is_repeated) == (self.model.version, False)
        assert added.ids == [id_ for id_, _ in batch]

    @rule(key=KEYS)
    def repeat(self, key: str | None) -> None:
        if key is None or key not in self.repeatable:
            return
        addition, version = self.repeatable[key]
        added: Added = self.call("add", NAME, addition)
        assert (added.version, added.is_repeated) == (version, True)

    @rule(chosen=IDS_OR_FILTER)
    def remove(self, chosen: Sequence[str] | Filter) -> None:
        if isinstance(chosen, Filter):
            removal: Removal = self.call("remove_where", NAME, chosen.asked)
            expected = self.model.remove_where(chosen.condition)
        else:
            removal = self.call("remove", NAME, chosen)
            expected = self.model.remove(chosen)
        assert (list(removal.ids), removal.version) == (expected, self.model.version)

    def change(self, changes: Sequence[Change]) -> None:
        """Write something."""
        for change in changes:
            if isinstance(change, Batch):
                self.add(change, None)
            else:
                self.remove(change)

    @rule(query=VECTORS, chosen=st.none() | st.sampled_from(FILTERS), limit=st.integers(1, 4))
    def find(self, query: Vector, chosen: Filter | None, limit: int) -> None:
        """All pages of one search, and all documents."""
        asked, condition = (None, None) if chosen is None else (chosen.asked, chosen.condition)
        found: list[tuple[str, float]] = []
        cursor: str | None = None
        while cursor is not None or not found:
            (answer,) = self.ask(NAME, [query], top_k=limit, filter=asked, cursor=cursor)
            found += [(hit.id, hit.score) for hit in answer.hits]
            cursor = answer.cursor
            if cursor is None:
                break
        assert_equal(found, self.model.search(query, condition))
        assert self.list_versions(NAME, limit) == self.model.list_versions()

    @invariant()
    def everything_is_there_and_nothing_else(self) -> None:
        self.compare(NAME, self.model)

    def compare(self, name: str, model: Documents) -> None:
        """All documents, as a search finds them."""
        answers = self.ask(name, QUERIES, top_k=100)
        for query, answer in zip(QUERIES, answers, strict=True):
            assert answer.version == model.version
            found = [(hit.id, hit.score) for hit in answer.hits]
            assert_equal(found, model.search(query))
            for hit in answer.hits:
                _, entry = model.entries[hit.id]
                assert (hit.text, metadata_of(hit.metadata)) == (entry.text, entry.metadata)
                assert hit.vector is not None
                assert hit.vector.tolist() == model.stored(entry.vector)

    def list_versions(self, name: str, limit: int) -> list[tuple[str, int]]:
        """Ids and versions of all documents, a page after the other."""
        listed: list[tuple[str, int]] = []
        cursor: str | None = None
        while True:
            page: Page = self.call("page", name, cursor, limit)
            listed += [(each.id, each.version) for each in page.documents]
            if (cursor := page.cursor) is None:
                return listed

    def ask(self, name: str, queries: Sequence[Vector], **options: Any) -> Sequence[Answer]:
        matrix = np.array(queries, dtype=np.float32)
        search = Search(matrix=matrix, is_exact=True, include=EVERYTHING, **options)
        answers: Sequence[Answer] = self.call("search", name, search)
        assert all(answer.is_exact for answer in answers)
        return answers


def addition_of(batch: Batch, key: str | None) -> Addition:
    documents = [
        NewDocument(id_, entry.text, np.array(entry.vector, np.float32), entry.metadata)
        for id_, entry in batch
    ]
    named = None if key is None else IdempotencyKey(key, b"digest")
    return Addition(documents=documents, key=named)


def assert_equal(found: Sequence[tuple[str, float]], expected: Sequence[tuple[str, float]]) -> None:
    assert [id_ for id_, _ in found] == [id_ for id_, _ in expected]
    np.testing.assert_allclose(
        [score for _, score in found], [score for _, score in expected], rtol=1e-6, atol=1e-6
    )


def metadata_of(content: bytes | None) -> Mapping[str, Any] | None:
    return None if content is None else dict(orjson.loads(content))
