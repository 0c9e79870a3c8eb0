"""Snapshots by the schedule: each slot once, whatever the clock does, and how long they stay."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_indexes import NOW, a_snapshot, an_index
from embedding_operator.observe.observation import Observation
from embedding_operator.plan.actions import CreateSnapshot, DeleteSnapshot, StartSnapshot
from embedding_operator.plan.snapshots import plan_last_snapshots, plan_snapshots
from embedding_operator.resources.objects import EmbeddingIndex
from embedding_operator.resources.times import write_time
from observed import a_pod, observe

NOON = NOW.replace(second=0)
HOURLY = {"schedule": "0 * * * *"}


def scheduled(last_slot: str | None = None, **snapshots: Any) -> EmbeddingIndex:
    status = {"snapshots": {"lastSlot": last_slot}} if last_slot else {}
    return an_index({"snapshots": {**HOURLY, **snapshots}}, status)


def created(observation: Observation) -> list[CreateSnapshot]:
    actions = plan_snapshots(observation).actions
    return [each for each in actions if isinstance(each, CreateSnapshot)]


def test_a_slot_that_has_come_is_made_and_remembered() -> None:
    planned = plan_snapshots(observe(scheduled()))
    assert planned.actions == (CreateSnapshot("docs-20260310120000", write_time(NOON)),)
    assert planned.last_slot == write_time(NOON)


def test_a_slot_is_made_once() -> None:
    assert created(observe(scheduled(write_time(NOON)))) == []


def test_while_no_pods_are_wanted_no_slot_is_made_and_the_last_one_stays() -> None:
    index = scheduled(write_time(NOON - timedelta(hours=1)))
    planned = plan_snapshots(observe(index), can_schedule=False)
    assert planned.actions == ()
    assert planned.last_slot == write_time(NOON - timedelta(hours=1))


def test_a_slot_whose_object_is_there_is_not_made_again() -> None:
    made = a_snapshot("docs-20260310120000", "Completed")
    assert created(observe(scheduled(), snapshots=(made,))) == []


def test_what_a_person_has_called_so_is_not_the_slots() -> None:
    theirs = a_snapshot("docs-20260310120000", "Completed", maker=None)
    assert len(created(observe(scheduled(), snapshots=(theirs,)))) == 1


@pytest.mark.parametrize(("ahead", "count"), [(-1, 0), (0, 1), (1, 1)])
def test_a_slot_is_made_at_its_second_and_not_before(ahead: int, count: int) -> None:
    last = write_time(NOON - timedelta(hours=1))
    now = NOON + timedelta(seconds=ahead, milliseconds=900)
    assert len(created(observe(scheduled(last), now=now))) == count


def test_of_the_slots_that_were_missed_the_last_is_made_up_for() -> None:
    (made,) = created(observe(scheduled(write_time(NOON - timedelta(hours=9)))))
    assert made.slot == write_time(NOON)


def test_a_slot_that_was_missed_for_long_is_not_made_up_for() -> None:
    daily = scheduled(write_time(NOON - timedelta(days=2)), schedule="0 3 * * *")
    assert created(observe(daily, now=NOON.replace(hour=3, minute=59))) != []
    assert created(observe(daily, now=NOON.replace(hour=4, minute=1))) == []


def test_a_slot_from_before_the_index_is_not_made() -> None:
    young = an_index({"snapshots": HOURLY}, creationTimestamp=write_time(NOW))
    assert created(observe(young)) == []


@pytest.mark.parametrize(
    "spec", [{}, {"snapshots": {}}, {"snapshots": {**HOURLY, "suspend": True}}]
)
def test_without_a_schedule_none_is_made(spec: dict[str, Any]) -> None:
    assert created(observe(an_index(spec))) == []


def test_a_suspended_schedule_keeps_its_last_slot() -> None:
    slot = write_time(NOON)
    assert plan_snapshots(observe(scheduled(slot, suspend=True))).last_slot == slot


def test_a_clock_that_goes_back_a_little_makes_nothing_twice() -> None:
    index = scheduled(write_time(NOON))
    for minutes in (1, 30, 59):
        assert created(observe(index, now=NOON - timedelta(minutes=minutes))) == []
    assert created(observe(index, now=NOON + timedelta(hours=1))) != []


def test_a_clock_that_was_far_ahead_does_not_stop_the_schedule() -> None:
    index = scheduled(write_time(NOON + timedelta(days=400)))
    planned = plan_snapshots(observe(index))
    assert planned.last_slot == write_time(NOON)


@settings(deadline=None)
@given(seconds=st.lists(st.integers(-1800, 1800), min_size=1, max_size=30))
def test_whatever_the_clock_does_within_the_hour_no_slot_is_made_twice(seconds: list[int]) -> None:
    slots, last, now = [], write_time(NOON - timedelta(hours=1)), NOON
    for step in seconds:
        half = timedelta(minutes=30)
        now = min(max(NOON - half, now + timedelta(seconds=step)), NOON + half)
        planned = plan_snapshots(observe(scheduled(last), now=now))
        slots += [each.slot for each in planned.actions if isinstance(each, CreateSnapshot)]
        last = planned.last_slot or last
    assert len(slots) == len(set(slots))


def test_an_expired_one_is_deleted() -> None:
    spec = {"retention": "Expire"}
    old = [
        a_snapshot(f"s-{days}", "Completed", age=timedelta(days=days), spec=spec)
        for days in range(9, 0, -1)
    ]
    assert plan_snapshots(observe(snapshots=tuple(old))).actions == (
        DeleteSnapshot(old[0]),
        DeleteSnapshot(old[1]),
    )


def test_while_an_index_is_deleted_its_schedule_and_retention_rest() -> None:
    spec = {"retention": "Expire"}
    old = [a_snapshot(f"s-{days}", "Completed", age=timedelta(days), spec=spec) for days in (9, 8)]
    index = scheduled(retention={"count": 1})
    last = a_snapshot("docs-last")
    seen = observe(index, pods=(a_pod(),), snapshots=(*old, last))
    assert len(plan_snapshots(seen).actions) == 3
    assert plan_last_snapshots(seen).actions == (StartSnapshot(last, a_pod(), is_retry=False),)
