import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from embedding_service.vectors import Matrix, cut, is_finite_by_row, normalise

# Far beyond what a model gives, and a row's sum of squares still fits float32.
ORDINARY = st.floats(-(2.0**60), 2.0**60, width=32, allow_subnormal=False)
EXTRAORDINARY = st.one_of(ORDINARY, st.sampled_from([float("nan"), float("inf"), float("-inf")]))
SHAPES = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12)


def matrices(elements: st.SearchStrategy[float]) -> st.SearchStrategy[Matrix]:
    return arrays(np.float32, SHAPES, elements=elements)


@given(matrices(EXTRAORDINARY))
def test_finite_rows_are_those_that_numpy_calls_finite(matrix: Matrix) -> None:
    assert is_finite_by_row(matrix).tolist() == np.isfinite(matrix).all(axis=1).tolist()


def test_no_rows_are_no_answers() -> None:
    assert is_finite_by_row(np.zeros((0, 3), np.float32)).shape == (0,)


@given(matrices(st.floats(-1e6, 1e6, width=32, allow_subnormal=False)))
def test_a_normalised_row_has_length_one_and_the_same_direction(matrix: Matrix) -> None:
    unit = normalise(matrix)
    lengths = np.linalg.norm(matrix.astype(np.float64), axis=1)
    for row, before, length in zip(unit, matrix, lengths, strict=True):
        if length > 1e-6:
            np.testing.assert_allclose(row, before / length, rtol=1e-5, atol=1e-7)
            assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5)


def test_a_zero_row_stays_zero() -> None:
    assert normalise(np.zeros((2, 3), np.float32)).tolist() == [[0, 0, 0], [0, 0, 0]]


@given(matrices(ORDINARY))
def test_normalising_keeps_the_form_and_leaves_its_input_alone(matrix: Matrix) -> None:
    before = matrix.copy()
    unit = normalise(matrix)
    assert unit.dtype == np.float32
    assert unit.shape == matrix.shape
    assert unit.flags.c_contiguous
    assert np.array_equal(matrix, before)


@given(matrices(ORDINARY), st.data())
def test_a_cut_keeps_the_leading_columns_as_one_block(matrix: Matrix, data: st.DataObject) -> None:
    dimensions = data.draw(st.integers(1, matrix.shape[1]))
    kept = cut(matrix, dimensions)
    assert np.array_equal(kept, matrix[:, :dimensions])
    assert kept.flags.c_contiguous
    assert kept.dtype == np.float32


def test_nothing_to_cut_copies_nothing() -> None:
    matrix = np.ones((2, 3), np.float32)
    assert cut(matrix, None) is matrix
    assert cut(matrix, 3) is matrix
