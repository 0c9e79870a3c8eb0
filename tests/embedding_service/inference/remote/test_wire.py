"""The wire: what is packed is what is unpacked, and nothing else is taken for it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from embedding_service.inference.remote.wire import (
    pack,
    read_description,
    unpack,
    write_description,
)
from embedding_service.inference.requests import Embeddings, Timings
from embedding_service.vectors import Matrix
from fakes import DESCRIPTION

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
MATRICES = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=FINITE
)


def embeddings_of(matrix: Matrix, counts: list[int], truncated: list[int]) -> Embeddings:
    timings = Timings(0.0, 0.0, 0.0)
    return Embeddings(
        matrix, "m", "f" * 64, np.array(counts, dtype=np.int32), truncated, (), timings
    )


@given(matrix=MATRICES, data=st.data())
def test_vectors_counts_and_cuts_come_back(matrix: Matrix, data: st.DataObject) -> None:
    rows, dimension = matrix.shape
    counts = data.draw(st.lists(st.integers(0, 2**31 - 1), min_size=rows, max_size=rows))
    cut = sorted(data.draw(st.sets(st.integers(0, rows - 1))))
    body = pack(embeddings_of(matrix, counts, cut))
    got, tokens, truncated = unpack(body, rows, dimension)
    assert got.dtype == np.float32
    assert got.tobytes() == matrix.tobytes()
    assert (tokens.tolist(), truncated) == (counts, cut)


@pytest.mark.parametrize(
    ("rows", "dimension"), [(3, 4), (2, 5), (1, 4), (2, 0), (-1, 4), (2, -1), (2**40, 2**40)]
)
def test_a_body_of_another_size_is_refused(rows: int, dimension: int) -> None:
    body = pack(embeddings_of(np.zeros((2, 4), dtype=np.float32), [1, 1], []))
    with pytest.raises(ValueError, match="bytes are not"):
        unpack(body, rows, dimension)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(number: float) -> None:
    body = pack(embeddings_of(np.full((1, 4), number, dtype=np.float32), [1], []))
    with pytest.raises(ValueError, match="not finite"):
        unpack(body, 1, 4)


def test_a_description_comes_back() -> None:
    assert read_description(write_description(DESCRIPTION)) == DESCRIPTION


def test_a_newer_server_may_tell_more() -> None:
    body = write_description(DESCRIPTION)[:-1] + b',"colour":"blue"}'
    assert read_description(body) == DESCRIPTION


@pytest.mark.parametrize("body", [b"", b"[]", b"3", b"null", b"{}", b"<html>", b'{"name":"a"}'])
def test_what_is_no_description_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_description(body)
