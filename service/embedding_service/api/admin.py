"""The port of the operator, apart from that of people: an Ingress never leads here."""

from typing import NoReturn

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route

from embedding_service.api.middleware.answering import Answering
from embedding_service.api.middleware.recording import Recording
from embedding_service.api.operating import ending, jobs, snapshots
from embedding_service.api.operating.gate import Gate
from embedding_service.api.operating.pulse import Pulse
from embedding_service.api.operating.status import status
from embedding_service.api.operating.tokens import OperatorKeys
from embedding_service.api.probes import livez, metrics, readyz, startupz
from embedding_service.api.rooms import Rooms


def build_admin_app(api: FastAPI, keys: OperatorKeys | None = None) -> Starlette:
    """An application over the rooms of `api`: probes and metrics, and with `keys` the operator's.

    With them there must be one index alone.
    """
    rooms: Rooms = api.state.rooms
    routes = [Route("/livez", livez), Route("/readyz", readyz), Route("/startupz", startupz)]
    if rooms.settings.metrics_enabled:
        routes.append(Route("/metrics", metrics))
    if keys is None:
        app = Starlette(routes=routes)
    else:
        app = Starlette(
            routes=[*routes, *_operator_routes()],
            middleware=[
                Middleware(Recording, metrics=rooms.metrics),
                Middleware(Answering),
                Middleware(Gate, keys=keys),
            ],
            exception_handlers={HTTPException: _pass_on},
        )
        model = rooms.settings.index_model or None
        app.state.pulse = Pulse(rooms.embedder, model) if rooms.settings.encoder_url else None
    app.state.rooms = rooms
    return app


def _operator_routes() -> list[Route]:
    return [
        Route("/status", status),
        Route("/jobs/snapshot", jobs.order_snapshot, methods=["POST"]),
        Route("/jobs/restore", jobs.order_restore, methods=["POST"]),
        Route("/jobs/reload", jobs.order_reload, methods=["POST"]),
        Route("/jobs/purge", jobs.order_purge, methods=["POST"]),
        Route("/jobs/{id}", jobs.read_job),
        Route("/jobs", jobs.list_jobs),
        Route("/snapshots", snapshots.list_snapshots),
        Route("/snapshots/sweep", snapshots.sweep, methods=["POST"]),
        Route("/drain", ending.drain, methods=["POST"]),
    ]


def _pass_on(_request: Request, error: Exception) -> NoReturn:
    """Let the router's own refusals reach Answering, like every other exception."""
    raise error
