"""When snapshots cannot be made, a person is told in time, by a name that says what to do."""

from dataclasses import replace
from typing import Any

import pytest

from embedding_indexes import NOW, a_snapshot
from embedding_operator.observe.pods import Trouble
from embedding_operator.plan.failing import find_failing
from embedding_operator.plan.snapshot_status import fail
from embedding_operator.reasons import Reason, SnapshotReason
from embedding_operator.reports import Job, fold
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from observed import LOST, a_job, an_outage, observe


def failed(name: str, reason: SnapshotReason, why: str = "why") -> EmbeddingIndexSnapshot:
    snapshot = a_snapshot(name)
    return replace(snapshot, status=fail(snapshot, reason, why, NOW))


def find(*snapshots: EmbeddingIndexSnapshot, job: Job | None = None) -> list[Trouble]:
    jobs: dict[str, Any] = {snapshots[-1].meta.uid: job} if job is not None else {}
    return list(find_failing(observe(snapshots=snapshots, jobs=jobs)))


def reasons(troubles: list[Trouble]) -> list[Reason]:
    return [each.reason for each in troubles]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (SnapshotReason.REFUSED, Reason.SNAPSHOT_FAILING),
        (SnapshotReason.EXECUTOR_LOST, Reason.SNAPSHOT_FAILING),
        (SnapshotReason.OBJECT_STORE_UNREACHABLE, Reason.OBJECT_STORE_UNREACHABLE),
    ],
)
def test_three_failures_in_a_row_are_told(reason: SnapshotReason, told: Reason) -> None:
    failures = [failed(name, reason, f"{name} is why") for name in "abc"]
    assert find(*failures[:2]) == []
    (trouble,) = find(*failures)
    assert trouble == Trouble(told, "3 snapshots in a row have failed: c is why")


def test_a_full_disk_is_told_at_once_and_until_a_snapshot_is_made() -> None:
    full = failed("a", SnapshotReason.STORAGE_FULL, "/snapshots: no space left")
    (trouble,) = find(full)
    assert trouble.reason is Reason.STORAGE_FULL
    assert trouble.message == "the last snapshot has failed: /snapshots: no space left"
    assert find(full, a_snapshot("b", "Completed")) == []


def test_a_failure_that_says_nothing_of_itself_is_told_too() -> None:
    unnamed = [a_snapshot(name, "Failed") for name in "abc"]
    assert reasons(find(*unnamed)) == [Reason.SNAPSHOT_FAILING]


@pytest.mark.parametrize("tries", [1, 2, 3, 9])
def test_a_store_that_stays_away_is_told_before_the_deadline(tries: int) -> None:
    snapshot = a_snapshot(phase="Running")
    away = find(snapshot, job=an_outage(attempts=tries))
    assert reasons(away) == ([Reason.OBJECT_STORE_UNREACHABLE] if tries >= 3 else [])
    assert all("docs-1" in each.message or "the store" in each.message for each in away)
    trying = fold([a_job("running"), *[an_outage()] * (tries - 1)])
    assert find(snapshot, job=trying) == away


def test_what_comes_back_by_itself_or_has_ended_is_not_told() -> None:
    snapshot = a_snapshot(phase="Running")
    for job in (a_job("running"), LOST, a_job("failed", "no database", "record_unavailable")):
        assert find(snapshot, job=job.model_copy(update={"attempts": 5})) == []
    assert find(a_snapshot(phase="Completed"), job=an_outage(attempts=5)) == []
