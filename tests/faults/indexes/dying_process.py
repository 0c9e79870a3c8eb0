"""Processes that serve an index, one after the other, each killed at a point of its own.

    dying_process.py URL FOLDER CHAIN...

A chain is REVISION/POINT,POINT,…: on a database of its own, as a program of that revision left it,
one process dies at each of the points (see mortality.py). Each first checks that what is there is
what the ones before it were told, no more and no less; then it writes, and makes snapshots and
compacts meanwhile, until it comes to its point. A last one only checks. The chains are short,
because whoever checks reads all that was written. Ends with 0 when all did as they should.
"""

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from structlog.testing import capture_logs
from structlog.typing import EventDict

import old_record
from embedding_service.indexes import keeper
from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.tuning import Tuning
from journal import NEW, Journal, check, compact, publish, write
from mortality import Fate, Point, make_forgetful, make_small, replace
from places import Place, fresh_place
from retrievals import OpenIndexes, open_archive, open_indexes

_ROWS_OF_A_SEGMENT = 16
_MOST_EXACT = 32
_GRAPHS = frozenset({"adopt", "build", "share", "store"})
"""Steps of lives in which graphs are built, in a process of its own each, which takes longest."""
_FORGETFUL = frozenset({"compact", "purge"})
"""Steps of lives in which removals are forgotten, so that no view begins with a snapshot."""
_SNAPSHOTS_KEPT = 2
_MOST_WRITES = 10_000
_PERIOD = 0.05
"""Seconds between two looks at what is to be built."""
_DEADLY = {signal.SIGKILL, signal.SIGALRM}


@dataclass(frozen=True, slots=True)
class Chain:
    """Deaths on one database."""

    revision: str
    """That it has at first."""
    points: Sequence[Point]

    @classmethod
    def parse(cls, text: str) -> "Chain":
        """From REVISION/POINT,POINT,…"""
        revision, _, points = text.partition("/")
        return cls(revision, [Point.parse(point) for point in points.split(",")])


def main() -> int:
    url, folder, *chains = sys.argv[1:]
    for number, chain in enumerate(chains):
        with fresh_place(url, Path(folder), f"{os.getpid()}_{number}") as place:
            complaint = _die_along(Chain.parse(chain), place)
        if complaint is not None:
            print(f"{chain}: {complaint}", file=sys.stderr)  # noqa: T201  its answer
            return 1
    return 0


def _die_along(chain: Chain, place: Place) -> str | None:
    """What went wrong, if anything."""
    old_record.leave_record(place, chain.revision)
    before = place.describe_schema()
    others: list[dict[str, object]] = []
    for point in chain.points:
        status = _run(place, chain.revision, point)
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) not in _DEADLY:
            return f"at {point} it ended with {status}"
        place.wait_until_alone()
        if not others and (now := place.describe_schema()) != before:
            others.append(now)
    if status := _run(place, chain.revision, None):
        return f"at the end it ended with {status}"
    after = place.describe_schema()
    return None if all(other == after for other in others) else "a migration was done by halves"


def _run(place: Place, revision: str, point: Point | None) -> int:
    """How a process ended that was to die at this point."""
    if (child := os.fork()) == 0:
        os._exit(_live(place, revision, point))
    _, status = os.waitpid(child, 0)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what it was building
    return status


def _live(place: Place, revision: str, point: Point | None) -> int:
    os.setpgid(0, 0)
    try:
        make_small(_ROWS_OF_A_SEGMENT)
        if point is not None and point.step in _FORGETFUL:
            make_forgetful()
        replace(keeper, "_PERIOD", _PERIOD)
        if point is not None:
            fate = Fate()
            fate.install()
            fate.arm(point)
        with capture_logs() as logs:
            asyncio.run(_serve(place, revision, point, logs))
    except BaseException:  # noqa: BLE001  nothing of this process may go on in its parent's name
        traceback.print_exc()
        return 1
    return 0


async def _serve(
    place: Place, revision: str, point: Point | None, logs: Sequence[EventDict]
) -> None:
    journal = Journal(place.folder / "journal")
    archive = open_archive(place.folder, _SNAPSHOTS_KEPT)
    async with open_indexes(place.folder, place.url, period=1, archive=archive) as opened:
        if revision != old_record.EMPTY:
            old_record.check_record(opened.record)
        if NEW.name not in {each.name for each in await opened.retrieval.indexes()}:
            await opened.retrieval.create(NEW)
        await opened.retrieval.retune(NEW.name, Blueprint(NEW.engine, _choose_tuning(point)))
        await check(opened, journal)
        _assert_calm(logs)
        if point is not None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_write_on(opened, journal))
                tasks.create_task(_keep_busy(opened, journal, logs))


async def _write_on(opened: OpenIndexes, journal: Journal) -> None:
    for _ in range(_MOST_WRITES):
        await write(opened.retrieval, journal)
    raise AssertionError("it does not come to its point")


async def _keep_busy(opened: OpenIndexes, journal: Journal, logs: Sequence[EventDict]) -> None:
    while True:
        await compact(opened)
        await publish(opened, journal)
        _assert_calm(logs)


def _assert_calm(logs: Sequence[EventDict]) -> None:
    """Nothing is worth a warning but a snapshot from before removals that are forgotten."""
    warnings = [log for log in logs if log["log_level"] not in {"debug", "info"}]
    assert [log for log in warnings if not log.get("reason", "").endswith("are forgotten")] == []


def _choose_tuning(point: Point | None) -> Tuning:
    """Of a life: some build graphs, which those after them may find to be other than they want."""
    if point is None or not _is_building(point):
        return Tuning()
    return Tuning(exact_rows=_MOST_EXACT, m=8 if point.count % 2 else 16)


def _is_building(point: Point | None) -> bool:
    """Of other lives one in eight, so that graphs come into snapshots."""
    return point is not None and (point.step in _GRAPHS or point.count % 8 == 0)


if __name__ == "__main__":
    sys.exit(main())
