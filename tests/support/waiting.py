"""Waiting for something that happens outside this process, with a deadline instead of a guess."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")
_PAUSE = 0.05


def wait_until(condition: Callable[[], _T | None], seconds: float, what: str) -> _T:
    """Ask `condition` until it is true and return what it said; raise TimeoutError after `seconds`.

    What `condition` raises is raised at once: a server that has died will not come up by waiting.
    """
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(_PAUSE)
    return answer


async def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Let the event loop run until `condition` is true; raise TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(0.005)
