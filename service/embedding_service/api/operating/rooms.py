"""The rooms as the operator's port needs them: one index, and the work that is ordered for it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request

from embedding_service.api.rooms import Rooms, rooms_of
from embedding_service.errors import Unavailable

if TYPE_CHECKING:
    from embedding_service.jobs.managed import ManagedJobs
    from embedding_service.retrieval.managed import ManagedIndex
    from embedding_service.retrieval.retrieval import Retrieval

_RETRY_AFTER = 2.0


@dataclass(frozen=True, slots=True)
class Sole:
    """What there is of the one index."""

    index: "ManagedIndex"
    jobs: "ManagedJobs"
    retrieval: "Retrieval"


def sole_of(rooms: Rooms) -> Sole:
    """Raises ValueError unless the server has one index alone."""
    retrieval, jobs = rooms.retrieval, rooms.jobs
    if retrieval is None or retrieval.managed is None or jobs is None or jobs.managed is None:
        raise ValueError("a server of many indexes, or of none, has no operator")
    return Sole(retrieval.managed, jobs.managed, retrieval)


def loaded_of(request: Request) -> Sole:
    """The index, fit to be worked on. Raises Unavailable while it is loading."""
    sole = sole_of(rooms_of(request))
    if not sole.retrieval.is_loaded:
        raise Unavailable("the index is not loaded yet; come back", _RETRY_AFTER)
    return sole
