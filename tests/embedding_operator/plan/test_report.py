"""The status of an index, as a plan tells it."""

from typing import Any

import pytest

from embedding_indexes import SETTING, an_index
from embedding_operator.names import DEPLOYMENTS
from embedding_operator.observe.pods import Trouble
from embedding_operator.plan.plan import plan
from embedding_operator.plan.report import read_rollout
from embedding_operator.reasons import Reason
from embedding_operator.resources.status import IndexStatus
from embedding_operator.status.assessment import Rollout
from observed import a_pod, a_report, observe


def rollout(status: dict[str, Any] | None, generation: int = 2) -> Rollout:
    body = {"metadata": {"generation": generation}, "status": status}
    return read_rollout(observe(children={(DEPLOYMENTS, "docs"): body}))


def test_a_deployment_is_read_as_far_as_it_has_come() -> None:
    status = {"replicas": 4, "updatedReplicas": 2, "readyReplicas": 3, "observedGeneration": 2}
    assert rollout(status) == Rollout(4, 2, 3, is_there=True, is_seen=True)


def test_one_whose_controller_has_not_seen_it_says_nothing() -> None:
    assert rollout(None) == Rollout(is_there=True)
    assert not rollout({"observedGeneration": 1}).is_seen
    assert read_rollout(observe()) == Rollout()


@pytest.mark.parametrize(
    ("reason", "is_stuck"),
    [("ProgressDeadlineExceeded", True), ("NewReplicaSetAvailable", False)],
)
def test_one_that_has_given_up_is_stuck(reason: str, is_stuck: bool) -> None:
    conditions = [{"type": "Progressing", "status": "False", "reason": reason}]
    assert rollout({"conditions": conditions}).is_stuck is is_stuck


def status_of(*pods: Any, status: dict[str, Any] | None = None, **reports: Any) -> IndexStatus:
    told = {f"uid-of-{name}": report for name, report in reports.items()}
    return plan(observe(an_index({}, status), pods, told), SETTING).status


def test_replicas_are_told_one_by_one_in_their_order() -> None:
    behind = a_report(index={"version": 9, "applied": 7})
    sick = a_pod("c", is_ready=False, trouble=Trouble(Reason.CRASH_LOOPING, "x" * 999))
    told = status_of(sick, a_pod("b"), a_pod("a"), b=behind, a=a_report(index=None))
    assert told.replica_statuses is not None
    rows = [(each.pod, each.ready, each.version, each.lag) for each in told.replica_statuses]
    assert rows == [("a", True, None, None), ("b", True, 7, 2), ("c", False, None, None)]
    assert len(told.replica_statuses[2].message or "") == 512


def test_no_more_than_fifty_are_told() -> None:
    told = status_of(*(a_pod(f"p-{place:03}") for place in range(60)))
    assert len(told.replica_statuses or ()) == 50


def test_figures_are_those_of_the_replica_that_is_furthest() -> None:
    ahead = a_report(index={"documents": 8, "version": 9, "applied": 9, "fingerprint": "f"})
    told = status_of(a_pod("a"), a_pod("b"), a=a_report(), b=ahead)
    assert (told.documents, told.version, told.fingerprint) == (8, 9, "f")


def test_figures_stay_while_no_replica_answers() -> None:
    earlier = {"documents": 8, "version": 9, "fingerprint": "f"}
    told = status_of(a_pod("a"), status=earlier)
    assert (told.documents, told.version, told.fingerprint) == (8, 9, "f")


def test_the_address_and_the_selector_are_told() -> None:
    told = status_of()
    assert told.endpoint == "http://docs.team.svc:8001"
    assert told.selector == "gpu-embedding.io/index=docs,gpu-embedding.io/role=server"
    assert told.operator == "system/main"
    assert SETTING.namespace == "system"


def test_the_last_failure_stays_when_it_is_over_with_the_time_it_began() -> None:
    sick = a_report(snapshot={"fault": "checksum differs"})
    began = status_of(a_pod("a"), a=sick).last_failure
    assert began is not None
    assert (began.reason, began.message) == ("SnapshotLoadFailed", "checksum differs")
    earlier = {"lastFailure": {**began.model_dump(), "time": "2026-03-01T00:00:00Z"}}
    for report in (sick, a_report()):
        told = status_of(a_pod("a"), status=earlier, a=report).last_failure
        assert told is not None
        assert told.time == "2026-03-01T00:00:00Z"
    other = status_of(a_pod("a"), status=earlier, a=a_report(index={"damage": "rows"}))
    assert other.last_failure is not None
    assert other.last_failure.reason == "IndexDamaged"
