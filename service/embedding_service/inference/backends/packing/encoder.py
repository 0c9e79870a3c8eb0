"""The encoder of BERT and its kin, over a run of tokens: embeddings, then equal layers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from embedding_service.inference.backends.packing.attention import Attention
from embedding_service.inference.backends.packing.blocks import Blocks
from embedding_service.inference.backends.packing.layout import Layout, Positions
from embedding_service.inference.backends.packing.linears import Linear


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer normalisation over the last dimension."""

    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, x: Tensor) -> Tensor:
        """Of the same shape."""
        return functional.layer_norm(x, self.weight.shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True, slots=True)
class Embeddings:
    """From token ids to the first layer's input."""

    words: Tensor
    """Shape (vocabulary, width)."""
    places: Tensor
    """Shape (positions, width): of positions, and of the one token type that there is."""
    norm: Norm
    padding_id: int | None
    """RoBERTa's kin count positions from the one behind this id, and leave this token out of it."""

    def __call__(self, layout: Layout) -> Tensor:
        """Shape (tokens, width). Raises IndexError for an id or a position that has no row."""
        ids = torch.from_numpy(layout.ids).to(self.words.device)
        places = torch.from_numpy(self._number(layout)).to(self.words.device)
        summed = functional.embedding(ids, self.words).add_(
            functional.embedding(places, self.places)
        )
        return self.norm(summed)

    def _number(self, layout: Layout) -> Positions:
        """Each token's position in its text (transformers, create_position_ids_from_input_ids)."""
        if self.padding_id is None:
            return np.arange(len(layout.ids)) - np.repeat(layout.starts, layout.lengths)
        counts = layout.ids != self.padding_id
        numbers = np.cumsum(counts)
        before = np.concatenate(([0], numbers))[layout.starts]
        within: Positions = (numbers - np.repeat(before, layout.lengths)) * counts
        return within + self.padding_id


@dataclass(frozen=True, slots=True)
class Layer:
    """Attention and feed-forward, each with its residual, each normalised after it."""

    qkv: Linear
    """Query, key and value as one linear."""
    out: Linear
    attention_norm: Norm
    up: Linear
    activation: Callable[[Tensor], Tensor] | None
    """None for the exact GELU, which goes with the linear."""
    down: Linear
    output_norm: Norm

    def finish(self, hidden: Tensor, context: Tensor) -> Tensor:
        """What follows attention: `hidden` went into it, `context` came out; (rows, width) each."""
        hidden = self.attention_norm(self.out.plus(context, hidden))
        wide = self.up.gelu(hidden) if self.activation is None else self.activation(self.up(hidden))
        return self.output_norm(self.down.plus(wide, hidden))


@dataclass(frozen=True, slots=True)
class Encoder:
    """A whole model up to its last hidden state."""

    embeddings: Embeddings
    layers: tuple[Layer, ...]
    attention: Attention
    blocks: Blocks
    width: int
    dtype: torch.dtype = torch.float32
    """Of the layers' weights and of what goes between them; embeddings are looked up in float32."""

    def __call__(self, layout: Layout) -> Tensor:
        """Shape (tokens, width), float32: the last hidden state of the run."""
        tokens = len(layout.ids)
        rows = self.blocks.pad(tokens)
        hidden = self._zeros(rows)
        hidden[:tokens] = self.embeddings(layout)
        blocks = list(self.blocks.split(rows))
        for layer in self.layers:
            qkv = _join([layer.qkv(hidden[block]) for block in blocks])
            context = self.attention(qkv, layout)
            hidden = _join([layer.finish(hidden[block], context[block]) for block in blocks])
        return hidden[:tokens].float()

    def warm_up(self) -> None:
        """Have every size of a block compiled, before workers are forked that share it."""
        for size in self.blocks.sizes or ():
            hidden = self._zeros(size)
            self.layers[0].qkv(hidden)
            self.layers[0].finish(hidden, hidden)

    def _zeros(self, rows: int) -> Tensor:
        device = self.embeddings.words.device
        return torch.zeros((rows, self.width), dtype=self.dtype, device=device)


def _join(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)
