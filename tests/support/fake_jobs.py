"""Jobs that nobody does, for tests of HTTP alone."""

from embedding_service.indexes.records.standing import JobState
from embedding_service.jobs.jobs import Jobs
from embedding_service.jobs.requests import JobFacts, NewCopy
from embedding_service.jobs.snapshots import SnapshotJobs
from embedding_service.retrieval.requests import Restoration

JOB = JobFacts(
    id="j1", index="articles", kind="compact", state=JobState.QUEUED, progress=0.0, phase=None,
    error=None, code=None, detail={}, created_at=1.5e9, updated_at=1.5e9,
)  # fmt: skip


class FakeSnapshotJobs(SnapshotJobs):
    """Always the same job."""

    def __init__(self) -> None:  # without an archive
        pass

    async def publish(self, name: str) -> JobFacts:
        return JOB

    async def restore(self, name: str, wanted: Restoration) -> JobFacts:
        return JOB

    async def reload(self, name: str) -> JobFacts:
        return JOB

    async def check(self, name: str, *, repair: bool) -> JobFacts:
        return JOB


class FakeJobs(Jobs):
    """Always the same one."""

    def __init__(self) -> None:  # without a record
        self.snapshots = FakeSnapshotJobs()

    async def compact(self, name: str) -> JobFacts:
        return JOB

    async def reindex(self, name: str, wanted: NewCopy) -> JobFacts:
        return JOB

    async def job(self, name: str, id: str) -> JobFacts:  # noqa: A002
        return JOB

    async def jobs(self, name: str) -> list[JobFacts]:
        return [JOB]
