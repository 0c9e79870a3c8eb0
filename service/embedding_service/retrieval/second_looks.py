"""Whether what kept a view from beginning with a snapshot is over: looked at now and then."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Protocol

from embedding_service.indexes.archive import Origin

_PERIOD: Final = 20.0
"""Seconds between two looks."""
_MOMENT: Final = 0.25
"""Seconds that a look is waited for."""


class Looked(Protocol):
    """An index, as this file needs it."""

    @property
    def origin(self) -> Origin:
        """What its view was begun from."""

    def reconsider(self) -> None:
        """Forget the fault of its origin where that is over; may take a minute."""


class SecondLooks:
    """Bound to one event loop. However often it is asked, one look at most is under way."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due_at = clock()
        self._looking: asyncio.Task[None] | None = None

    async def take(self, index: Looked) -> None:
        """Have one taken, where there is a fault and the last one is past; it may go on after."""
        is_looking = self._looking is not None and not self._looking.done()
        if index.origin.fault is None or is_looking or self._clock() < self._due_at:
            return
        self._due_at = self._clock() + _PERIOD
        self._looking = asyncio.create_task(asyncio.to_thread(index.reconsider))
        await asyncio.wait({self._looking}, timeout=_MOMENT)
