"""An index in memory: right at every version, whatever is written, sealed or rebuilt meanwhile."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_service.indexes.definition import Definition, Engine, FieldType, Metric
from embedding_service.indexes.filters.parsing import parse_filter
from embedding_service.indexes.search.planner import Policy
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.kernels.graphs import build
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.view import View
from embedding_service.vectors import Matrix
from index_model import Model, Row, changes_of, random_matrix, random_rows

FIELDS = {"n": FieldType.INT, "tag": FieldType.KEYWORD}
EVERYTHING = 10_000
DIMENSION = 3


def definition(metric: Metric = Metric.DOT, dimension: int = DIMENSION) -> Definition:
    return Definition("uid", "books", dimension, metric, fields=FIELDS)


def filled(rows: Sequence[Row], dimension: int, most_growing: int = 1_000) -> View:
    view = View(definition(dimension=dimension), most_growing=most_growing)
    view.apply(changes_of(rows, dimension))
    return view


def rebuilt(view: View, engine: Engine = Engine.FLAT) -> Sealed:
    """All that is live, as compaction makes it."""
    segment = concatenate(view.state.parts)
    if engine is Engine.FLAT:
        return segment
    return segment.with_graph(build(engine, segment.matrix, segment.metric))


# Small whole numbers: many vectors are equally near, and every way to sum them is exact.
vectors = st.lists(st.integers(-2, 2).map(float), min_size=DIMENSION, max_size=DIMENSION)
metadata = st.none() | st.fixed_dictionaries(
    {}, optional={"n": st.integers(0, 3), "tag": st.sampled_from(["a", "ab", "b"])}
)
puts = st.tuples(st.integers(1, 12), vectors, metadata)
removals = st.tuples(st.integers(1, 12), st.none(), st.none())
steps = st.lists(
    st.lists(puts | removals, max_size=6) | st.sampled_from(["rebuild", "rebuild half", "late"]),
    max_size=12,
)


@dataclass
class Life:
    """A view and its model, which live through the same."""

    view: View
    model: Model
    version: int = 0
    waiting: Sealed | None = None

    def write(
        self, operations: Sequence[tuple[int, list[float] | None, dict[str, object] | None]]
    ) -> None:
        rows = []
        for key, vector, each in operations:
            self.version += 1
            rows.append(Row(key, self.version, vector, each))
        self.model.apply(rows)
        changes = changes_of(rows, DIMENSION, self.version)
        self.view.apply(changes)
        self.view.apply(changes)  # again changes nothing

    def step(self, what: object) -> None:
        parts = self.view.state.parts
        if what == "late":  # a segment that was built before the last changes
            if self.waiting is not None:
                self.view.adopt(self.waiting)
            self.waiting = rebuilt(self.view) if parts else None
        elif what == "rebuild half" and parts:
            self.view.adopt(concatenate(parts[: (len(parts) + 1) // 2]))
        elif what == "rebuild" and parts:
            self.view.adopt(rebuilt(self.view))
        elif isinstance(what, list):
            self.write(what)


@given(metric=st.sampled_from(Metric), most_growing=st.integers(1, 9), history=steps)
@settings(deadline=None, max_examples=150)
def test_a_view_answers_like_its_model_at_every_step(
    metric: Metric, most_growing: int, history: list[object]
) -> None:
    life = Life(View(definition(metric), most_growing=most_growing), Model(definition(metric)))
    queries = np.array([[1, 0, 0], [1, -2, 1]], dtype=np.float32)
    condition = parse_filter({"or": [{"tag": {"prefix": "a"}}, {"n": {"gte": 2}}]}, FIELDS)
    for what in history:
        life.step(what)
        for k in (1, 3, 50):
            life.model.check(life.view.search(queries, k), queries, k)
            found = life.view.search(queries, k, condition=condition)
            life.model.check(found, queries, k, condition)
        assert life.view.version == life.version
        facts = life.view.describe()
        assert facts.live == len(life.model.documents)
        assert all(segment.live for segment in facts.segments if segment.is_sealed)


def test_an_empty_view_finds_nothing() -> None:
    found = View(definition()).search(np.ones((2, DIMENSION), dtype=np.float32), 5)
    assert [hits.keys.tolist() for hits in found.queries] == [[], []]
    assert found.version == 0
    assert {(hits.is_exact, hits.scanned) for hits in found.queries} == {(True, 0)}


def test_no_query_is_no_answer() -> None:
    view = filled(random_rows(10, 4), 4)
    assert view.search(np.ones((0, 4), dtype=np.float32), 5).queries == []


def test_of_many_equal_documents_those_of_the_lowest_keys_are_found() -> None:
    rows = [Row(3_001 - version, version, [1.0, 1.0, 0.0]) for version in range(1, 3_001)]
    queries = np.ones((6, DIMENSION), dtype=np.float32)
    for hits in filled(rows, DIMENSION).search(queries, 10).queries:
        assert hits.keys.tolist() == list(range(1, 11))
        assert hits.scores.tolist() == [2.0] * 10


def test_a_removed_document_is_not_found_again() -> None:
    rows = random_rows(30, 4)
    view = filled(rows, 4, most_growing=10)
    view.apply(changes_of([Row(row.key, 100 + row.key, None) for row in rows], 4))
    query = random_matrix(1, 4)
    assert view.search(query, EVERYTHING).queries[0].keys.tolist() == []
    assert view.describe().live == 0


def test_within_one_stretch_the_later_version_wins() -> None:
    view = View(definition())
    view.apply(changes_of([Row(1, 1, [1, 0, 0]), Row(1, 2, [0, 1, 0])], DIMENSION))
    (hits,) = view.search(np.array([[1, 0, 0]], dtype=np.float32), 5).queries
    assert (hits.keys.tolist(), hits.versions.tolist(), hits.scores.tolist()) == ([1], [2], [0])


def test_a_document_may_come_back_under_its_key() -> None:
    view = View(definition(), most_growing=2)
    query = np.array([[1, 0, 0]], dtype=np.float32)
    for version, vector in zip(count(1), ([1, 0, 0], None, [2, 0, 0]), strict=False):
        view.apply(changes_of([Row(1, version, vector)], DIMENSION))
    assert view.search(query, 5).queries[0].scores.tolist() == [2]


def test_a_change_that_fails_leaves_the_view_as_it_was_and_can_be_repeated() -> None:
    view = View(definition(), most_growing=4)
    model = Model(definition())
    rows = [Row(key, key, [float(key), 1, 0]) for key in range(1, 7)]
    view.apply(changes_of(rows[:2], DIMENSION))
    changes = changes_of(rows[2:], DIMENSION)
    broken = [b"{", *changes.metadata[1:]]
    with pytest.raises(ValueError, match="unexpected end"):
        view.apply(replace(changes, metadata=broken))
    query = np.array([[1, 0, 0]], dtype=np.float32)
    model.apply(rows[:2])
    model.check(view.search(query, EVERYTHING), query, EVERYTHING)
    view.apply(changes)
    model.apply(rows[2:])
    model.check(view.search(query, EVERYTHING), query, EVERYTHING)


def test_what_cannot_be_searched_is_refused() -> None:
    view = View(definition())
    good = np.ones((1, DIMENSION), dtype=np.float32)
    with pytest.raises(ValueError, match="at least 1"):
        view.search(good, 0)
    with pytest.raises(ValueError, match="shape"):
        view.search(np.ones((1, 4), dtype=np.float32), 1)
    with pytest.raises(ValueError, match="float64"):
        view.search(np.ones((1, DIMENSION)), 1)  # type: ignore[arg-type]  # what is tested
    with pytest.raises(ValueError, match="finite"):
        view.search(good * np.float32(np.nan), 1)
    with pytest.raises(ValueError, match="finite"):
        view.apply(changes_of([Row(1, 1, [1, np.inf, 0])], DIMENSION))
    assert view.version == 0


def test_the_growing_segment_seals_at_its_bound() -> None:
    view = filled(random_rows(25, 4), 4, most_growing=10)
    facts = view.describe()
    assert [(each.is_sealed, each.rows) for each in facts.segments] == [
        (True, 10),
        (True, 10),
        (False, 5),
    ]
    assert facts.nbytes > 25 * 16


def test_loading_a_snapshot_starts_from_its_live_rows() -> None:
    rows = random_rows(40, 4)
    before, after = filled(rows, 4, most_growing=16), View(definition(dimension=4))
    after.load(
        [(concatenate([part]), Bitmap.full(part[1].ones)) for part in before.state.parts], 40
    )
    query = random_matrix(3, 4)
    expected, found = before.search(query, 7), after.search(query, 7)
    for one, other in zip(expected.queries, found.queries, strict=True):
        assert one.keys.tolist() == other.keys.tolist()
    assert after.version == 40
    # What it loaded is replaced like anything else.
    after.apply(changes_of([Row(row.key, 100 + row.key, None) for row in rows], 4))
    assert after.describe().live == 0
    with pytest.raises(ValueError, match="not empty"):
        after.load([], 1)


def test_a_segment_of_another_kind_is_refused() -> None:
    segment = rebuilt(filled(random_rows(5, 4), 4))
    with pytest.raises(ValueError, match="another"):
        View(definition(Metric.L2, 4)).adopt(segment)
    with pytest.raises(ValueError, match="another"):
        View(definition(dimension=5)).load([(segment, Bitmap.full(5))], 5)


@pytest.mark.parametrize("engine", [Engine.FLAT, Engine.HNSW, Engine.IVF])
def test_rows_that_changed_while_a_segment_was_built_are_dead_in_it(engine: Engine) -> None:
    rows = random_rows(700, 8)
    view, model = filled(rows, 8), Model(definition(dimension=8))
    view.policy = Policy(exact_floats=0, exact_share=0.01)
    segment = rebuilt(view, engine)
    gone = [Row(row.key, 1_000 + row.key, None) for row in rows[:200]]
    moved = [Row(row.key, 2_000 + row.key, [0.0] * 8) for row in rows[200:300]]
    view.apply(changes_of([*gone, *moved], 8))
    view.adopt(segment)
    model.apply([*rows, *gone, *moved])
    queries = random_matrix(5, 8, seed=3)
    model.check(view.search(queries, 10, is_exact=True), queries, 10)
    found = view.search(queries, 500)
    for hits in found.queries:
        assert set(hits.keys.tolist()) == model.documents.keys()
    assert [each.live for each in view.describe().segments] == [400, 100]


@pytest.mark.parametrize("engine", [Engine.FLAT, Engine.HNSW])
def test_a_search_sees_exactly_one_version_while_others_write_and_rebuild(engine: Engine) -> None:
    """Every version moves one of ten documents; a search must see all ten as they were at its."""
    documents, versions = 10, 400
    kind = definition(Metric.DOT, 4)
    view = View(kind, Policy(exact_floats=0), most_growing=16)
    history = [
        Row(1 + version % documents, version, [1.0, float(version), 0, 0])
        for version in range(1, versions + 1)
    ]
    view.apply(changes_of(history[:documents], 4))
    is_over = threading.Event()
    queries: Matrix = np.array([[0, 1, 0, 0]] * 6, dtype=np.float32)

    def write() -> None:
        for row in history[documents:]:
            view.apply(changes_of([row], 4))

    def rebuild() -> None:
        while not is_over.is_set():
            view.adopt(rebuilt(view, engine))

    def read(width: int) -> int:
        searches = 0
        while not is_over.is_set() or not searches:
            found = view.search(queries[:width], documents)
            newest = list(range(found.version, found.version - documents, -1))
            assert all(hits.versions.tolist() == newest for hits in found.queries)
            searches += 1
        return searches

    with ThreadPoolExecutor(5) as pool:
        readers = [pool.submit(read, width) for width in (1, 1, 6)]
        builder, writer = pool.submit(rebuild), pool.submit(write)
        try:
            writer.result(timeout=60)
        finally:
            is_over.set()
        builder.result(timeout=60)
        assert all(reader.result(timeout=60) for reader in readers)
    assert view.version == versions
