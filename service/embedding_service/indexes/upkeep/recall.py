"""How much of the truth a graph finds: measured on the segment's own rows, not hoped."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from embedding_service.indexes.definition import Engine, Metric
from embedding_service.indexes.search.scores import score
from embedding_service.indexes.segments.bitmaps import Bitmap, Slots
from embedding_service.indexes.segments.kernels.exact import find_candidates
from embedding_service.indexes.segments.kernels.graphs import Graph, Reach
from embedding_service.indexes.segments.segment import Segment
from embedding_service.indexes.tuning import Tuning
from embedding_service.vectors import Matrix, normalise

SAMPLE: Final = 200
K: Final = 10
_AIM: Final = Tuning().aim
_NOISE: Final = 0.5
"""Of a row's length: a query is near a document, and is none."""
_K_FACTORS: Final = (8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
_WIDE: Final = (1 / 4, 1 / 2, 1.0)
_NARROWER: Final = (1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128)
"""Shares of the lists of an inverted file."""
_EFS: Final = (64, 128, 256, 512, 1_024)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a graph finds."""

    recall: float
    """recall@10: of the 10 rows found, the share that is as near as the 10 nearest, 0 to 1.

    Of rows that are equally near any will do: where a text is there a hundred times, which ten of
    them are found is chance.
    """
    reach: Reach
    """How far it must be searched for that."""


def measure(segment: Segment, graph: Graph, aim: float = _AIM) -> Measured:
    """The cheapest reach that finds `aim` of the 10 nearest, or most where none finds as much.

    An inverted file loses rows in two ways that are mended apart: those in lists that are not
    looked into, and those that their codes rank behind others and that are not rescored.
    """
    trial = _Trial(segment, graph, aim)
    if graph.engine is Engine.HNSW:
        return trial.first_enough(Reach(ef_search=ef) for ef in _EFS)
    wide = itertools.product(_WIDE, _K_FACTORS)
    best = trial.first_enough(Reach(probed_share=share, k_factor=k) for share, k in wide)
    if best.reach.probed_share > _WIDE[0]:
        return best
    for share in _NARROWER:
        narrower = trial.run(replace(best.reach, probed_share=share))
        if narrower.recall < aim:
            break
        best = narrower
    return best


class _Trial:
    """One sample of queries, and the truth for it."""

    def __init__(self, segment: Segment, graph: Graph, aim: float) -> None:
        self._aim = aim
        self._graph = graph
        self._segment = segment
        self._queries = _draw(segment)
        self._k = min(K, len(segment))
        self._everything = Bitmap.full(len(segment))
        exact = find_candidates(segment.searchable, self._queries, self._k, self._everything)
        pairs = zip(self._queries, exact, strict=True)
        self._farthest = [np.sort(self._farness(*each))[self._k - 1] for each in pairs]
        """That a row may be and is still among the nearest, of each query."""

    def run(self, reach: Reach) -> Measured:
        """What is found with one reach."""
        found = self._graph.find_candidates(self._queries, self._k, self._everything, reach)
        hits = sum(
            int(np.count_nonzero(self._farness(query, slots) <= farthest))
            for query, slots, farthest in zip(self._queries, found, self._farthest, strict=True)
        )
        return Measured(hits / (self._k * len(self._queries)), reach)

    def first_enough(self, reaches: Iterable[Reach]) -> Measured:
        """The first that finds enough; else the one that finds most."""
        best = Measured(-1.0, Reach())
        for reach in reaches:
            best = max(best, self.run(reach), key=lambda measured: measured.recall)
            if best.recall >= self._aim:
                break
        return best

    def _farness(self, query: NDArray[np.float32], slots: Slots) -> NDArray[np.float32]:
        """How far rows are from a query, as they are ranked by it; equal rows equally far."""
        whose = np.zeros(len(slots), dtype=np.int64)
        is_distance = self._segment.metric.is_distance
        scores = score(self._segment.matrix, slots, query[np.newaxis], whose, is_distance)
        return scores if is_distance else -scores


def _draw(segment: Segment) -> Matrix:
    """Queries near some of the rows; the same ones each time."""
    random = np.random.default_rng(0)
    slots = random.choice(len(segment), size=min(SAMPLE, len(segment)), replace=False)
    rows = segment.matrix[np.sort(slots)]
    lengths = np.linalg.norm(rows, axis=1, keepdims=True) / np.sqrt(rows.shape[1])
    noise = random.standard_normal(rows.shape, dtype=np.float32)
    queries = np.ascontiguousarray(rows + noise * lengths * _NOISE, dtype=np.float32)
    return normalise(queries) if segment.metric is Metric.COSINE else queries
