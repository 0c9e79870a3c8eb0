"""Who is next among the callers of one traffic class: each in turn, by tokens.

Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996): every caller has a tag that grows by
the tokens it is given, and the least tag is next. A caller that comes, or comes back, begins at the
tag of the one that is being served: nobody saves up turns while away, and nobody pays for having
been alone. Two callers that both wait never differ by more than their longest texts.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import heapify, heappop, heapreplace

from embedding_service.inference.batching import Batch, Budget, Draft, Entry

LOOK_AHEAD = 32
"""Entries passed over for one batch; bounds the work of forming it, and who can overtake whom."""


@dataclass(slots=True, eq=False)
class Flow:
    """What one caller has waiting, oldest first."""

    entries: deque[Entry] = field(default_factory=deque)
    tokens: int = 0
    expected: int = 0
    """Tokens that are still being tokenised."""
    tag: int = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it is here, nor on its way."""
        return not self.entries and not self.expected


class Lane:
    """All that waits in one traffic class."""

    def __init__(self) -> None:
        self._flows: dict[str, Flow] = {}
        self._now = 0
        """Tag of the caller that was served last, when it was."""
        self.tokens = 0
        """Sum of token counts of its entries."""

    @property
    def texts(self) -> int:
        """How many entries wait."""
        return sum(len(flow.entries) for flow in self._flows.values())

    @property
    def callers(self) -> int:
        """How many callers it knows now: those that have something waiting, or on its way."""
        return len(self._flows)

    @property
    def expected(self) -> int:
        """Tokens that are still being tokenised."""
        return sum(flow.expected for flow in self._flows.values())

    @property
    def is_empty(self) -> bool:
        """Whether no entry waits."""
        return not any(flow.entries for flow in self._flows.values())

    def add(self, caller: str, entries: Iterable[Entry]) -> None:
        """Queue entries behind those of the same caller."""
        flow = self._flows.setdefault(caller, Flow())
        if not flow.entries:
            flow.tag = max(flow.tag, self._now)
        before = flow.tokens
        for entry in entries:
            flow.entries.append(entry)
            flow.tokens += len(entry.ids)
        self.tokens += flow.tokens - before
        self._forget_idle()

    @contextmanager
    def expecting(self, caller: str, tokens: int) -> Iterator[None]:
        """Count `tokens` as waiting while they are still being tokenised."""
        self._flows.setdefault(caller, Flow()).expected += tokens
        try:
            yield
        finally:
            self._flows[caller].expected -= tokens
            self._forget_idle()

    def take(self, budget: Budget) -> Batch:
        """Remove and return what fits into one batch.

        An entry too long for what is left is passed over, not waited for: the first misfit must not
        close the batch. It does not starve either, because the oldest entry of whoever is next is
        always taken. Entries of requests that are over are dropped here, because here they cost
        nothing yet. Empty only if all were dropped.
        """
        draft = Draft(budget)
        passed: list[tuple[Flow, Entry]] = []
        turns = [
            (flow.tag, number, flow)
            for number, flow in enumerate(self._flows.values())
            if flow.entries
        ]
        heapify(turns)
        while turns and not draft.is_full and len(passed) < LOOK_AHEAD:
            tag, number, flow = turns[0]
            entry = flow.entries.popleft()
            cost = 0
            if entry.is_over:
                self._remove(flow, entry)
            elif draft.add(entry):
                self._now = max(self._now, flow.tag)
                cost = max(1, len(entry.ids))
                flow.tag += cost
                self._remove(flow, entry)
            else:
                passed.append((flow, entry))
                cost = len(entry.ids)  # in this batch it has had its turn
            if flow.entries:
                heapreplace(turns, (tag + cost, number, flow))
            else:
                heappop(turns)
        for flow, entry in reversed(passed):
            flow.entries.appendleft(entry)
        self._forget_idle()
        return Batch(draft.entries)

    def tokens_before(self, caller: str) -> int:
        """Tokens that are taken from this lane before a new entry of `caller` is."""
        own = self._flows.get(caller, Flow(tag=self._now))
        waiting = own.tokens + own.expected
        reached = (own.tag if own.entries else max(own.tag, self._now)) + waiting
        return waiting + sum(
            min(flow.tokens + flow.expected, max(0, reached - flow.tag))
            for flow in self._flows.values()
            if flow is not own
        )

    def clear(self) -> list[Entry]:
        """Forget all entries, and return them."""
        entries = [entry for flow in self._flows.values() for entry in flow.entries]
        for flow in self._flows.values():
            flow.entries.clear()
            flow.tokens = 0
        self.tokens = 0
        self._forget_idle()
        return entries

    def drop_dead(self) -> None:
        """Forget entries whose request is over, so that they count for nobody's wait."""
        for flow in self._flows.values():
            flow.entries = deque(each for each in flow.entries if not each.is_over)
            flow.tokens = sum(len(each.ids) for each in flow.entries)
        self.tokens = sum(flow.tokens for flow in self._flows.values())
        self._forget_idle()

    def _remove(self, flow: Flow, entry: Entry) -> None:
        flow.tokens -= len(entry.ids)
        self.tokens -= len(entry.ids)

    def _forget_idle(self) -> None:
        for caller in [name for name, flow in self._flows.items() if flow.is_idle]:
            del self._flows[caller]
