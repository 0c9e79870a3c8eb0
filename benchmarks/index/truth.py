"""What the nearest rows are, and how many of them were found."""

from collections.abc import Sequence

import faiss
import numpy as np
from numpy.typing import NDArray

from embedding_service.vectors import Matrix


def find_nearest(rows: Matrix, queries: Matrix, k: int) -> NDArray[np.int64]:
    """Numbers of the k rows with the greatest inner product, by FAISS's exact search; (q, k)."""
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    numbers: NDArray[np.int64] = index.search(queries, k)[1]
    return numbers


def find_nearest_of(
    rows: Matrix, queries: Matrix, k: int, allowed: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The same, of the rows whose numbers are in `allowed`."""
    chosen = np.ascontiguousarray(rows[allowed])
    nearest: NDArray[np.int64] = allowed[find_nearest(chosen, queries, min(k, len(allowed)))]
    return nearest


def compute_recall(found: Sequence[Sequence[int]], nearest: NDArray[np.int64]) -> float:
    """Share of the nearest rows that were found, 0 to 1."""
    hits = sum(len(set(some) & set(row.tolist())) for some, row in zip(found, nearest, strict=True))
    return hits / nearest.size
