"""The front door of the room: jobs by index, for callers on an event loop."""

import asyncio

from embedding_service.errors import InvalidRequest, Issue
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.definition import Definition
from embedding_service.indexes.errors import Conflict, NotFound
from embedding_service.indexes.records.record import Job, Record
from embedding_service.indexes.tuning import Tuning
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.jobs.compaction import Compaction
from embedding_service.jobs.managed import ManagedJobs
from embedding_service.jobs.reindexing import Reindexing
from embedding_service.jobs.requests import COMPACT, REINDEX, JobFacts, NewCopy, describe
from embedding_service.jobs.runner import Runner
from embedding_service.jobs.snapshots import SnapshotJobs
from embedding_service.retrieval.requests import NewIndex
from embedding_service.retrieval.retrieval import Retrieval


class Jobs:
    """Long work on the indexes of one record; one for each process.

    Any call may raise RecordUnavailable, and NotFound for an index or a job.
    """

    def __init__(
        self,
        record: Record,
        catalogue: Catalogue,
        upkeep: Upkeep,
        retrieval: Retrieval,
        runner: Runner,
    ) -> None:
        self.snapshots = SnapshotJobs(retrieval.snapshots, runner)
        managed = retrieval.managed
        self.managed = None if managed is None else ManagedJobs(managed, record, runner)
        """Of the sole index, where there is one."""
        self._record = record
        self._catalogue = catalogue
        self._upkeep = upkeep
        self._retrieval = retrieval
        self._runner = runner

    async def start(self) -> None:
        """Begin; jobs that have lost their process are told as failed."""
        await self._runner.start()

    async def close(self) -> None:
        """End what runs, promptly; before what it works with is closed."""
        await asyncio.to_thread(self._upkeep.close)
        if self.managed is not None:
            await self.managed.close()
        await self._runner.close()

    async def compact(self, name: str) -> JobFacts:
        """Make all sealed segments of an index one, without dead rows. Raises Conflict."""
        index = await asyncio.to_thread(self._catalogue.get, name)
        work = Compaction(index, self._upkeep, self._record).run
        job = await self._runner.submit(index.definition.uid, COMPACT, work, {})
        return describe(job, index.definition.name)

    async def reindex(self, name: str, wanted: NewCopy) -> JobFacts:
        """Embed all texts of an index anew, into an index that is made for it.

        Raises:
            Conflict: there is an index of that name, or such a job is under way. InvalidRequest,
            and as `Retrieval.create`.
        """
        index = await asyncio.to_thread(self._catalogue.get, name)
        definition = index.definition
        new = _plan_copy(definition, wanted)
        await self._retrieval.check_new(new)
        await asyncio.to_thread(self._check_free, wanted.into)
        work = Reindexing(definition, new, self._retrieval, self._record).run
        detail = {"into": new.name, "model": new.model}
        job = await self._runner.submit(definition.uid, REINDEX, work, detail)
        return describe(job, definition.name)

    async def job(self, name: str, id: str) -> JobFacts:  # noqa: A002  the field's own name
        """One job of an index."""
        return await asyncio.to_thread(self._read, name, id)

    async def jobs(self, name: str) -> list[JobFacts]:
        """The jobs of an index, newest first."""
        return await asyncio.to_thread(self._list, name)

    def _read(self, name: str, id: str) -> JobFacts:  # noqa: A002
        definition = self._record.find(name).definition
        job = self._record.job(id)
        if job.index_uid != definition.uid:
            raise NotFound("job", id)
        return self._describe(job, definition)

    def _list(self, name: str) -> list[JobFacts]:
        definition = self._record.find(name).definition
        return [self._describe(job, definition) for job in self._record.jobs(definition.uid)]

    def _describe(self, job: Job, definition: Definition) -> JobFacts:
        return describe(self._runner.bury(job), definition.name)

    def _check_free(self, name: str) -> None:
        try:
            self._record.find(name)
        except NotFound:
            return
        raise Conflict(f"an index or an alias is named {name!r} already; choose another name")


def _plan_copy(source: Definition, wanted: NewCopy) -> NewIndex:
    own = None if source.model is None else source.model.name
    model = wanted.model or own
    if model is None:
        raise InvalidRequest(
            f"index {source.name!r} has no model; name the one to embed with",
            [Issue("is required where the index has no model", path="model")],
        )
    dimension = wanted.dimension
    if dimension is None and model == own:
        dimension = source.dimension
    engine = wanted.engine or source.engine
    return NewIndex(
        name=wanted.into,
        model=model,
        dimension=dimension,
        metric=source.metric,
        engine=engine,
        tuning=source.tuning if engine is source.engine else Tuning(),
        fields=source.fields,
    )
