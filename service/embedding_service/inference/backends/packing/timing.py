"""Which of several ways to compute the same is faster here, measured as it is chosen."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

_Name = TypeVar("_Name")
Task: TypeAlias = tuple[int, Callable[[], object]]
"""How many rows a call does, and the call."""

TIMED_ROWS = (16, 128)
"""A single short text, and a block of a batch."""
_ROUNDS = 5


def time_by_row(ways: Mapping[_Name, Sequence[Task]]) -> dict[_Name, float]:
    """Seconds for a row of each task, summed over the tasks of a way; all ways have like tasks.

    By the row, so that a long task does not decide alone. In turns, the best of a few, and in time
    of this thread, the only one there is while a model is loaded: on a busy machine that of the
    clock has chosen the slower way.
    """
    seconds = dict.fromkeys(ways, 0.0)
    for tasks in zip(*ways.values(), strict=True):
        best = [float("inf")] * len(tasks)
        for _ in range(_ROUNDS):
            for number, (_, run) in enumerate(tasks):
                started = time.thread_time()
                run()
                best[number] = min(best[number], time.thread_time() - started)
        for name, least, (rows, _) in zip(ways, best, tasks, strict=True):
            seconds[name] += least / rows
    return seconds
