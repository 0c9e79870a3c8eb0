"""Composition: every room is built here from one frozen Settings, and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from embedding_service import __version__
from embedding_service.api.application import build_api
from embedding_service.api.auth import Authenticator
from embedding_service.api.exchange import OPEN_PATHS
from embedding_service.api.keys import KeyRing
from embedding_service.api.lifecycle import Lifecycle
from embedding_service.api.probes import build_metrics_app
from embedding_service.inference.embedder import Embedder
from embedding_service.settings import Settings, child_environment, is_tracing_wanted
from embedding_service.telemetry.metrics import Metrics
from embedding_service.telemetry.traces import AsgiApp, Traces, start_traces


@dataclass(frozen=True, slots=True)
class Application:
    """The composed service; whoever runs it starts and closes the embedder."""

    embedder: Embedder
    lifecycle: Lifecycle
    traces: Traces
    api: AsgiApp
    metrics: AsgiApp
    """`/metrics` alone, for a port of its own."""


def build_application(settings: Settings) -> Application:
    """Build every room. Raises BadKeysFile for a bad API_KEYS_FILE; needs a running event loop."""
    metrics = Metrics(CollectorRegistry())
    embedder = Embedder(settings, metrics, child_environment())
    lifecycle = Lifecycle()
    keys = settings.api_keys_file
    api = build_api(
        embedder,
        settings,
        metrics,
        lifecycle=lifecycle,
        authenticator=Authenticator(KeyRing(keys)) if keys is not None else None,
        version=__version__,
    )
    traces = start_traces(is_wanted=is_tracing_wanted(), version=__version__)
    traced = traces.instrument(api, untraced_paths=OPEN_PATHS)
    return Application(embedder, lifecycle, traces, traced, build_metrics_app(metrics))


@asynccontextmanager
async def open_embedder(settings: Settings) -> AsyncIterator[Embedder]:
    """An embedder without a server around it, its default model loaded. Raises ModelUnavailable."""
    embedder = Embedder(settings, Metrics(CollectorRegistry()), child_environment())
    try:
        await embedder.start()
        yield embedder
    finally:
        await embedder.close()
