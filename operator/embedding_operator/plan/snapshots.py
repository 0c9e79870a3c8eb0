"""What is to be done for the snapshots of one index: one is made at a time, oldest first."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from embedding_operator.children.metadata import is_made_for
from embedding_operator.names import SNAPSHOTS
from embedding_operator.observe.observation import ChildKey, Observation
from embedding_operator.observe.pods import Pod
from embedding_operator.plan.actions import (
    CreateSnapshot,
    DeleteSnapshot,
    SnapshotAction,
    StartSnapshot,
    UpdateSnapshot,
)
from embedding_operator.plan.orphans import find_deadline, plan_strays
from embedding_operator.plan.retries import is_due
from embedding_operator.plan.snapshot_status import complete, fail, put_off
from embedding_operator.reasons import SnapshotReason
from embedding_operator.reports import NO_ROOM, STORE_AWAY, Job
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from embedding_operator.resources.times import read_time, write_time
from embedding_operator.schedule.cron import preceding
from embedding_operator.schedule.retention import pick_expired

_ATTEMPTS: Final = 3
"""Executors that may be lost: it may be the work that ends them."""
_STARTING_DEADLINE: Final = timedelta(hours=1)
"""For how long a slot that was missed is made up for."""


@dataclass(frozen=True, slots=True)
class SnapshotPlan:
    """What to do, and how far the schedule has come."""

    actions: tuple[SnapshotAction, ...] = ()
    last_slot: str | None = None
    """The slot of the schedule that was last made, RFC 3339."""


def plan_snapshots(
    observation: Observation,
    refused: Container[ChildKey] = frozenset(),
    *,
    endpoint: str | None = None,
    can_schedule: bool = True,
) -> SnapshotPlan:
    """Of those there are, and those the schedule wants.

    The slot of a `refused` one stays open. `endpoint` is that of the index's S3. `can_schedule` is
    false where the schedule cannot be read, or no pods are wanted that could make them.
    """
    spec = observation.index.spec.snapshots
    created = list(_plan_schedule(observation)) if can_schedule else []
    expired = pick_expired(observation.snapshots, spec.retention if spec else None, observation.now)
    actions = (
        *plan_strays(observation),
        *_plan_running(observation, endpoint),
        *created,
        *(DeleteSnapshot(each) for each in expired),
    )
    made = [each.slot for each in created if (SNAPSHOTS, each.name) not in refused]
    return SnapshotPlan(actions, made[-1] if made else keep_snapshots(observation).last_slot)


def plan_last_snapshots(observation: Observation, endpoint: str | None = None) -> SnapshotPlan:
    """Of those there are, while their index is being deleted: no others are wanted."""
    actions = (*plan_strays(observation), *_plan_running(observation, endpoint))
    return SnapshotPlan(actions, keep_snapshots(observation).last_slot)


def keep_snapshots(observation: Observation) -> SnapshotPlan:
    """Nothing is done."""
    earlier = observation.index.status.snapshots
    return SnapshotPlan(last_slot=earlier.last_slot if earlier is not None else None)


def list_held(snapshots: Sequence[EmbeddingIndexSnapshot]) -> list[str]:
    """Ids of the snapshots that must stay, because an object holds them."""
    return sorted(
        {each.status.snapshot_id for each in snapshots if each.status.snapshot_id is not None}
    )


def _plan_schedule(observation: Observation) -> Iterator[CreateSnapshot]:
    index, now = observation.index, observation.now
    spec = index.spec.snapshots
    if spec is None or spec.schedule is None or spec.suspend:
        return
    # Up to this whole second, and never beyond: the object would be older than its slot.
    slot = preceding(
        spec.schedule, spec.time_zone, now.replace(microsecond=0) + timedelta(seconds=1)
    )
    since = _find_last_slot(observation)
    if slot <= since or now - slot > _STARTING_DEADLINE:
        return
    name = f"{index.meta.name}-{slot.astimezone(now.tzinfo):%Y%m%d%H%M%S}"
    made = (each.meta for each in observation.snapshots if is_made_for(each.meta, index.meta))
    if all(each.name != name for each in made):
        yield CreateSnapshot(name, write_time(slot))


def _find_last_slot(observation: Observation) -> datetime:
    """Since when slots count; one that is far ahead was made while the clock was wrong."""
    index = observation.index
    done = index.status.snapshots and index.status.snapshots.last_slot
    last = read_time(done) if done else None
    is_ahead = last is not None and last - observation.now > _STARTING_DEADLINE
    return read_time(index.meta.created) if last is None or is_ahead else last


def _plan_running(observation: Observation, endpoint: str | None) -> Iterator[SnapshotAction]:
    is_busy = False
    for snapshot in (each for each in observation.snapshots if each.is_open):
        if is_busy:
            if snapshot.status.phase is None:
                status = put_off(snapshot, "another is being made", observation.index)
                yield UpdateSnapshot(snapshot, status)
            continue
        is_busy = True
        yield from _plan_one(snapshot, observation, endpoint)


def _plan_one(
    snapshot: EmbeddingIndexSnapshot, observation: Observation, endpoint: str | None
) -> Iterator[SnapshotAction]:
    index, now = observation.index, observation.now
    job = observation.jobs.get(snapshot.meta.uid)
    if job is not None and job.has_succeeded:
        yield UpdateSnapshot(snapshot, complete(snapshot, index, job, now, endpoint))
    elif now > find_deadline(snapshot):
        why = (job and job.error) or snapshot.status.error
        told = f"it is not there after {snapshot.spec.deadline}, its deadline"
        told = f"{told}: {why}" if why else told
        yield UpdateSnapshot(snapshot, fail(snapshot, _name_delay(job), told, now))
    elif job is not None and job.is_passing and not is_due(job, now):
        yield UpdateSnapshot(snapshot, put_off(snapshot, f"{job.error}; it is tried again", index))
    elif job is None or _may_retry(snapshot, job):
        pod = _pick_pod(observation)
        if pod is None:
            status = put_off(snapshot, "no pod of the index is ready", index)
            yield UpdateSnapshot(snapshot, status)
        else:
            yield StartSnapshot(snapshot, pod, is_retry=job is not None)
    elif job.has_failed:
        status = fail(snapshot, _name_failure(job), job.error or "it failed", now)
        yield UpdateSnapshot(snapshot, status)


def _name_delay(job: Job | None) -> SnapshotReason:
    if job is not None and job.is_passing and job.code == STORE_AWAY:
        return SnapshotReason.OBJECT_STORE_UNREACHABLE
    return SnapshotReason.DEADLINE_EXCEEDED


def _name_failure(job: Job) -> SnapshotReason:
    if job.is_lost:
        return SnapshotReason.EXECUTOR_LOST
    return SnapshotReason.STORAGE_FULL if job.code == NO_ROOM else SnapshotReason.REFUSED


def _may_retry(snapshot: EmbeddingIndexSnapshot, job: Job) -> bool:
    """Work that was lost is tried again; work that was refused would be refused again."""
    return job.is_passing or (job.is_lost and (snapshot.status.attempts or 1) < _ATTEMPTS)


def _pick_pod(observation: Observation) -> Pod | None:
    ready = [
        pod
        for pod in observation.pods
        if pod.is_ready and not pod.is_leaving and _is_heard(pod, observation)
    ]
    return min(ready, key=lambda pod: pod.name, default=None)


def _is_heard(pod: Pod, observation: Observation) -> bool:
    return pod.uid in observation.reports and pod.uid not in observation.silent
