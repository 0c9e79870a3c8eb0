"""When two vectors count as the same."""

from collections.abc import Sequence

import numpy as np

from embedding_service.vectors import Matrix

_LEAST_COSINE = 0.99999
_MOST_ERROR = 1e-4
_MOST_DRIFT = 1e-5


def assert_parity(answered: Sequence[Sequence[float]] | Matrix, truth: Matrix) -> None:
    """Each row is sentence-transformers' own, in cosine and in absolute error."""
    rows = np.asarray(answered, dtype=np.float32)
    assert rows.shape == truth.shape
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(truth, axis=1)
    cosines = np.sum(rows * truth, axis=1, dtype=np.float64) / lengths
    errors = np.abs(rows - truth).max(axis=1)
    bad = np.flatnonzero((cosines < _LEAST_COSINE) | (errors > _MOST_ERROR))
    assert not bad.size, f"rows {bad}: cosines {cosines[bad]}, largest errors {errors[bad]}"


def assert_unmoved(crowded: Matrix, alone: Matrix) -> None:
    """Each row is the same whoever shared its batch."""
    assert crowded.shape == alone.shape
    drift = np.abs(crowded - alone).max(axis=1)
    bad = np.flatnonzero(drift > _MOST_DRIFT)
    assert not bad.size, f"rows {bad} moved by {drift[bad]}"
