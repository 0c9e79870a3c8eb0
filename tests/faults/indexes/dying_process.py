"""Processes that serve an index, one after the other, each killed at a point of its own.

    dying_process.py URL FOLDER JOURNAL POINT...

A point is STEP:COUNT. Each process first checks that what is there is what the ones before it were
told, no more and no less, and then writes until it comes to its point for the COUNTth time. The
last one only checks. Ends with 0 when all did as they should.
"""

import asyncio
import os
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar
from unittest import mock

from sqlalchemy import Engine, event

from embedding_service.indexes.index import Index
from embedding_service.indexes.upkeep.building import Workshop
from embedding_service.indexes.view import View
from journal import NEW, Journal, check, write
from retrievals import open_indexes

_P = ParamSpec("_P")
_T = TypeVar("_T")
_ROWS_OF_A_SEGMENT = 16
_MOST_FLAT = 32


def main() -> int:
    url, folder, journal, *points = sys.argv[1:]
    for point in [*points, ""]:
        if (child := os.fork()) == 0:
            os._exit(_live(url, Path(folder), Path(journal), point))
        _, status = os.waitpid(child, 0)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what it was building
        is_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if is_killed != bool(point) or not (is_killed or status == 0):
            print(f"at {point or 'the end'}: {status=}", file=sys.stderr)  # noqa: T201  its answer
            return 1
    return 0


def _live(url: str, folder: Path, journal: Path, point: str) -> int:
    os.setpgid(0, 0)
    try:
        if point:
            _arm(*point.split(":"))
        asyncio.run(_serve(url, folder, Journal(journal), is_writing=bool(point)))
    except BaseException:  # noqa: BLE001  nothing of this process may go on in its parent's name
        traceback.print_exc()
        return 1
    return 0


async def _serve(url: str, folder: Path, journal: Journal, *, is_writing: bool) -> None:
    async with open_indexes(folder, url, most_flat=_MOST_FLAT, period=1) as opened:
        retrieval = opened.retrieval
        if not await retrieval.indexes():
            await retrieval.create(NEW)
        await check(retrieval, journal)
        while is_writing:
            await write(retrieval, journal)


def _arm(step: str, count: str) -> None:
    """Die at the `count`th time of `step`; small segments, so that they are sealed and built."""
    times: Counter[str] = Counter()

    def come_to(name: str, *_: object) -> None:
        times[name] += 1
        if name == step and times[name] == int(count):
            os.kill(os.getpid(), signal.SIGKILL)

    def mortal(name: str, function: Callable[_P, _T]) -> Callable[_P, _T]:
        """`function`, with a point before and another one after it."""

        def run(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            come_to(name)
            outcome = function(*args, **kwargs)
            come_to(name)
            return outcome

        return run

    event.listen(Engine, "before_cursor_execute", partial(come_to, "statement"))
    event.listen(Engine, "commit", partial(come_to, "commit"))
    for place, attribute, name in (
        (Index, "_apply", "apply"),
        (View, "_sealed", "seal"),
        (Workshop, "store", "store"),
        (subprocess, "Popen", "build"),
        (Index, "adopt", "adopt"),
    ):
        _replace(place, attribute, mortal(name, getattr(place, attribute)))
    _replace(View.__init__, "__defaults__", (None, _ROWS_OF_A_SEGMENT))


def _replace(place: object, attribute: str, replacement: object) -> None:
    mock.patch.object(place, attribute, replacement).start()


if __name__ == "__main__":
    sys.exit(main())
