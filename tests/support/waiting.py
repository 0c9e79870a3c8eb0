"""Waiting for something that happens outside this process, with a deadline instead of a guess."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

_T = TypeVar("_T")
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.01, 0.2


def wait_until(condition: Callable[[], _T | None], seconds: float, what: str) -> _T:
    """Ask `condition` until it is true and return what it said; raise TimeoutError after `seconds`.

    What `condition` raises is raised at once: a server that has died will not come up by waiting.
    The longer it takes, the less often is asked, so as not to slow down what is waited for.
    """
    begun = time.monotonic()
    while not (answer := condition()):
        waited = time.monotonic() - begun
        if waited > seconds:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(min(_SHORTEST_PAUSE + waited / 20, _LONGEST_PAUSE))
    return answer


async def until_so(
    condition: Callable[[], Awaitable[object]], seconds: float, what: str, pause: float = 0.1
) -> None:
    """Ask a coroutine until it says something true; raise TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(pause)


async def until(
    condition: Callable[[], bool], seconds: float, what: str, pause: float = 0.005
) -> None:
    """Let the event loop run until `condition` is true; raise TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(pause)
