"""A segment's graph is searched as far as its own measure says, and no other's."""

from pathlib import Path

import pytest

from embedding_service.indexes.definition import Engine, Metric
from embedding_service.indexes.search.planner import Policy
from embedding_service.indexes.segments import files
from embedding_service.indexes.segments.bitmaps import Bitmap, Slots
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.kernels.graphs import Graph, Reach, build
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.vectors import Matrix
from index_model import random_matrix
from kept_index import DIMENSION, KeptIndex

REACH = Reach(128, 1 / 16, 32)


class Watched(Graph):
    """Keeps how far it was searched."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph._index, graph.engine, Metric.DOT)
        self.reaches: list[Reach] = []

    def find_candidates(
        self, queries: Matrix, k: int, allowed: Bitmap, reach: Reach
    ) -> list[Slots]:
        self.reaches.append(reach)
        return super().find_candidates(queries, k, allowed, reach)


@pytest.fixture
def flat() -> Sealed:
    return concatenate(KeptIndex(rows=700).view.state.parts)


def test_each_graph_is_searched_as_far_as_was_measured() -> None:
    index = KeptIndex(rows=1_000)
    index.view.policy = Policy(exact_floats=0)
    graphs = {}
    for ef, part in zip((100, 400), index.view.state.sealed, strict=True):
        segment = concatenate([part])
        graphs[ef] = Watched(build(Engine.HNSW, segment.matrix, segment.metric))
        index.view.adopt(segment.with_graph(graphs[ef], Reach(ef)))
    index.view.search(random_matrix(1, DIMENSION), 10)
    assert graphs[100].reaches == [Reach(100)]
    assert graphs[400].reaches == [Reach(400)]


def test_what_was_measured_is_kept_with_its_segment(flat: Sealed, tmp_path: Path) -> None:
    graph = build(Engine.HNSW, flat.matrix, flat.metric)
    digests = files.write(flat.with_graph(graph, REACH, 0.985), tmp_path / "segment")
    again = files.read(tmp_path / "segment", digests)
    assert (again.reach, again.recall) == (REACH, 0.985)
