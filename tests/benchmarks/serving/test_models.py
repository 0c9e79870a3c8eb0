"""What a text costs at least is known of the model's sizes."""

import pytest

from benchmarks.serving.models import Shape, find_minilm

MPNET = Shape(layers=12, hidden=768, feed_forward=3072)


@pytest.mark.parametrize(
    ("tokens", "flops"), [(1, 21.2e6 + 9.2e3), (100, 100 * (21.2e6 + 9.2e3 * 100))]
)
def test_minilm_takes_21_million_a_token_and_attention(tokens: int, flops: float) -> None:
    shape = find_minilm().read_shape()
    assert shape.count_flops([tokens]) == pytest.approx(flops, rel=0.01)


def test_mpnet_takes_170_million_a_token() -> None:
    assert MPNET.count_flops([1]) == pytest.approx(169.9e6, rel=0.01)


def test_texts_add_up() -> None:
    assert MPNET.count_flops([3, 5]) == MPNET.count_flops([3]) + MPNET.count_flops([5])
