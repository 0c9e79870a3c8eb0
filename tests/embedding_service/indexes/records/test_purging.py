"""What nobody needs any more goes by itself, and nothing else does."""

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import func, select

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import IdempotencyKey, Point, Puts
from embedding_service.indexes.records import purging
from embedding_service.indexes.records.history import HistoryLost
from embedding_service.indexes.records.record import JobState, Quota, Record
from embedding_service.indexes.records.schema import answers, commits, jobs

FREE = Quota(0, 0)


@pytest.fixture
def faq(record: Record) -> str:
    record.create(Definition(uid="u", name="faq", dimension=2))
    return "u"


def put(record: Record, id_: str, key: IdempotencyKey | None = None) -> Point:
    matrix = np.ones((1, 2), np.float32)
    committed = record.put("u", Puts([id_], [None], [None], matrix), FREE, key)
    assert committed.step is not None
    return committed.step.end


def count(record: Record, table: object) -> int:
    with record._database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


def test_commits_go_but_the_last_of_those_that_are_old(
    record: Record, faq: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = [put(record, name) for name in "abc"]
    record.purge(faq, older_than=0)
    assert count(record, commits) == 4  # that of the beginning too
    monkeypatch.setattr(purging, "_KEPT_COMMITS", 0)
    monkeypatch.setattr(purging, "_AT_ONCE", 1)
    record.purge(faq, older_than=0)
    put(record, "d")
    assert record.changes(faq, 3, 10, points[2]).version == 4
    with pytest.raises(HistoryLost):
        record.changes(faq, 2, 10, points[1])


def test_answers_go_after_their_time(
    record: Record, faq: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [IdempotencyKey(str(number), b"digest") for number in range(3)]
    for key in keys:
        put(record, key.key, key)
    record.purge(faq, older_than=0)
    assert all(record.repeated(faq, key) for key in keys)
    monkeypatch.setattr(purging, "_KEPT_ANSWERS", 0)
    monkeypatch.setattr(purging, "_AT_ONCE", 1)
    record.purge(faq, older_than=0)
    assert count(record, answers) == 0


def test_jobs_that_have_ended_go_after_their_time(
    record: Record, faq: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, running = record.create_job(faq, "compact"), record.create_job(faq, "compact")
    record.update_job(replace(ended, state=JobState.SUCCEEDED))
    record.update_job(replace(running, state=JobState.RUNNING))
    record.purge(faq, older_than=0)
    assert count(record, jobs) == 2
    monkeypatch.setattr(purging, "_KEPT_JOBS", 0)
    record.purge(faq, older_than=0)
    assert [job.id for job in record.jobs(faq)] == [running.id]
