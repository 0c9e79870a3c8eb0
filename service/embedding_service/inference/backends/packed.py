"""The packed forward: the same vectors as `reference`, without a token of padding.

Taken for the architectures behind most sentence-transformers models, once it has shown on this
model and this machine that its vectors are sentence-transformers' own (judge_packed). Every other
model, and every one that fails, is left to `reference`, and its facts say why.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize
from sentence_transformers.sentence_transformer.modules import Dropout, LayerNorm, Pooling
from torch import Tensor, nn

from embedding_service.inference.backends import reference
from embedding_service.inference.backends.acceptance import ROUNDED, Trial, judge_packed
from embedding_service.inference.backends.base import (
    Backend,
    Dtype,
    Facts,
    LoadFailed,
    LoadSpec,
    TokenBatch,
)
from embedding_service.inference.backends.device import OnDevice
from embedding_service.inference.backends.packing.architectures import Anatomy, dissect
from embedding_service.inference.backends.packing.encoder import Encoder
from embedding_service.inference.backends.packing.layout import lay_out
from embedding_service.inference.backends.packing.linears import Make, can_prepack, choose_form
from embedding_service.inference.backends.packing.pooling import RaggedPooling, build_pooling
from embedding_service.inference.backends.packing.precision import check_gain
from embedding_service.inference.backends.packing.refusals import NotPackable
from embedding_service.vectors import Matrix

_ROW_WISE = (Dense, Dropout, LayerNorm, Normalize)
"""Modules that may follow the pooling: one row in, one row out, whoever else is in the batch."""


class PackedBackend(OnDevice):
    """A model's encoder over runs of tokens, then its own modules over the pooled rows."""

    def __init__(
        self,
        encoder: Encoder,
        pooling: RaggedPooling,
        modules: Iterable[nn.Module],
        facts: Facts,
    ) -> None:
        super().__init__(facts)
        self._encoder = encoder
        self._pooling = pooling
        self._modules = tuple(modules)

    @torch.inference_mode()
    def forward(self, batch: TokenBatch) -> Matrix:
        """Embed; see Backend.forward."""
        matrix = np.empty((len(batch.lengths), self.facts.dimension), dtype=np.float32)
        for layout in lay_out(batch):
            pooled = self._pooling(self._encoder(layout), layout)
            # A model may be configured to keep fewer dimensions than it makes (truncate_dim).
            matrix[layout.rows] = self._finish(pooled)[:, : self.facts.dimension].numpy()
        return matrix

    def _finish(self, pooled: Tensor) -> Tensor:
        features = {"sentence_embedding": pooled}
        for module in self._modules:
            features = module(features)
        return features["sentence_embedding"]

    def warm_up(self) -> None:
        """Compile what forwards need; called before workers are forked."""
        with torch.inference_mode():
            self._encoder.warm_up()


def load(spec: LoadSpec) -> Backend:
    """Load a folder onto `spec.device`, packed if it can be. Raises LoadFailed."""
    return pack(*reference.load_tried(spec), spec)


def pack(truth: reference.ReferenceBackend, trial: Trial, spec: LoadSpec) -> Backend:
    """A packed backend that gives the vectors of `truth`; `truth` itself, with the reason, if none.

    What of the model is not needed any more goes with `truth`. Raises LoadFailed where the spec
    insists on what cannot be had.
    """
    try:
        packed = _build_judged(truth, trial, spec)
    except NotPackable as refusal:
        if spec.must_pack:
            raise LoadFailed(
                "model",
                f"BACKEND=packed, and it cannot be packed: {refusal}. Set BACKEND=auto, which "
                "serves it through sentence-transformers' own forward",
            ) from refusal
        truth.facts = replace(truth.facts, unpacked_because=str(refusal))
        if spec.dtype != "float32":
            truth.facts = replace(truth.facts, float32_because="it is not packed")
        return truth
    packed.warm_up()
    return packed


def _build_judged(truth: reference.ReferenceBackend, trial: Trial, spec: LoadSpec) -> PackedBackend:
    """The fastest packed backend that is wanted and true. Raises NotPackable."""
    parts = take_apart(truth.model, truth.facts.device)
    exact = _choose_make(parts.anatomy, spec, torch.float32)
    because = None
    if spec.dtype == "bfloat16":
        rounded = _choose_make(parts.anatomy, spec, torch.bfloat16)
        try:
            check_gain(parts.anatomy, rounded, exact)
            packed = parts.build(rounded, truth.facts)
            judge_packed(packed, trial, ROUNDED)
        except NotPackable as refusal:
            because = str(refusal)
        else:
            return packed
    packed = parts.build(exact, replace(truth.facts, float32_because=because))
    judge_packed(packed, trial)
    return packed


def _choose_make(anatomy: Anatomy, spec: LoadSpec, dtype: torch.dtype) -> Make:
    if spec.linears == "auto":
        return Make(choose_form(anatomy.weight.to(dtype)), dtype)
    if spec.linears == "prepacked" and not can_prepack(dtype):
        raise LoadFailed(
            "model",
            f"LINEARS=prepacked, and torch {torch.__version__} has no prepacked linears for this "
            "CPU; set LINEARS=auto",
        )
    return Make(spec.linears, dtype)


@dataclass(frozen=True, slots=True)
class Parts:
    """A sentence-transformers model taken apart."""

    anatomy: Anatomy
    pooling: RaggedPooling
    modules: tuple[nn.Module, ...]
    """What follows the pooling."""

    def build(self, make: Make, facts: Facts) -> PackedBackend:
        """Put together, its linears of this make. Raises NotPackable."""
        dtype: Dtype = "bfloat16" if make.dtype is torch.bfloat16 else "float32"
        facts = replace(facts, backend="packed", linears=make.form, dtype=dtype)
        encoder = self.anatomy.build_encoder(make)
        return PackedBackend(encoder, self.pooling, self.modules, facts)


def take_apart(model: SentenceTransformer, device: str) -> Parts:
    """The parts of a model whose every module is known. Raises NotPackable."""
    if device != "cpu":
        raise NotPackable(f"it runs on {device}, and the packed forward is for CPUs so far")
    _, *modules = model
    pooling = modules[0] if modules else None
    # The exact type as well: a subclass may pool otherwise.
    if not isinstance(pooling, Pooling) or type(pooling) is not Pooling:
        raise NotPackable("it has no Pooling module right behind its Transformer")
    others = modules[1:]
    for module in others:
        if type(module) not in _ROW_WISE:
            raise NotPackable(f"one of its modules is {type(module).__name__}")
    return Parts(dissect(model.transformers_model), build_pooling(pooling), tuple(others))
