"""Composition: every room is built here from one frozen Settings, and nowhere else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import CollectorRegistry

from embedding_service import __version__
from embedding_service.api.admin import build_admin_app
from embedding_service.api.application import build_api
from embedding_service.api.auth import Authenticator
from embedding_service.api.exchange import OPEN_PATHS
from embedding_service.api.keys import KeyRing
from embedding_service.api.lifecycle import Lifecycle
from embedding_service.api.probes import build_metrics_app
from embedding_service.environment import BadSettings, child_environment, is_tracing_wanted
from embedding_service.errors import InvalidRequest
from embedding_service.indexes.archive import Archive
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.definition import (
    Engine,
    FieldType,
    Metric,
    check_fields,
    check_name,
)
from embedding_service.indexes.headroom import Headroom
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Build, Quota
from embedding_service.indexes.records.sole import Sole
from embedding_service.indexes.snapshots.keys import Keys
from embedding_service.indexes.snapshots.retention import Policy
from embedding_service.indexes.snapshots.stores import open_store
from embedding_service.indexes.upkeep.building import Workshop
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.inference.cores import usable_cores
from embedding_service.inference.embedder import Embedder
from embedding_service.inference.encoder import Encoder
from embedding_service.inference.remote.encoder import RemoteEncoder
from embedding_service.jobs.jobs import Jobs
from embedding_service.jobs.runner import Runner
from embedding_service.retrieval.bounds import Bounds
from embedding_service.retrieval.pins import PinnedEmbedder
from embedding_service.retrieval.pools import Pools
from embedding_service.retrieval.requests import NewIndex
from embedding_service.retrieval.retrieval import Retrieval
from embedding_service.secret import Secret
from embedding_service.settings import (
    NO_DATABASE,
    IndexSettings,
    Settings,
    SoleIndexSettings,
)
from embedding_service.telemetry.metrics import Metrics
from embedding_service.telemetry.traces import AsgiApp, Traces, start_traces

_DATABASE_FILE = "gpu-embedding.db"
_WORKSHOP = "building"
_SNAPSHOTS = "snapshots"
"""Folders in DATA_DIR."""
_SHARED_WRITERS = 4
"""Of one process, to PostgreSQL: writes to one index wait for each other there anyway."""
_READERS = 4


@dataclass(frozen=True, slots=True)
class Application:
    """The composed service; whoever runs it starts and closes it."""

    embedder: Encoder
    retrieval: Retrieval | None
    """None where DATABASE_URL says `none`."""
    jobs: Jobs | None
    """None where there is no `retrieval`."""
    lifecycle: Lifecycle
    traces: Traces
    api: AsgiApp
    metrics: AsgiApp
    """`/metrics` alone, for a port of its own."""
    admin: AsgiApp
    """What the operator asks, for a port of its own."""

    async def start(self) -> None:
        """Load the default model and every index. Raises ModelUnavailable, RecordUnavailable."""
        if self.retrieval is None or self.jobs is None:
            await self.embedder.start()
        else:
            await self.jobs.start()
            await asyncio.gather(self.embedder.start(), self.retrieval.start())

    async def close(self) -> None:
        """End what was started, the record last: what was acknowledged is in it."""
        if self.jobs is not None:
            await self.jobs.close()
        await self.embedder.close()
        if self.retrieval is not None:
            await self.retrieval.close()
        await asyncio.to_thread(self.traces.shutdown)


def build_application(settings: Settings) -> Application:
    """Build every room; needs a running event loop.

    Raises:
        BadKeysFile: API_KEYS_FILE is none. RecordLocked: another process has the database file.
        RecordUnavailable: the database does not answer.
    """
    metrics = Metrics(CollectorRegistry())
    embedder = build_encoder(settings, metrics)
    lifecycle = Lifecycle()
    keys = settings.api_keys_file
    authenticator = Authenticator(KeyRing(keys)) if keys is not None else None
    retrieval, jobs = build_retrieval(settings, embedder, metrics) or (None, None)
    api = build_api(
        embedder,
        settings,
        metrics,
        retrieval=retrieval,
        jobs=jobs,
        lifecycle=lifecycle,
        authenticator=authenticator,
        version=__version__,
    )
    traces = start_traces(is_wanted=is_tracing_wanted(), version=__version__)
    traced = traces.instrument(api, untraced_paths=OPEN_PATHS)
    return Application(
        embedder,
        retrieval,
        jobs,
        lifecycle,
        traces,
        traced,
        build_metrics_app(metrics),
        build_admin_app(api),
    )


def build_encoder(settings: Settings, metrics: Metrics) -> Encoder:
    """What makes vectors: models here, or another server."""
    if not settings.encoder_url:
        return Embedder(settings, metrics, child_environment())
    key = Secret(
        "ENCODER_API_KEY_FILE",
        settings.encoder_api_key.get_secret_value(),
        settings.encoder_api_key_file,
    )
    return RemoteEncoder(settings.encoder_url, key, settings.request_timeout)


def build_retrieval(
    settings: Settings, embedder: Encoder, metrics: Metrics
) -> tuple[Retrieval, Jobs] | None:
    """The indexes, their record open, and their jobs. Raises RecordLocked, RecordUnavailable."""
    if settings.database_url == NO_DATABASE:
        return None
    url = settings.database_url or f"sqlite:///{settings.data_dir / _DATABASE_FILE}"
    address = Secret("DATABASE_URL_FILE", url, settings.database_url_file)
    sole, new = _read_sole(settings)
    record = open_record(address, settings.data_dir, sole=sole)
    quota = Quota(documents=settings.max_index_documents, size=settings.max_index_size)
    pools = Pools(
        writers=_SHARED_WRITERS if record.is_shared else 1,  # SQLite has one writer at a time
        readers=_READERS,
        searchers=usable_cores(),
    )
    archive = build_archive(settings, record.build, only=sole.uid if sole else None)
    catalogue = Catalogue(record, quota, metrics.indexes, archive)
    threads = max(1, usable_cores() // 2)  # the other half is for searches
    workshop = Workshop(settings.data_dir / _WORKSHOP, child_environment(), threads)
    upkeep = Upkeep(workshop, metrics.indexes)
    disk = None if record.is_shared else settings.data_dir
    bounds = Bounds(settings.version_wait, settings.max_unbuilt_rows, Headroom(disk))
    retrieval = Retrieval(
        catalogue,
        upkeep,
        PinnedEmbedder(embedder),
        pools,
        bounds,
        new,
    )
    return retrieval, Jobs(record, catalogue, upkeep, retrieval, Runner(record))


def _read_sole(settings: SoleIndexSettings) -> tuple[Sole | None, NewIndex | None]:
    """The one index to serve, and what it is to be. Raises BadSettings."""
    name = settings.index_name
    if not name:
        return None, None
    try:
        fields = {field: FieldType(kind) for field, kind in settings.index_fields.items()}
        check_name(name)
        check_fields(fields)
    except (InvalidRequest, ValueError) as error:
        raise BadSettings(f"INDEX_NAME or INDEX_FIELDS: {error}") from error
    new = NewIndex(
        name=name,
        model=settings.index_model or None,
        dimension=settings.index_dimension,
        metric=Metric(settings.index_metric),
        engine=Engine(settings.index_engine),
        fields=fields,
    )
    return Sole(settings.index_uid or name, name), new


def build_archive(
    settings: IndexSettings,
    builds: Callable[[str], Build] = lambda _: Build(0, ()),
    only: str | None = None,
) -> Archive:
    """The snapshots of all indexes; their store is not asked for anything yet.

    `builds` tells the graphs that several processes share, `only` the one index that may be read.
    """
    url = settings.snapshot_url or (settings.data_dir / _SNAPSHOTS).absolute().as_uri()
    policy = Policy(settings.snapshots_kept, timedelta(seconds=settings.snapshots_kept_for))
    store = open_store(url, keys=_read_keys(settings))
    return Archive(store, settings.data_dir, policy, __version__, builds, only)


def _read_keys(settings: IndexSettings) -> Keys | None:
    """S3's keys where files have them; else they are those of the environment."""
    key, secret = settings.aws_access_key_id_file, settings.aws_secret_access_key_file
    if key is None or secret is None:
        return None
    token = settings.aws_session_token_file
    return Keys(
        Secret("AWS_ACCESS_KEY_ID_FILE", file=key),
        Secret("AWS_SECRET_ACCESS_KEY_FILE", file=secret),
        None if token is None else Secret("AWS_SESSION_TOKEN_FILE", file=token),
    )


@asynccontextmanager
async def open_embedder(settings: Settings) -> AsyncIterator[Embedder]:
    """An embedder without a server around it, its default model loaded. Raises ModelUnavailable."""
    embedder = Embedder(settings, Metrics(CollectorRegistry()), child_environment())
    try:
        await embedder.start()
        yield embedder
    finally:
        await embedder.close()
