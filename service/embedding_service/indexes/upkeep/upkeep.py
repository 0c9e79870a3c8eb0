"""Keeps the segments of every index few, built and without dead rows, beside the searches."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import structlog

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.tuning import Tuning
from embedding_service.indexes.upkeep.building import (
    BuildFailed,
    Built,
    Stored,
    Workshop,
    WorkshopClosed,
)
from embedding_service.indexes.upkeep.kept import Holding, Kept
from embedding_service.indexes.upkeep.planning import (
    Plan,
    Rule,
    Size,
    count_waiting,
    plan_compaction,
    plan_upkeep,
)
from embedding_service.indexes.upkeep.rests import Rests
from embedding_service.indexes.upkeep.turns import Turn
from embedding_service.telemetry.index_metrics import IndexMetrics

_SHORTEST_REST: Final = 60.0
"""Seconds in which an index is left alone, and searched exactly, after its build has failed …"""
_LONGEST_REST: Final = 3_600.0
"""… and after it has failed again and again."""
_ELSEWHERE: Final = 5.0
"""Seconds until it is asked again whether another process still builds."""

_Planning: TypeAlias = Callable[[Rule, Sequence[Size]], Plan | None]

_log = structlog.stdlib.get_logger(__name__)


class BuiltElsewhere(Exception):
    """Another process builds graphs for the index."""


class Upkeep:
    """Does what is to be done for one index after the other, one thing at a time. Thread-safe."""

    def __init__(
        self,
        workshop: Workshop,
        metrics: IndexMetrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` tells seconds."""
        self._workshop = workshop
        self._metrics = metrics
        self._clock = clock
        self._working = Turn()  # a compaction that was asked for is not to wait for all builds
        self._closing = threading.Event()
        self._after_builds = Rests(clock, _SHORTEST_REST, _LONGEST_REST)
        self._after_loads = Rests(clock, _SHORTEST_REST, _LONGEST_REST)
        self._after_others = Rests(clock, _ELSEWHERE, _ELSEWHERE)

    def look_after(self, indexes: Sequence[Kept]) -> bool:
        """Do the next thing for each index that wants something; whether anything was done."""
        uids = {index.definition.uid for index in indexes}
        has_worked = False
        for index in indexes:
            with self._working:
                for rests in (self._after_builds, self._after_loads, self._after_others):
                    rests.keep_only(uids)
                has_worked |= not self._closing.is_set() and self._look_after(index)
        return has_worked

    def compact(self, index: Kept, begin: Callable[[], None] = lambda: None) -> bool:
        """Make all sealed segments one without dead rows, now; whether there was a need to.

        `begin` is called when it is this index's turn, which is after other processes' builds.

        Raises BuildFailed, WorkshopClosed, DamagedSegment, OSError; no document is lost by it.
        """
        while True:
            with self._working:
                if self._closing.is_set():
                    raise WorkshopClosed
                begin()
                try:
                    has_worked = self._work(index, plan_compaction)
                except BuiltElsewhere:
                    pass
                else:
                    self._after_builds.end(index.definition.uid)
                    return has_worked
            self._closing.wait(_ELSEWHERE)

    def count_waiting(self, index: Kept) -> int:
        """Rows that are searched exactly only until they are built."""
        return count_waiting(_rule(index), _sizes(index.view.sealed))

    def close(self) -> None:
        """End what is being built; nothing is lost by it. May be called twice."""
        self._closing.set()
        self._workshop.stop()
        with self._working:
            self._workshop.close()

    def _look_after(self, index: Kept) -> bool:
        uid = index.definition.uid
        has_worked = self._load(index)
        if self._after_builds.holds(uid) or self._after_others.holds(uid):
            return has_worked
        try:
            has_worked |= self._work(index, plan_upkeep)
        except WorkshopClosed:
            return has_worked
        except BuiltElsewhere:
            self._after_others.begin(uid)
            return has_worked
        except Exception as error:  # noqa: BLE001  whatever is wrong with one, the others go on
            seconds, name = self._after_builds.begin(uid), index.definition.name
            self._metrics.failed_builds.labels(name).inc()
            _log.error("a build failed", index=name, again_in_seconds=seconds, exc_info=error)
            return has_worked
        if has_worked:
            self._after_builds.end(uid)
        return has_worked

    def _load(self, index: Kept) -> bool:
        """Load what others have built, if there is anything; whether there was."""
        uid, name = index.definition.uid, index.definition.name
        if not index.has_news or self._after_loads.holds(uid):
            return False
        try:
            has_loaded = index.take_builds()
        except Exception as error:  # noqa: BLE001  as above
            seconds = self._after_loads.begin(uid)
            _log.warning(
                "what another process has built cannot be loaded now",
                index=name,
                again_in_seconds=seconds,
                reason=str(error),
            )
            return False
        self._after_loads.end(uid)
        if has_loaded:
            _log.info("graphs of another process are searched", index=name)
            index.measure()
        return has_loaded

    def _work(self, index: Kept, planning: _Planning) -> bool:
        sizes = _sizes(index.view.sealed)
        plan = planning(_rule(index), sizes)
        if plan is None:
            return False
        if plan.engine is Engine.FLAT and not _has_graphs(sizes, plan):
            return self._make(index, planning)
        with index.office() as is_ours:
            if not is_ours:
                raise BuiltElsewhere
            has_taken = index.take_builds()
            return self._make(index, planning) or has_taken

    def _make(self, index: Kept, planning: _Planning) -> bool:
        name, started, view = index.definition.name, self._clock(), index.view
        gathered = self._gather(view, _rule(index), planning)
        if gathered is None:
            return False
        plan, rows = gathered.plan, len(gathered.segment)
        if not gathered.has_graph:  # which is searched until there is a better one
            view.adopt(gathered.segment)  # in place of its rows in memory, where it is in a file
        engine, device = plan.engine, None
        if gathered.stored is not None:
            blueprint = Blueprint(plan.engine, gathered.tuning)
            engine, device = self._build(index, view, gathered.stored, blueprint)
        index.measure()
        seconds = self._clock() - started
        self._metrics.build_duration.labels(name).observe(seconds)
        _log.info(
            "segments made one",
            index=name,
            segments=len(plan.places),
            rows=rows,
            engine=engine,
            device=device,
            reason=plan.reason,
            seconds=round(seconds, 3),
        )
        return True

    def _gather(self, view: Holding, rule: Rule, planning: _Planning) -> "_Gathered | None":
        """One flat segment of all that is to be made one, in a file where it is to be built.

        Whoever holds a segment here holds its memory: nothing of them is left after the return.
        """
        sealed = view.sealed  # read once: it changes, and the plan tells places in it
        plan = planning(rule, _sizes(sealed))
        if plan is None:
            return None
        parts = [sealed[place] for place in plan.places]
        merged = concatenate(parts)
        if plan.engine is Engine.FLAT:
            return _Gathered(plan, merged, rule.tuning, None)
        stored = self._workshop.store(merged)
        has_graph = any(segment.graph is not None for segment, _ in parts)
        return _Gathered(plan, stored.segment, rule.tuning, stored, has_graph)

    def _build(
        self, index: Kept, view: Holding, stored: Stored, blueprint: Blueprint
    ) -> tuple[Engine, str]:
        """Have the index searched by a graph from now on; of which engine, built on what."""
        try:
            built = self._workshop.build(stored, blueprint)
            self._judge(index, built, blueprint)
            view.adopt(built.segment)
            index.give_build(view, built)
        finally:
            self._workshop.discard(stored)
        return built.segment.engine, built.device

    def _judge(self, index: Kept, built: Built, blueprint: Blueprint) -> None:
        """Tell of what was built. Raises BuildFailed: it finds too little."""
        name, engine = index.definition.name, built.segment.engine
        wanted, least = blueprint.engine, blueprint.tuning.recall
        if engine is not wanted:
            _log.warning("a graph finds too little", index=name, engine=wanted, instead=engine)
        if built.fallback is not None:
            _log.warning("built without the GPU, which failed", index=name, error=built.fallback)
        self._metrics.recall.labels(name).set(built.recall)
        if built.recall < least:
            raise BuildFailed(f"recall@10 is {built.recall:.3f}, below {least}")


@dataclass(frozen=True, slots=True)
class _Gathered:
    plan: Plan
    segment: Sealed
    tuning: Tuning
    """As the index asks for it by then."""
    stored: Stored | None
    """Its files, where it is to be built."""
    has_graph: bool = False
    """Whether some of its rows are searched by one, and it is to be built."""


def _rule(index: Kept) -> Rule:
    return Rule(index.definition.engine, index.definition.tuning)


def _sizes(sealed: Sequence[tuple[Sealed, Bitmap]]) -> list[Size]:
    return [
        Size(segment.engine, len(segment), live.ones, segment.made_for) for segment, live in sealed
    ]


def _has_graphs(sizes: Sequence[Size], plan: Plan) -> bool:
    """Whether it is in the place of graphs, which others may have built by a newer definition."""
    return any(sizes[place].engine is not Engine.FLAT for place in plan.places)
