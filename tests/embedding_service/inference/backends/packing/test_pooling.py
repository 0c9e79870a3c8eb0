"""Ragged pooling is sentence-transformers' own, over texts of any length."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sentence_transformers.sentence_transformer.modules import Pooling
from torch import Tensor

from embedding_service.inference.backends.packing.layout import Layout, lay_out
from embedding_service.inference.backends.packing.pooling import build_pooling
from embedding_service.inference.backends.packing.refusals import NotPackable
from token_batches import batch_of_ids, draw_ids

pytestmark = [pytest.mark.xdist_group("torch"), pytest.mark.timeout(300)]

_WIDTH = 6
_MODES = (("mean",), ("cls",), ("max",), ("max", "mean"), ("cls", "max", "mean"))


def _pool_alone(module: Pooling, states: Tensor, prompt_length: int) -> Tensor:
    features = {
        "token_embeddings": states[None],
        "attention_mask": torch.ones(1, len(states), dtype=torch.int64),
        "prompt_length": prompt_length,
    }
    pooled: Tensor = module(features)["sentence_embedding"][0]
    return pooled


def _texts_of(hidden: Tensor, layout: Layout) -> list[Tensor]:
    return list(torch.split(hidden, layout.lengths.tolist()))


@pytest.mark.parametrize("modes", _MODES, ids="+".join)
@pytest.mark.parametrize("includes_prompt", [True, False])
@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=12), prompt_length=st.integers(0, 4)
)
def test_it_pools_as_sentence_transformers_does(
    modes: tuple[str, ...], lengths: list[int], prompt_length: int, *, includes_prompt: bool
) -> None:
    module = Pooling(_WIDTH, modes, include_prompt=includes_prompt)
    (layout,) = lay_out(batch_of_ids(draw_ids(lengths, 100, seed=1), prompt_length))
    generator = torch.Generator().manual_seed(sum(lengths))
    hidden = torch.randn(sum(lengths), _WIDTH, generator=generator)
    expected = [_pool_alone(module, each, prompt_length) for each in _texts_of(hidden, layout)]
    pooled = build_pooling(module)(hidden, layout)
    np.testing.assert_allclose(pooled.numpy(), torch.stack(expected).numpy(), atol=1e-6)


@pytest.mark.parametrize("mode", ["lasttoken", "weightedmean", "mean_sqrt_len_tokens"])
def test_other_modes_are_refused_by_name(mode: str) -> None:
    with pytest.raises(NotPackable, match=mode):
        build_pooling(Pooling(_WIDTH, mode))
