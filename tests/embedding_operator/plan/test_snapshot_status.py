"""What is told of a snapshot from the moment an index takes it on."""

from embedding_indexes import NOW, UID, a_snapshot, an_index
from embedding_operator.plan.snapshot_status import complete, fail, put_off, start
from embedding_operator.reasons import SnapshotReason
from embedding_operator.resources.snapshot import SnapshotStatus
from observed import a_job, a_pod

TAKEN = an_index(status={"dataUid": "old"})


def begin(snapshot_attempts: int | None = None, *, is_retry: bool = False) -> SnapshotStatus:
    snapshot = a_snapshot(phase="Running", attempts=snapshot_attempts)
    job = a_job("queued")
    return start(snapshot, an_index(), a_pod("a"), job, is_retry=is_retry, now=NOW)


def test_work_that_is_begun_is_remembered_with_who_does_it() -> None:
    status = begin()
    assert (status.phase, status.attempts, status.error) == ("Running", 1, None)
    assert status.executor is not None
    told = (status.executor.pod, status.executor.instance, status.executor.job)
    assert told == ("a", "i-1", "j-1")


def test_only_another_try_counts_as_one() -> None:
    assert begin(1).attempts == 1
    assert begin(1, is_retry=True).attempts == 2


def test_whose_data_it_is_of_is_remembered_from_the_beginning() -> None:
    assert put_off(a_snapshot(), "x", an_index()).index_uid == UID
    assert begin().index_uid == UID
    assert put_off(a_snapshot(), "x", TAKEN).index_uid == "old"
    assert complete(a_snapshot(), TAKEN, a_job("succeeded"), NOW).index_uid == "old"


def test_while_it_waits_for_its_index_it_is_nobodys() -> None:
    assert put_off(a_snapshot(), "x").index_uid is None


def test_what_has_ended_has_one_condition() -> None:
    failed = fail(a_snapshot(), SnapshotReason.REFUSED, "x" * 3000, NOW)
    assert [each.type for each in failed.conditions or ()] == ["Failed"]
    assert len(failed.error or "") == 2048
    assert SnapshotStatus.model_validate(failed.model_dump(by_alias=True)) == failed
    done = complete(a_snapshot(), an_index(), a_job("succeeded"), NOW)
    assert [each.type for each in done.conditions or ()] == ["Completed"]
    assert begin().conditions is None
