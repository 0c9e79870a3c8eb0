"""The API over a fake embedder, or over a real one, as a client sees it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from embedders import open_metered
from embedding_service.api.application import build_api
from embedding_service.api.auth import Authenticator
from embedding_service.api.lifecycle import Lifecycle
from embedding_service.inference.embedder import Embedder
from embedding_service.settings import Settings
from embedding_service.telemetry.metrics import Metrics
from fakes import FakeEmbedder


@dataclass
class Api:
    """A running application, and what a test may look at or move."""

    app: FastAPI
    http: httpx.AsyncClient
    lifecycle: Lifecycle
    registry: CollectorRegistry
    embedder: FakeEmbedder

    def sample(self, name: str, **labels: str) -> float:
        """Value of one series; 0 if there is none."""
        return self.registry.get_sample_value(name, labels) or 0.0


def build(
    embedder: Embedder, authenticator: Authenticator | None, settings: dict[str, Any]
) -> tuple[FastAPI, Lifecycle, CollectorRegistry]:
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


def connect(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")


@pytest.fixture
async def open_api() -> AsyncIterator[Callable[..., Api]]:
    """Make an API over a fake, with settings by name."""
    async with AsyncExitStack() as stack:

        def make(authenticator: Authenticator | None = None, **settings: Any) -> Api:
            embedder = FakeEmbedder()
            app, lifecycle, registry = build(embedder, authenticator, settings)
            http = connect(app)
            stack.push_async_callback(http.aclose)
            return Api(app, http, lifecycle, registry, embedder)

        yield make


@pytest.fixture
def api(open_api: Callable[..., Api]) -> Api:
    """The API over a fake, with default settings."""
    return open_api()


@pytest.fixture
async def real_http() -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API over a real embedder of hashed vectors."""
    async with open_metered(allowed_models=("other=hashing:4",)) as embedder:
        app, _, _ = build(embedder, None, {})
        async with connect(app) as http:
            yield http
