"""The API over a fake embedder, or over a real one, as a client sees it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from embedding_service.api.application import build_api
from embedding_service.api.auth import Authenticator
from embedding_service.api.lifecycle import Lifecycle
from embedding_service.inference.embedder import Embedder
from embedding_service.settings import Settings
from embedding_service.telemetry.metrics import Metrics
from fake_jobs import FakeJobs
from fake_retrieval import FakeRetrieval
from fake_snapshots import FakeSnapshots
from fakes import FakeEmbedder


@dataclass
class Api:
    """An application, and what a test may look at or move."""

    app: FastAPI
    http: httpx.AsyncClient
    lifecycle: Lifecycle
    registry: CollectorRegistry
    embedder: FakeEmbedder

    def sample(self, name: str, **labels: str) -> float:
        """Value of one series; 0 if there is none."""
        return self.registry.get_sample_value(name, labels) or 0.0


OpenApi: TypeAlias = Callable[..., Api]
"""Takes an authenticator, and settings by name."""


def build_app(
    embedder: Embedder, authenticator: Authenticator | None = None, **settings: Any
) -> tuple[FastAPI, Lifecycle, CollectorRegistry]:
    """The application and what moves and watches it."""
    registry, lifecycle = CollectorRegistry(), Lifecycle()
    app = build_api(
        embedder,
        Settings(**settings),
        Metrics(registry),
        lifecycle=lifecycle,
        authenticator=authenticator,
        version="1.2.3",
    )
    return app, lifecycle, registry


def build_fake_api(authenticator: Authenticator | None = None, **settings: Any) -> Api:
    """An API over a fake. Its client is to be closed."""
    embedder = FakeEmbedder()
    app, lifecycle, registry = build_app(embedder, authenticator, **settings)
    return Api(app, connect(app), lifecycle, registry, embedder)


def give_indexes(api: Api) -> FakeRetrieval:
    """Put indexes behind `api`."""
    fake = FakeRetrieval()
    fake.snapshots = FakeSnapshots()
    api.app.state.rooms = replace(api.app.state.rooms, retrieval=fake, jobs=FakeJobs())
    return fake


def connect(app: FastAPI) -> httpx.AsyncClient:
    """A client of `app` in this process."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")
