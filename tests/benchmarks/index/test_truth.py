"""Recall is the share of the nearest rows that were found."""

import numpy as np

from benchmarks.index.truth import compute_recall, find_nearest, find_nearest_of
from embedding_service.vectors import Matrix

ROWS: Matrix = np.eye(4, dtype=np.float32)
QUERIES: Matrix = np.array([[4, 3, 2, 1], [1, 2, 3, 4]], dtype=np.float32)


def test_the_nearest_have_the_greatest_inner_product() -> None:
    assert find_nearest(ROWS, QUERIES, 2).tolist() == [[0, 1], [3, 2]]


def test_rows_that_are_not_allowed_are_no_neighbours() -> None:
    allowed = np.array([1, 3])
    assert find_nearest_of(ROWS, QUERIES, 10, allowed).tolist() == [[1, 3], [3, 1]]


def test_recall_asks_for_no_order() -> None:
    assert compute_recall([[1, 0], [2, 3]], np.array([[0, 1], [3, 2]])) == 1


def test_what_is_missing_lowers_recall() -> None:
    assert compute_recall([[0], [2, 9]], np.array([[0, 1], [3, 2]])) == 0.5
