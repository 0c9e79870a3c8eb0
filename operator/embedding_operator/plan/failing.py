"""Snapshots that cannot be made: what a person is told before there is none left to go back to."""

from collections.abc import Iterator
from typing import Final

from embedding_operator.observe.observation import Observation
from embedding_operator.observe.pods import Trouble
from embedding_operator.reasons import Reason, SnapshotReason
from embedding_operator.reports import STORE_AWAY, Job
from embedding_operator.status.snapshots import count_failures, find_last_failure

_FAILURES: Final = 3
"""Snapshots that fail one after the other, or tries of one, before a person is told."""
_REASONS: Final[dict[str, Reason]] = {
    SnapshotReason.STORAGE_FULL: Reason.STORAGE_FULL,
    SnapshotReason.OBJECT_STORE_UNREACHABLE: Reason.OBJECT_STORE_UNREACHABLE,
}
"""Failures that say what to do by their name."""


def find_failing(observation: Observation) -> Iterator[Trouble]:
    """One of them, if any; that storage is full is told at once, for it does not pass."""
    failures = count_failures(observation.snapshots)
    reason, cause = find_last_failure(observation.snapshots)
    if failures >= _FAILURES or (failures and reason == SnapshotReason.STORAGE_FULL):
        told = "the last snapshot has" if failures == 1 else f"{failures} snapshots in a row have"
        yield Trouble(_REASONS.get(reason, Reason.SNAPSHOT_FAILING), f"{told} failed: {cause}")
        return
    for snapshot in observation.snapshots:
        job = observation.jobs.get(snapshot.meta.uid)
        if snapshot.is_open and job is not None and (why := _find_setback(job)) is not None:
            told = f"snapshot {snapshot.meta.name} cannot be made yet, and is tried again"
            yield Trouble(Reason.OBJECT_STORE_UNREACHABLE, f"{told}: {why}")


def _find_setback(job: Job) -> str | None:
    """Why it has not come to an end in several tries, where that is its store."""
    code, told = (job.code, job.error) if job.is_passing else (job.setback_code, job.setback)
    return told if code == STORE_AWAY and job.attempts >= _FAILURES else None
