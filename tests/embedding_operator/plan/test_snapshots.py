"""What is done for snapshots: by the schedule, by hand, when executors are lost."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_indexes import NOW, a_snapshot, an_index
from embedding_operator.observe.observation import Observation
from embedding_operator.observe.pods import Pod
from embedding_operator.plan.actions import (
    SnapshotAction,
    StartSnapshot,
    UpdateSnapshot,
)
from embedding_operator.plan.snapshot_status import start
from embedding_operator.plan.snapshots import list_held, plan_snapshots
from embedding_operator.reports import NO_ROOM, Job
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from embedding_operator.resources.snapshot import SnapshotPhase, SnapshotStatus
from embedding_operator.resources.times import write_time
from observed import LOST, a_job, a_pod, an_outage, observe


def only(observation: Observation) -> SnapshotAction:
    (action,) = plan_snapshots(observation).actions
    return action


def updated(observation: Observation) -> SnapshotStatus:
    action = only(observation)
    assert isinstance(action, UpdateSnapshot)
    return action.status


def ended(status: SnapshotStatus) -> tuple[str, str, str]:
    """Type, status and reason of its condition."""
    (condition,) = status.conditions or []
    return condition.type, condition.status, condition.reason


def following_job(
    job: Job | None, snapshot: EmbeddingIndexSnapshot | None = None, pods: tuple[Pod, ...] = ()
) -> Observation:
    """A snapshot that is being made, and what pods say of it."""
    made = snapshot or a_snapshot(phase="Running", attempts=1)
    return observe(pods=pods, snapshots=(made,), jobs={made.meta.uid: job} if job else {})


def test_a_pod_that_is_ready_is_asked() -> None:
    snapshot = a_snapshot()
    pods = (a_pod("c"), a_pod("b"), a_pod("a", is_ready=False))
    assert only(observe(pods=pods, snapshots=(snapshot,))) == StartSnapshot(
        snapshot, pods[1], is_retry=False
    )


def test_a_pod_that_leaves_or_does_not_answer_is_not_asked() -> None:
    observation = observe(
        pods=(a_pod("a", is_leaving=True), a_pod("b")), reports={}, snapshots=(a_snapshot(),)
    )
    assert updated(observation).error == "no pod of the index is ready"


def test_what_waits_for_a_pod_is_pending() -> None:
    status = updated(observe(snapshots=(a_snapshot(),)))
    assert status.phase is SnapshotPhase.PENDING


def test_one_is_made_at_a_time_the_oldest_first() -> None:
    first, second = a_snapshot("a"), a_snapshot("b")
    begun, waits = plan_snapshots(observe(pods=(a_pod(),), snapshots=(first, second))).actions
    assert isinstance(begun, StartSnapshot)
    assert begun.snapshot is first
    assert isinstance(waits, UpdateSnapshot)
    assert (waits.status.phase, waits.status.error) == ("Pending", "another is being made")
    told = a_snapshot("b", "Pending")
    assert len(plan_snapshots(observe(pods=(a_pod(),), snapshots=(first, told))).actions) == 1


@pytest.mark.parametrize("state", ["queued", "running"])
def test_work_that_goes_on_is_left(state: str) -> None:
    assert plan_snapshots(following_job(a_job(state), pods=(a_pod(),))).actions == ()


def test_work_that_is_done_is_told_with_all_that_restores_it() -> None:
    detail: dict[str, Any] = {"id": "0001", "uri": "s3://bucket/team/uid", "version": 5, "count": 3,
              "size_bytes": 99, "checksum": "c", "dimension": 8, "metric": "cosine",
              "fingerprint": "f"}  # fmt: skip
    seen = following_job(a_job("succeeded", **detail))
    status = updated(seen)
    assert (status.phase, status.completed_at, status.error) == ("Completed", write_time(NOW), None)
    told = status.model_dump(include={"snapshot_id", "uri", "version", "documents", "size_bytes"})
    assert list(told.values()) == ["0001", "s3://bucket/team/uid/0001", 5, 3, 99]
    assert (status.index_uid, status.endpoint) == (an_index().meta.uid, None)
    (action,) = plan_snapshots(seen, endpoint="http://minio:9000").actions
    assert isinstance(action, UpdateSnapshot)
    assert action.status.endpoint == "http://minio:9000"
    assert ended(status) == ("Completed", "True", "Succeeded")


@pytest.mark.parametrize("attempts", [1, 2])
def test_work_whose_process_is_gone_is_begun_again(attempts: int) -> None:
    snapshot = a_snapshot(phase="Running", attempts=attempts)
    assert only(following_job(LOST, snapshot, (a_pod(),))) == StartSnapshot(
        snapshot, a_pod(), is_retry=True
    )


def test_the_third_executor_that_is_lost_is_the_last() -> None:
    status = updated(following_job(LOST, a_snapshot(phase="Running", attempts=3), (a_pod(),)))
    assert status.phase is SnapshotPhase.FAILED
    assert ended(status) == ("Failed", "True", "ExecutorLost")


def test_a_retry_waits_for_a_pod() -> None:
    status = updated(following_job(LOST))
    assert status.phase is SnapshotPhase.RUNNING


def test_work_that_was_refused_is_not_begun_again() -> None:
    status = updated(following_job(a_job("failed", "the bucket is gone"), pods=(a_pod(),)))
    assert (status.phase, status.error) == ("Failed", "the bucket is gone")
    assert ended(status) == ("Failed", "True", "Refused")
    assert updated(following_job(a_job("cancelled"))).error == "it failed"


def test_executors_are_lost_two_more_times_at_most() -> None:
    snapshot, tries = a_snapshot(), 0
    observation = observe(pods=(a_pod(),), snapshots=(snapshot,))
    for _ in range(10):
        action = only(observation)
        if isinstance(action, UpdateSnapshot):
            assert action.status.phase is SnapshotPhase.FAILED
            break
        assert isinstance(action, StartSnapshot)
        tries += 1
        status = start(
            snapshot,
            observation.index,
            a_pod(),
            a_job("running"),
            is_retry=action.is_retry,
            now=NOW,
        )
        snapshot = a_snapshot(phase="Running", attempts=status.attempts)
        observation = following_job(LOST, snapshot, (a_pod(),))
    assert tries == 3


def test_a_snapshot_that_nobody_makes_fails_at_its_deadline() -> None:
    late = a_snapshot(age=timedelta(minutes=31), spec={"deadline": "30m"})
    status = updated(observe(pods=(a_pod(),), snapshots=(late,)))
    assert status.phase is SnapshotPhase.FAILED
    assert "30m" in str(status.error)
    assert ended(status) == ("Failed", "True", "DeadlineExceeded")


def test_at_its_deadline_what_it_waited_for_last_is_told() -> None:
    late = a_snapshot(phase="Pending", age=timedelta(hours=2), error="no pod is ready")
    assert str(updated(observe(snapshots=(late,))).error).endswith("no pod is ready")


def test_work_that_is_done_counts_after_its_deadline_too() -> None:
    late = a_snapshot(phase="Running", age=timedelta(hours=2))
    assert updated(following_job(a_job("succeeded"), late)).phase is SnapshotPhase.COMPLETED


def test_what_objects_hold_is_listed_once_each() -> None:
    held = [a_snapshot("b", "Completed", snapshotId="2"), a_snapshot("a", "Completed")]
    held += [a_snapshot("c", "Failed", snapshotId="1"), a_snapshot("d", snapshotId="1")]
    assert list_held(held) == ["1", "2"]


@pytest.mark.parametrize(
    ("phase", "told"), [(None, True), ("Pending", True), ("Running", True), ("Failed", False)]
)
def test_what_has_not_ended_is_open(phase: str | None, told: bool) -> None:
    assert a_snapshot(phase=phase).is_open is told


@pytest.mark.parametrize("attempts", [1, 3, 9])
def test_a_store_that_is_away_is_tried_again_until_the_deadline(attempts: int) -> None:
    snapshot = a_snapshot(phase="Running", attempts=attempts)
    waits = updated(following_job(an_outage(attempts=attempts), snapshot, (a_pod(),)))
    assert waits.phase is SnapshotPhase.RUNNING
    assert waits.error == "the store does not answer; it is tried again"
    away = an_outage(age=timedelta(minutes=5), attempts=attempts)
    again = only(following_job(away, snapshot, (a_pod(),)))
    assert again == StartSnapshot(snapshot, a_pod(), is_retry=True)
    late = a_snapshot(phase="Running", attempts=attempts, age=timedelta(hours=2))
    status = updated(following_job(away, late, (a_pod(),)))
    assert ended(status) == ("Failed", "True", "ObjectStoreUnreachable")
    assert str(status.error).endswith("the store does not answer")


def test_a_full_store_is_named_and_not_tried_again() -> None:
    full = a_job("failed", "/snapshots: no space left", NO_ROOM)
    assert ended(updated(following_job(full, pods=(a_pod(),)))) == ("Failed", "True", "StorageFull")


STATES = st.sampled_from(["queued", "running", "succeeded", "failed", "cancelled"])


@settings(deadline=None)
@given(
    phase=st.sampled_from([None, "Pending", "Running"]),
    state=st.none() | STATES,
    is_lost=st.booleans(),
    attempts=st.none() | st.integers(1, 3),
    age=st.integers(0, 200),
    has_pod=st.booleans(),
)
def test_one_that_is_open_never_waits_for_nothing(
    phase: str | None,
    state: str | None,
    is_lost: bool,
    attempts: int | None,
    age: int,
    has_pod: bool,
) -> None:
    snapshot = a_snapshot(phase=phase, attempts=attempts, age=timedelta(minutes=age))
    code = LOST.code if is_lost else None
    job = a_job(state, "no", code) if state else None
    pods = (a_pod(),) if has_pod else ()
    actions = plan_snapshots(following_job(job, snapshot, pods)).actions
    goes_on = job is not None and state in {"queued", "running"} and age <= 60
    assert bool(actions) is not goes_on
