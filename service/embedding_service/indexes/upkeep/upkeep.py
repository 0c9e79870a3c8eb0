"""Keeps the segments of every index few, built and without dead rows, beside the searches."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import structlog

from embedding_service.indexes.definition import Definition, Engine
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.upkeep.building import BuildFailed, Stored, Workshop, WorkshopClosed
from embedding_service.indexes.upkeep.engines import MOST_FLAT
from embedding_service.indexes.upkeep.planning import (
    Plan,
    Rule,
    Size,
    count_waiting,
    plan_compaction,
    plan_upkeep,
)
from embedding_service.indexes.upkeep.recall import TARGET
from embedding_service.telemetry.index_metrics import IndexMetrics

_SHORTEST_REST: Final = 60.0
"""Seconds in which an index is left alone, and searched exactly, after its build has failed …"""
_LONGEST_REST: Final = 3_600.0
"""… and after it has failed again and again."""

_Planning: TypeAlias = Callable[[Rule, Sequence[Size]], Plan | None]

_log = structlog.stdlib.get_logger(__name__)


class Kept(Protocol):
    """An open index, as this file needs it."""

    @property
    def definition(self) -> Definition:
        """What it is."""

    @property
    def sealed(self) -> Sequence[tuple[Sealed, Bitmap]]:
        """Its sealed segments with their live rows, as they are now."""

    def adopt(self, segment: Sealed) -> None:
        """Take in a segment in place of where its rows are now."""


class Upkeep:
    """Does what is to be done for one index after the other, one thing at a time. Thread-safe."""

    def __init__(
        self,
        workshop: Workshop,
        metrics: IndexMetrics,
        most_flat: int = MOST_FLAT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`most_flat` is how many rows may be searched exactly; `clock` tells seconds."""
        self._most_flat = most_flat
        self._workshop = workshop
        self._metrics = metrics
        self._clock = clock
        self._working = threading.Lock()
        self._is_closed = False
        self._rests: dict[str, _Rest] = {}

    def look_after(self, indexes: Sequence[Kept]) -> bool:
        """Do the next thing for each index that wants something; whether anything was done."""
        uids = {index.definition.uid for index in indexes}
        has_worked = False
        for index in indexes:
            with self._working:
                self._rests = {uid: rest for uid, rest in self._rests.items() if uid in uids}
                has_worked |= not self._is_closed and self._look_after(index)
        return has_worked

    def compact(self, index: Kept, begin: Callable[[], None] = lambda: None) -> bool:
        """Make all sealed segments one without dead rows, now; whether there was a need to.

        `begin` is called when it is this index's turn.

        Raises BuildFailed, WorkshopClosed, DamagedSegment, OSError; no document is lost by it.
        """
        with self._working:
            if self._is_closed:
                raise WorkshopClosed
            begin()
            has_worked = self._work(index, plan_compaction)
            self._rests.pop(index.definition.uid, None)
            return has_worked

    def count_waiting(self, index: Kept) -> int:
        """Rows that are searched exactly only until they are built."""
        return count_waiting(self._rule(index), _sizes(index.sealed))

    def close(self) -> None:
        """End what is being built; nothing is lost by it. May be called twice."""
        self._is_closed = True
        self._workshop.stop()
        with self._working:
            self._workshop.close()

    def _look_after(self, index: Kept) -> bool:
        rest = self._rests.get(index.definition.uid)
        if rest is not None and self._clock() < rest.until:
            return False
        try:
            has_worked = self._work(index, plan_upkeep)
        except WorkshopClosed:
            return False
        except Exception as error:  # noqa: BLE001  whatever is wrong with one, the others go on
            self._let_rest(index, rest, error)
            return False
        if has_worked:
            self._rests.pop(index.definition.uid, None)
        return has_worked

    def _rule(self, index: Kept) -> Rule:
        return Rule(index.definition.engine, self._most_flat)

    def _let_rest(self, index: Kept, last: "_Rest | None", error: Exception) -> None:
        seconds = _SHORTEST_REST if last is None else min(2 * last.seconds, _LONGEST_REST)
        self._rests[index.definition.uid] = _Rest(self._clock() + seconds, seconds)
        name = index.definition.name
        self._metrics.failed_builds.labels(name).inc()
        _log.error("a build failed", index=name, again_in_seconds=seconds, exc_info=error)

    def _work(self, index: Kept, planning: _Planning) -> bool:
        name, started = index.definition.name, self._clock()
        gathered = self._gather(index, planning)
        if gathered is None:
            return False
        plan, rows = gathered.plan, len(gathered.segment)
        index.adopt(gathered.segment)  # in place of its rows in memory, where it is in a file
        if gathered.stored is not None:
            self._build(index, gathered.stored, plan.engine)
        seconds = self._clock() - started
        self._metrics.build_duration.labels(name).observe(seconds)
        _log.info(
            "segments made one",
            index=name,
            segments=len(plan.places),
            rows=rows,
            engine=plan.engine,
            reason=plan.reason,
            seconds=round(seconds, 3),
        )
        return True

    def _gather(self, index: Kept, planning: _Planning) -> "_Gathered | None":
        """One flat segment of all that is to be made one, in a file where it is to be built.

        Whoever holds a segment here holds its memory: nothing of them is left after the return.
        """
        sealed = index.sealed  # read once: it changes, and the plan tells places in it
        plan = planning(self._rule(index), _sizes(sealed))
        if plan is None:
            return None
        merged = concatenate([sealed[place] for place in plan.places])
        if plan.engine is Engine.FLAT:
            return _Gathered(plan, merged, None)
        stored = self._workshop.store(merged)
        return _Gathered(plan, stored.segment, stored)

    def _build(self, index: Kept, stored: Stored, engine: Engine) -> None:
        try:
            built = self._workshop.build(stored, engine)
        finally:
            self._workshop.discard(stored)
        self._metrics.recall.labels(index.definition.name).set(built.recall)
        if built.recall < TARGET:
            raise BuildFailed(f"recall@10 is {built.recall:.3f}, below {TARGET}")
        index.adopt(built.segment)


@dataclass(frozen=True, slots=True)
class _Rest:
    until: float
    """By the clock."""
    seconds: float


@dataclass(frozen=True, slots=True)
class _Gathered:
    plan: Plan
    segment: Sealed
    stored: Stored | None
    """Its files, where it is to be built."""


def _sizes(sealed: Sequence[tuple[Sealed, Bitmap]]) -> list[Size]:
    return [Size(segment.engine, len(segment), live.ones) for segment, live in sealed]
