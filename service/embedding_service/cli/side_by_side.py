"""Work on the items of a file, some of them at once."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

_T = TypeVar("_T")


async def work_side_by_side(
    items: Iterator[_T], work: Callable[[_T], Coroutine[Any, Any, None]], most: int
) -> None:
    """Start `work` for each item in turn, with at most `most` of them under way.

    Items are read in a thread: the event loop may be what feeds the model. The first error is
    raised, and the rest given up.
    """
    at_work = set[asyncio.Task[None]]()
    try:
        while item := await asyncio.to_thread(_read, items):
            if len(at_work) == most:
                at_work = await _settle(at_work, asyncio.FIRST_COMPLETED)
            at_work.add(asyncio.create_task(work(item[0])))
        await _settle(at_work, asyncio.ALL_COMPLETED)
    finally:
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


def _read(items: Iterator[_T]) -> tuple[_T] | None:
    """The next one, whatever it is; None at the end."""
    for item in items:
        return (item,)
    return None


async def _settle(tasks: set[asyncio.Task[None]], until: str) -> set[asyncio.Task[None]]:
    """Wait, raise what went wrong, and give back what is still at work."""
    if not tasks:
        return tasks
    done, pending = await asyncio.wait(tasks, return_when=until)
    for task in done:
        task.result()
    return pending
