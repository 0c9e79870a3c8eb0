"""Gives memory back to the system that the C library would keep.

numpy and FAISS ask for blocks just below 32 MiB, from where on glibc maps each by itself: after an
import of 200,000 rows a server kept 240 MiB of flat segments that had long been built into a graph.
Tensors of ever other sizes leave holes in glibc's heap: a worker of a 90 MB model grew from 500 to
780 MiB over 2,000 batches of mixed lengths, and stayed there. Trimming every two seconds holds it
at 500 to 620 MiB and costs 8 ms each (malloc_trim(3); 0.4 % of the time, measured on 2 cores).
"""

import ctypes
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG, _OLDER, _OLDEST = 20_000, 20, 20
"""Python's own thresholds are 700, 10 and 10: a collection every second request."""


@contextmanager
def importing() -> Iterator[None]:
    """Have Python's garbage collector wait while modules are imported, and leave them alone after.

    Modules are no garbage, and to find that out took a seventh of the time of the import.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def settle() -> None:
    """Have the garbage collector leave alone all that exists by now: routes, models, indexes.

    Called once, when the program is ready. To go through 180,000 objects again and again took a
    quarter of a short request's time (perf, 32 at once), and a tenth of a second in one piece.
    Cycles that are made later are found as before, only less often: some MB of them may wait.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, _OLDER, _OLDEST)


class Heap:
    """The C library's heap of this process; nothing to do where that is not glibc's."""

    def __init__(self, pause: float = 2.0) -> None:
        """`pause` is the least time between two trims, in seconds."""
        self._pause = pause
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        self._trimmed_at = time.monotonic()

    def trim(self, *, at_once: bool = False) -> None:
        """Give back what is free, if the last time is long enough ago, or `at_once`."""
        now = time.monotonic()
        if self._trim is not None and (at_once or now - self._trimmed_at >= self._pause):
            self._trim(0)
            self._trimmed_at = time.monotonic()
