"""What cannot be done yet is tried again, and what it waits for is told."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from embedding_operator.errors import BadConfiguration, OperatorError

_PAUSE: Final = 2.0
"""Seconds."""

_log = structlog.stdlib.get_logger(__name__)


async def persist(
    attempt: Callable[[], Awaitable[None]], stop: asyncio.Event, pause: float = _PAUSE
) -> bool:
    """Try, again and again, until it is done; False if `stop` is set before that.

    Each new reason is logged once. Raises BadConfiguration: waiting does not mend that.
    """
    told = ""
    while not stop.is_set():
        try:
            await attempt()
        except BadConfiguration:
            raise
        except OperatorError as error:
            if error.message != told:
                _log.warning("waiting", reason=error.message)
            told = error.message
        else:
            if told:
                _log.warning("waiting no longer", reason=told)
            return True
        await rest(pause, stop)
    return False


async def rest(seconds: float, stop: asyncio.Event) -> None:
    """Do nothing for so long, unless `stop` is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
