"""bfloat16 is taken where it pays, ranks alike, and is told where it is not taken."""

from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.index.prose import split_sentences
from corpus import CORPUS
from embedding_service.inference.backends import packed, reference
from embedding_service.inference.backends.acceptance import ROUNDED, Bounds, judge_packed
from embedding_service.inference.backends.base import Backend
from embedding_service.inference.backends.packing import precision
from embedding_service.inference.backends.packing.linears import Make, can_prepack
from embedding_service.vectors import Matrix, normalise
from served_models import MINILM
from tiny_models import BERT, DISTILBERT, ELECTRA, MPNET, ROBERTA, XLM_ROBERTA
from token_batches import batch_of, batch_of_ids, draw_ids, load_spec

pytestmark = [
    pytest.mark.real_model,
    pytest.mark.xdist_group("torch"),
    pytest.mark.timeout(300),
]

_DOCS = Path(__file__).parents[4] / "docs"
_TEXTS = 250


@cache
def _rounded(name: str) -> Backend:
    """In bfloat16 whether or not that is faster here."""
    truth, trial = reference.load_tried(load_spec(name))
    make = Make("prepacked" if can_prepack(torch.bfloat16) else "plain", torch.bfloat16)
    model = packed.take_apart(truth.model, "cpu").build(make, truth.facts)
    judge_packed(model, trial, ROUNDED)
    return model


@cache
def _exact(name: str) -> Backend:
    return packed.load(load_spec(name))


def _cosines(name: str, texts: list[str]) -> Matrix:
    rounded, exact = (
        normalise(model.forward(batch_of(model.facts, texts)))
        for model in (_rounded(name), _exact(name))
    )
    cosines: Matrix = np.sum(rounded * exact, axis=1)
    return cosines


def test_vectors_are_near_those_of_float32() -> None:
    cosines = _cosines(MINILM, list(CORPUS))
    assert cosines.mean() >= 0.9999
    assert cosines.min() >= 0.9998


@pytest.mark.parametrize("name", [BERT, ROBERTA, XLM_ROBERTA, MPNET, DISTILBERT])
def test_every_architecture_can_be_rounded(name: str) -> None:
    """Random weights, which training has not taught to bear it."""
    cosines = _cosines(name, list(CORPUS))
    assert cosines.mean() >= 0.9995
    assert cosines.min() >= 0.998


def test_it_finds_the_same_neighbours() -> None:
    sentences = (
        sentence
        for page in sorted(_DOCS.glob("*.md"))
        for sentence in split_sentences(page.read_text(encoding="utf-8"))
    )
    texts = list(islice(dict.fromkeys(sentences), _TEXTS))
    assert len(texts) == _TEXTS
    nearest = []
    for model in (_rounded(MINILM), _exact(MINILM)):
        rows = normalise(model.forward(batch_of(model.facts, texts)))
        scores = rows @ rows.T
        np.fill_diagonal(scores, -1)
        nearest.append(np.argsort(-scores, axis=1)[:, :10])
    shared = [len(set(ours) & set(theirs)) for ours, theirs in zip(*nearest, strict=True)]
    assert np.mean(shared) / 10 >= 0.99


@settings(max_examples=20)
@given(lengths=st.lists(st.integers(1, 256), min_size=1, max_size=12), seed=st.integers(0, 1000))
def test_batch_mates_move_no_text(lengths: list[int], seed: int) -> None:
    model = _rounded(MINILM)
    texts = draw_ids(lengths, model.facts.vocabulary_size, seed)
    together = model.forward(batch_of_ids(texts))
    alone = np.concatenate([model.forward(batch_of_ids([text])) for text in texts])
    assert np.abs(normalise(together) - normalise(alone)).max() <= 1e-3


def test_it_is_taken_where_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_LEAST_GAIN", 0.0)
    facts = packed.load(load_spec(BERT, dtype="bfloat16")).facts
    assert (facts.dtype, facts.backend, facts.float32_because) == ("bfloat16", "packed", None)


def test_where_it_does_not_pay_a_model_is_exact_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(precision, "_LEAST_GAIN", float("inf"))
    facts = packed.load(load_spec(BERT, dtype="bfloat16")).facts
    assert (facts.dtype, facts.backend) == ("float32", "packed")
    assert "as fast as float32 on this machine" in str(facts.float32_because)


def test_where_it_strays_a_model_is_exact_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_LEAST_GAIN", 0.0)
    monkeypatch.setattr(packed, "ROUNDED", Bounds(1.0, 1.0, 0.0))
    facts = packed.load(load_spec(BERT, dtype="bfloat16")).facts
    assert (facts.dtype, facts.backend) == ("float32", "packed")
    assert "not sentence-transformers' own" in str(facts.float32_because)


def test_a_model_that_is_not_packed_says_that_it_is_exact() -> None:
    facts = packed.load(load_spec(ELECTRA, dtype="bfloat16")).facts
    assert (facts.dtype, facts.float32_because) == ("float32", "it is not packed")
    facts = reference.load(load_spec(ELECTRA, dtype="bfloat16")).facts
    assert (facts.dtype, facts.float32_because) == ("float32", "BACKEND is reference")
