"""Scores: right, finite, and the same whoever is scored beside."""

import math

import numpy as np
import pytest

from embedding_service.indexes.search.scores import score


@pytest.mark.parametrize("is_distance", [False, True])
def test_a_score_does_not_change_with_the_rows_around_it(is_distance: bool) -> None:
    random = np.random.default_rng(0)
    matrix = random.standard_normal((5_000, 37)).astype(np.float32)
    queries = random.standard_normal((3, 37)).astype(np.float32)
    slots, whose = random.integers(5_000, size=9_000), random.integers(3, size=9_000)
    together = score(matrix, slots, queries, whose, is_distance)
    for place in range(0, 9_000, 500):
        alone = slice(place, place + 1)
        row, query = matrix[slots[place]].tolist(), queries[whose[place]].tolist()
        products = (one * other for one, other in zip(row, query, strict=True))
        exact = math.dist(row, query) if is_distance else math.fsum(products)
        assert score(matrix, slots[alone], queries, whose[alone], is_distance) == together[place]
        assert together[place] == np.float32(exact)


def test_a_score_beyond_float32_is_its_largest() -> None:
    matrix = np.array([[3e38, 3e38]], dtype=np.float32)
    nothing = np.zeros(1, dtype=np.int64)
    largest = np.finfo(np.float32).max
    assert score(matrix, nothing, matrix, nothing, False).tolist() == [largest]
    assert score(matrix, nothing, -matrix, nothing, False).tolist() == [-largest]
    assert score(matrix, nothing, -matrix, nothing, True).tolist() == [largest]
