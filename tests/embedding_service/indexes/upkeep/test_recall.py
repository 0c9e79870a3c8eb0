"""Recall: a figure that a good graph reaches and a bad one does not."""

import numpy as np
import pytest

from embedding_service.indexes.definition import Engine, Metric
from embedding_service.indexes.segments.bitmaps import Bitmap, Slots
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.kernels.graphs import Graph, Reach, build
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.upkeep.recall import TARGET, measure
from embedding_service.vectors import Matrix
from kept_index import KeptIndex


class Blind(Graph):
    """Passes over rows below `first` unless it looks `enough` times as far as it would."""

    def __init__(self, graph: Graph, metric: Metric, first: int, enough: int) -> None:
        super().__init__(graph._index, graph.engine, metric)
        self.first, self.enough = first, enough

    def find_candidates(
        self, queries: Matrix, k: int, allowed: Bitmap, reach: Reach
    ) -> list[Slots]:
        found = super().find_candidates(queries, k, allowed, reach)
        is_far = reach.ef_search >= self.enough * Reach().ef_search
        return found if is_far else [slots[slots >= self.first] for slots in found]


@pytest.fixture(scope="module")
def segment() -> Sealed:
    return concatenate(KeptIndex(rows=1_500).view.state.parts)


@pytest.fixture(scope="module")
def graph(segment: Sealed) -> Graph:
    return build(Engine.HNSW, segment.matrix, segment.metric)


def test_a_good_graph_needs_no_effort(segment: Sealed, graph: Graph) -> None:
    measured = measure(segment, graph, Reach())
    assert measured.recall >= TARGET
    assert measured.effort == 1


def test_the_least_effort_that_reaches_the_target_is_told(segment: Sealed, graph: Graph) -> None:
    measured = measure(segment, Blind(graph, segment.metric, 300, enough=2), Reach())
    assert measured.recall >= TARGET
    assert measured.effort == 2


def test_a_graph_that_misses_a_fifth_is_found_out(segment: Sealed, graph: Graph) -> None:
    measured = measure(segment, Blind(graph, segment.metric, 300, enough=99), Reach())
    assert 0.7 < measured.recall < 0.9
    assert measured.effort == 4


def test_measuring_again_gives_the_same(segment: Sealed, graph: Graph) -> None:
    blind = Blind(graph, segment.metric, 300, enough=99)
    assert measure(segment, blind, Reach()) == measure(segment, blind, Reach())


def test_fewer_rows_than_a_sample_are_enough() -> None:
    few = concatenate(KeptIndex(rows=7).view.state.parts)
    graph = build(Engine.HNSW, np.ascontiguousarray(few.matrix), few.metric)
    assert measure(few, graph, Reach()).recall == 1
