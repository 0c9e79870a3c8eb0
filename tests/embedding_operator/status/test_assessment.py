"""From facts to conditions: each reason, and which of several is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_indexes import NOW
from embedding_operator.observe.pods import Trouble
from embedding_operator.reasons import ConditionType, Reason
from embedding_operator.resolution.faults import Fault
from embedding_operator.resources.status import Condition
from embedding_operator.resources.times import write_time
from embedding_operator.status.assessment import Facts, Rollout, assess
from embedding_operator.status.conditions import Finding
from observed import a_pod, a_report

C = ConditionType
WHOLE = Rollout(replicas=3, updated=3, ready=3, is_there=True, is_seen=True)
ACCEPTED_ONCE = [
    Condition(
        type="SpecAccepted",
        status="True",
        reason="Accepted",
        message="",
        observed_generation=1,
        last_transition_time=write_time(NOW - timedelta(hours=1)),
    )
]
FINE = Facts(
    desired=3,
    rollout=WHOLE,
    pods=[a_pod(each) for each in "abc"],
    reports=[a_report()] * 3,
    now=NOW,
    earlier=ACCEPTED_ONCE,
)
NO_DATABASE = a_report(database={"reachable": False, "fault": "refused"})


def find(facts: Facts, type_: ConditionType) -> Finding:
    (finding,) = [each for each in assess(facts) if each.type is type_]
    return finding


def told(facts: Facts, type_: ConditionType) -> tuple[bool, Reason]:
    finding = find(facts, type_)
    return finding.is_so, finding.reason


def changed(**changes: Any) -> Facts:
    return replace(FINE, **changes)


def rollout(**changes: Any) -> Facts:
    return changed(rollout=replace(WHOLE, **changes))


def since(reason: Reason, age: timedelta, type_: ConditionType = C.READY) -> list[Condition]:
    """A condition that has been so for `age`."""
    known = ACCEPTED_ONCE[0].model_copy(
        update={
            "type": type_,
            "status": "False",
            "reason": reason,
            "last_transition_time": write_time(NOW - age),
        }
    )
    return [known]


def stuck(reason: Reason, age: timedelta = timedelta(hours=1)) -> Facts:
    pod = a_pod("a", is_ready=False, trouble=Trouble(reason, "why"), age=age)
    return changed(pods=[pod])


def reported(**words: Any) -> Facts:
    return changed(reports=[a_report(**words)])


FAULT = Fault(Reason.AUTH_MISSING, "no keys")
EXTRA = [Trouble(Reason.CHILD_REFUSED, "Service docs: quota")]
OFTEN = timedelta(minutes=3)

TABLE: list[tuple[Facts, ConditionType, bool, Reason]] = [
    (FINE, C.READY, True, Reason.AS_EXPECTED),
    (FINE, C.AVAILABLE, True, Reason.MINIMUM_REPLICAS_AVAILABLE),
    (FINE, C.PROGRESSING, False, Reason.UP_TO_DATE),
    (FINE, C.DEGRADED, False, Reason.AS_EXPECTED),
    (FINE, C.SPEC_ACCEPTED, True, Reason.ACCEPTED),
    (changed(is_deleting=True), C.READY, False, Reason.DELETING),
    (changed(faults=[FAULT]), C.READY, False, Reason.SPEC_INVALID),
    (changed(faults=[FAULT]), C.SPEC_ACCEPTED, False, Reason.AUTH_MISSING),
    (changed(desired=0, rollout=Rollout(is_there=True)), C.READY, True, Reason.SCALED_TO_ZERO),
    (changed(is_bootstrapped=False), C.READY, False, Reason.BOOTSTRAPPING),
    (changed(is_bootstrapped=False), C.PROGRESSING, True, Reason.BOOTSTRAPPING),
    (rollout(ready=2), C.READY, False, Reason.WAITING_FOR_REPLICAS),
    (
        changed(pods=[a_pod(is_ready=False)]),
        C.AVAILABLE,
        False,
        Reason.MINIMUM_REPLICAS_UNAVAILABLE,
    ),
    (changed(is_paused=True), C.PROGRESSING, False, Reason.PAUSED),
    (rollout(is_stuck=True), C.PROGRESSING, False, Reason.PROGRESS_DEADLINE_EXCEEDED),
    (changed(rollout=Rollout()), C.PROGRESSING, True, Reason.PROVISIONING),
    (replace(rollout(ready=0), earlier=()), C.PROGRESSING, True, Reason.PROVISIONING),
    (changed(is_waiting_for_turn=True), C.PROGRESSING, True, Reason.WAITING_FOR_TURN),
    (rollout(is_seen=False), C.PROGRESSING, True, Reason.ROLLING_OUT),
    (rollout(updated=1), C.PROGRESSING, True, Reason.ROLLING_OUT),
    (rollout(replicas=4), C.PROGRESSING, True, Reason.SCALING),
    (rollout(ready=2), C.PROGRESSING, True, Reason.SCALING),
    (changed(is_reloading=True), C.PROGRESSING, True, Reason.RELOADING),
    (changed(is_making_last=True, is_deleting=True), C.PROGRESSING, True, Reason.SNAPSHOTTING),
    (reported(shortage={"of": "disk", "told": "no"}), C.DEGRADED, True, Reason.STORAGE_FULL),
    (reported(shortage={"of": "memory", "told": "no"}), C.DEGRADED, True, Reason.MEMORY_FULL),
    (changed(reports=[NO_DATABASE]), C.READY, False, Reason.DATABASE_UNAVAILABLE),
    (reported(index={"damage": "rows"}), C.READY, False, Reason.INDEX_DAMAGED),
    (reported(index={"damage": "rows"}), C.DEGRADED, True, Reason.INDEX_DAMAGED),
    (reported(encoder={"serving": False}), C.DEGRADED, True, Reason.ENCODER_UNAVAILABLE),
    (
        reported(encoder={"serving": False, "fault": "another one", "code": "model_mismatch"}),
        C.DEGRADED,
        True,
        Reason.MODEL_UNAVAILABLE,
    ),
    (reported(snapshot={"fault": "checksum"}), C.DEGRADED, True, Reason.SNAPSHOT_LOAD_FAILED),
    (
        replace(reported(encoder={"is_fallback": True}), wants_gpu=True),
        C.DEGRADED,
        True,
        Reason.RUNNING_ON_CPU,
    ),
    (changed(extra=EXTRA), C.PROGRESSING, False, Reason.CHILD_REFUSED),
    (changed(extra=EXTRA), C.DEGRADED, True, Reason.CHILD_REFUSED),
    *[
        (stuck(reason), C.DEGRADED, True, reason)
        for reason in (
            Reason.PODS_UNSCHEDULABLE,
            Reason.VOLUME_PENDING,
            Reason.VOLUME_UNAVAILABLE,
            Reason.IMAGE_PULL_FAILED,
            Reason.CRASH_LOOPING,
            Reason.SECRET_NOT_FOUND,
        )
    ],
]


@pytest.mark.parametrize(("facts", "type_", "is_so", "reason"), TABLE)
def test_each_fact_is_told_by_a_condition(
    facts: Facts, type_: ConditionType, is_so: bool, reason: Reason
) -> None:
    assert told(facts, type_) == (is_so, reason)


@pytest.mark.parametrize(("facts", "_type", "_is_so", "_reason"), TABLE)
def test_there_is_always_one_condition_of_each_type_with_a_sentence(
    facts: Facts, _type: ConditionType, _is_so: bool, _reason: Reason
) -> None:
    findings = assess(facts)
    assert [each.type for each in findings] == [
        each for each in ConditionType if each is not C.SNAPSHOT_HEALTHY
    ]
    assert all(each.message for each in findings)


@pytest.mark.parametrize(
    ("reason", "age", "is_told"),
    [
        (Reason.PODS_UNSCHEDULABLE, 14, False),
        (Reason.VOLUME_PENDING, 14, False),
        (Reason.VOLUME_UNAVAILABLE, 14, False),
        (Reason.PODS_UNSCHEDULABLE, 15, True),
        (Reason.IMAGE_PULL_FAILED, 0, True),
        (Reason.SECRET_NOT_FOUND, 0, True),
    ],
)
def test_what_passes_by_itself_is_told_after_some_seconds(
    reason: Reason, age: int, is_told: bool
) -> None:
    assert told(stuck(reason, timedelta(seconds=age)), C.DEGRADED)[0] is is_told


def test_troubles_of_a_pod_that_leaves_are_not_told() -> None:
    pod = a_pod("a", trouble=Trouble(Reason.CRASH_LOOPING, "why"), is_leaving=True)
    assert told(changed(pods=[pod]), C.DEGRADED) == (False, Reason.AS_EXPECTED)


@pytest.mark.parametrize(("seconds", "is_told"), [(30, False), (31, True)])
def test_a_pod_that_does_not_end_keeps_the_volume_from_the_next(
    seconds: int, is_told: bool
) -> None:
    held = a_pod("a", is_ready=False, is_leaving=True, overdue=timedelta(seconds=seconds))
    assert told(changed(desired=1, pods=[held]), C.DEGRADED) == (
        (True, Reason.VOLUME_UNAVAILABLE) if is_told else (False, Reason.AS_EXPECTED)
    )
    assert told(changed(desired=1, pods=[held, a_pod("b")]), C.DEGRADED)[0] is False
    assert told(changed(desired=0, pods=[held]), C.DEGRADED)[0] is False


def test_the_pod_in_trouble_is_named_and_why_replicas_are_waited_for() -> None:
    facts = replace(stuck(Reason.IMAGE_PULL_FAILED), rollout=replace(WHOLE, ready=2))
    assert find(facts, C.DEGRADED).message == "pod a: why"
    assert find(facts, C.READY).message == "2 of 3 replicas serve: pod a: why"


def test_a_database_that_is_away_is_degraded_only_after_a_while() -> None:
    for age, is_told in ((timedelta(minutes=1), False), (OFTEN, True)):
        facts = changed(reports=[NO_DATABASE], earlier=since(Reason.DATABASE_UNAVAILABLE, age))
        assert told(facts, C.DEGRADED)[0] is is_told
        assert told(facts, C.READY) == (False, Reason.DATABASE_UNAVAILABLE)
    assert told(changed(reports=[NO_DATABASE]), C.DEGRADED)[0] is False


def test_an_index_on_the_cpu_that_asked_for_no_gpu_is_fine() -> None:
    assert told(reported(encoder={"is_fallback": True}), C.DEGRADED)[0] is False


def test_without_the_tier_an_index_is_ready_and_says_what_goes_on() -> None:
    facts = reported(encoder={"serving": False, "fault": "connection refused"})
    assert told(facts, C.READY) == (True, Reason.AS_EXPECTED)
    assert "searches by vector" in find(facts, C.DEGRADED).message


def test_one_bad_replica_of_three_leaves_the_others_available() -> None:
    facts = stuck(Reason.CRASH_LOOPING)
    facts = replace(facts, pods=[*facts.pods, a_pod("b"), a_pod("c")])
    assert find(facts, C.AVAILABLE).message == "2 replicas serve"


def test_every_fault_is_told_the_gravest_first() -> None:
    facts = changed(faults=[FAULT, Fault(Reason.NOT_ALLOWED, "evil host")])
    finding = find(facts, C.SPEC_ACCEPTED)
    assert finding.reason is Reason.AUTH_MISSING
    assert finding.message == "no keys; evil host. What was accepted last runs on"


def test_ready_does_not_flap_while_pods_are_replaced_one_by_one() -> None:
    steps = [(3, 0, 3), (4, 1, 3), (4, 1, 4), (3, 1, 3), (4, 2, 3), (4, 2, 4), (4, 3, 3), (3, 3, 3)]
    told_ = [
        told(rollout(replicas=replicas, updated=updated, ready=ready), C.READY)
        for replicas, updated, ready in steps
    ]
    assert set(told_) == {(True, Reason.AS_EXPECTED)}


ROLLOUTS = st.builds(
    Rollout, *(st.integers(0, 5),) * 3, st.booleans(), st.booleans(), st.booleans()
)
REPORTS = st.lists(
    st.sampled_from([NO_DATABASE, a_report(), a_report(encoder={"serving": False})]), max_size=3
)


@settings(deadline=None)
@given(
    rolled=ROLLOUTS,
    desired=st.integers(0, 5),
    reports=REPORTS,
    flags=st.tuples(*(st.booleans(),) * 4),
)
def test_any_facts_give_all_conditions(
    rolled: Rollout, desired: int, reports: Sequence[Any], flags: tuple[bool, ...]
) -> None:
    facts = changed(
        rollout=rolled,
        desired=desired,
        reports=reports,
        is_paused=flags[0],
        is_deleting=flags[1],
        is_bootstrapped=flags[2],
        is_waiting_for_turn=flags[3],
    )
    by_type = {each.type: each for each in assess(facts)}
    assert len(by_type) == 5
    if by_type[C.READY].is_so and desired:
        assert rolled.ready >= desired


@pytest.mark.parametrize(("ready", "is_told"), [(3, False), (2, True)])
def test_a_pod_that_its_node_has_ended_is_told_of_until_another_serves(
    ready: int, is_told: bool
) -> None:
    ended = a_pod("old", is_ready=False, trouble=Trouble(Reason.EVICTED, "memory"))
    facts = replace(rollout(ready=ready), pods=[*FINE.pods, ended])
    assert told(facts, C.DEGRADED)[0] is is_told
    if is_told:
        assert find(facts, C.DEGRADED) == Finding(
            C.DEGRADED, True, Reason.EVICTED, "pod old: memory"
        )


@pytest.mark.parametrize("seen", [Rollout(), replace(WHOLE, updated=1), WHOLE])
def test_while_a_spec_cannot_be_done_nothing_is_in_progress(seen: Rollout) -> None:
    faults = [Fault(Reason.NOT_ALLOWED, "no")]
    facts = changed(rollout=seen, faults=faults, earlier=())
    assert told(facts, C.PROGRESSING) == (False, Reason.SPEC_INVALID)
    assert told(replace(facts, is_paused=True), C.PROGRESSING) == (False, Reason.PAUSED)
