"""Vectors as JSON text."""

import base64
import json
from typing import get_args

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from embedding_service.api.encoding import NUMBERS_AT_ONCE, EncodingFormat, encode
from embedding_service.vectors import Matrix

MATRICES = arrays.arrays(
    np.float32,
    arrays.array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
)


def frame(_position: int, vector: bytes) -> bytes:
    return vector


@given(MATRICES)
def test_decimals_read_back_as_the_same_float32(matrix: Matrix) -> None:
    text = b"".join(encode(matrix, "float", frame, b","))
    assert np.array_equal(np.array(json.loads(b"[" + text + b"]"), dtype=np.float32), matrix)


@given(MATRICES)
def test_vectors_without_a_frame_are_the_same(matrix: Matrix) -> None:
    for form in get_args(EncodingFormat):
        framed = b"".join(encode(matrix, form, frame, b","))
        assert b"".join(encode(matrix, form, None, b",")) == framed


@given(MATRICES)
def test_base64_reads_back_as_the_same_bytes(matrix: Matrix) -> None:
    text = b"".join(encode(matrix, "base64", frame, b","))
    rows = [base64.b64decode(row) for row in json.loads(b"[" + text + b"]")]
    assert rows == [row.astype("<f4").tobytes() for row in matrix]


def test_big_endian_vectors_are_turned_round() -> None:
    matrix = np.array([[1.5, -2]], dtype=">f4")
    [text] = encode(matrix, "base64", frame, b",")
    assert base64.b64decode(text) == np.array([1.5, -2], dtype="<f4").tobytes()


def test_a_piece_is_never_more_than_fits_but_always_a_whole_vector() -> None:
    for dimension in (NUMBERS_AT_ONCE // 3, NUMBERS_AT_ONCE * 2):
        matrix = np.zeros((7, dimension), dtype=np.float32)
        pieces = list(encode(matrix, "base64", frame, b","))
        per_piece = max(1, NUMBERS_AT_ONCE // dimension)
        assert len(pieces) == -(-7 // per_piece)
        assert len(json.loads(b"[" + b"".join(pieces) + b"]")) == 7


def test_positions_go_on_through_the_pieces() -> None:
    matrix = np.zeros((5, NUMBERS_AT_ONCE // 2), dtype=np.float32)
    pieces = encode(matrix, "base64", lambda position, _: b"%d" % position, b" ")
    assert b"".join(pieces) == b"0 1 2 3 4"
