"""Indexes over a real record, with an embedder that needs no model."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from embedding_service.environment import child_environment
from embedding_service.indexes.archive import Archive
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota, Record
from embedding_service.indexes.records.standing import FINAL
from embedding_service.indexes.snapshots.retention import Policy
from embedding_service.indexes.snapshots.stores import open_store
from embedding_service.indexes.upkeep.building import Workshop
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.inference.requests import EmbeddingRequest, Embeddings
from embedding_service.jobs.jobs import Jobs
from embedding_service.jobs.requests import JobFacts, describe
from embedding_service.jobs.runner import Runner
from embedding_service.retrieval.bounds import Bounds
from embedding_service.retrieval.pins import PinnedEmbedder
from embedding_service.retrieval.pools import Pools
from embedding_service.retrieval.retrieval import Retrieval
from embedding_service.telemetry.index_metrics import IndexMetrics
from embedding_service.vectors import normalise
from fakes import FakeEmbedder
from waiting import until


class UnitEmbedder(FakeEmbedder):
    """A fake that normalises where it is asked to."""

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        embeddings = await super().embed(request)
        if not request.normalise:
            return embeddings
        return replace(embeddings, matrix=normalise(embeddings.matrix))


@dataclass(frozen=True, slots=True)
class OpenIndexes:
    """What a process has of indexes."""

    record: Record
    upkeep: Upkeep
    retrieval: Retrieval
    jobs: Jobs
    archive: Archive | None

    async def end_of(self, job: JobFacts, pause: float = 0.005) -> JobFacts:
        """The job when it has ended; the record is asked again after each `pause`, in seconds."""
        await until(lambda: self.record.job(job.id).state in FINAL, 60, "the end of a job", pause)
        return describe(self.record.job(job.id), job.index)


@asynccontextmanager
async def open_retrieval(
    folder: Path,
    url: str | None = None,
    embedder: FakeEmbedder | None = None,
    quota: Quota | None = None,
    version_wait: float = 20,
) -> AsyncIterator[Retrieval]:
    """Started; on a SQLite file in `folder` unless there is a `url`."""
    async with open_indexes(folder, url, embedder, quota, version_wait) as opened:
        yield opened.retrieval


@asynccontextmanager
async def open_indexes(
    folder: Path,
    url: str | None = None,
    embedder: FakeEmbedder | None = None,
    quota: Quota | None = None,
    version_wait: float = 20,
    *,
    max_unbuilt: int = 0,
    period: float = 0.01,
    archive: Archive | None = None,
) -> AsyncIterator[OpenIndexes]:
    """The same, and its jobs, whose rows are looked at every `period` seconds."""
    record = open_record(url or f"sqlite:///{folder / 'record.db'}", folder)
    metrics = IndexMetrics(CollectorRegistry())
    catalogue = Catalogue(record, quota or Quota(documents=0, size=0), metrics, archive)
    workshop = Workshop(folder / "building", child_environment(), threads=1)
    upkeep = Upkeep(workshop, metrics)
    retrieval = Retrieval(
        catalogue,
        upkeep,
        PinnedEmbedder(embedder or UnitEmbedder()),
        Pools(writers=1, readers=2, searchers=2),
        Bounds(version_wait, max_unbuilt),
    )
    jobs = Jobs(record, catalogue, upkeep, retrieval, Runner(record, period))
    try:
        await jobs.start()
        await retrieval.start()
        yield OpenIndexes(record, upkeep, retrieval, jobs, archive)
    finally:
        await jobs.close()
        await retrieval.close()


def open_archive(folder: Path, kept: int) -> Archive:
    """Snapshots in a folder, the newest so many of each index."""
    policy = Policy(kept, timedelta())
    return Archive(open_store((folder / "snapshots").as_uri()), folder, policy, "0.0.0")
