"""Made vectors are the same each time, of unit length, and in clusters."""

import numpy as np

from benchmarks.index.points import make_queries, make_rows


def test_the_same_arguments_give_the_same_rows() -> None:
    np.testing.assert_array_equal(make_rows(50, 16), make_rows(50, 16))


def test_rows_are_of_unit_length() -> None:
    np.testing.assert_allclose(np.linalg.norm(make_rows(50, 16), axis=1), 1, rtol=1e-5)


def test_no_query_is_a_row() -> None:
    nearest = (make_queries(20, 16) @ make_rows(200, 16).T).max(axis=1)
    assert nearest.max() < 0.9999


def test_rows_have_neighbours_of_their_own_cluster() -> None:
    rows = make_rows(3_000, 384)
    likeness = rows[:20] @ rows[20:].T
    assert np.median(likeness.max(axis=1)) > 0.4
    assert abs(np.median(likeness)) < 0.05
