"""Recall: a figure that a good graph reaches and a bad one does not."""

from dataclasses import astuple

import numpy as np
import pytest

from embedding_service.indexes.definition import Engine, Metric
from embedding_service.indexes.segments.bitmaps import Bitmap, Slots
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.kernels.graphs import Graph, Reach, build
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.tuning import Tuning
from embedding_service.indexes.upkeep.recall import measure
from embedding_service.vectors import Matrix
from index_model import Row, random_matrix
from kept_index import DIMENSION, KeptIndex

NEVER = Reach(10_000, 2, 10_000)


class Blind(Graph):
    """Finds everything, but passes over rows below 300 unless it looks as far as `enough`."""

    def __init__(self, graph: Graph, metric: Metric, engine: Engine, enough: Reach) -> None:
        super().__init__(graph._index, graph.engine, metric)
        self.engine, self.inner, self.enough = engine, graph, enough

    def find_candidates(
        self, queries: Matrix, k: int, allowed: Bitmap, reach: Reach
    ) -> list[Slots]:
        found = self.inner.find_candidates(queries, k, allowed, Reach(ef_search=1_500))
        is_far = all(
            own >= needed for own, needed in zip(astuple(reach), astuple(self.enough), strict=True)
        )
        return found if is_far else [slots[slots >= 300] for slots in found]


@pytest.fixture(scope="module")
def segment() -> Sealed:
    return concatenate(KeptIndex(rows=1_500).view.state.parts)


@pytest.fixture(scope="module")
def hnsw(segment: Sealed) -> Graph:
    return build(Engine.HNSW, segment.matrix, segment.metric)


@pytest.fixture(scope="module")
def ivf(segment: Sealed) -> Graph:
    return build(Engine.IVF, segment.matrix, segment.metric)


def test_a_good_graph_is_not_searched_far(segment: Sealed, hnsw: Graph) -> None:
    measured = measure(segment, hnsw)
    assert measured.recall >= Tuning().recall
    assert measured.reach.ef_search == 64


def test_the_least_ef_that_finds_enough_is_told(segment: Sealed, hnsw: Graph) -> None:
    measured = measure(segment, Blind(hnsw, segment.metric, Engine.HNSW, Reach(512, 0, 0)))
    assert measured.recall >= Tuning().recall
    assert measured.reach.ef_search == 512


@pytest.mark.parametrize(
    "enough",
    [
        Reach(0, probed_share=1 / 16, k_factor=32),
        Reach(0, probed_share=1 / 4, k_factor=128),
        Reach(0, probed_share=1.0, k_factor=256),
    ],
)
def test_the_least_share_and_factor_that_find_enough_are_told(
    segment: Sealed, hnsw: Graph, enough: Reach
) -> None:
    measured = measure(segment, Blind(hnsw, segment.metric, Engine.IVF, enough))
    assert measured.recall >= Tuning().recall
    assert measured.reach.probed_share == enough.probed_share
    assert measured.reach.k_factor == enough.k_factor


@pytest.mark.parametrize("engine", [Engine.HNSW, Engine.IVF])
def test_a_graph_that_misses_a_fifth_is_found_out(
    segment: Sealed, hnsw: Graph, engine: Engine
) -> None:
    measured = measure(segment, Blind(hnsw, segment.metric, engine, NEVER))
    assert 0.7 < measured.recall < 0.9


def test_measuring_again_gives_the_same(segment: Sealed, ivf: Graph) -> None:
    assert measure(segment, ivf) == measure(segment, ivf)


def test_fewer_rows_than_a_sample_are_enough() -> None:
    few = concatenate(KeptIndex(rows=7).view.state.parts)
    graph = build(Engine.HNSW, np.ascontiguousarray(few.matrix), few.metric)
    assert measure(few, graph).recall == 1


def test_rows_that_are_equal_stand_for_each_other() -> None:
    index = KeptIndex(rows=1_200)
    same = random_matrix(1, DIMENSION, 9)[0].tolist()
    index.write([Row(key, 1_200 + key, same) for key in range(1, 601)])
    rows = concatenate(index.view.state.parts)
    assert measure(rows, build(Engine.IVF, rows.matrix, rows.metric)).recall >= Tuning().recall
