"""The end of the sole index, as a job that the process which does it tells of from memory.

The rows of other jobs are the record's, and would go with the index. A process that is asked for
what another has done, or had begun, does it again: nothing is left to be done, or what is left.
"""

import asyncio
import time
from dataclasses import replace
from typing import Final
from uuid import uuid4

from embedding_service.indexes.records.record import Job, JobState
from embedding_service.indexes.records.standing import KEY
from embedding_service.jobs.report import Report
from embedding_service.jobs.requests import INSTANCE, Order
from embedding_service.jobs.runner import ENDED, ENDED_CODE, carry_out
from embedding_service.jobs.snapshots import Interruptible
from embedding_service.retrieval.managed import ManagedIndex

PURGE: Final = "purge"


class Purging:
    """Bound to one event loop. Beside other jobs: those of an index that goes come to nothing."""

    def __init__(self, index: ManagedIndex, instance: str) -> None:
        """`instance` tells this process from others."""
        self._index = index
        self._instance = instance
        self._reports: dict[str, Report] = {}
        """Of the newest job of each key."""
        self._tasks: set[asyncio.Task[None]] = set()

    def order(self, order: Order, *, snapshots: bool) -> tuple[Job, bool]:
        """The job of an order, and whether it is a new one, begun now."""
        earlier = self.find(order.key)
        may_follow = order.may_retry and earlier is not None and earlier.state is JobState.FAILED
        if earlier is not None and not may_follow:
            return earlier, False
        detail, now = {KEY: order.key, INSTANCE: self._instance}, time.time()
        job = Job(uuid4().hex, self._index.uid, PURGE, JobState.QUEUED, 0.0, detail, now, now)
        report = self._reports[order.key] = Report(job)
        task = asyncio.create_task(self._run(order.key, report, snapshots))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job, True

    def find(self, key: str) -> Job | None:
        """The newest job of a key, as it is now."""
        report = self._reports.get(key)
        return None if report is None else report.job

    def read(self, id: str) -> Job | None:  # noqa: A002  the field's own name
        """One of them."""
        jobs = (report.job for report in self._reports.values())
        return next((job for job in jobs if job.id == id), None)

    async def close(self) -> None:
        """End what runs, at its next word."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, key: str, report: Report, snapshots: bool) -> None:
        work = Interruptible(lambda tell: self._index.purge(tell, snapshots=snapshots))
        try:
            await carry_out(report, work.run)
        finally:
            report.fail(ENDED, ENDED_CODE)  # unless it has ended by itself
            self._reports[key] = Report(replace(report.job, updated_at=time.time()))
