"""What an operator has done with the sole index, as jobs that are told apart by its keys."""

import asyncio
from collections.abc import Callable
from typing import Final

from embedding_service.indexes.errors import NotFound
from embedding_service.indexes.records.record import Job, Record, key_of
from embedding_service.jobs.purging import Purging
from embedding_service.jobs.requests import JobFacts, Order, describe
from embedding_service.jobs.runner import Runner
from embedding_service.jobs.snapshots import RELOAD, RESTORE, SNAPSHOT, Interruptible
from embedding_service.retrieval.managed import ManagedIndex
from embedding_service.retrieval.requests import Kept, SourceSnapshot
from embedding_service.retrieval.snapshots import Detail, Tell

_NOTHING: Final[Detail] = {}
_MOST_TOLD: Final = 100
"""Jobs of one key; who orders for days what a store refuses has more than anybody reads."""


class ManagedJobs:
    """Each order is done once, by whichever process of those on one database heard of it first.

    Any call may raise RecordUnavailable, and NotFound for the index or a job; an order KeyReused.
    """

    def __init__(self, index: ManagedIndex, record: Record, runner: Runner) -> None:
        self._index = index
        self._record = record
        self._runner = runner
        self._purging = Purging(index, runner.instance)

    @property
    def instance(self) -> str:
        """What tells this process from others."""
        return self._runner.instance

    async def snapshot(self, order: Order, kept: Kept) -> tuple[JobFacts, bool]:
        """Make a snapshot. As for the others: the order's job, and whether it is a new one."""
        return await self._claim(SNAPSHOT, order, lambda tell: self._index.publish(kept, tell))

    async def restore(self, order: Order, wanted: SourceSnapshot) -> tuple[JobFacts, bool]:
        """Write a snapshot over the index."""
        detail: Detail = {"from_uid": wanted.from_uid, "url": wanted.url}
        return await self._claim(
            RESTORE, order, lambda tell: self._index.restore(wanted, tell), detail
        )

    async def reload(self, order: Order, snapshot: str | None) -> tuple[JobFacts, bool]:
        """Make anew what is searched."""
        return await self._claim(RELOAD, order, lambda tell: self._index.reload(snapshot, tell))

    async def purge(self, order: Order, *, snapshots: bool) -> tuple[JobFacts, bool]:
        """Remove the index for good. Done by each process that is asked, and told by that alone."""
        job, is_new = self._purging.order(order, snapshots=snapshots)
        return self._describe(job), is_new

    async def close(self) -> None:
        """End what the runner does not know of."""
        await self._purging.close()

    async def job(self, id: str) -> JobFacts:  # noqa: A002  the field's own name
        """One of them."""
        purge = self._purging.read(id)
        return self._describe(purge) if purge else await asyncio.to_thread(self._read, id)

    async def jobs(self, key: str) -> list[JobFacts]:
        """Those of one key, newest first, a hundred at most."""
        purge = self._purging.find(key)  # which the database has no part in
        return [self._describe(purge)] if purge else await asyncio.to_thread(self._list, key)

    async def _claim(
        self, kind: str, order: Order, work: Callable[[Tell], Detail], detail: Detail = _NOTHING
    ) -> tuple[JobFacts, bool]:
        run = Interruptible(work).run
        job, is_new = await self._runner.claim(self._index.uid, kind, run, order, detail)
        return self._describe(job), is_new

    def _read(self, id: str) -> JobFacts:  # noqa: A002
        job = self._record.job(id)
        if job.index_uid != self._index.uid:
            raise NotFound("job", id)
        return self._describe(self._runner.bury(job))

    def _list(self, key: str) -> list[JobFacts]:
        claimed = [job for job in self._record.jobs(self._index.uid) if key_of(job) == key]
        return [self._describe(self._runner.bury(job)) for job in claimed[:_MOST_TOLD]]

    def _describe(self, job: Job) -> JobFacts:
        return describe(job, self._index.new.name)
