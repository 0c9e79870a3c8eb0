"""Vectors as values: what a matrix of embeddings is, how it is cut and normalised. No I/O."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.float32]
"""Shape (n, d), C-contiguous, one embedding a row."""

# torch.nn.functional.normalize's own bound: a zero row stays zero instead of becoming NaN.
_SMALLEST_NORM = np.float32(1e-12)


def cut(matrix: Matrix, dimensions: int | None) -> Matrix:
    """Keep the first `dimensions` columns (Matryoshka representations, arXiv:2205.13147)."""
    if dimensions is None or dimensions == matrix.shape[1]:
        return matrix
    return np.ascontiguousarray(matrix[:, :dimensions])


def normalise(matrix: Matrix) -> Matrix:
    """Scale every row to unit length."""
    norms: Matrix = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit: Matrix = np.divide(matrix, np.maximum(norms, _SMALLEST_NORM), dtype=np.float32)
    return unit


def is_finite_by_row(matrix: Matrix) -> NDArray[np.bool_]:
    """Tell for each row whether all of it is finite; shape (n,)."""
    # A row's sum is NaN or Inf exactly when a summand is, or when finite values overflow float32,
    # which no embedding does; summing reads the matrix once and allocates nothing of its size.
    with np.errstate(over="ignore", invalid="ignore"):
        sums: Matrix = matrix.sum(axis=1)
    return np.isfinite(sums)
