"""Whether a loaded model may serve: on this device, with these ids, with these features.

What cannot work is found here, at load, and not by a caller; a model whose vectors would differ
from sentence-transformers' own is refused, never served wrongly.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules.transformer import Transformer
from tokenizers import Tokenizer
from torch import Tensor

from embedding_service.inference.backends.base import (
    Backend,
    Int32s,
    LoadFailed,
    TokenBatch,
)
from embedding_service.inference.backends.packing.refusals import NotPackable
from embedding_service.vectors import Matrix, is_finite_by_row

BuildFeatures: TypeAlias = Callable[[list[Int32s]], dict[str, Any]]

_SAMPLES = (
    "a",
    " Leading blank, UPPER case, café and naïve.",
    "日本語の文章と emoji 😀 mixed.\nTwo lines\tand a tab.",
    "word " * 600,
)
_DRAWN_LENGTHS = (1, 2, 3, 7, 7, 17, 33, 65)
"""Tokens. Few, since a start waits for them."""
_TINY = 1e-30


def check_cuda() -> None:
    """Refuse, as the device's fault, where torch cannot use CUDA."""
    if not torch.cuda.is_available():
        built = torch.version.cuda
        raise LoadFailed(
            "device",
            f"torch {torch.__version__} finds no usable CUDA device"
            + (f" (built for CUDA {built})" if built else " (built without CUDA)"),
        )


def check_shape(model: SentenceTransformer) -> None:
    """Refuse a model that does not begin with a Transformer and a fast tokenizer."""
    first = model[0]
    if not isinstance(first, Transformer):
        raise LoadFailed(
            "model",
            f"the model begins with {type(first).__name__}; served are models that begin with a "
            "Transformer module",
        )
    if not getattr(model.tokenizer, "is_fast", False):
        raise LoadFailed(
            "model",
            "the model has no fast tokenizer (tokenizer.json); convert it and save it again",
        )


def check_length(model: SentenceTransformer, wanted: int) -> None:
    """Refuse a max_length above the model's positions."""
    positions = getattr(model.config, "max_position_embeddings", None)
    if isinstance(positions, int) and wanted > positions > 0:
        raise LoadFailed(
            "model",
            f"MODEL_OPTIONS asks for max_length {wanted:,}, but the model has {positions:,} "
            "positions; ask for no more",
        )


def check_parity(
    serialised: str, build_features: BuildFeatures, model: SentenceTransformer
) -> None:
    """Compare ids and features with `preprocess()`; a model that differs is refused."""
    tokenizer = Tokenizer.from_str(serialised)
    ours = build_features(
        [
            np.array(encoding.ids, dtype=np.int32)
            for encoding in tokenizer.encode_batch(list(_SAMPLES))
        ]
    )
    theirs = model.preprocess(list(_SAMPLES))
    for name, value in theirs.items():
        if isinstance(value, Tensor) and not (
            name in ours and torch.equal(ours[name].cpu(), value.cpu().to(ours[name].dtype))
        ):
            raise LoadFailed(
                "model",
                f"the model's input {name!r} is made in a way this server does not know "
                "(a chat template, segment types, a tokenizer with code of its own)",
            )


@dataclass(frozen=True, slots=True)
class Trial:
    """Samples, and what sentence-transformers' own forward makes of them."""

    batch: TokenBatch
    rows: Matrix


def try_forward(backend: Backend) -> Trial:
    """Embed the samples once: what cannot work on this device is found here, not by a caller.

    Besides ordinary texts, one of them cut at the longest, there are ids from the whole vocabulary,
    special tokens within a text included: people send those as well. Raises LoadFailed.
    """
    facts = backend.facts
    encodings = Tokenizer.from_str(facts.tokenizer).encode_batch(list(_SAMPLES))
    ordinary = [np.array(encoding.ids, dtype=np.int32) for encoding in encodings]
    drawn = np.random.default_rng(0)
    longest = facts.max_length or max(_DRAWN_LENGTHS)
    ids = ordinary + [
        drawn.integers(facts.vocabulary_size, size=min(length, longest), dtype=np.int32)
        for length in _DRAWN_LENGTHS
    ]
    lengths = np.array([len(each) for each in ids], dtype=np.int32)
    skipped = lengths // 3 if facts.leaves_prompt_out else np.zeros_like(lengths)
    batch = TokenBatch(np.concatenate(ids), lengths, skipped, max_texts=len(ids))
    rows = backend.forward(batch)
    if not is_finite_by_row(rows[: len(ordinary)]).all():
        raise LoadFailed("model", "the model answers NaN or Inf for ordinary text; is it damaged?")
    return Trial(batch, rows)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How near to the truth vectors must be."""

    mean_cosine: float
    least_cosine: float
    most_error: float
    """Of any number, relative where numbers exceed 1."""


EXACT = Bounds(0.99999, 0.99999, 1e-4)
"""Float32, whose sums are only in another order."""
ROUNDED = Bounds(0.9999, 0.998, float("inf"))
"""bfloat16, which has three digits: the mean over texts is what rankings feel."""


def judge_packed(packed: Backend, trial: Trial, bounds: Bounds = EXACT) -> None:
    """Compare the packed vectors with the truth. Raises NotPackable unless they are the same."""
    try:
        answered = packed.forward(trial.batch)
    except Exception as error:
        raise NotPackable(f"its packed forward fails ({type(error).__name__}: {error})") from error
    sound = is_finite_by_row(trial.rows)
    if (is_finite_by_row(answered) != sound).any():
        raise NotPackable("its packed forward is not finite where sentence-transformers' own is")
    ours, theirs = answered[sound].astype(np.float64), trial.rows[sound].astype(np.float64)
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    cosines = np.sum(ours * theirs, axis=1) / np.maximum(lengths, _TINY)
    errors = np.abs(ours - theirs).max(axis=1) / np.maximum(np.abs(theirs).max(axis=1), 1.0)
    if (
        cosines.mean() < bounds.mean_cosine
        or cosines.min() < bounds.least_cosine
        or errors.max() > bounds.most_error
    ):
        raise NotPackable(
            "its packed vectors are not sentence-transformers' own "
            f"(cosine {cosines.mean():.6f} in the mean, {cosines.min():.6f} at worst; "
            f"error {errors.max():.1e} at worst)"
        )
