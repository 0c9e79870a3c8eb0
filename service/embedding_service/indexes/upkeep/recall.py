"""How much of the truth a graph finds: measured on the segment's own rows, not hoped."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from embedding_service.indexes.definition import Metric
from embedding_service.indexes.search.scores import score
from embedding_service.indexes.segments.bitmaps import Bitmap, Slots
from embedding_service.indexes.segments.kernels.exact import find_candidates
from embedding_service.indexes.segments.kernels.graphs import Graph, Reach
from embedding_service.indexes.segments.segment import Segment
from embedding_service.vectors import Matrix, normalise

SAMPLE: Final = 200
K: Final = 10
TARGET: Final = 0.98
"""recall@10 that an index keeps."""
_NOISE: Final = 0.5
"""Of a row's length: a query is near a document, and is none."""
_EFFORTS: Final = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a graph finds with an effort."""

    recall: float
    """recall@10: share of the 10 nearest rows that are found, 0 to 1."""
    effort: int
    """By which the reach was multiplied."""


def measure(segment: Segment, graph: Graph, reach: Reach, target: float = TARGET) -> Measured:
    """The least effort that reaches `target`, or the greatest tried when none does."""
    queries, k = _draw(segment), min(K, len(segment))
    everything = Bitmap.full(len(segment))
    exact = find_candidates(segment.searchable, queries, k, everything)
    nearest = [_best(segment, query, slots, k) for query, slots in zip(queries, exact, strict=True)]
    measured = Measured(0.0, 0)
    for effort in _EFFORTS:
        found = graph.find_candidates(queries, k, everything, reach.with_effort(effort))
        pairs = zip(nearest, found, strict=True)
        hits = sum(len(expected & set(slots.tolist())) for expected, slots in pairs)
        measured = Measured(hits / (k * len(queries)), effort)
        if measured.recall >= target:
            break
    return measured


def _draw(segment: Segment) -> Matrix:
    """Queries near some of the rows; the same ones each time."""
    random = np.random.default_rng(0)
    slots = random.choice(len(segment), size=min(SAMPLE, len(segment)), replace=False)
    rows = segment.matrix[np.sort(slots)]
    lengths = np.linalg.norm(rows, axis=1, keepdims=True) / np.sqrt(rows.shape[1])
    noise = random.standard_normal(rows.shape, dtype=np.float32)
    queries = np.ascontiguousarray(rows + noise * lengths * _NOISE, dtype=np.float32)
    return normalise(queries) if segment.metric is Metric.COSINE else queries


def _best(segment: Segment, query: NDArray[np.float32], slots: Slots, k: int) -> set[int]:
    """The k nearest of `slots`, which are all that can be among them."""
    whose = np.zeros(len(slots), dtype=np.int64)
    is_distance = segment.metric.is_distance
    scores = score(segment.matrix, slots, query[np.newaxis], whose, is_distance)
    order = np.argsort(scores if is_distance else -scores, kind="stable")
    return set(slots[order[:k]].tolist())
