"""Keeps the segments of every index few, built and without dead rows, beside the searches."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from embedding_service.indexes.definition import Definition, Engine
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.upkeep.building import BuildFailed, Stored, Workshop
from embedding_service.indexes.upkeep.engines import MOST_FLAT
from embedding_service.indexes.upkeep.planning import Plan, Rule, Size, plan_upkeep
from embedding_service.indexes.upkeep.recall import TARGET
from embedding_service.telemetry.index_metrics import IndexMetrics

_SHORTEST_REST: Final = 60.0
"""Seconds in which an index is left alone, and searched exactly, after its build has failed …"""
_LONGEST_REST: Final = 3_600.0
"""… and after it has failed again and again."""

_log = structlog.stdlib.get_logger(__name__)


class Kept(Protocol):
    """An open index, as this file needs it."""

    @property
    def definition(self) -> Definition:
        """What it is."""

    @property
    def sealed(self) -> Sequence[tuple[Sealed, Bitmap]]:
        """Its sealed segments with their live rows, as they are now."""

    def adopt(self, segment: Sealed, effort: int = 0) -> None:
        """Take in a segment in place of where its rows are now; search its graph so far."""


class Upkeep:
    """Does what is to be done for one index after the other; for one thread at a time."""

    def __init__(
        self, workshop: Workshop, metrics: IndexMetrics, most_flat: int = MOST_FLAT
    ) -> None:
        self._most_flat = most_flat
        self._workshop = workshop
        self._metrics = metrics
        self._rests: dict[str, _Rest] = {}

    def look_after(self, indexes: Sequence[Kept]) -> bool:
        """Do the next thing for each index that wants something; whether anything was done."""
        has_worked = False
        for index in indexes:
            has_worked |= self._look_after(index)
        return has_worked

    def compact(self, index: Kept) -> bool:
        """Make all sealed segments one without dead rows, now; whether there were any."""
        plan = plan_upkeep(self._rule(index), _sizes(index.sealed), is_forced=True)
        if plan is not None:
            self._do(index, plan)
        return plan is not None

    def close(self) -> None:
        """End what is being built; nothing is lost by it."""
        self._workshop.close()

    def _look_after(self, index: Kept) -> bool:
        rest = self._rests.get(index.definition.uid)
        if rest is not None and time.monotonic() < rest.until:
            return False
        plan = plan_upkeep(self._rule(index), _sizes(index.sealed))
        if plan is None:
            return False
        try:
            self._do(index, plan)
        except Exception as error:  # noqa: BLE001  whatever is wrong with one, the others go on
            self._let_rest(index, rest, error)
            return False
        self._rests.pop(index.definition.uid, None)
        return True

    def _rule(self, index: Kept) -> Rule:
        return Rule(index.definition.engine, self._most_flat)

    def _let_rest(self, index: Kept, last: "_Rest | None", error: Exception) -> None:
        seconds = _SHORTEST_REST if last is None else min(2 * last.seconds, _LONGEST_REST)
        self._rests[index.definition.uid] = _Rest(time.monotonic() + seconds, seconds)
        name = index.definition.name
        self._metrics.failed_builds.labels(name).inc()
        _log.error("a build failed", index=name, again_in_seconds=seconds, exc_info=error)

    def _do(self, index: Kept, plan: Plan) -> None:
        name, started, sealed = index.definition.name, time.monotonic(), index.sealed
        merged = concatenate([sealed[place] for place in plan.places])
        del sealed  # memory is let go of as soon as the index has no more use for it
        rows = len(merged)
        if plan.engine is Engine.FLAT:
            index.adopt(merged)
        else:
            stored = self._workshop.store(merged)
            del merged
            self._build(index, stored, plan.engine)
        seconds = time.monotonic() - started
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

    def _build(self, index: Kept, stored: Stored, engine: Engine) -> None:
        try:
            index.adopt(stored.segment)  # whose rows are in a file, in place of those in memory
            built = self._workshop.build(stored, engine)
        finally:
            self._workshop.discard(stored)
        self._metrics.recall.labels(index.definition.name).set(built.recall)
        if built.recall < TARGET:
            raise BuildFailed(f"recall@10 is {built.recall:.3f}, below {TARGET}")
        index.adopt(built.segment, built.effort)


@dataclass(frozen=True, slots=True)
class _Rest:
    until: float
    """Monotonic seconds."""
    seconds: float


def _sizes(sealed: Sequence[tuple[Sealed, Bitmap]]) -> list[Size]:
    return [Size(segment.engine, len(segment), live.ones) for segment, live in sealed]
