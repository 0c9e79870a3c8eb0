"""Exact search: nothing is missed, whatever counts, however much is equal, however many ask."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.kernels.exact import Rows, find_candidates
from embedding_service.vectors import Matrix


def scores_of(rows: Rows, query: Matrix) -> Matrix:
    """By float64, rounded to float32; higher is nearer."""
    matrix = rows.matrix.astype(np.float64)
    exact = -np.sqrt(np.square(matrix - query).sum(axis=1)) if rows.is_distance else matrix @ query
    return exact.astype(np.float32)


def check(rows: Rows, queries: Matrix, k: int, allowed: Bitmap) -> None:
    """All that are as near as the k-th are candidates, none of them is not allowed or twice."""
    found = find_candidates(rows, queries, k, allowed)
    assert len(found) == len(queries)
    slots = allowed.slots
    for candidates, query in zip(found, queries, strict=True):
        assert len(set(candidates.tolist())) == len(candidates)
        assert allowed.has(candidates).all()
        if not len(slots):
            assert not len(candidates)
            continue
        scores = scores_of(rows, query)[slots]
        kth = np.sort(scores)[::-1][min(k, len(slots)) - 1]
        assert set(slots[scores >= kth].tolist()) <= set(candidates.tolist())


def rows_of(matrix: Matrix, *, is_distance: bool = False) -> Rows:
    return Rows(matrix, float(np.linalg.norm(matrix, axis=1).max(initial=0)), is_distance)


@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(st.integers(0, 700), st.integers(1, 9)),
    spread=st.sampled_from([1, 3, 1_000_000]),
    k=st.sampled_from([1, 10, 100, 5_000]),
    share=st.sampled_from([0.0, 0.01, 0.2, 0.8, 0.95, 1.0]),
    is_distance=st.booleans(),
)
@settings(deadline=None, max_examples=200)
def test_every_row_as_near_as_the_kth_is_a_candidate(
    seed: int, shape: tuple[int, int], spread: int, k: int, share: float, is_distance: bool
) -> None:
    random, (rows, queries) = np.random.default_rng(seed), shape
    whole = random.integers(-spread, spread + 1, size=(rows, 8))
    matrix = (whole / spread).astype(np.float32)
    asked = random.standard_normal((queries, 8)).astype(np.float32)
    allowed = Bitmap.of(random.random(rows) < share)
    check(rows_of(matrix, is_distance=is_distance), asked, k, allowed)


@pytest.mark.parametrize("is_distance", [False, True])
@pytest.mark.parametrize("queries", [1, 8])
@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 0.93, 1.0])
def test_nothing_is_missed_among_many_rows(share: float, queries: int, is_distance: bool) -> None:
    random = np.random.default_rng(0)
    matrix = random.standard_normal((9_000, 16)).astype(np.float32)
    allowed = Bitmap.of(random.random(9_000) < share)
    check(rows_of(matrix, is_distance=is_distance), matrix[:queries].copy(), 10, allowed)


def test_of_many_rows_few_are_candidates() -> None:
    matrix = np.random.default_rng(0).standard_normal((5_000, 16)).astype(np.float32)
    for candidates in find_candidates(rows_of(matrix), matrix[:8], 10, Bitmap.full(5_000)):
        assert 10 <= len(candidates) <= 12


def test_the_nearest_may_all_be_dead() -> None:
    matrix = np.zeros((3_000, 4), dtype=np.float32)
    matrix[:, 0] = np.arange(3_000)
    allowed = Bitmap.of(np.arange(3_000) < 2_750)  # few enough to be dropped after they are found
    (candidates,) = find_candidates(
        rows_of(matrix), np.array([[1, 0, 0, 0]], dtype=np.float32), 3, allowed
    )
    assert {2_749, 2_748, 2_747} <= set(candidates.tolist())


def test_sums_beyond_float32_are_left_to_whoever_scores() -> None:
    matrix = np.full((100, 2), 3e38, dtype=np.float32)
    matrix[7] = [3e38, -3e38]
    query = np.array([[3e38, -3e38]], dtype=np.float32)
    for is_distance in (False, True):
        (candidates,) = find_candidates(
            Rows(matrix, 4.3e38, is_distance), query, 1, Bitmap.full(100)
        )
        assert len(candidates) == 100


def test_a_matrix_may_be_mapped_from_a_file(tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).standard_normal((500, 8)).astype(np.float32)
    path = tmp_path / "vectors"
    matrix.tofile(path)
    mapped = np.memmap(path, dtype=np.float32, mode="r", shape=matrix.shape)
    check(rows_of(mapped), matrix[:6].copy(), 5, Bitmap.of(np.arange(500) % 3 > 0))
