"""A real Embedder with real worker processes, for tests of what happens inside."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from prometheus_client import CollectorRegistry

from embedding_service.environment import child_environment
from embedding_service.inference.embedder import Embedder
from embedding_service.settings import Settings
from embedding_service.telemetry.metrics import Metrics


class MeteredEmbedder(Embedder):
    """An Embedder whose metrics a test can read."""

    def __init__(self, settings: Settings) -> None:
        self.registry = CollectorRegistry()
        super().__init__(settings, Metrics(self.registry), child_environment())

    def sample(self, name: str, **labels: str) -> float:
        """Value of one series; 0 if there is none."""
        return self.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def open_metered(**settings: Any) -> AsyncIterator[MeteredEmbedder]:
    """Start one; `hashing:16` and one worker unless `settings` say otherwise."""
    defaults: dict[str, Any] = {"embedding_model": "hashing:16", "workers": 1}
    embedder = MeteredEmbedder(Settings(**(defaults | settings)))
    try:
        await embedder.start()
        yield embedder
    finally:
        await embedder.close()
