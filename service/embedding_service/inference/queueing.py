"""What waits for one model: two traffic classes, and batches to be tried again.

Plain data: whoever takes the batches has the clock.
"""

from collections import deque
from collections.abc import Iterable
from contextlib import AbstractContextManager

from embedding_service.inference.batching import Batch, Budget, Entry
from embedding_service.inference.lanes import Lane
from embedding_service.inference.requests import TrafficClass

BULK_SHARE = 4
"""While both wait, every fourth batch is bulk."""


class Queue:
    """Interactive goes first, bulk keeps its share, and callers take turns within a class."""

    def __init__(self) -> None:
        self._lanes = {traffic: Lane() for traffic in TrafficClass}
        self._again: deque[Batch] = deque()
        self._since_bulk = 0
        self._has_dead = False

    def add(self, traffic: TrafficClass, entries: Iterable[Entry], caller: str = "") -> None:
        """Queue entries of one request."""
        self._lanes[traffic].add(caller, entries)

    def expecting(
        self, traffic: TrafficClass, tokens: int, caller: str = ""
    ) -> AbstractContextManager[None]:
        """Count `tokens` as waiting while they are still being tokenised."""
        return self._lanes[traffic].expecting(caller, tokens)

    def try_again(self, batches: Iterable[Batch]) -> None:
        """Queue batches as they are, ahead of everything: their texts have waited once already."""
        self._again.extend(batch for batch in batches if batch.entries)

    def take(self, budget: Budget) -> Batch | None:
        """The next batch; None if nothing waits."""
        while self._again:
            if (batch := self._again.popleft().without_dead()).entries:
                return batch
        while (traffic := self._next_class()) is not None:
            if (batch := self._lanes[traffic].take(budget)).entries:
                self._since_bulk = 0 if traffic is TrafficClass.BULK else self._since_bulk + 1
                return batch
        return None

    def _next_class(self) -> TrafficClass | None:
        """Interactive first; bulk when it is owed its share, or alone."""
        has_bulk = not self._lanes[TrafficClass.BULK].is_empty
        has_interactive = not self._lanes[TrafficClass.INTERACTIVE].is_empty
        if has_bulk and (not has_interactive or self._since_bulk >= BULK_SHARE - 1):
            return TrafficClass.BULK
        return TrafficClass.INTERACTIVE if has_interactive else None

    def tokens_ahead(self, traffic: TrafficClass, budget: Budget, caller: str = "") -> int:
        """Tokens that are forwarded before a new entry of this class and caller is."""
        self._sweep()
        again = sum(batch.tokens for batch in self._again)
        ahead = self._lanes[traffic].tokens_before(caller)
        bulk, interactive = (
            lane.tokens + lane.expected
            for lane in (self._lanes[TrafficClass.BULK], self._lanes[TrafficClass.INTERACTIVE])
        )
        if traffic is TrafficClass.BULK:
            # Three full batches of the others before each of its own, and before the new entry's.
            most = (BULK_SHARE - 1) * (ahead + budget.tokens)
            return again + ahead + min(interactive, most)
        return again + ahead + min(bulk, ahead // (BULK_SHARE - 1))

    @property
    def tokens(self) -> int:
        """All tokens that wait."""
        self._sweep()
        lanes = sum(lane.tokens + lane.expected for lane in self._lanes.values())
        return lanes + sum(batch.tokens for batch in self._again)

    def texts_of(self, traffic: TrafficClass) -> int:
        """Texts of one class that wait for their first forward."""
        self._sweep()
        return self._lanes[traffic].texts

    def tokens_of(self, traffic: TrafficClass) -> int:
        """Tokens of one class that wait for their first forward."""
        self._sweep()
        return self._lanes[traffic].tokens

    def callers_of(self, traffic: TrafficClass) -> int:
        """Callers that have something in one class, or on its way there."""
        self._sweep()
        return self._lanes[traffic].callers

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._again and all(lane.is_empty for lane in self._lanes.values())

    def note_dead(self) -> None:
        """Take note that a request is over; its entries are dropped before anybody counts them."""
        self._has_dead = True

    def take_everything(self) -> list[Entry]:
        """Empty the queue."""
        entries = [entry for batch in self._again for entry in batch.entries]
        self._again.clear()
        for lane in self._lanes.values():
            entries.extend(lane.clear())
        return entries

    def _sweep(self) -> None:
        """Drop the dead, once for however many requests ended since the last time."""
        if not self._has_dead:
            return
        self._has_dead = False
        for lane in self._lanes.values():
            lane.drop_dead()
        self._again = deque(batch for each in self._again if (batch := each.without_dead()).entries)
