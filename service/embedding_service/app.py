"""Composition: every room is built here from one frozen Settings, and nowhere else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from embedding_service.heap import importing
from embedding_service.inference.embedder import Embedder
from embedding_service.inference.encoder import Encoder
from embedding_service.inference.remote.encoder import RemoteEncoder
from embedding_service.inference.workers.hosts import Zygote
from embedding_service.secret import Secret
from embedding_service.settings import (
    NO_DATABASE,
    OperatorSettings,
    Settings,
)
from embedding_service.telemetry.metrics import Metrics
from embedding_service.telemetry.traces import AsgiApp, Traces, start_traces

if TYPE_CHECKING:
    from embedding_service.jobs.jobs import Jobs
    from embedding_service.retrieval.retrieval import Retrieval


@dataclass(frozen=True, slots=True)
class Application:
    """The composed service; whoever runs it starts and closes it."""

    embedder: Encoder
    retrieval: "Retrieval | None"
    """None where DATABASE_URL says `none`."""
    jobs: "Jobs | None"
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
    retrieval, jobs = _build_indexes(settings, embedder, metrics) or (None, None)
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


def _build_indexes(
    settings: Settings, embedder: Encoder, metrics: Metrics
) -> "tuple[Retrieval, Jobs] | None":
    if settings.database_url == NO_DATABASE:
        return None
    # Their libraries are half of a front's memory, and none of a tier's business.
    with importing():
        from embedding_service.holdings import build_retrieval  # noqa: PLC0415

    return build_retrieval(settings, embedder, metrics)


@asynccontextmanager
async def open_embedder(settings: Settings) -> AsyncIterator[Embedder]:
    """An embedder without a server around it, its default model loaded. Raises ModelUnavailable."""
    embedder = Embedder(settings, Metrics(CollectorRegistry()), Zygote(child_environment()))
    try:
        await embedder.start()
        yield embedder
    finally:
        await embedder.close()
