"""Rows go through linears in blocks, of few sizes where each size has its price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.inference.backends.packing.blocks import ANY_SIZE, FEW_SIZES, Blocks

_BOTH = pytest.mark.parametrize("blocks", [FEW_SIZES, ANY_SIZE], ids=["few", "any"])


@_BOTH
@given(tokens=st.integers(1, 20_000))
def test_blocks_hold_all_tokens_in_order(blocks: Blocks, tokens: int) -> None:
    rows = blocks.pad(tokens)
    assert rows >= tokens
    assert [row for each in blocks.split(rows) for row in range(rows)[each]] == list(range(rows))


@given(tokens=st.integers(1, 20_000))
def test_few_sizes_are_all_there_are(tokens: int) -> None:
    sizes = {each.stop - each.start for each in FEW_SIZES.split(FEW_SIZES.pad(tokens))}
    assert sizes <= set(FEW_SIZES.sizes or ())


@given(tokens=st.integers(8, 20_000))
def test_little_is_filler(tokens: int) -> None:
    assert FEW_SIZES.pad(tokens) <= 1.34 * tokens
    assert ANY_SIZE.pad(tokens) == tokens


@pytest.mark.parametrize("tokens", [*range(128, 1025, 128), *(FEW_SIZES.sizes or ())])
def test_what_fits_is_not_filled_up(tokens: int) -> None:
    assert FEW_SIZES.pad(tokens) == tokens
