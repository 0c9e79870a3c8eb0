"""Whether a loaded model may serve: on this device, with these ids, with these features.

What cannot work is found here, at load, and not by a caller; a model whose vectors would differ
from sentence-transformers' own is refused, never served wrongly.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules.transformer import Transformer
from tokenizers import Tokenizer
from torch import Tensor

from embedding_service.inference.backends.base import Backend, Int32s, LoadFailed, TokenBatch
from embedding_service.vectors import is_finite_by_row

BuildFeatures: TypeAlias = Callable[[list[Int32s]], dict[str, Any]]

_SAMPLES = (
    "a",
    " Leading blank, UPPER case, café and naïve.",
    "日本語の文章と emoji 😀 mixed.\nTwo lines\tand a tab.",
    "word " * 600,
)


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


def check_forward(backend: Backend) -> None:
    """Embed the samples once: what cannot work on this device is found here, not by a caller."""
    encodings = Tokenizer.from_str(backend.facts.tokenizer).encode_batch(list(_SAMPLES))
    ids = [np.array(encoding.ids, dtype=np.int32) for encoding in encodings]
    lengths = np.array([len(each) for each in ids], dtype=np.int32)
    batch = TokenBatch(np.concatenate(ids), lengths, np.zeros_like(lengths), max_texts=len(ids))
    if not is_finite_by_row(backend.forward(batch)).all():
        raise LoadFailed("model", "the model answers NaN or Inf for ordinary text; is it damaged?")
