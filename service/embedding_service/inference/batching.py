"""Forms batches of token lists. Knows nothing of HTTP, models or devices.

A batch is bounded by tokens, not by texts: the cost of a forward grows with tokens (Orca, OSDI
2022, section 4; text-embeddings-inference, core/src/queue.rs). Everything here is plain data and a
clock passed in.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from embedding_service.errors import ServiceError
from embedding_service.inference.backends.base import TokenBatch
from embedding_service.inference.requests import TrafficClass
from embedding_service.inference.tickets import Seat, Ticket
from embedding_service.vectors import Matrix

_LOOK_AHEAD = 512
"""Entries looked at for one batch; bounds the work of forming it."""
_BULK_SHARE = 4
"""While both wait, every fourth batch is bulk."""


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
class Lane:
    """Entries of one traffic class, oldest first, and how many tokens they hold."""

    entries: deque[Entry] = field(default_factory=deque)
    tokens: int = 0

    def add(self, entries: Iterable[Entry]) -> None:
        """Queue entries behind those that wait."""
        for entry in entries:
            self.entries.append(entry)
            self.tokens += len(entry.ids)

    def clear(self) -> None:
        """Forget all entries."""
        self.entries.clear()
        self.tokens = 0

    def drop_dead(self) -> None:
        """Forget entries whose caller is gone, so that they count for nobody's wait."""
        alive = [entry for entry in self.entries if not entry.is_over]
        self.clear()
        self.add(alive)


def take(waiting: Lane, budget: Budget) -> Batch:
    """Remove from `waiting` and return what fits into one batch, oldest first.

    An entry too long for what is left is passed over, not waited for: the first misfit must not
    close the batch. It does not starve either, because the oldest entry is always taken, so an
    entry waits for no more batches than there were entries before it. Entries of requests that are
    over are dropped here, because here they cost nothing yet. Empty only if all were dropped.
    """
    chosen: list[Entry] = []
    misfits: list[Entry] = []
    tokens, texts = 0, budget.texts
    for _ in range(min(len(waiting.entries), _LOOK_AHEAD)):
        entry = waiting.entries.popleft()
        if entry.is_over:
            waiting.tokens -= len(entry.ids)
            continue
        texts_then = min(texts, entry.ticket.max_batch_texts or texts)
        fits = tokens + len(entry.ids) <= budget.tokens and len(chosen) < texts_then
        if fits or not chosen:
            chosen.append(entry)
            tokens, texts = tokens + len(entry.ids), texts_then
            waiting.tokens -= len(entry.ids)
        else:
            misfits.append(entry)
        if tokens >= budget.tokens or len(chosen) >= texts:
            break
    waiting.entries.extendleft(reversed(misfits))
    return Batch(chosen)


class Queue:
    """All that waits for one model: two lanes, and batches to be tried again."""

    def __init__(self) -> None:
        self.lanes = {traffic: Lane() for traffic in TrafficClass}
        self._again: deque[Batch] = deque()
        self._since_bulk = 0
        self._has_dead = False
        self._expected = dict.fromkeys(TrafficClass, 0)

    def add(self, traffic: TrafficClass, entries: Iterable[Entry]) -> None:
        """Queue entries of one request."""
        self.lanes[traffic].add(entries)

    @contextmanager
    def expecting(self, traffic: TrafficClass, tokens: int) -> Iterator[None]:
        """Count `tokens` as waiting while they are still being tokenised."""
        self._expected[traffic] += tokens
        try:
            yield
        finally:
            self._expected[traffic] -= tokens

    def try_again(self, batches: Iterable[Batch]) -> None:
        """Queue batches as they are, ahead of everything: their texts have waited once already."""
        self._again.extend(batch for batch in batches if batch.entries)

    def take(self, budget: Budget) -> Batch | None:
        """The next batch; None if nothing waits."""
        while self._again:
            if (batch := self._again.popleft().without_dead()).entries:
                return batch
        while (traffic := self._next_class()) is not None:
            if (batch := take(self.lanes[traffic], budget)).entries:
                self._since_bulk = 0 if traffic is TrafficClass.BULK else self._since_bulk + 1
                return batch
        return None

    def _next_class(self) -> TrafficClass | None:
        """Interactive first; bulk when it is owed its share, or alone."""
        interactive, bulk = self.lanes[TrafficClass.INTERACTIVE], self.lanes[TrafficClass.BULK]
        if bulk.entries and (not interactive.entries or self._since_bulk >= _BULK_SHARE - 1):
            return TrafficClass.BULK
        return TrafficClass.INTERACTIVE if interactive.entries else None

    def tokens_ahead(self, traffic: TrafficClass) -> int:
        """Tokens that are forwarded before a new entry of this class is."""
        self._sweep()
        again = sum(batch.tokens for batch in self._again)
        interactive, bulk = (
            self.lanes[each].tokens + self._expected[each] for each in TrafficClass
        )
        if traffic is TrafficClass.BULK:
            return again + interactive + bulk
        return again + interactive + min(bulk, interactive // (_BULK_SHARE - 1))

    @property
    def tokens(self) -> int:
        """All tokens that wait."""
        self._sweep()
        lanes = sum(lane.tokens for lane in self.lanes.values()) + sum(self._expected.values())
        return lanes + sum(batch.tokens for batch in self._again)

    def texts_of(self, traffic: TrafficClass) -> int:
        """Texts of one class that wait for their first forward."""
        self._sweep()
        return len(self.lanes[traffic].entries)

    def tokens_of(self, traffic: TrafficClass) -> int:
        """Tokens of one class that wait for their first forward."""
        self._sweep()
        return self.lanes[traffic].tokens

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._again and not any(lane.entries for lane in self.lanes.values())

    def note_dead(self) -> None:
        """Take note that a request is over; its entries are dropped before anybody counts them."""
        self._has_dead = True

    def take_everything(self) -> list[Entry]:
        """Empty the queue."""
        entries = [entry for batch in self._again for entry in batch.entries]
        entries.extend(entry for lane in self.lanes.values() for entry in lane.entries)
        self._again.clear()
        for lane in self.lanes.values():
            lane.clear()
        return entries

    def _sweep(self) -> None:
        """Drop the dead, once for however many requests ended since the last time."""
        if not self._has_dead:
            return
        self._has_dead = False
        for lane in self.lanes.values():
            lane.drop_dead()
        self._again = deque(batch for each in self._again if (batch := each.without_dead()).entries)
