"""Memory of a server and all its processes over time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from statistics import fmean

import psutil

_PAUSE = 0.5
_MIB = 2**20


def resident_mib(process: psutil.Process) -> float:
    """Proportional set size of one process; 0 once it has ended."""
    with suppress(psutil.NoSuchProcess):
        return float(process.memory_full_info().pss) / _MIB
    return 0.0


class MemoryWatch:
    """Samples in MiB, oldest first."""

    def __init__(self) -> None:
        self.front: list[float] = []
        """Of the process that was started."""
        self.all: list[float] = []
        """Of it and its descendants; pages that they share count once."""

    def sample(self, pid: int) -> None:
        front = psutil.Process(pid)
        self.front.append(resident_mib(front))
        others = front.children(recursive=True)
        self.all.append(self.front[-1] + sum(map(resident_mib, others)))


@asynccontextmanager
async def watched_memory(pid: int) -> AsyncIterator[MemoryWatch]:
    """Take samples while the block runs."""
    watch = MemoryWatch()

    async def keep_sampling() -> None:
        while True:
            await asyncio.to_thread(watch.sample, pid)
            await asyncio.sleep(_PAUSE)

    sampling = asyncio.create_task(keep_sampling())
    try:
        yield watch
    finally:
        sampling.cancel()
        await asyncio.gather(sampling, return_exceptions=True)


def means_of_thirds(samples: list[float]) -> tuple[float, float, float]:
    """Of the beginning, the middle and the end."""
    third = len(samples) // 3
    assert third, "the run was too short to be watched"
    first, middle, last = samples[:third], samples[third : 2 * third], samples[2 * third :]
    return fmean(first), fmean(middle), fmean(last)
