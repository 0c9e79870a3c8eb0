"""Snapshots, restores, reloads and checks as jobs."""

import asyncio
import threading
from collections.abc import Callable
from typing import Final

from embedding_service.jobs.report import JobFailed, Report
from embedding_service.jobs.requests import JobFacts, describe
from embedding_service.jobs.runner import Runner
from embedding_service.jobs.threads import in_thread
from embedding_service.retrieval.requests import Restoration
from embedding_service.retrieval.snapshots import Detail, Snapshots, Tell

SNAPSHOT: Final = "snapshot"
RESTORE: Final = "restore"
RELOAD: Final = "reload"
CHECK: Final = "check"


class SnapshotJobs:
    """Raises as `Snapshots` does, and Conflict where a job of the kind is under way."""

    def __init__(self, snapshots: Snapshots, runner: Runner) -> None:
        self._snapshots = snapshots
        self._runner = runner

    async def publish(self, name: str) -> JobFacts:
        """Make a snapshot."""
        uid = await self._snapshots.uid(name)
        return await self._submit(uid, SNAPSHOT, lambda tell: self._snapshots.publish(uid, tell))

    async def restore(self, name: str, wanted: Restoration) -> JobFacts:
        """Put a snapshot back; the job is of the index that is written to."""
        planned = await self._snapshots.plan_restore(name, wanted)

        def work(tell: Tell) -> Detail:
            return self._snapshots.restore(planned.uid, planned.detail, tell)

        return await self._submit(planned.uid, RESTORE, work, planned.detail)

    async def reload(self, name: str) -> JobFacts:
        """Make anew what is searched."""
        uid = await self._snapshots.uid(name)
        return await self._submit(uid, RELOAD, lambda tell: self._snapshots.reload(uid, tell))

    async def check(self, name: str, *, repair: bool) -> JobFacts:
        """Compare what is searched with the record."""
        uid = await self._snapshots.uid(name)

        def work(tell: Tell) -> Detail:
            return self._snapshots.check(uid, tell, repair=repair)

        return await self._submit(uid, CHECK, work, {"repair": repair})

    async def _submit(
        self, uid: str, kind: str, work: Callable[[Tell], Detail], detail: Detail | None = None
    ) -> JobFacts:
        job = await self._runner.submit(uid, kind, Interruptible(work).run, detail or {})
        return describe(job, await self._snapshots.name(uid))


class Interruptible:
    """Blocking work that ends at its next word when its job is cancelled."""

    def __init__(self, work: Callable[[Tell], Detail]) -> None:
        self._work = work
        self._is_ending = threading.Event()

    async def run(self, report: Report) -> None:
        """Do it; what it answers is told."""

        def tell(progress: float) -> None:
            if self._is_ending.is_set():
                raise JobFailed("the job was ended")
            report.tell("working", progress)

        def work() -> None:
            report.tell("done", 1.0, **self._work(tell))

        working = asyncio.ensure_future(in_thread(work))
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError:
            self._is_ending.set()
            await asyncio.gather(working, return_exceptions=True)
            raise
