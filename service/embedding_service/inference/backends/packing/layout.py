"""Where each text lies in the run of tokens: sorted, so that texts of one length lie together."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from embedding_service.inference.backends.base import Int32s, TokenBatch

Positions: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Group:
    """Neighbours in the run that have the same shape, so that one call can do them all."""

    start: int
    """Its first token in the run."""
    texts: int
    length: int
    """Tokens of each text."""
    prompt_length: int
    """Leading tokens of each that are the prompt's."""

    @property
    def tokens(self) -> slice:
        """Its tokens in the run."""
        return slice(self.start, self.start + self.texts * self.length)


@dataclass(frozen=True, slots=True)
class Layout:
    """Texts of one forward as one run of tokens, the shortest first."""

    rows: Positions
    """Shape (texts,): which text of the batch lies at each place."""
    ids: Int32s
    """Shape (tokens,)."""
    lengths: Int32s
    """Shape (texts,): tokens of each, in the run's order."""
    groups: tuple[Group, ...]

    @property
    def starts(self) -> Positions:
        """Shape (texts,): each text's first token in the run."""
        starts: Positions = np.cumsum(self.lengths, dtype=np.intp) - self.lengths
        return starts


def lay_out(batch: TokenBatch) -> Iterator[Layout]:
    """The runs that `batch` becomes: one, unless it has more than `max_texts` texts."""
    starts = np.cumsum(batch.lengths, dtype=np.intp) - batch.lengths
    order = np.lexsort((batch.prompt_lengths, batch.lengths))
    for first in range(0, len(order), batch.max_texts):
        rows = order[first : first + batch.max_texts]
        lengths = batch.lengths[rows]
        shifts = starts[rows] - (np.cumsum(lengths, dtype=np.intp) - lengths)
        ids = batch.ids[np.repeat(shifts, lengths) + np.arange(lengths.sum())]
        yield Layout(rows, ids, lengths, tuple(_group(lengths, batch.prompt_lengths[rows])))


def _group(lengths: Int32s, prompt_lengths: Int32s) -> Iterator[Group]:
    changes = (np.diff(lengths) != 0) | (np.diff(prompt_lengths) != 0)
    firsts = [0, *(np.flatnonzero(changes) + 1).tolist()]
    start = 0
    for first, end in zip(firsts, [*firsts[1:], len(lengths)], strict=True):
        group = Group(start, end - first, int(lengths[first]), int(prompt_lengths[first]))
        yield group
        start = group.tokens.stop
