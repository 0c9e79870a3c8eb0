"""A report: progress goes on, and the end is the end."""

from embedding_service.indexes.records.standing import Job, JobState
from embedding_service.jobs.report import Report


def queued() -> Report:
    return Report(Job("j", "u", "compact", JobState.QUEUED, 0.0, {"into": "new"}, 1.0, 1.0))


def test_what_is_told_adds_up() -> None:
    report = queued()
    report.tell("reading", 0.25, seen=3)
    report.tell("writing", written=2)
    job = report.job
    assert (job.state, job.progress) == (JobState.RUNNING, 0.25)
    assert job.detail == {"into": "new", "phase": "writing", "seen": 3, "written": 2}


def test_progress_never_goes_back_and_is_whole_only_at_the_end() -> None:
    report = queued()
    for progress in (0.5, 0.2, 1.0, 7.0):
        report.tell(progress=progress)
        assert 0.5 <= report.job.progress < 1
    report.succeed()
    assert (report.job.state, report.job.progress) == (JobState.SUCCEEDED, 1.0)


def test_nothing_is_told_of_a_job_that_has_ended() -> None:
    report = queued()
    report.tell("reading", 0.25)
    report.fail("no room", "out_of_space")
    ended = report.job
    report.tell("writing", 0.5)
    report.succeed()
    report.fail("something else")
    assert report.job is ended
    assert (ended.state, ended.progress, ended.detail["error"]) == (
        JobState.FAILED,
        0.25,
        "no room",
    )
    assert ended.detail["code"] == "out_of_space"
