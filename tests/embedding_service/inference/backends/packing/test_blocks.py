"""Rows go through linears in blocks of few sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.inference.backends.packing.blocks import BLOCK, SIZES, pad_rows, split_rows


@given(tokens=st.integers(1, 20_000))
def test_blocks_hold_all_tokens_and_have_known_sizes(tokens: int) -> None:
    rows = pad_rows(tokens)
    blocks = list(split_rows(rows))
    assert [row for block in blocks for row in range(rows)[block]] == list(range(rows))
    assert tokens <= rows
    assert {block.stop - block.start for block in blocks} <= set(SIZES)


@given(tokens=st.integers(8, 20_000))
def test_little_is_filler(tokens: int) -> None:
    assert pad_rows(tokens) <= 1.34 * tokens


@pytest.mark.parametrize("tokens", [BLOCK, 2 * BLOCK, 7 * BLOCK, *SIZES])
def test_what_fits_is_not_filled_up(tokens: int) -> None:
    assert pad_rows(tokens) == tokens
