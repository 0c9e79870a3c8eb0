"""Work of snapshots as jobs: told as it goes, and ended with its process."""

import asyncio
import threading
from collections.abc import Mapping

import pytest

from embedding_service.indexes.records.standing import Job, JobState, JSONValue
from embedding_service.jobs.report import JobFailed, Report
from embedding_service.jobs.snapshots import Interruptible
from embedding_service.retrieval.snapshots import Tell

_SECONDS = 30
JOB = Job("j", "u", "snapshot", JobState.QUEUED, 0.0, {}, 0.0, 0.0)


async def test_what_the_work_answers_is_told_at_its_end() -> None:
    report, told = Report(JOB), []

    def work(tell: Tell) -> Mapping[str, JSONValue]:
        tell(0.5)
        told.append(report.job.progress)
        return {"count": 3}

    await Interruptible(work).run(report)
    assert told == [0.5]
    assert report.job.detail == {"count": 3, "phase": "done"}


async def test_work_that_is_cancelled_ends_at_its_next_word() -> None:
    has_begun, may_go_on, ended = threading.Event(), threading.Event(), list[str]()

    def work(tell: Tell) -> Mapping[str, JSONValue]:
        has_begun.set()
        may_go_on.wait(_SECONDS)
        try:
            tell(0.5)
        except JobFailed as error:
            ended.append(str(error))
            raise
        return {}

    running = asyncio.create_task(Interruptible(work).run(Report(JOB)))
    await asyncio.to_thread(has_begun.wait, _SECONDS)
    running.cancel()
    await asyncio.sleep(0)  # let it hear of that
    may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended == ["the job was ended"]
