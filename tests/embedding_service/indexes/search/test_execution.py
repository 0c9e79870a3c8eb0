"""Searching by graphs: recall under every filter, never fewer than there are, never the dead."""

import numpy as np
import pytest

from embedding_service.indexes.definition import Definition, Engine, FieldType, Metric
from embedding_service.indexes.filters.parsing import parse_filter
from embedding_service.indexes.search.planner import Policy
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.kernels.graphs import Reach, build
from embedding_service.indexes.view import View
from index_model import Model, Row, changes_of, random_matrix, random_rows

FIELDS = {"n": FieldType.INT, "tag": FieldType.KEYWORD}
ROWS, DIMENSION, QUERIES = 6_000, 24, 20
DEFINITION = Definition("uid", "books", DIMENSION, Metric.COSINE, fields=FIELDS)
ENGINES = [Engine.HNSW, Engine.IVF]
# Graphs wherever a large segment would use them; codes of 24 dimensions are coarse.
GRAPHS = Policy(Reach(probed_share=0.3, k_factor=64), exact_floats=0)


@pytest.fixture(scope="module", params=ENGINES)
def built(request: pytest.FixtureRequest) -> tuple[View, Model]:
    rows = random_rows(ROWS, DIMENSION)
    view, model = View(DEFINITION, GRAPHS), Model(DEFINITION)
    view.apply(changes_of(rows, DIMENSION))
    model.apply(rows)
    segment = concatenate(view.state.parts)
    view.adopt(segment.with_graph(build(request.param, segment.matrix, Metric.COSINE)))
    assert [each.engine for each in view.describe().segments] == [request.param]
    return view, model


@pytest.mark.parametrize("below", [1000, 500, 200, 100, 10, 1])
def test_recall_holds_whatever_share_a_filter_lets_pass(
    built: tuple[View, Model], below: int
) -> None:
    view, model = built
    condition = parse_filter({"n": {"lt": below}}, FIELDS)
    queries = random_matrix(QUERIES, DIMENSION, seed=5)
    found = view.search(queries, 10, condition=condition)
    assert {hits.is_exact for hits in found.queries} == {below <= 100}
    assert all(hits.scanned > 0 for hits in found.queries)
    assert np.mean(model.recalls(found, queries, 10, condition)) >= 0.99
    for hits in found.queries:
        assert len(hits.keys) == min(10, ROWS * below // 1000)
        assert np.all(np.diff(hits.scores) <= 0)


def test_scores_are_those_of_an_exact_search(built: tuple[View, Model]) -> None:
    view, _ = built
    queries = random_matrix(QUERIES, DIMENSION, seed=6)
    exact = view.search(queries, 50, is_exact=True)
    assert all(hits.is_exact for hits in exact.queries)
    near = view.search(queries, 10)
    assert not any(hits.is_exact for hits in near.queries)
    for hits, truth in zip(near.queries, exact.queries, strict=True):
        scores = dict(zip(truth.keys.tolist(), truth.scores.tolist(), strict=True))
        for key, value in zip(hits.keys.tolist(), hits.scores.tolist(), strict=True):
            assert scores.get(key, value) == value


def test_a_graph_that_brings_too_little_is_not_believed() -> None:
    rows = random_rows(1_000, DIMENSION)
    view, model = View(DEFINITION, Policy(Reach(1, 0, 1), exact_floats=0)), Model(DEFINITION)
    view.apply(changes_of(rows, DIMENSION))
    model.apply(rows)
    segment = concatenate(view.state.parts)
    view.adopt(segment.with_graph(build(Engine.IVF, segment.matrix, Metric.COSINE)))
    # Eight lists do not have what is wanted.
    queries = random_matrix(3, DIMENSION, seed=7)
    condition = parse_filter({"n": {"lt": 990}}, FIELDS)
    found = view.search(queries, 90, condition=condition)
    assert [len(hits.keys) for hits in found.queries] == [90] * 3


@pytest.mark.parametrize("engine", ENGINES)
def test_what_was_removed_is_found_by_no_graph(engine: Engine) -> None:
    rows = random_rows(2_000, DIMENSION)
    view, model = View(DEFINITION, GRAPHS), Model(DEFINITION)
    view.apply(changes_of(rows, DIMENSION))
    segment = concatenate(view.state.parts)
    view.adopt(segment.with_graph(build(engine, segment.matrix, Metric.COSINE)))
    queries = random_matrix(5, DIMENSION, seed=8)
    removed = [Row(row.key, 5_000 + row.key, None) for row in rows[:1_000]]
    view.apply(changes_of(removed, DIMENSION))
    model.apply([*rows, *removed])
    for k in (10, 1_500):
        for hits in view.search(queries, k).queries:
            assert len(hits.keys) == min(k, 1_000)
            assert set(hits.keys.tolist()) <= model.documents.keys()
