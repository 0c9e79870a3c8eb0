"""From a run's hidden states to one row a text, as sentence-transformers' Pooling would."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

import torch
from sentence_transformers.sentence_transformer.modules import Pooling
from torch import Tensor

from embedding_service.inference.backends.packing.layout import Group, Layout
from embedding_service.inference.backends.packing.refusals import NotPackable

Mode: TypeAlias = Literal["cls", "max", "mean"]


@dataclass(frozen=True, slots=True)
class RaggedPooling:
    """Pools each text over its own tokens."""

    modes: tuple[Mode, ...]
    """Their rows are put side by side."""
    includes_prompt: bool

    def __call__(self, hidden: Tensor, layout: Layout) -> Tensor:
        """Shape (texts, modes * width), in the run's order, from (tokens, width)."""
        return torch.cat([self._pool(hidden, group) for group in layout.groups])

    def _pool(self, hidden: Tensor, group: Group) -> Tensor:
        states = hidden[group.tokens].view(group.texts, group.length, -1)
        skipped = 0 if self.includes_prompt else min(group.prompt_length, group.length)
        return torch.cat([_POOL[mode](states, skipped) for mode in self.modes], dim=1)


def build_pooling(module: Pooling) -> RaggedPooling:
    """The same pooling, ragged. Raises NotPackable."""
    modes = (module.pooling_mode,) if isinstance(module.pooling_mode, str) else module.pooling_mode
    for mode in modes:
        if mode not in get_args(Mode):
            raise NotPackable(f"its pooling is {mode!r}")
    return RaggedPooling(cast(tuple[Mode, ...], tuple(modes)), bool(module.include_prompt))


# Each takes (texts, tokens, width) and how many leading tokens do not count.


def _pool_cls(states: Tensor, skipped: int) -> Tensor:
    # Where nothing is left, sentence-transformers takes the first token of all.
    return states[:, skipped if skipped < states.shape[1] else 0]


def _pool_max(states: Tensor, skipped: int) -> Tensor:
    if skipped == states.shape[1]:
        return states.new_full((states.shape[0], states.shape[2]), -torch.inf)
    return states[:, skipped:].amax(dim=1)


def _pool_mean(states: Tensor, skipped: int) -> Tensor:
    return states[:, skipped:].sum(dim=1) / max(states.shape[1] - skipped, 1)


_POOL = {"cls": _pool_cls, "max": _pool_max, "mean": _pool_mean}
