"""The packed forward gives sentence-transformers' own vectors, or is not taken."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers.sentence_transformer.modules import Pooling
from torch import Tensor, nn

from closeness import assert_parity
from corpus import CORPUS
from embedding_service.inference.backends import packed, reference
from embedding_service.inference.backends.acceptance import Trial, try_forward
from embedding_service.inference.backends.base import Backend, Form, LoadFailed
from embedding_service.inference.backends.packed import PackedBackend
from embedding_service.inference.backends.packing.linears import can_prepack
from embedding_service.inference.backends.reference import ReferenceBackend
from embedding_service.vectors import normalise
from served_models import MINILM
from tiny_models import (
    BERT,
    DISTILBERT,
    ELECTRA,
    EXCLUDED_PROMPTS,
    MATRYOSHKA,
    MAX_LENGTH,
    MPNET,
    NAN,
    NAN_WORD,
    PROMPTS,
    ROBERTA,
    XLM_ROBERTA,
)
from token_batches import batch_of, batch_of_ids, draw_ids, load_spec

pytestmark = [pytest.mark.real_model, pytest.mark.xdist_group("torch")]

_ARCHITECTURES = (BERT, ROBERTA, XLM_ROBERTA, MPNET, DISTILBERT)
_TINY = (*_ARCHITECTURES, PROMPTS, MATRYOSHKA)


@dataclass(frozen=True, slots=True)
class _Loaded:
    truth: ReferenceBackend
    packed: Backend


def _load(name: str) -> tuple[ReferenceBackend, Trial]:
    return reference.load_tried(load_spec(name))


@cache
def _both(name: str) -> _Loaded:
    truth, trial = _load(name)
    return _Loaded(truth, packed.pack(truth, trial, load_spec(name)))


@pytest.mark.parametrize("name", [*_TINY, MINILM])
def test_all_lengths_in_one_batch_are_the_truth(name: str) -> None:
    """Empty texts, odd ones, special tokens in the text, and texts cut at the longest."""
    model = _both(name)
    assert isinstance(model.packed, PackedBackend)
    texts = ["", *CORPUS]
    answered = model.packed.forward(batch_of(model.packed.facts, texts))
    alone = [model.truth.model.encode(text, prompt="") for text in texts]
    assert_parity(answered, np.stack(alone))


@pytest.mark.parametrize("name", ["query", "document"])
def test_prompts_are_left_out_of_the_pooling(name: str) -> None:
    model = _both(EXCLUDED_PROMPTS)
    assert isinstance(model.packed, PackedBackend)
    prompt = model.packed.facts.prompts[name]
    answered = model.packed.forward(batch_of(model.packed.facts, CORPUS, prompt))
    alone = [model.truth.model.encode(text, prompt_name=name) for text in CORPUS]
    assert_parity(answered, np.stack(alone))


@pytest.mark.parametrize("name", _ARCHITECTURES)
@settings(max_examples=30)
@given(
    lengths=st.lists(st.integers(1, MAX_LENGTH), min_size=1, max_size=24),
    seed=st.integers(0, 1000),
    max_texts=st.integers(1, 30),
)
def test_batch_mates_move_no_text(name: str, lengths: list[int], seed: int, max_texts: int) -> None:
    model = _both(name).packed
    texts = draw_ids(lengths, model.facts.vocabulary_size, seed)
    together = model.forward(batch_of_ids(texts, max_texts=max_texts))
    alone = np.concatenate([model.forward(batch_of_ids([text])) for text in texts])
    assert np.abs(normalise(together) - normalise(alone)).max() <= 1e-6


def test_a_text_that_is_not_finite_is_so_alone() -> None:
    model = _both(NAN).packed
    assert isinstance(model, PackedBackend)
    rows = model.forward(batch_of(model.facts, ["the bridge", f"a {NAN_WORD}", "the bridge"]))
    assert np.isfinite(rows).all(axis=1).tolist() == [True, False, True]


def test_an_id_without_a_row_raises() -> None:
    model = _both(BERT).packed
    beyond = np.array([model.facts.vocabulary_size], dtype=np.int32)
    with pytest.raises(IndexError):
        model.forward(batch_of_ids([beyond]))


def test_another_architecture_is_served_by_its_own_forward_and_says_so() -> None:
    model = _both(ELECTRA)
    assert model.packed is model.truth
    assert model.packed.facts.backend == "reference"
    assert model.packed.facts.linears is None
    assert model.packed.facts.unpacked_because == "its architecture is ElectraModel"


class _Doubling(nn.Module):
    """A module that no library knows."""

    def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        features["sentence_embedding"] = 2 * features["sentence_embedding"]
        return features


def test_a_custom_module_keeps_a_model_from_being_packed() -> None:
    truth, trial = _load(BERT)
    truth.model.append(_Doubling())
    model = packed.pack(truth, trial, load_spec(BERT))
    assert model is truth
    assert model.facts.unpacked_because == "one of its modules is _Doubling"


def test_another_pooling_keeps_a_model_from_being_packed() -> None:
    truth, trial = _load(BERT)
    truth.model[1] = Pooling(32, "weightedmean")
    assert packed.pack(truth, trial, load_spec(BERT)) is truth
    assert "weightedmean" in str(truth.facts.unpacked_because)


@pytest.mark.parametrize("name", [*_ARCHITECTURES, MINILM])
def test_a_packed_forward_that_differs_is_never_served(name: str) -> None:
    """Something on the model that its types do not show: here a hook that shifts one layer."""
    truth, _ = _load(name)
    norm = [each for each in truth.model.modules() if isinstance(each, nn.LayerNorm)][1]
    norm.register_forward_hook(lambda _, __, out: out + torch.linspace(0, 1, out.shape[-1]))
    model = packed.pack(truth, try_forward(truth), load_spec(name))
    assert model is truth
    assert model.facts.backend == "reference"
    assert "not sentence-transformers' own" in str(model.facts.unpacked_because)
    alone = [truth.model.encode(text, prompt="") for text in CORPUS]
    assert_parity(model.forward(batch_of(model.facts, CORPUS)), np.stack(alone))


def test_a_linear_that_an_adapter_has_replaced_is_left_alone() -> None:
    class Adapted(nn.Linear):
        """As adapters are: a linear by name, more by nature."""

    truth, trial = _load(BERT)
    linear = next(each for each in truth.model.modules() if isinstance(each, nn.Linear))
    linear.__class__ = Adapted
    assert packed.pack(truth, trial, load_spec(BERT)) is truth
    assert truth.facts.unpacked_because == "one of its linears is a Adapted"


def test_who_insists_on_packing_is_refused_what_cannot_be() -> None:
    with pytest.raises(LoadFailed, match=r"ElectraModel.*Set BACKEND=auto"):
        packed.load(load_spec(ELECTRA, must_pack=True))


@pytest.mark.parametrize("form", ["plain", "prepacked"])
def test_the_form_of_linears_can_be_chosen(form: Form) -> None:
    if form == "prepacked" and not can_prepack():
        with pytest.raises(LoadFailed, match="set LINEARS=auto"):
            packed.load(load_spec(BERT, linears=form))
    else:
        model = packed.load(load_spec(BERT, linears=form, must_pack=True))
        assert (model.facts.backend, model.facts.linears) == ("packed", form)
