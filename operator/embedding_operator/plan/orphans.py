"""Snapshots that nobody will make: their index is gone, or never was."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from embedding_operator.observe.observation import Observation
from embedding_operator.plan.actions import UpdateSnapshot
from embedding_operator.plan.snapshot_status import fail, put_off
from embedding_operator.reasons import SnapshotReason
from embedding_operator.resources.durations import parse_duration
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from embedding_operator.resources.snapshot import SnapshotStatus
from embedding_operator.resources.times import read_time

_LEAST: Final = 1.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Orphans:
    """What is to be told of them, and in how many seconds again; None for never."""

    updates: tuple[UpdateSnapshot, ...] = ()
    requeue_after: float | None = None


def plan_orphans(snapshots: Sequence[EmbeddingIndexSnapshot], now: datetime) -> Orphans:
    """Of an index that is not there: it may come, until their deadline, for those it never had."""
    waiting = [each for each in snapshots if each.is_open]
    updates = (UpdateSnapshot(each, _tell(each, now)) for each in waiting)
    left = [
        (find_deadline(each) - now).total_seconds()
        for each in waiting
        if each.status.index_uid is None and find_deadline(each) >= now
    ]
    again = max(_LEAST, min(left) + _LEAST) if left else None
    return Orphans(tuple(each for each in updates if each.status != each.snapshot.status), again)


def plan_strays(observation: Observation) -> Iterator[UpdateSnapshot]:
    """Of an earlier index of the same name."""
    for snapshot in observation.strays:
        told = f"its index is gone; {observation.index.meta.name} is another one by now"
        status = fail(snapshot, SnapshotReason.INDEX_GONE, told, observation.now)
        yield UpdateSnapshot(snapshot, status)


def find_deadline(snapshot: EmbeddingIndexSnapshot) -> datetime:
    """When it counts as failed."""
    return read_time(snapshot.meta.created) + parse_duration(snapshot.spec.deadline)


def _tell(snapshot: EmbeddingIndexSnapshot, now: datetime) -> SnapshotStatus:
    name = snapshot.spec.index_ref.name
    if snapshot.status.index_uid is not None:
        return fail(snapshot, SnapshotReason.INDEX_GONE, f"its index {name} is gone", now)
    if now > find_deadline(snapshot):
        told = f"there is no EmbeddingIndex {name} here after {snapshot.spec.deadline}"
        return fail(snapshot, SnapshotReason.DEADLINE_EXCEEDED, told, now)
    return put_off(snapshot, f"there is no EmbeddingIndex {name} here; it is waited for")
