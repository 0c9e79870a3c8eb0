"""Which snapshots have had their time."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from embedding_operator.resources.data import Retention
from embedding_operator.resources.durations import parse_duration
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from embedding_operator.resources.snapshot import RetentionClass, SnapshotPhase
from embedding_operator.resources.times import read_time

DEFAULT_AGE: Final = timedelta(days=1)
_FAILED_KEPT: Final = 3
"""Failed ones that stay, for whoever asks why."""


def pick_expired(
    snapshots: Sequence[EmbeddingIndexSnapshot], retention: Retention | None, now: datetime
) -> Iterator[EmbeddingIndexSnapshot]:
    """Those of retention `Expire` that neither count nor age keeps; never the newest complete one.

    `snapshots` come oldest first.
    """
    retention = retention or Retention()
    age = parse_duration(retention.age) if retention.age else DEFAULT_AGE
    complete = [each for each in snapshots if each.status.phase is SnapshotPhase.COMPLETED]
    failed = [each for each in snapshots if each.status.phase is SnapshotPhase.FAILED]
    scheduled = [each for each in complete if each.spec.retention is RetentionClass.EXPIRE]
    for snapshot in scheduled[: -retention.count]:
        is_newest = snapshot is complete[-1]
        if not is_newest and now - read_time(snapshot.meta.created) > age:
            yield snapshot
    for snapshot in failed[:-_FAILED_KEPT]:
        if snapshot.spec.retention is RetentionClass.EXPIRE:
            yield snapshot
