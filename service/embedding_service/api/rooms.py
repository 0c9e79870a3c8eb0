"""What handlers are given to work with."""

from dataclasses import dataclass
from typing import Final, cast

from starlette.requests import Request

from embedding_service.api.lifecycle import Lifecycle
from embedding_service.inference.embedder import Embedder
from embedding_service.settings import Settings
from embedding_service.telemetry.metrics import Metrics

BODY_PATIENCE: Final = 30.0
"""Seconds without a byte after which the rest of a body is not waited for."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """One for each application, on its `state`: routers are declared before there is one."""

    embedder: Embedder
    settings: Settings
    metrics: Metrics
    lifecycle: Lifecycle
    version: str
    """Of this package."""
    started_at: float
    """Unix time."""
    body_patience: float = BODY_PATIENCE


def rooms_of(request: Request) -> Rooms:
    """The rooms of the application that received `request`."""
    return cast("Rooms", request.app.state.rooms)
