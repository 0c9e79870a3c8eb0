"""Indexes over a real record, with an embedder that needs no model."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from prometheus_client import CollectorRegistry

from embedding_service.environment import child_environment
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.records.record import Quota, open_record
from embedding_service.indexes.upkeep.building import Workshop
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.inference.requests import EmbeddingRequest, Embeddings
from embedding_service.retrieval.pins import PinnedEmbedder
from embedding_service.retrieval.pools import Pools
from embedding_service.retrieval.retrieval import Retrieval
from embedding_service.telemetry.index_metrics import IndexMetrics
from embedding_service.vectors import normalise
from fakes import FakeEmbedder


class UnitEmbedder(FakeEmbedder):
    """A fake that normalises where it is asked to."""

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        embeddings = await super().embed(request)
        if not request.normalise:
            return embeddings
        return replace(embeddings, matrix=normalise(embeddings.matrix))


@asynccontextmanager
async def open_retrieval(
    folder: Path,
    url: str | None = None,
    embedder: FakeEmbedder | None = None,
    quota: Quota | None = None,
    version_wait: float = 20,
) -> AsyncIterator[Retrieval]:
    """Started; on a SQLite file in `folder` unless there is a `url`."""
    record = open_record(url or f"sqlite:///{folder / 'record.db'}", folder)
    metrics = IndexMetrics(CollectorRegistry())
    workshop = Workshop(folder / "building", child_environment(), threads=1)
    retrieval = Retrieval(
        Catalogue(record, quota or Quota(documents=0, size=0), metrics),
        Upkeep(workshop, metrics),
        PinnedEmbedder(embedder or UnitEmbedder()),
        Pools(writers=1, readers=2, searchers=2),
        version_wait=version_wait,
    )
    try:
        await retrieval.start()
        yield retrieval
    finally:
        await retrieval.close()
