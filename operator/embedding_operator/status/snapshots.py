"""What is told of an index's snapshots."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from embedding_operator.reasons import ConditionType, Reason, SnapshotConditionType
from embedding_operator.resources.data import Snapshots
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from embedding_operator.resources.snapshot import SnapshotPhase
from embedding_operator.resources.status import SnapshotFacts
from embedding_operator.resources.times import read_time, write_time
from embedding_operator.schedule.cron import following, preceding
from embedding_operator.status.conditions import Finding

_ENDED: Final = frozenset({SnapshotPhase.COMPLETED, SnapshotPhase.FAILED})


def tell_snapshots(
    snapshots: Sequence[EmbeddingIndexSnapshot],
    spec: Snapshots | None,
    last_slot: str | None,
    now: datetime,
    earlier: SnapshotFacts | None = None,
) -> SnapshotFacts | None:
    """Facts for the status; None where there never was anything to tell.

    `snapshots` come oldest first.
    """
    complete = [each for each in snapshots if each.status.phase is SnapshotPhase.COMPLETED]
    schedule = spec.schedule if spec and not spec.suspend else None
    if not snapshots and schedule is None and last_slot is None and earlier is None:
        return None
    newest = complete[-1] if complete else None
    due = following(schedule, spec.time_zone, now) if spec and schedule else None
    return SnapshotFacts(
        last=newest and newest.meta.name,
        last_id=newest and newest.status.snapshot_id,
        last_time=newest and newest.status.completed_at,
        next_time=due and write_time(due),
        last_slot=last_slot,
        failures=count_failures(snapshots),
    )


def count_failures(snapshots: Sequence[EmbeddingIndexSnapshot]) -> int:
    """Those that have failed since the last one that did not."""
    ended = [each.status.phase for each in snapshots if each.status.phase in _ENDED]
    successes = [place for place, phase in enumerate(ended) if phase is SnapshotPhase.COMPLETED]
    return len(ended) - (successes[-1] + 1 if successes else 0)


def find_last_failure(snapshots: Sequence[EmbeddingIndexSnapshot]) -> tuple[str, str]:
    """Reason and message of the last one that has failed; empty where there is none."""
    failed = [each for each in snapshots if each.status.phase is SnapshotPhase.FAILED]
    if not failed:
        return "", ""
    conditions = failed[-1].status.conditions or ()
    reasons = [each.reason for each in conditions if each.type == SnapshotConditionType.FAILED]
    return next(iter(reasons), ""), failed[-1].status.error or ""


def assess_snapshots(
    snapshots: Sequence[EmbeddingIndexSnapshot], spec: Snapshots | None, now: datetime
) -> Finding | None:
    """SnapshotHealthy; None where nobody wants any."""
    schedule = spec.schedule if spec and not spec.suspend else None
    if not snapshots:
        if schedule is None:
            return None
        return _find(True, Reason.NEVER_RUN, "the first scheduled snapshot is not due yet")
    last = snapshots[-1]
    if last.status.phase is SnapshotPhase.FAILED:
        return _find(
            False, Reason.LAST_SNAPSHOT_FAILED, f"{last.meta.name}: {last.status.error or ''}"
        )
    if spec and schedule and (stale := _find_staleness(snapshots, schedule, spec.time_zone, now)):
        return _find(False, Reason.STALE, stale)
    if last.status.phase is not SnapshotPhase.COMPLETED:
        return _find(True, Reason.LAST_SNAPSHOT_RUNNING, f"{last.meta.name} is being made")
    return _find(True, Reason.LAST_SNAPSHOT_SUCCEEDED, f"{last.meta.name} is complete")


def _find_staleness(
    snapshots: Sequence[EmbeddingIndexSnapshot], schedule: str, time_zone: str, now: datetime
) -> str | None:
    """Older than two intervals of the schedule."""
    previous = preceding(schedule, time_zone, preceding(schedule, time_zone, now))
    complete = [each for each in snapshots if each.status.phase is SnapshotPhase.COMPLETED]
    since = complete[-1] if complete else snapshots[0]
    if read_time(since.meta.created) >= previous:
        return None
    return f"the newest complete snapshot is older than two intervals of {schedule!r}"


def _find(is_so: bool, reason: Reason, message: str) -> Finding:
    return Finding(ConditionType.SNAPSHOT_HEALTHY, is_so, reason, message.strip())
