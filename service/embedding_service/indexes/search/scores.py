"""Scores of rows that were found, in one way for every engine.

A document's score depends on its vector and the query, and on nothing else.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from embedding_service.indexes.segments.bitmaps import Slots
from embedding_service.vectors import Matrix

_ROWS_AT_ONCE: Final = 4_096
_LARGEST: Final = float(np.finfo(np.float32).max)


def score(
    matrix: Matrix, slots: Slots, queries: Matrix, whose: NDArray[np.int64], is_distance: bool
) -> NDArray[np.float32]:
    """The score of each slot with its query; shape (m,).

    Summed in float64, where a product of two float32 is exact, each row by itself, so that the sum
    does not change with the rows around it; beyond float32 a score is float32's largest.

    Args:
        matrix: Shape (n, d).
        slots: Rows of `matrix`; shape (m,).
        queries: Shape (q, d).
        whose: The row of `queries` for each slot; shape (m,).
        is_distance: L2 distance instead of the inner product.
    """
    scores = np.empty(len(slots), dtype=np.float64)
    for start in range(0, len(slots), _ROWS_AT_ONCE):
        end = start + _ROWS_AT_ONCE
        rows = matrix[slots[start:end]].astype(np.float64)
        if is_distance:
            rows -= queries[whose[start:end]]
            scores[start:end] = np.sqrt(np.square(rows, out=rows).sum(axis=1))
        else:
            rows *= queries[whose[start:end]]
            scores[start:end] = rows.sum(axis=1)
    return np.clip(scores, -_LARGEST, _LARGEST).astype(np.float32)
