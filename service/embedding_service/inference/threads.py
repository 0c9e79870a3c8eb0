"""Blocking calls that are rare and may take long: loading, fetching, waiting for a process."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

_T = TypeVar("_T")


async def in_thread(function: Callable[[], _T]) -> _T:
    """Run a blocking call in a daemon thread of its own.

    Not in the loop's executor: that one is small, so that a slow download could keep a hung worker
    from being replaced, and it is waited for at exit, however long the download still takes.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            result = context.run(function)
        except BaseException as error:  # noqa: BLE001  it is raised where the call is awaited
            _tell(loop, _fail, future, error)
        else:
            _tell(loop, _settle, future, result)

    threading.Thread(target=run, daemon=True).start()
    return await future


def _tell(loop: asyncio.AbstractEventLoop, settle: Callable[..., None], *values: object) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(settle, *values)


def _settle(future: asyncio.Future[_T], result: _T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[_T], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
