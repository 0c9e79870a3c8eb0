"""The packed forward: the same vectors as `reference`, without a token of padding.

Taken for the architectures behind most sentence-transformers models, once it has shown on this
model and this machine that its vectors are sentence-transformers' own (judge_packed). Every other
model, and every one that fails, is left to `reference`, and its facts say why.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize
from sentence_transformers.sentence_transformer.modules import Dropout, LayerNorm, Pooling
from torch import Tensor, nn

from embedding_service.inference.backends import reference
from embedding_service.inference.backends.acceptance import Trial, judge_packed
from embedding_service.inference.backends.base import Backend, Facts, LoadSpec, TokenBatch
from embedding_service.inference.backends.device import OnDevice
from embedding_service.inference.backends.packing.architectures import build_encoder
from embedding_service.inference.backends.packing.encoder import Encoder
from embedding_service.inference.backends.packing.layout import lay_out
from embedding_service.inference.backends.packing.pooling import RaggedPooling, build_pooling
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
        threads: int,
    ) -> None:
        super().__init__(facts, threads)
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
    return pack(*reference.load_tried(spec), spec.threads)


def pack(truth: reference.ReferenceBackend, trial: Trial, threads: int) -> Backend:
    """A packed backend that gives the vectors of `truth`; `truth` itself, with the reason, if none.

    What of the model is not needed any more goes with `truth`.
    """
    try:
        packed = _build(truth.model, truth.facts, threads)
        judge_packed(packed, trial)
    except NotPackable as refusal:
        truth.facts = replace(truth.facts, unpacked_because=str(refusal))
        return truth
    packed.warm_up()
    return packed


def _build(model: SentenceTransformer, facts: Facts, threads: int) -> PackedBackend:
    if facts.device != "cpu":
        raise NotPackable(f"it runs on {facts.device}, and the packed forward is for CPUs so far")
    _, *modules = model
    pooling = modules[0] if modules else None
    # The exact type as well: a subclass may pool otherwise.
    if not isinstance(pooling, Pooling) or type(pooling) is not Pooling:
        raise NotPackable("it has no Pooling module right behind its Transformer")
    others = modules[1:]
    for module in others:
        if type(module) not in _ROW_WISE:
            raise NotPackable(f"one of its modules is {type(module).__name__}")
    encoder, form = build_encoder(model.transformers_model)
    facts = replace(facts, backend="packed", linears=form)
    return PackedBackend(encoder, build_pooling(pooling), others, facts, threads)
