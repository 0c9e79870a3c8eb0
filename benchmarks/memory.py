"""Memory of a server and all its processes: proportional set size, shared pages counted once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import psutil

_PAUSE: Final = 0.25


class Peak:
    """The most there was."""

    bytes: int = 0


def measure(pid: int) -> int:
    """Bytes now."""
    process = psutil.Process(pid)
    return sum(_measure_one(each) for each in (process, *process.children(recursive=True)))


@contextmanager
def watching(pid: int) -> Iterator[Peak]:
    """Keep looking while the block runs."""
    peak, is_over = Peak(), threading.Event()

    def keep_looking() -> None:
        while not is_over.wait(_PAUSE):
            peak.bytes = max(peak.bytes, measure(pid))

    thread = threading.Thread(target=keep_looking, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        is_over.set()
        thread.join()


def _measure_one(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
        return int(process.memory_full_info().pss)
    return 0
