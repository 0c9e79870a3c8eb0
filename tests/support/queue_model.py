"""A queue in virtual time: workers that take what it gives them, at one rate, and nothing else."""

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from embedding_service.inference.batching import Batch, Budget, Entry
from embedding_service.inference.queueing import Queue
from embedding_service.inference.requests import TrafficClass
from waiting_entries import StillWaiting, entries

RATE = 100.0
"""Tokens a second of one worker."""


@dataclass(eq=False)
class Asked:
    """One request, and what became of its texts."""

    caller: str
    traffic: TrafficClass
    ticket: StillWaiting
    entries: list[Entry]
    asked_at: float
    began_at: float | None = None
    answers: Counter[int] = field(default_factory=Counter)


@dataclass
class Forward:
    """One batch, as it was taken."""

    batch: Batch
    began_at: float


class Bench:
    """One queue and its workers."""

    def __init__(self, workers: int, budget: Budget) -> None:
        self.queue = Queue()
        self.budget = budget
        self.now = 0.0
        self.asked: list[Asked] = []
        self.forwards: list[Forward] = []
        self.free = workers
        self._workers = workers
        self._running: list[tuple[float, int, Batch]] = []
        self._owners: dict[int, Asked] = {}

    def ask(self, caller: str, traffic: TrafficClass, lengths: Sequence[int]) -> Asked:
        """Queue one request now."""
        ticket = StillWaiting()
        request = Asked(caller, traffic, ticket, entries(lengths, ticket), self.now)
        self.asked.append(request)
        self._owners.update((id(entry), request) for entry in request.entries)
        self.queue.add(traffic, request.entries, caller)
        self._start()
        return request

    def leave(self, request: Asked) -> None:
        """Its caller gives up."""
        request.ticket.over = True
        self.queue.note_dead()

    def predict(self, caller: str, traffic: TrafficClass) -> float:
        """Seconds that a new request would wait, as the service reckons."""
        in_flight = sum(batch.tokens for _, _, batch in self._running)
        ahead = self.queue.tokens_ahead(traffic, self.budget, caller) + in_flight
        return ahead / (RATE * self._workers)

    def step(self, *, fails: bool = False) -> None:
        """The forward that ends next ends; or it fails, and its halves are to be tried again."""
        ends_at, _, batch = heapq.heappop(self._running)
        self.now, self.free = ends_at, self.free + 1
        if fails and len(batch.entries) > 1:
            self.queue.try_again(batch.split())
        else:
            for entry in batch.entries:
                self._owners[id(entry)].answers[entry.position] += 1
        self._start()

    def run(self) -> None:
        """Until nothing is left to be done."""
        while self._running:
            self.step()

    @property
    def is_busy(self) -> bool:
        """Whether a forward is under way."""
        return bool(self._running)

    def _start(self) -> None:
        while self.free and (batch := self.queue.take(self.budget)) is not None:
            self.free -= 1
            self.forwards.append(Forward(batch, self.now))
            for entry in batch.entries:
                owner = self._owners[id(entry)]
                owner.began_at = self.now if owner.began_at is None else owner.began_at
            ends_at = self.now + batch.tokens / RATE
            heapq.heappush(self._running, (ends_at, len(self.forwards), batch))
