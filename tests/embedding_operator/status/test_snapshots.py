"""What is told of an index's snapshots."""

from dataclasses import replace
from datetime import timedelta

import pytest

from embedding_indexes import NOW, a_snapshot
from embedding_operator.plan.snapshot_status import fail
from embedding_operator.reasons import Reason, SnapshotReason
from embedding_operator.resources.data import Snapshots
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from embedding_operator.resources.status import SnapshotFacts
from embedding_operator.resources.times import write_time
from embedding_operator.status.snapshots import (
    assess_snapshots,
    count_failures,
    find_last_failure,
    tell_snapshots,
)

HOURLY = Snapshots(schedule="0 * * * *")
DAY = timedelta(days=1)


def history(*phases: str | None, age: timedelta = timedelta()) -> list[EmbeddingIndexSnapshot]:
    """One a minute, the last of `age`."""
    return [
        a_snapshot(f"s-{place}", phase, age=age + timedelta(minutes=len(phases) - place), error="x")
        for place, phase in enumerate(phases)
    ]


@pytest.mark.parametrize(
    ("snapshots", "spec", "is_so", "reason"),
    [
        ([], HOURLY, True, Reason.NEVER_RUN),
        (history("Completed"), HOURLY, True, Reason.LAST_SNAPSHOT_SUCCEEDED),
        (history("Completed"), None, True, Reason.LAST_SNAPSHOT_SUCCEEDED),
        (history("Completed", "Failed"), HOURLY, False, Reason.LAST_SNAPSHOT_FAILED),
        (history("Completed", "Running"), HOURLY, True, Reason.LAST_SNAPSHOT_RUNNING),
        (history(None), None, True, Reason.LAST_SNAPSHOT_RUNNING),
        (history("Completed", age=DAY), HOURLY, False, Reason.STALE),
        (history("Completed", age=DAY), None, True, Reason.LAST_SNAPSHOT_SUCCEEDED),
        ([*history("Completed", age=DAY), *history("Running")], HOURLY, False, Reason.STALE),
        (history("Running", age=DAY), HOURLY, False, Reason.STALE),
    ],
)
def test_health_is_that_of_the_last_one_and_of_its_age(
    snapshots: list[EmbeddingIndexSnapshot], spec: Snapshots | None, is_so: bool, reason: Reason
) -> None:
    finding = assess_snapshots(snapshots, spec, NOW)
    assert finding is not None
    assert (finding.is_so, finding.reason) == (is_so, reason)


@pytest.mark.parametrize("spec", [None, Snapshots(), HOURLY.model_copy(update={"suspend": True})])
def test_where_nobody_wants_any_nothing_is_said(spec: Snapshots | None) -> None:
    assert assess_snapshots([], spec, NOW) is None
    assert tell_snapshots([], spec, None, NOW) is None


def test_that_there_were_some_is_not_forgotten() -> None:
    earlier = tell_snapshots(history("Completed"), None, None, NOW)
    later = tell_snapshots([], None, None, NOW, earlier)
    assert later == SnapshotFacts(failures=0)


@pytest.mark.parametrize("minutes", range(0, 121, 10))
def test_a_snapshot_of_every_hour_is_never_stale(minutes: int) -> None:
    """Also while the one of this hour is being made."""
    now = NOW + timedelta(minutes=minutes)
    slot = now.replace(minute=0, second=0) - timedelta(hours=1)
    last = a_snapshot("s", "Completed", age=NOW - slot)
    finding = assess_snapshots([last], HOURLY, now)
    assert finding is not None
    assert finding.is_so


@pytest.mark.parametrize(
    ("phases", "count"),
    [
        ([], 0),
        (["Failed", "Failed"], 2),
        (["Failed", "Completed"], 0),
        (["Completed", "Failed", "Running", "Failed", None], 2),
    ],
)
def test_failures_are_counted_since_the_last_success(phases: list[str | None], count: int) -> None:
    assert count_failures(history(*phases)) == count


def test_the_last_failure_is_that_of_the_last_one_that_failed() -> None:
    failed = a_snapshot("a", "Failed", error="first"), a_snapshot("b", "Failed", error="second")
    last = find_last_failure([*failed, a_snapshot("c", "Running", error="waits")])
    assert last == ("", "second")
    named = fail(a_snapshot("d"), SnapshotReason.REFUSED, "third", NOW)
    snapshots = [*failed, replace(a_snapshot("d"), status=named)]
    assert find_last_failure(snapshots) == ("Refused", "third")
    assert find_last_failure([a_snapshot("a", "Failed")]) == ("", "")
    assert find_last_failure([]) == ("", "")


def test_the_newest_complete_one_and_the_next_slot_are_told() -> None:
    done = [
        a_snapshot(name, "Completed", snapshotId=f"id-{name}", completedAt=write_time(NOW))
        for name in "ab"
    ]
    facts = tell_snapshots([*done, *history("Failed")], HOURLY, "2026-03-10T12:00:00Z", NOW)
    assert facts is not None
    assert (facts.last, facts.last_id, facts.last_time) == ("b", "id-b", write_time(NOW))
    assert (facts.next_time, facts.failures) == ("2026-03-10T13:00:00Z", 1)
    assert facts.last_slot == "2026-03-10T12:00:00Z"


def test_the_last_slot_is_told_without_any_snapshot() -> None:
    facts = tell_snapshots([], None, "2026-03-10T12:00:00Z", NOW)
    assert facts is not None
    assert (facts.last, facts.next_time) == (None, None)
