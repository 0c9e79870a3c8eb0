"""The runner: one job at a time, each told truly in its row, whoever reads it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from embedding_service.errors import InvalidRequest, Unavailable
from embedding_service.indexes.definition import Definition
from embedding_service.indexes.errors import Conflict, NotFound, RecordUnavailable
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Job, JobState, Record
from embedding_service.indexes.records.standing import FINAL
from embedding_service.jobs import runner as runners
from embedding_service.jobs.report import JobFailed, Report
from embedding_service.jobs.runner import ENDED, ENDED_CODE, STALE, Runner
from waiting import until

SECONDS = 60.0
NEVER = 3_600.0


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    opened = open_record(f"sqlite:///{tmp_path / 'record.db'}", tmp_path)
    for uid in ("u1", "u2"):
        opened.create(Definition(uid, f"books-{uid}", 2))
    yield opened
    opened.close()


@asynccontextmanager
async def running(record: Record, period: float = 0.01) -> AsyncIterator[Runner]:
    runner = Runner(record, period)
    await runner.start()
    try:
        yield runner
    finally:
        await runner.close()


async def end_of(record: Record, job: Job) -> Job:
    await until(lambda: record.job(job.id).state in FINAL, SECONDS, "the end of a job")
    return record.job(job.id)


async def nothing(report: Report) -> None:
    pass


async def for_ever(report: Report) -> None:
    report.tell("waiting", 0.5)
    await asyncio.Event().wait()


async def test_a_job_is_told_from_its_beginning_to_its_end(record: Record) -> None:
    may_end = asyncio.Event()

    async def work(report: Report) -> None:
        report.tell("reading", 0.5, seen=7)
        await may_end.wait()

    async with running(record) as runner:
        job = await runner.submit("u1", "read", work, {"asked": "much"})
        assert (job.state, job.progress, job.detail) == (JobState.QUEUED, 0.0, {"asked": "much"})
        await until(lambda: record.job(job.id).progress == 0.5, SECONDS, "progress")
        now = record.job(job.id)
        assert now.state is JobState.RUNNING
        assert now.detail == {"asked": "much", "phase": "reading", "seen": 7}
        may_end.set()
        ended = await end_of(record, job)
    assert (ended.state, ended.progress) == (JobState.SUCCEEDED, 1.0)


async def test_jobs_run_one_after_the_other(record: Record) -> None:
    under_way, most = 0, 0
    order: list[int] = []

    def work(number: int) -> runners.Work:
        async def run(report: Report) -> None:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            for _ in range(5):
                await asyncio.sleep(0)
            order.append(number)
            under_way -= 1

        return run

    async with running(record) as runner:
        jobs = [await runner.submit("u1", f"kind {n}", work(n), {}) for n in range(5)]
        for job in jobs:
            assert (await end_of(record, job)).state is JobState.SUCCEEDED
    assert (order, most) == ([0, 1, 2, 3, 4], 1)


@pytest.mark.parametrize(
    ("error", "told", "code"),
    [
        (JobFailed("no room"), "no room", None),
        (InvalidRequest("a text is wrong"), "a text is wrong", "invalid_request"),
        (
            ZeroDivisionError("secret"),
            "an error nobody foresaw; the server's log has it",
            "internal_error",
        ),
    ],
)
async def test_a_job_that_fails_says_why_and_the_next_one_runs(
    record: Record, error: Exception, told: str, code: str | None
) -> None:
    async def work(report: Report) -> None:
        report.tell("reading", 0.5)
        raise error

    with capture_logs():
        async with running(record) as runner:
            failed = await end_of(record, await runner.submit("u1", "read", work, {}))
            after = await end_of(record, await runner.submit("u1", "read", nothing, {}))
    assert (failed.state, failed.progress) == (JobState.FAILED, 0.5)
    assert str(failed.detail["error"]).startswith(told)
    assert failed.detail["code"] == code
    assert after.state is JobState.SUCCEEDED


async def test_two_of_a_kind_on_one_index_are_one_too_many(record: Record) -> None:
    async with running(record) as runner:
        job = await runner.submit("u1", "read", for_ever, {})
        with pytest.raises(Conflict, match=job.id):
            await runner.submit("u1", "read", nothing, {})
        await runner.submit("u1", "write", nothing, {})
        await runner.submit("u2", "read", nothing, {})
    assert len(record.jobs("u1")) == 2


async def test_progress_is_written_no_more_often_than_is_looked(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Job] = []
    update_job = record.update_job

    def watch(job: Job) -> None:
        written.append(job)
        update_job(job)

    async def work(report: Report) -> None:
        for done in range(1_000):
            report.tell("reading", done / 1_000)
            await asyncio.sleep(0)

    monkeypatch.setattr(record, "update_job", watch)
    async with running(record, NEVER) as runner:
        await end_of(record, await runner.submit("u1", "read", work, {}))
    assert 1 <= len(written) <= 3  # as it begins and as it ends


async def test_a_job_that_says_nothing_is_written_of_nevertheless(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runners, "_HEARTBEAT", 0.0)
    async with running(record) as runner:
        first = await runner.submit("u1", "read", for_ever, {})
        waiting = await runner.submit("u1", "write", nothing, {})
        for job in (first, waiting):
            before = record.job(job.id).updated_at
            await until(lambda: record.job(job.id).updated_at > before, SECONDS, "a word")  # noqa: B023


async def test_a_dropped_index_takes_its_jobs_along_and_no_other(record: Record) -> None:
    async with running(record) as runner:
        gone = await runner.submit("u1", "read", nothing, {})
        record.drop("u1")
        kept = await runner.submit("u2", "read", nothing, {})
        assert (await end_of(record, kept)).state is JobState.SUCCEEDED
        await until(lambda: not runner._tickets, SECONDS, "the end of all jobs")
    with pytest.raises(NotFound):
        record.job(gone.id)


@pytest.mark.parametrize("error", [RecordUnavailable("away"), ZeroDivisionError("broken")])
async def test_an_end_that_cannot_be_written_is_written_later(
    record: Record, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    update_job, failures = record.update_job, 3

    def update_later(job: Job) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise error
        update_job(job)

    monkeypatch.setattr(record, "update_job", update_later)
    with capture_logs():
        async with running(record) as runner:
            job = await end_of(record, await runner.submit("u1", "read", nothing, {}))
    assert job.state is JobState.SUCCEEDED


async def test_closing_ends_what_runs_and_tells_it_of_what_waits_too(record: Record) -> None:
    async with running(record) as runner:
        jobs = [
            await runner.submit("u1", "read", for_ever, {}),
            await runner.submit("u2", "copy", nothing, {"into": "new"}),
        ]
        await until(lambda: record.job(jobs[0].id).progress == 0.5, SECONDS, "progress")
    told = [record.job(job.id) for job in jobs]
    assert [job.state for job in told] == [JobState.FAILED] * 2
    assert (told[0].detail["error"], told[0].detail["code"]) == (ENDED, ENDED_CODE)
    assert str(told[1].detail["error"]).startswith(f"{ENDED}; index 'new' may be there, incomplete")
    with pytest.raises(Unavailable, match="shutting down"):
        await runner.submit("u1", "read", nothing, {})


async def test_a_runner_that_was_never_started_ends(record: Record) -> None:
    await Runner(record).close()


async def test_a_job_of_an_earlier_process_has_failed(record: Record) -> None:
    left = record.create_job("u1", "read")
    record.update_job(replace(left, state=JobState.RUNNING, progress=0.3))
    waiting = record.create_job("u2", "read")
    done = record.create_job("u2", "read")
    record.update_job(replace(done, state=JobState.SUCCEEDED, progress=1.0))
    async with running(record):
        for job in (left, waiting):
            buried = record.job(job.id)
            assert (buried.state, buried.detail["code"]) == (JobState.FAILED, ENDED_CODE)
        assert record.job(left.id).progress == 0.3
        assert record.job(done.id).state is JobState.SUCCEEDED


async def test_of_several_processes_one_that_is_silent_counts_as_gone(
    postgresql_url: str, record_folder: Path
) -> None:
    record = open_record(postgresql_url, record_folder)
    now = time.time()
    try:
        record.create(Definition("u1", "books", 2))
        left = record.create_job("u1", "read")
        other = Runner(record, clock=lambda: now)
        await other.start()
        assert record.job(left.id).state is JobState.QUEUED  # somebody may be about to do it
        assert other.bury(record.job(left.id)).state is JobState.QUEUED
        now += STALE + 1
        buried = other.bury(record.job(left.id))
        assert (buried.state, buried.detail["error"]) == (JobState.FAILED, ENDED)
        assert record.job(left.id).state is JobState.FAILED
        await other.close()
    finally:
        record.close()


async def test_a_job_that_a_clock_ahead_takes_for_lost_is_told_rightly_by_its_own_process(
    record: Record,
) -> None:
    may_end, ends = asyncio.Event(), 0

    async def work(report: Report) -> None:
        nonlocal ends
        await may_end.wait()
        ends += 1

    ahead = Runner(record, clock=lambda: time.time() + 3_600)
    async with running(record) as runner:
        job = await runner.submit("u1", "read", work, {})
        await until(lambda: record.job(job.id).state is JobState.RUNNING, SECONDS, "its beginning")
        assert ahead.bury(record.job(job.id)).state is JobState.FAILED
        may_end.set()
        await until(lambda: record.job(job.id).state is JobState.SUCCEEDED, SECONDS, "its end")
    assert ends == 1


async def test_a_job_of_an_index_that_is_gone_is_told_as_failed(record: Record) -> None:
    left = record.create_job("u1", "read")
    record.drop("u1")
    runner = Runner(record, clock=lambda: time.time() + STALE + 1)
    assert runner.bury(left).state is JobState.FAILED
