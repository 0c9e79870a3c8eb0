"""Calls one after the other, from one thread or several, each timed."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

Call: TypeAlias = Callable[[int], object]
"""Does the work of one number."""


@dataclass(slots=True)
class Timings:
    """How long calls took."""

    seconds: list[float] = field(default_factory=list)
    """Of each call."""
    elapsed: float = 0.0
    """From the first call's start to the last one's end."""

    def milliseconds(self, percent: float) -> float:
        """The percentile of the calls' durations."""
        return float(np.percentile(self.seconds, percent)) * 1000

    @property
    def per_second(self) -> float:
        """Calls in a second."""
        return len(self.seconds) / self.elapsed

    def extend(self, other: "Timings") -> None:
        """Another round of the same."""
        self.seconds += other.seconds
        self.elapsed += other.elapsed


def time_calls(make: Callable[[], Call], numbers: Sequence[int], threads: int = 1) -> Timings:
    """Call for every number, each thread its share of them, with a call that it has made itself."""
    calls = [make() for _ in range(threads)]
    start = threading.Barrier(threads)

    def run(place: int) -> tuple[list[float], float, float]:
        start.wait()
        began = time.perf_counter()
        seconds = [_time(calls[place], number) for number in numbers[place::threads]]
        return seconds, began, time.perf_counter()

    with ThreadPoolExecutor(threads) as pool:
        done = list(pool.map(run, range(threads)))
    elapsed = max(end for _, _, end in done) - min(began for _, began, _ in done)
    return Timings([each for seconds, _, _ in done for each in seconds], elapsed)


@contextmanager
def calling(call: Call, count: int) -> Iterator[Timings]:
    """Keep calling while the block runs, with the numbers below `count` in turn."""
    timings, is_over = Timings(), threading.Event()

    def keep_calling() -> None:
        began, number = time.perf_counter(), 0
        while not is_over.is_set():
            timings.seconds.append(_time(call, number % count))
            number += 1
        timings.elapsed = time.perf_counter() - began

    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(keep_calling)
        try:
            yield timings
        finally:
            is_over.set()
        ending.result()


def _time(call: Call, number: int) -> float:
    began = time.perf_counter()
    call(number)
    return time.perf_counter() - began
