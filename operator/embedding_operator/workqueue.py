"""Keys that want work: each once, one worker a key, the soonest first, failures ever later.

What client-go calls a rate limiting queue (k8s.io/client-go, util/workqueue), for asyncio.
"""

import asyncio
import heapq
import random
from collections.abc import Callable
from typing import Final, Generic, TypeVar

K = TypeVar("K")

_FIRST_RETRY: Final = 1.0
_LAST_RETRY: Final = 300.0
"""Seconds."""
_MOST_DOUBLINGS: Final = 16
_JITTER: Final = 0.2
"""Part of a delay by which it varies, so that what failed together does not come together."""


class WorkQueue(Generic[K]):
    """Bound to one event loop."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        """`clock` is in seconds; the loop's by default."""
        self._clock = clock or asyncio.get_running_loop().time
        self._due: dict[K, float] = {}
        self._order: list[tuple[float, int, K]] = []
        """A heap of those that nobody works on, with a number that tells equal times apart.

        An entry that says something else than `_due` is out of date, and passed over.
        """
        self._added = 0
        self._busy: dict[K, float] = {}
        self._failures: dict[K, int] = {}
        self._news = asyncio.Event()

    def __len__(self) -> int:
        """Keys that are due now and wait for a worker."""
        now = self._clock()
        return sum(due <= now for key, due in self._due.items() if key not in self._busy)

    @property
    def busy(self) -> int:
        """Keys that are worked on now."""
        return len(self._busy)

    @property
    def oldest(self) -> float:
        """Seconds for which the oldest key has been due, or has been worked on."""
        now = self._clock()
        waiting = [now - due for due in self._due.values()]
        return max([0.0, *waiting, *(now - since for since in self._busy.values())])

    @property
    def longest(self) -> float:
        """Seconds for which the oldest work goes on."""
        return max([0.0, *(self._clock() - since for since in self._busy.values())])

    def add(self, key: K, delay: float = 0.0) -> None:
        """Have it worked on in `delay` seconds at the latest."""
        due = self._clock() + delay
        if due < self._due.get(key, float("inf")):
            self._due[key] = due
            self._enqueue(key)

    async def take(self) -> K:
        """The next key; nobody else gets it before it is `done` or has `failed`."""
        while True:
            due, key = self._find_soonest()
            wait = due - self._clock()
            if key is not None and wait <= 0:
                heapq.heappop(self._order)
                del self._due[key]
                self._busy[key] = self._clock()
                return key
            self._news.clear()
            try:
                async with asyncio.timeout(None if wait == float("inf") else wait):
                    await self._news.wait()
            except TimeoutError:
                continue

    def done(self, key: K) -> None:
        """Work on it has ended well."""
        self._failures.pop(key, None)
        self._release(key)

    def fail(self, key: K, retry_after: float | None = None) -> float:
        """Work on it has failed; it comes again after so many seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay = min(_FIRST_RETRY * 2.0 ** min(failures, _MOST_DOUBLINGS), _LAST_RETRY)
        delay *= random.uniform(1, 1 + _JITTER)  # noqa: S311  no secret
        delay = max(delay, retry_after or 0.0)
        self._release(key)
        self.add(key, delay)
        return delay

    def _release(self, key: K) -> None:
        self._busy.pop(key, None)
        if key in self._due:
            self._enqueue(key)

    def _enqueue(self, key: K) -> None:
        """Give it its place, unless it is worked on: then it gets one when that is done."""
        if key not in self._busy:
            self._added += 1
            heapq.heappush(self._order, (self._due[key], self._added, key))
            self._news.set()

    def _find_soonest(self) -> tuple[float, K | None]:
        """The first of the heap, once what is out of date is gone from there."""
        while self._order:
            due, _, key = self._order[0]
            if self._due.get(key) == due and key not in self._busy:
                return due, key
            heapq.heappop(self._order)
        return float("inf"), None
