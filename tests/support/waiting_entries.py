"""Entries of a queue, without an event loop behind their tickets."""

from collections.abc import Sequence

import numpy as np

from embedding_service.inference.batching import Batch, Entry
from embedding_service.inference.tickets import Ticket


class StillWaiting(Ticket):
    """A ticket that needs no event loop; ends when told."""

    def __init__(self, max_batch_texts: int | None = None) -> None:
        self.max_batch_texts = max_batch_texts
        self.over = False

    @property
    def is_over(self) -> bool:
        return self.over


def entries(lengths: Sequence[int], ticket: Ticket | None = None) -> list[Entry]:
    """One of each length, all of one request."""
    ticket = ticket or StillWaiting()
    return [
        Entry(np.zeros(length, dtype=np.int32), 0, ticket, position)
        for position, length in enumerate(lengths)
    ]


def lengths_of(batch: Batch | None) -> list[int]:
    """Tokens of each text in it."""
    assert batch is not None
    return [len(entry.ids) for entry in batch.entries]
