"""Memory of a server and all its processes over time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from statistics import fmean

import psutil

_PAUSE = 0.5
_MIB = 2**20


def resident_mib(pid: int) -> float:
    """Proportional set size of a process and its descendants: pages that they share count once."""
    root = psutil.Process(pid)
    total = 0
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / _MIB


class MemoryWatch:
    """Samples, oldest first."""

    def __init__(self) -> None:
        self.samples: list[float] = []

    def means_of_thirds(self) -> tuple[float, float, float]:
        """In MiB."""
        third = len(self.samples) // 3
        assert third, "the run was too short to be watched"
        first, middle = self.samples[:third], self.samples[third : 2 * third]
        return fmean(first), fmean(middle), fmean(self.samples[2 * third :])


@asynccontextmanager
async def watched_memory(pid: int) -> AsyncIterator[MemoryWatch]:
    """Take samples while the block runs."""
    watch = MemoryWatch()

    async def sample() -> None:
        while True:
            watch.samples.append(await asyncio.to_thread(resident_mib, pid))
            await asyncio.sleep(_PAUSE)

    sampling = asyncio.create_task(sample())
    try:
        yield watch
    finally:
        sampling.cancel()
        await asyncio.gather(sampling, return_exceptions=True)
