"""What handlers are given to work with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from starlette.requests import Request

from embedding_service.api.lifecycle import Lifecycle
from embedding_service.api.refusals import STALLED_AFTER, IndexesElsewhere
from embedding_service.indexes.errors import ManagedElsewhere
from embedding_service.inference.encoder import Encoder
from embedding_service.settings import Settings
from embedding_service.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from embedding_service.jobs.jobs import Jobs
    from embedding_service.retrieval.retrieval import Retrieval


@dataclass(frozen=True, slots=True)
class Rooms:
    """One for each application, on its `state`: routers are declared before there is one."""

    embedder: Encoder
    settings: Settings
    metrics: Metrics
    lifecycle: Lifecycle
    version: str
    """Of this package."""
    started_at: float
    """Unix time."""
    retrieval: "Retrieval | None" = None
    """None where DATABASE_URL says `none`, and so are its jobs."""
    jobs: "Jobs | None" = None
    body_patience: float = STALLED_AFTER
    """Seconds without a byte after which the rest of a request's body is not waited for."""


def rooms_of(request: Request) -> Rooms:
    """The rooms of the application that received `request`."""
    return cast("Rooms", request.app.state.rooms)


def retrieval_of(request: Request) -> "Retrieval":
    """The indexes of that application. Raises IndexesElsewhere."""
    retrieval = rooms_of(request).retrieval
    if retrieval is None:
        raise IndexesElsewhere
    return retrieval


def refuse_if_operated(request: Request) -> None:
    """Raise ManagedElsewhere where an operator makes, uses and removes snapshots."""
    settings = rooms_of(request).settings
    if settings.admin_keys_file is not None:
        raise ManagedElsewhere(settings.index_name, "snapshots are made and used")


def snapshot_jobs_of(request: Request) -> "Jobs":
    """The jobs that change snapshots, or what they are of. Raises as the two above and below."""
    jobs = jobs_of(request)
    refuse_if_operated(request)
    return jobs


def jobs_of(request: Request) -> "Jobs":
    """The jobs of that application. Raises IndexesElsewhere."""
    jobs = rooms_of(request).jobs
    if jobs is None:
        raise IndexesElsewhere
    return jobs
