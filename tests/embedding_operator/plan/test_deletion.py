"""What is done before an index may go, by its policy; under Retain it goes at once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from embedding_indexes import NOW, UID, a_snapshot, an_index, wanted
from embedding_operator.names import CLAIMS
from embedding_operator.observe.observation import Observation
from embedding_operator.observe.pods import Pod, Trouble
from embedding_operator.plan.children import list_children, mark
from embedding_operator.plan.deletion import (
    FORCE,
    Deletion,
    PurgeOrder,
    name_last,
    plan_deletion,
    wants_finalizer,
)
from embedding_operator.reasons import Reason
from embedding_operator.reports import Job
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from embedding_operator.resources.status import IndexStatus
from embedding_operator.resources.times import write_time
from observed import a_job, a_pod, keep, observe

VOLUMES = {"storage": {"type": "Volume", "volume": {"size": "1Gi"}}}
LAST = "docs-last-0f6e2a34"


def ending(
    policy: str,
    *snapshots: EmbeddingIndexSnapshot,
    pods: tuple[Pod, ...] = (),
    since: timedelta = timedelta(seconds=5),
    **meta: Any,
) -> Observation:
    spec = {"deletionPolicy": policy, **VOLUMES}
    index = an_index(spec, deletionTimestamp=write_time(NOW - since), **meta)
    children = list_children(wanted(spec), "system", is_open=True)
    return observe(index, pods, snapshots=snapshots, children=keep(map(mark, children)))


def step(
    observation: Observation,
    *,
    job: Job | None = None,
    needs_pod: bool = True,
    refusal: str | None = None,
) -> Deletion:
    """As it follows from what pods say of removing the rows."""
    told = replace(observation, purge=job)
    return plan_deletion(told, needs_pod=needs_pod, refusal=refusal)


def order(pod: Pod, *, removes_snapshots: bool = True, is_retry: bool = False) -> PurgeOrder:
    key = f"purge-{'all' if removes_snapshots else 'rows'}-{UID}"
    return PurgeOrder(pod, key, removes_snapshots, is_retry)


def names(deletion: Deletion) -> set[str]:
    assert all(kind is CLAIMS for kind, _ in deletion.claims)
    return {body["metadata"]["name"] for _, body in deletion.claims}


@pytest.mark.parametrize(
    ("policy", "told"), [("Retain", False), ("Delete", True), ("SnapshotThenDelete", True)]
)
def test_only_what_removes_data_holds_an_index(policy: str, told: bool) -> None:
    assert wants_finalizer(an_index({"deletionPolicy": policy})) is told


def test_under_retain_nothing_is_done() -> None:
    assert step(ending("Retain", pods=(a_pod(),))) == Deletion(is_done=True)


def test_rows_elsewhere_are_removed_by_a_pod_before_volumes() -> None:
    observation = ending("Delete", pods=(a_pod("b"), a_pod("a"), a_pod("0", is_leaving=True)))
    assert step(observation) == Deletion(purge=order(a_pod("a")))
    done = step(observation, job=a_job("succeeded"))
    assert done.is_done
    assert names(done) == {"docs-data", "docs-snapshots"}


def test_a_pod_that_is_not_ready_removes_rows_too_where_none_is() -> None:
    unready = a_pod("b", is_ready=False)
    waits = a_pod("a", is_ready=False, trouble=Trouble(Reason.CRASH_LOOPING, "x"))
    assert step(ending("Delete", pods=(waits, unready))) == Deletion(purge=order(unready))
    assert step(ending("Delete", pods=(waits, unready, a_pod("c")))).purge == order(a_pod("c"))


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_pod_that_is_at_it_is_left_alone(state: str) -> None:
    assert step(ending("Delete", pods=(a_pod(),)), job=a_job(state)) == Deletion()
    late = ending("Delete", pods=(a_pod(),), since=timedelta(minutes=10))
    told = step(late, job=a_job(state))
    assert told.purge is None
    assert "still at it" in trouble_of(told)


def test_a_purge_that_fails_is_told_at_once_in_the_pods_words_and_tried_again() -> None:
    told = step(ending("Delete", pods=(a_pod(),)), job=a_job("failed", "bucket: 403"))
    assert told.purge == order(a_pod(), is_retry=True)
    assert "bucket: 403" in trouble_of(told)


def test_a_pod_that_refuses_the_order_is_told_when_it_goes_on() -> None:
    assert step(ending("Delete", pods=(a_pod(),)), refusal="401").trouble is None
    late = ending("Delete", pods=(a_pod(),), since=timedelta(minutes=10))
    told = step(late, refusal="10.0.0.1 answered 401")
    assert told.purge == order(a_pod())
    assert "answered 401" in trouble_of(told)


@pytest.mark.parametrize("policy", ["Delete", "SnapshotThenDelete"])
def test_where_no_pod_ever_was_there_is_nothing_to_be_removed_by_one(policy: str) -> None:
    never = replace(ending(policy), children={})
    assert step(never) == Deletion(is_done=True)
    index = replace(never.index, status=IndexStatus(fingerprint="f"))
    assert not step(replace(never, index=index)).is_done


def test_rows_on_a_volume_go_with_it() -> None:
    assert step(ending("Delete"), needs_pod=False).is_done


def test_a_volume_of_another_index_stays() -> None:
    observation = ending("Delete", uid="another")
    assert step(observation, needs_pod=False) == Deletion(is_done=True)


def test_a_last_snapshot_is_asked_for_first() -> None:
    observation = ending("SnapshotThenDelete", a_snapshot("docs-1", "Completed"))
    assert step(observation) == Deletion(snapshot=LAST, is_making_last=True)
    assert name_last(observation.index) == LAST


@pytest.mark.parametrize("phase", [None, "Running", "Completed", "Failed"])
def test_what_a_person_has_called_so_is_not_the_last_snapshot(phase: str | None) -> None:
    observation = ending("SnapshotThenDelete", a_snapshot(LAST, phase, maker=None))
    assert step(observation) == Deletion(snapshot=LAST, is_making_last=True)


@pytest.mark.parametrize("phase", [None, "Pending", "Running"])
def test_a_last_snapshot_that_is_being_made_is_waited_for(phase: str | None) -> None:
    assert step(ending("SnapshotThenDelete", a_snapshot(LAST, phase))) == Deletion(
        is_making_last=True
    )


def test_once_it_is_complete_all_but_snapshots_is_removed() -> None:
    observation = ending("SnapshotThenDelete", a_snapshot(LAST, "Completed"), pods=(a_pod(),))
    assert step(observation) == Deletion(purge=order(a_pod(), removes_snapshots=False))
    done = step(observation, job=a_job("succeeded"))
    assert done.is_done
    assert names(done) == {"docs-data"}


def trouble_of(deletion: Deletion) -> str:
    assert deletion.trouble is not None
    assert deletion.trouble.reason is Reason.PURGE_FAILED
    assert not deletion.is_done
    assert FORCE in deletion.trouble.message
    return deletion.trouble.message


def test_a_last_snapshot_that_has_failed_is_told_and_nothing_is_removed() -> None:
    failed = a_snapshot(LAST, "Failed", error="bucket gone")
    assert "bucket gone" in trouble_of(step(ending("SnapshotThenDelete", failed)))


def test_what_does_not_come_is_told_after_ten_minutes() -> None:
    early, late = timedelta(minutes=9), timedelta(minutes=10)
    assert step(ending("Delete", since=early)) == Deletion()
    assert "no pod" in trouble_of(step(ending("Delete", since=late)))
    waits = a_snapshot(LAST, "Running")
    assert "last" in trouble_of(step(ending("SnapshotThenDelete", waits, since=late)))


@pytest.mark.parametrize("policy", ["Delete", "SnapshotThenDelete"])
def test_a_person_may_let_it_go_as_it_is(policy: str) -> None:
    forced: dict[str, Any] = {"annotations": {FORCE: "true"}}
    assert step(ending(policy, **forced)) == Deletion(is_done=True)
    unforced: dict[str, Any] = {"annotations": {FORCE: "false"}}
    assert not step(ending(policy, **unforced)).is_done
