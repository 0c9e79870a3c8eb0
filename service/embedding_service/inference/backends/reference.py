"""sentence-transformers' own forward, fed with token ids: the code path that defines truth.

It loads any model whose first module is a Transformer with a fast tokenizer, custom modules after
it included. Parity with `encode()` is checked at load, not assumed (acceptance.py).
"""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from torch import Tensor

from embedding_service.inference.backends import acceptance
from embedding_service.inference.backends.base import Facts, LoadFailed, LoadSpec, TokenBatch
from embedding_service.inference.backends.device import OnDevice
from embedding_service.inference.backends.imports import without_compiler
from embedding_service.vectors import Matrix

_WASTE = 1.25
"""Texts share one call of the model while padding makes at most this many times their tokens …"""
_FREE_PADDING = 256
"""… or no more than this many tokens besides: a call has a price of its own."""


class ReferenceBackend(OnDevice):
    """A SentenceTransformer on one device."""

    def __init__(self, model: SentenceTransformer, facts: Facts) -> None:
        super().__init__(facts)
        self.model = model
        tokenizer = model.tokenizer
        self._padding_id = int(tokenizer.pad_token_id or 0)
        self._pads_left = tokenizer.padding_side == "left"
        self._has_types = "token_type_ids" in tokenizer.model_input_names

    @torch.inference_mode()
    def forward(self, batch: TokenBatch) -> Matrix:
        """Embed; see Backend.forward."""
        starts = np.cumsum(batch.lengths) - batch.lengths
        matrix = np.empty((len(batch.lengths), self.facts.dimension), dtype=np.float32)
        for rows in self._group(batch):
            texts = [batch.ids[starts[row] : starts[row] + batch.lengths[row]] for row in rows]
            features = self.build_features(texts)
            if prompt_length := int(batch.prompt_lengths[rows[0]]):
                features["prompt_length"] = prompt_length
            output = self.model(features)["sentence_embedding"]
            # A model may be configured to keep fewer dimensions than it makes (truncate_dim).
            matrix[rows] = output[:, : self.facts.dimension].float().cpu().numpy()
        return matrix

    def build_features(self, texts: list[np.ndarray[Any, np.dtype[np.int32]]]) -> dict[str, Any]:
        """What `preprocess` would have built: padded ids (texts, longest), mask, perhaps types."""
        longest = max(len(text) for text in texts)
        ids = np.full((len(texts), longest), self._padding_id, dtype=np.int64)
        mask = np.zeros((len(texts), longest), dtype=np.int64)
        for row, text in enumerate(texts):
            columns = slice(longest - len(text), None) if self._pads_left else slice(len(text))
            ids[row, columns] = text
            mask[row, columns] = 1
        features: dict[str, Any] = {
            "input_ids": self._to_device(ids),
            "attention_mask": self._to_device(mask),
        }
        if self._has_types:
            features["token_type_ids"] = torch.zeros_like(features["input_ids"])
        features["modality"] = "text"
        return features

    def _to_device(self, values: np.ndarray[Any, np.dtype[np.int64]]) -> Tensor:
        return torch.from_numpy(values).to(self._device, non_blocking=True)

    def _group(self, batch: TokenBatch) -> Iterator[list[int]]:
        """Split a batch into rows of similar length (longest first) and one prompt length."""
        rows: list[int] = []
        tokens = 0
        # Prompt lengths only come with models that leave prompts out of the pooling.
        for row in np.lexsort((-batch.lengths, batch.prompt_lengths)).tolist():
            length = int(batch.lengths[row])
            if rows:
                first = rows[0]
                padded = int(batch.lengths[first]) * (len(rows) + 1)
                is_wasteful = padded > max(
                    (tokens + length) * _WASTE, tokens + length + _FREE_PADDING
                )
                has_other_prompt = batch.prompt_lengths[row] != batch.prompt_lengths[first]
                if is_wasteful or has_other_prompt or len(rows) == batch.max_texts:
                    yield rows
                    rows, tokens = [], 0
            rows.append(row)
            tokens += length
        yield rows


def load(spec: LoadSpec) -> ReferenceBackend:
    """Load a folder onto `spec.device`. Raises LoadFailed."""
    backend, _ = load_tried(spec)
    if spec.dtype != "float32":
        backend.facts = replace(backend.facts, float32_because="BACKEND is reference")
    return backend


def load_tried(spec: LoadSpec) -> tuple[ReferenceBackend, acceptance.Trial]:
    """The same, with what it answered at its trial."""
    torch.set_num_threads(1)
    if spec.device.startswith("cuda"):
        acceptance.check_cuda()
    # Code that a model ships may compile.
    imports = nullcontext() if spec.trust_remote_code else without_compiler()
    try:
        with imports:
            model = SentenceTransformer(
                spec.target,
                device=spec.device,
                local_files_only=True,
                trust_remote_code=spec.trust_remote_code,
                # transformers 5 would keep whatever dtype the file has; float32 is the promise.
                model_kwargs={"dtype": torch.float32},
            )
        model.eval()
    except Exception as error:
        raise _explain(error, spec) from error
    acceptance.check_shape(model)
    if spec.max_length is not None:
        acceptance.check_length(model, spec.max_length)
        model.max_seq_length = spec.max_length
    backend = ReferenceBackend(model, _collect_facts(model, spec))
    acceptance.check_parity(backend.facts.tokenizer, backend.build_features, model)
    try:
        trial = acceptance.try_forward(backend)
    except LoadFailed:
        raise
    except Exception as error:
        raise _explain(error, spec) from error
    return backend, trial


def _explain(error: Exception, spec: LoadSpec) -> LoadFailed:
    """Put what sentence-transformers raised into a sentence that says what to do."""
    text = f"{type(error).__name__}: {str(error)[:500]}"
    if spec.device.startswith("cuda") and (
        "CUDA" in text or isinstance(error, torch.OutOfMemoryError)
    ):
        return LoadFailed("device", f"the model does not go onto {spec.device} ({text})")
    if isinstance(error, MemoryError) or "can't allocate memory" in text:
        return LoadFailed(
            "model",
            f"not enough memory to load the model; take a smaller one or give more ({text})",
        )
    if "trust_remote_code" in text:
        return LoadFailed(
            "model",
            "the model ships code of its own; read it, then allow it by MODEL_OPTIONS "
            '\'{"<name>": {"trust_remote_code": true}}\'',
        )
    return LoadFailed(
        "model",
        f"sentence-transformers cannot load it; is the folder complete? Fetch it again ({text})",
    )


def _collect_facts(model: SentenceTransformer, spec: LoadSpec) -> Facts:
    poolings = [module for module in model if type(module).__name__ == "Pooling"]
    dimension = model.get_embedding_dimension()
    if dimension is None:
        raise LoadFailed(
            "model", "the model does not say its dimension; it makes no sentence embeddings"
        )
    maximum = model.max_seq_length
    is_cuda = spec.device.startswith("cuda")
    transformer = model.transformers_model
    rows = (
        next(transformer.get_input_embeddings().parameters()).shape[0]
        if transformer is not None
        else len(model.tokenizer)
    )
    return Facts(
        dimension=int(dimension),
        # Tokenizers without a bound say 10^30.
        max_length=int(maximum) if maximum is not None and maximum < 2**31 else None,
        architecture=type(transformer).__name__,
        pooling="+".join(str(module.pooling_mode) for module in poolings) or "none",
        backend="reference",
        device=spec.device,
        device_name=torch.cuda.get_device_name(spec.device) if is_cuda else "cpu",
        device_count=torch.cuda.device_count() if is_cuda else 0,
        device_bytes=torch.cuda.memory_reserved(spec.device) if is_cuda else 0,
        dtype="float32",
        leaves_prompt_out=any(not module.include_prompt for module in poolings),
        vocabulary_size=int(rows),
        tokenizer=_export_tokenizer(model),
        prompts={name: prompt or "" for name, prompt in model.prompts.items()},
        default_prompt_name=model.default_prompt_name,
        versions={
            name: version(name) for name in ("torch", "sentence-transformers", "transformers")
        },
    )


def _export_tokenizer(model: SentenceTransformer) -> str:
    tokenizer = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
    tokenizer.no_padding()
    if model.max_seq_length is not None and model.max_seq_length < 2**31:
        tokenizer.enable_truncation(
            int(model.max_seq_length), direction=model.tokenizer.truncation_side
        )
    else:
        tokenizer.no_truncation()
    return str(tokenizer.to_str())
