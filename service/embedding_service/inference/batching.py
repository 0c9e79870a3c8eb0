"""Forms batches of token lists. Knows nothing of HTTP, models or devices.

A batch is bounded by tokens, not by texts: the cost of a forward grows with tokens (Orca, OSDI
2022, section 4; text-embeddings-inference, core/src/queue.rs).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from embedding_service.errors import ServiceError
from embedding_service.inference.backends.base import TokenBatch
from embedding_service.inference.tickets import Seat, Ticket
from embedding_service.vectors import Matrix

_CROWDED = 32
"""A batch with less than this part of its budget left is not worth looking on for: 3 %."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Upper bounds of one batch."""

    tokens: int
    """Sum of token counts; a single text may be longer and then goes alone."""
    texts: int


@dataclass(slots=True, eq=False)
class Entry:
    """One text waiting for its vector."""

    ids: NDArray[np.int32]
    prompt_length: int
    ticket: Ticket
    position: int
    """Row of the ticket's matrix."""
    losses: int = 0
    """How many workers were lost over it while it was alone in its batch."""
    followers: tuple[Seat, ...] = ()
    """Further rows, of this request or of others, that its vector is for: the same text again."""
    has_begun: bool = False
    """Whether it was part of a forward."""
    is_settled: bool = False
    """Whether it has its vector or its error, or goes on as another entry."""

    @property
    def seats(self) -> tuple[Seat, ...]:
        """All rows that its vector is for."""
        return (Seat(self.ticket, self.position), *self.followers)

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for it."""
        return self.is_settled or (
            self.ticket.is_over and all(seat.ticket.is_over for seat in self.followers)
        )

    def start(self, now: float) -> None:
        """Note that a forward with it begins."""
        self.has_begun = True
        self.ticket.start(now)
        for seat in self.followers:
            seat.ticket.start(now)

    def deliver(self, row: Matrix) -> None:
        """Give its vector, shape (d,), to everybody who waits for it."""
        self.is_settled = True
        self.ticket.deliver(self.position, row)
        for seat in self.followers:
            seat.ticket.deliver(seat.position, row)

    def fail(self, explain: Callable[[str], ServiceError]) -> None:
        """Tell everybody who waits for it an error of their own, made from the text's name."""
        self.is_settled = True
        for seat in self.seats:
            seat.ticket.fail(explain(seat.name))

    def move(self) -> "Entry":
        """The same text as a new entry, in place of this one."""
        self.is_settled = True
        return Entry(self.ids, self.prompt_length, self.ticket, self.position, 0, self.followers)


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries of one forward."""

    entries: list[Entry]

    @property
    def tokens(self) -> int:
        """Sum of token counts."""
        return sum(len(entry.ids) for entry in self.entries)

    def split(self) -> tuple["Batch", "Batch"]:
        """Two halves, to find out which of its texts a forward fails on."""
        middle = len(self.entries) // 2
        return Batch(self.entries[:middle]), Batch(self.entries[middle:])

    def without_dead(self) -> "Batch":
        """The entries that somebody still waits for."""
        return Batch([entry for entry in self.entries if not entry.is_over])

    def to_tokens(self, max_texts: int) -> TokenBatch:
        """What a worker is sent."""
        bounds = (entry.ticket.max_batch_texts or max_texts for entry in self.entries)
        return TokenBatch(
            ids=np.concatenate([entry.ids for entry in self.entries]),
            lengths=np.array([len(entry.ids) for entry in self.entries], dtype=np.int32),
            prompt_lengths=np.array(
                [entry.prompt_length for entry in self.entries], dtype=np.int32
            ),
            max_texts=min(max_texts, *bounds),
        )


@dataclass(slots=True)
class Draft:
    """A batch that is being filled."""

    budget: Budget
    entries: list[Entry] = field(default_factory=list)
    tokens: int = 0

    @property
    def is_full(self) -> bool:
        """Whether it is no use to look for more."""
        room = self.budget.tokens - self.tokens
        is_crowded = bool(self.entries) and room <= self.budget.tokens // _CROWDED
        return is_crowded or len(self.entries) >= self.budget.texts

    def add(self, entry: Entry) -> bool:
        """Take `entry` if it fits, and tell. The first one fits whatever its length."""
        most = min(self.budget.texts, entry.ticket.max_batch_texts or self.budget.texts)
        fits = self.tokens + len(entry.ids) <= self.budget.tokens and len(self.entries) < most
        if self.entries and not fits:
            return False
        self.entries.append(entry)
        self.tokens += len(entry.ids)
        if most < self.budget.texts:
            self.budget = Budget(self.budget.tokens, most)
        return True
