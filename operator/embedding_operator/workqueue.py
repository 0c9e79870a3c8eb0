"""Keys that want work: each once, one worker a key, the soonest first, failures ever later.

What client-go calls a rate limiting queue (k8s.io/client-go, util/workqueue), for asyncio. News go
before routine, as in controller-runtime's priority queue, but not for ever.
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
_PATIENCE: Final = 30.0
"""Seconds for which what is routine lets news go before it once it is due."""
_JITTER: Final = 0.2
"""Part of a delay by which it varies, so that what failed together does not come together."""


class WorkQueue(Generic[K]):
    """Bound to one event loop."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        """`clock` is in seconds; the loop's by default."""
        self._clock = clock or asyncio.get_running_loop().time
        self._due: dict[K, float] = {}
        self._routine: set[K] = set()
        self._heaps: dict[bool, list[tuple[float, int, K]]] = {False: [], True: []}
        """Those that nobody works on, news and routine, with a number that tells equal times apart.

        An entry that is not as `_due` and `_routine` say is out of date, and passed over.
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

    def add(self, key: K, delay: float = 0.0, *, is_routine: bool = False) -> None:
        """Have it worked on in `delay` seconds, or soon after it if there is more than can be done.

        What `is_routine` is not waited for by anybody: news go before it.
        """
        due, known = self._clock() + delay, self._due.get(key)
        is_news_now = key in self._routine and not is_routine
        if known is not None and known <= due and not is_news_now:
            return
        if known is None and is_routine:
            self._routine.add(key)
        elif not is_routine:
            self._routine.discard(key)
        self._due[key] = due if known is None else min(due, known)
        self._enqueue(key)

    async def take(self) -> K:
        """The next key; nobody else gets it before it is `done` or has `failed`."""
        while True:
            now = self._clock()
            key, wait = self._choose(now)
            if key is not None:
                del self._due[key]
                self._routine.discard(key)
                self._busy[key] = now
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
            entry = (self._due[key], self._added, key)
            heapq.heappush(self._heaps[key in self._routine], entry)
            self._news.set()

    def _choose(self, now: float) -> tuple[K | None, float]:
        """The key whose turn it is; None where none is due, and seconds until one is."""
        tops = [
            (due + _PATIENCE * is_routine, due, key)
            for is_routine in self._heaps
            for due, key in self._find_soonest(is_routine)
        ]
        ready = [top for top in tops if top[1] <= now]
        if ready:
            return min(ready, key=lambda top: top[0])[2], 0.0
        return None, min((due for _, due, _ in tops), default=float("inf")) - now

    def _find_soonest(self, is_routine: bool) -> list[tuple[float, K]]:
        """The first of a heap, if any, once what is out of date is gone from there."""
        heap = self._heaps[is_routine]
        while heap:
            due, _, key = heap[0]
            is_current = self._due.get(key) == due and (key in self._routine) == is_routine
            if is_current and key not in self._busy:
                return [(due, key)]
            heapq.heappop(heap)
        return []
