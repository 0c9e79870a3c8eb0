"""How long work waits for its turn, of late: what says that more processes would help."""

import time
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Final

_PERIOD: Final = 15
"""Seconds that count."""


class Waits:
    """Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._adding = Lock()
        self._slots: deque[tuple[int, float, int]] = deque()
        """Of one second each: which one, the sum of waits that ended in it, and their number."""

    def add(self, seconds: float) -> None:
        """Something has got its turn after so many seconds."""
        with self._adding:
            now = int(self._clock())
            self._forget(now)
            slot, total, count = now, 0.0, 0
            if self._slots and self._slots[-1][0] == now:
                slot, total, count = self._slots.pop()
            self._slots.append((slot, total + seconds, count + 1))

    @property
    def mean(self) -> float:
        """Seconds, of what got its turn in the last quarter of a minute; 0 where nothing did."""
        with self._adding:
            self._forget(int(self._clock()))
            count = sum(slot[2] for slot in self._slots)
            return sum(slot[1] for slot in self._slots) / count if count else 0.0

    def _forget(self, now: int) -> None:
        while self._slots and self._slots[0][0] <= now - _PERIOD:
            self._slots.popleft()
