"""Jobs are rows: any process can tell one."""

from dataclasses import replace

import pytest

from embedding_service.indexes.errors import NotFound
from embedding_service.indexes.records.record import JobState, Record


def test_a_job_is_told_by_whoever_asks(record: Record, faq: str) -> None:
    job = record.create_job(faq, "reindex", {"to": "faq-2"})
    assert record.job(job.id) == job
    assert (job.state, job.progress) == (JobState.QUEUED, 0.0)
    record.update_job(replace(job, state=JobState.RUNNING, progress=0.5, detail={"rows": 12}))
    running = record.jobs(faq)[0]
    assert (running.state, running.progress, running.detail) == (
        JobState.RUNNING,
        0.5,
        {"rows": 12},
    )
    with pytest.raises(NotFound):
        record.job("nowhere")
    with pytest.raises(NotFound):
        record.update_job(replace(job, id="nowhere"))
