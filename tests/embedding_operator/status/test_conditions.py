"""Conditions as Kubernetes keeps them: a time is that of the last change of status."""

from datetime import timedelta

from embedding_indexes import NOW
from embedding_operator.reasons import ConditionType, Reason
from embedding_operator.resources.times import write_time
from embedding_operator.status.conditions import Finding, merge

READY = Finding(ConditionType.READY, True, Reason.AS_EXPECTED, "3 of 3 replicas serve")
LATER = NOW + timedelta(minutes=1)


def test_a_new_condition_is_as_old_as_this_pass() -> None:
    (condition,) = merge([READY], (), 4, NOW)
    assert (condition.type, condition.status, condition.reason) == ("Ready", "True", "AsExpected")
    assert (condition.observed_generation, condition.last_transition_time) == (4, write_time(NOW))


def test_another_reason_does_not_change_its_time() -> None:
    before = merge([READY], (), 4, NOW)
    zero = Finding(ConditionType.READY, True, Reason.SCALED_TO_ZERO, "none wanted")
    (after,) = merge([zero], before, 5, LATER)
    assert (after.reason, after.observed_generation) == ("ScaledToZero", 5)
    assert after.last_transition_time == write_time(NOW)


def test_another_status_does() -> None:
    before = merge([READY], (), 4, NOW)
    waits = Finding(ConditionType.READY, False, Reason.WAITING_FOR_REPLICAS, "2 of 3")
    (after,) = merge([waits], before, 4, LATER)
    assert (after.status, after.last_transition_time) == ("False", write_time(LATER))


def test_what_was_not_found_any_more_goes_and_the_order_is_always_the_same() -> None:
    spec = Finding(ConditionType.SPEC_ACCEPTED, True, Reason.ACCEPTED, "fine")
    healthy = Finding(ConditionType.SNAPSHOT_HEALTHY, True, Reason.NEVER_RUN, "not yet")
    before = merge([healthy, spec, READY], (), 1, NOW)
    assert [each.type for each in before] == ["Ready", "SpecAccepted", "SnapshotHealthy"]
    assert [each.type for each in merge([spec, READY], before, 1, NOW)] == ["Ready", "SpecAccepted"]


def test_the_same_findings_give_the_same_conditions() -> None:
    before = merge([READY], (), 4, NOW)
    assert merge([READY], before, 4, LATER) == before


def test_a_message_has_a_bound() -> None:
    long = Finding(ConditionType.READY, True, Reason.AS_EXPECTED, "x" * 9999)
    (condition,) = merge([long], (), 1, NOW)
    assert len(long.message) == len(condition.message) == 2048
