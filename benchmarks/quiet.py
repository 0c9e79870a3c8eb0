"""How much of the machine others took while something was measured."""

import os
import time
from collections.abc import Callable
from typing import Final

import psutil

_TICK: Final = 0.01
"""Seconds by which the kernel counts."""


def watch() -> Callable[[], float]:
    """Begin; the function that is returned ends it and tells the share of all cores' time, 0 to 1.

    What this process's descendants take counts as its own.
    """
    began, lost, own = time.monotonic(), _lost(), _own()

    def end() -> float:
        taken = (_lost() - lost) - (_own() - own)
        wall = max(time.monotonic() - began, _TICK)
        return max(0.0, taken) / (wall * (os.cpu_count() or 1))

    return end


def _lost() -> float:
    """Seconds of all cores in which they were not idle for us."""
    times = psutil.cpu_times()
    waiting = times.idle + getattr(times, "iowait", 0.0)
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # counted twice
    return float(sum(times) - waiting - guests)


def _own() -> float:
    times = os.times()
    own = times.user + times.system + times.children_user + times.children_system
    return own + sum(map(_took, psutil.Process().children(recursive=True)))


def _took(process: psutil.Process) -> float:
    """Seconds of a process that runs, and of those it has waited for."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # it has been waited for meanwhile
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
