"""Threads for what blocks."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from embedding_service.telemetry.waits import Waits

_In = TypeVar("_In")
_T = TypeVar("_T")


class Pools:
    """Work that waits for disks and databases, or is inside FAISS, apart by what it waits for.

    So a search never stands behind a write, nor the reading of one document behind a search.
    """

    def __init__(
        self, *, writers: int, readers: int, searchers: int, waits: Waits | None = None
    ) -> None:
        """So many threads of each kind; `waits` is told of what waits for them."""
        self.waits = waits or Waits()
        self.searchers = searchers
        """Threads that compute."""
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="write")
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="read")
        self._searchers = ThreadPoolExecutor(searchers, thread_name_prefix="search")
        self._segments = ThreadPoolExecutor(searchers, thread_name_prefix="segment")

    async def write(self, function: Callable[[], _T]) -> _T:
        """Run what changes the record. It ends even when its caller is cancelled."""
        return await _run(self._writers, function)

    async def read(self, function: Callable[[], _T]) -> _T:
        """Run what reads the record."""
        return await _run(self._readers, function)

    def search(self, function: Callable[[], _T]) -> asyncio.Future[_T]:
        """Run what computes."""
        return asyncio.get_running_loop().run_in_executor(self._searchers, function)

    def spread(self, function: Callable[[_In], _T], items: Iterable[_In], /) -> Iterable[_T]:
        """As `map`, side by side; for what `search` runs, whose own thread waits meanwhile."""
        several = list(items)
        if len(several) < 2 or self.searchers < 2:
            return map(function, several)
        return self._segments.map(function, several)

    def close(self) -> None:
        """Wait for what is running; what has not begun is not done."""
        for pool in (self._writers, self._readers, self._searchers, self._segments):
            pool.shutdown(wait=True, cancel_futures=True)


async def _run(pool: ThreadPoolExecutor, function: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(pool, function)
