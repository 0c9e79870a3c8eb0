"""Composes the room.

What a request goes through before its router, from the outside in:

    Recording        request id, log line, metrics
    CORSMiddleware   only where origins are listed
    Answering        exceptions become answers
    Disconnection    a client that goes takes its work along
    Admission        draining, keys, count of work
    Shortcut         routes without parameters; all others are the router's
"""

import time
from typing import TYPE_CHECKING, NoReturn

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request

from embedding_service.api import headers
from embedding_service.api.auth import Authenticator
from embedding_service.api.docs import add_docs
from embedding_service.api.document import ROUTERS
from embedding_service.api.lifecycle import Lifecycle
from embedding_service.api.middleware.admission import Admission
from embedding_service.api.middleware.answering import Answering
from embedding_service.api.middleware.disconnection import Disconnection
from embedding_service.api.middleware.recording import Recording
from embedding_service.api.middleware.shortcut import Shortcut
from embedding_service.api.probes import metrics_router
from embedding_service.api.refusals import MethodNotAllowed
from embedding_service.api.rooms import Rooms
from embedding_service.inference.encoder import Encoder
from embedding_service.settings import Settings
from embedding_service.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from embedding_service.jobs.jobs import Jobs
    from embedding_service.retrieval.retrieval import Retrieval


def build_api(  # noqa: PLR0913  the composition names every part
    embedder: Encoder,
    settings: Settings,
    metrics: Metrics,
    *,
    retrieval: "Retrieval | None" = None,
    jobs: "Jobs | None" = None,
    lifecycle: Lifecycle,
    authenticator: Authenticator | None = None,
    version: str,
) -> FastAPI:
    """The application; without `retrieval` its routes of indexes tell that they are elsewhere.

    Whoever runs it starts and closes `embedder`, `retrieval` and `jobs`, and moves `lifecycle`
    along.
    """
    app = FastAPI(
        title="gpu-embedding",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Spans are made around the application (telemetry/); FastAPI's own would double them, and
        # its log records carry messages of exceptions, which may quote a request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    started = time.time()
    app.state.rooms = Rooms(
        embedder, settings, metrics, lifecycle, version, started, retrieval, jobs
    )
    app.add_exception_handler(HTTPException, _pass_on)
    for router in ROUTERS:
        app.include_router(router)
    if settings.metrics_enabled and settings.metrics_port is None:
        app.include_router(metrics_router)
    add_docs(app)
    app.add_middleware(Shortcut, routers=ROUTERS)
    app.add_middleware(Admission, lifecycle=lifecycle, metrics=metrics, authenticator=authenticator)
    app.add_middleware(Disconnection)
    app.add_middleware(Answering)
    if settings.cors_origins:
        _add_cors(app, settings)
    app.add_middleware(Recording, metrics=metrics)
    return app


def _add_cors(app: FastAPI, settings: Settings) -> None:
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            headers.IDEMPOTENCY_KEY,
            headers.PRIORITY,
            headers.REQUEST_ID,
            headers.REQUEST_TIMEOUT,
            "traceparent",
        ],
        expose_headers=[
            headers.REQUEST_ID,
            headers.WARNING,
            headers.FINGERPRINT,
            headers.IDEMPOTENCY_REPLAYED,
            "Location",
            "Retry-After",
            "WWW-Authenticate",
        ],
    )


def _pass_on(request: Request, error: Exception) -> NoReturn:
    """Let the router's own refusals reach Answering, like every other exception."""
    is_refused = isinstance(error, HTTPException) and error.status_code == 405
    if is_refused and (methods := _methods_beside(request)):
        raise MethodNotAllowed(", ".join(methods))
    raise error


def _methods_beside(request: Request) -> list[str]:
    """Methods of all routes on the path that was found; the router tells those of the first."""
    path = getattr(request.scope.get("route"), "path_format", None)
    routes = (route for router in ROUTERS for route in router.routes)
    found = (each for each in routes if isinstance(each, APIRoute) and each.path_format == path)
    return sorted({method for route in found for method in route.methods or ()})
