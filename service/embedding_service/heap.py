"""Gives memory back to the system that the C library would keep.

numpy and FAISS ask for blocks just below 32 MiB, from where on glibc maps each by itself: after an
import of 200,000 rows a server kept 240 MiB of flat segments that had long been built into a graph.
Tensors of ever other sizes leave holes in glibc's heap: a worker of a 90 MB model grew from 500 to
780 MiB over 2,000 batches of mixed lengths, and stayed there. Trimming every two seconds holds it
at 500 to 620 MiB and costs 8 ms each (malloc_trim(3); 0.4 % of the time, measured on 2 cores).
"""

import ctypes
import time


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
