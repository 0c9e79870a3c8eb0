"""What was removed or replaced is found by no engine, by no metric and through no filter."""

import numpy as np
import orjson
import pytest

from embedding_service.indexes.definition import Definition, Engine, FieldType, Metric
from embedding_service.indexes.filters.parsing import parse_filter
from embedding_service.indexes.search.planner import Policy
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.kernels.graphs import Reach, build
from embedding_service.indexes.view import View
from index_model import Model, Row, changes_of, random_matrix, random_rows

FIELDS = {"n": FieldType.INT, "tag": FieldType.KEYWORD}
ROWS, DIMENSION = 1_600, 12
GRAPHS = Policy(Reach(probed_share=0.5), exact_floats=0, exact_share=0.04)
"""Graphs wherever one is there and more than a few rows are allowed."""
FILTERS = [None, {"n": {"lt": 700}}, {"tag": {"in": ["t1", "t2", "t3"]}}, {"not": {"tag": "t4"}}]


def removed_and_replaced() -> list[Row]:
    """Every other document goes; of the others, some are somewhere else and something else now."""
    gone = [Row(key, ROWS + key, None) for key in range(1, ROWS, 2)]
    moved = [
        Row(key, 3 * ROWS + key, vector, {"n": 999, "tag": "t4"})
        for key, vector in zip(
            range(2, ROWS, 8), random_matrix(ROWS, DIMENSION, seed=3).tolist(), strict=False
        )
    ]
    return gone + moved


@pytest.mark.parametrize("metric", Metric)
@pytest.mark.parametrize("engine", [Engine.FLAT, Engine.HNSW, Engine.IVF])
def test_what_is_gone_is_found_by_no_engine_metric_or_filter(
    engine: Engine, metric: Metric
) -> None:
    definition = Definition("uid", "books", DIMENSION, metric, fields=FIELDS)
    rows, changes = random_rows(ROWS, DIMENSION), removed_and_replaced()
    view, model = View(definition, GRAPHS), Model(definition)
    view.apply(changes_of(rows, DIMENSION))
    segment = concatenate(view.state.parts)
    if engine is not Engine.FLAT:
        segment = segment.with_graph(build(engine, segment.matrix, metric))
    view.adopt(segment)
    view.apply(changes_of(changes, DIMENSION))
    model.apply([*rows, *changes])
    assert view.describe().segments[0].engine is engine
    # Where a document was is where it would be found.
    queries = np.array([row.vector for row in rows[::160]], dtype=np.float32)
    for asked in FILTERS:
        condition = None if asked is None else parse_filter(asked, FIELDS)
        passing = {
            key: row.version
            for key, row in model.documents.items()
            if condition is None or condition.matches(orjson.dumps(row.metadata))
        }
        for k in (1, 10, 2 * ROWS):
            found = view.search(queries, k, condition=condition).queries
            for hits in found:
                there = dict(zip(hits.keys.tolist(), hits.versions.tolist(), strict=True))
                assert there.items() <= passing.items()
                assert len(there) == len(hits.keys) == min(k, len(passing))
            assert k > 10 or {hits.is_exact for hits in found} == {engine is Engine.FLAT}
