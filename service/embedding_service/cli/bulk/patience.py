"""Coming back later: how a job treats whoever has no room for it now."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from embedding_service.cli.complaints import Complaint

_T = TypeVar("_T")
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


class Busy(Exception):
    """Not now. `retry_after` is in seconds, None where nothing was said about it."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one slice may be put off."""

    seconds: float = 900.0
    """All pauses together."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def insist(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        """What `attempt` gives, tried again after each Busy. Raises Complaint when time is up."""
        waited, pause = 0.0, _FIRST_PAUSE
        while True:
            try:
                return await attempt()
            except Busy as busy:
                asked = pause if busy.retry_after is None else busy.retry_after
                step = min(asked, _LONGEST_PAUSE)
                if waited + step > self.seconds:
                    raise Complaint(
                        f"{busy}; tried again for {waited:g} s in vain. "
                        "What is done is kept: run the same command again to go on"
                    ) from None
                await self.sleep(step)
                waited += step
                pause = min(pause * 2, _LONGEST_PAUSE)
