"""Composition: every room is built here from one frozen Settings, and nowhere else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry

from embedding_service import __version__
from embedding_service.api.admin import build_admin_app
from embedding_service.api.application import build_api
from embedding_service.api.auth import Authenticator
from embedding_service.api.exchange import OPEN_PATHS
from embedding_service.api.keys import KeyRing
from embedding_service.api.lifecycle import Lifecycle
from embedding_service.api.operating.tokens import OperatorKeys
from embedding_service.api.probes import build_metrics_app
from embedding_service.environment import BadSettings, child_environment, is_tracing_wanted
from embedding_service.errors import InvalidRequest
from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.definition import (
    Engine,
    FieldType,
    Metric,
    check_fields,
    check_name,
)
from embedding_service.indexes.headroom import Headroom
from embedding_service.indexes.parameters import tune
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota
from embedding_service.indexes.records.sole import Sole
from embedding_service.indexes.snapshots.choice import Choice
from embedding_service.indexes.tuning import Tuning
from embedding_service.indexes.upkeep.building import Workshop
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.inference.cores import usable_cores
from embedding_service.inference.embedder import Embedder
from embedding_service.inference.encoder import Encoder
from embedding_service.inference.remote.encoder import RemoteEncoder
from embedding_service.inference.workers.hosts import Zygote
from embedding_service.jobs.jobs import Jobs
from embedding_service.jobs.runner import Runner
from embedding_service.retrieval.bounds import Bounds
from embedding_service.retrieval.managed import Charge, ManagedIndex
from embedding_service.retrieval.pins import PinnedEmbedder
from embedding_service.retrieval.pools import Pools
from embedding_service.retrieval.requests import NewIndex
from embedding_service.retrieval.retrieval import Retrieval
from embedding_service.secret import Secret
from embedding_service.settings import (
    NO_DATABASE,
    OperatorSettings,
    Settings,
)
from embedding_service.stores import build_archive, open_shelf, url_of
from embedding_service.telemetry.metrics import Metrics
from embedding_service.telemetry.traces import AsgiApp, Traces, start_traces

_DATABASE_FILE = "gpu-embedding.db"
_WORKSHOP = "building"
"""Folder in DATA_DIR."""
_SHARED_WRITERS = 4
"""Of one process, to PostgreSQL: writes to one index wait for each other there anyway."""
_READERS = 4
_PARAMETERS: Final = {
    "exact_rows": "index_exact_rows",
    "recall": "index_recall",
    "m": "index_hnsw_m",
    "ef_construction": "index_hnsw_ef_construction",
    "nlist": "index_ivf_nlist",
}
"""Of an engine, and the settings that they are called by."""


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


def build_application(settings: Settings, zygote: Zygote | None = None) -> Application:
    """Build every room; needs a running event loop. `zygote` is one that has begun already.

    Raises:
        BadKeysFile: API_KEYS_FILE is none. RecordLocked: another process has the database file.
        RecordUnavailable: the database does not answer.
    """
    metrics = Metrics(CollectorRegistry())
    embedder = build_encoder(settings, metrics, zygote or Zygote(child_environment()))
    lifecycle = Lifecycle()
    keys = settings.api_keys_file
    authenticator = Authenticator(KeyRing(keys)) if keys is not None else None
    operator = build_operator_keys(settings)
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
        build_admin_app(api, operator),
    )


def build_operator_keys(settings: Settings) -> OperatorKeys | None:
    """Of the operator that looks after the index. Raises BadSettings."""
    for setting in OperatorSettings.model_fields:
        is_set = setting in settings.model_fields_set and getattr(settings, setting)
        if is_set and not settings.index_name:
            raise BadSettings(f"{setting.upper()}: set INDEX_NAME too, or leave it out")
    if settings.admin_keys_file is None:
        return None
    if settings.admin_port is None:
        raise BadSettings("ADMIN_KEYS_FILE: set ADMIN_PORT too, or leave it out")
    if settings.database_url == NO_DATABASE:
        raise BadSettings("ADMIN_KEYS_FILE: there is no index where DATABASE_URL is none")
    return OperatorKeys(settings.admin_keys_file, settings.index_uid or settings.index_name)


def build_encoder(settings: Settings, metrics: Metrics, zygote: Zygote) -> Encoder:
    """What makes vectors: models here, or another server."""
    if not settings.encoder_url:
        return Embedder(settings, metrics, zygote)
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
    charge = _read_charge(settings)
    record = open_record(address, settings.data_dir, sole=_sole_of(charge, settings))
    quota = Quota(documents=settings.max_index_documents, size=settings.max_index_size)
    pools = Pools(
        writers=_SHARED_WRITERS if record.is_shared else 1,  # SQLite has one writer at a time
        readers=_READERS,
        searchers=usable_cores(),
        waits=metrics.waits,
    )
    choice = Choice(charge.uid, settings.index_snapshot_file) if charge else Choice()
    archive = build_archive(settings, record.build, choice)
    catalogue = Catalogue(record, quota, metrics.indexes, archive)
    threads = max(1, usable_cores() // 2)  # the other half is for searches
    workshop = Workshop(settings.data_dir / _WORKSHOP, child_environment(), threads)
    upkeep = Upkeep(workshop, metrics.indexes)
    headroom = Headroom(None if record.is_shared else settings.data_dir)
    bounds = Bounds(settings.version_wait, settings.max_unbuilt_rows, headroom)
    managed = None
    if charge is not None:
        managed = ManagedIndex(charge, catalogue, archive, upkeep.count_waiting, pools, headroom)
    retrieval = Retrieval(
        catalogue,
        upkeep,
        PinnedEmbedder(embedder),
        pools,
        bounds,
        managed,
    )
    return retrieval, Jobs(record, catalogue, upkeep, retrieval, Runner(record))


def _read_charge(settings: Settings) -> Charge | None:
    """The one index to serve, where there is to be no other. Raises BadSettings."""
    name = settings.index_name
    if not name:
        return None
    try:
        fields = {field: FieldType(kind) for field, kind in settings.index_fields.items()}
        check_name(name)
        check_fields(fields)
    except (InvalidRequest, ValueError) as error:
        raise BadSettings(f"INDEX_NAME or INDEX_FIELDS: {error}") from error
    engine = Engine(settings.index_engine or Engine.AUTO)
    tuning = _read_tuning(settings, engine)
    new = NewIndex(
        name=name,
        model=settings.index_model or None,
        dimension=settings.index_dimension,
        metric=Metric(settings.index_metric),
        engine=engine,
        tuning=tuning,
        fields=fields,
    )
    uid = settings.index_uid or name
    wanted = Blueprint(engine, tuning) if _says_engine(settings) else None
    shelf = partial(open_shelf, settings)
    return Charge(uid, new, url_of(settings), shelf, wanted, settings.index_engine_revision)


def _read_tuning(settings: Settings, engine: Engine) -> Tuning:
    given = {name: getattr(settings, setting) for name, setting in _PARAMETERS.items()}
    said_as = {name: setting.upper() for name, setting in _PARAMETERS.items()}
    try:
        return tune(engine, given, said_as)
    except InvalidRequest as error:
        raise BadSettings(error.message) from error


def _says_engine(settings: Settings) -> bool:
    said = ("index_engine", *_PARAMETERS.values())
    return any(getattr(settings, name) is not None for name in said)


def _sole_of(charge: Charge | None, settings: OperatorSettings) -> Sole | None:
    if charge is None:
        return None
    return Sole(charge.uid, charge.new.name, settings.index_aliases_file)


@asynccontextmanager
async def open_embedder(settings: Settings) -> AsyncIterator[Embedder]:
    """An embedder without a server around it, its default model loaded. Raises ModelUnavailable."""
    embedder = Embedder(settings, Metrics(CollectorRegistry()), Zygote(child_environment()))
    try:
        await embedder.start()
        yield embedder
    finally:
        await embedder.close()
