"""The port of the operator, apart from that of people: an Ingress never leads here."""

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Route

from embedding_service.api.probes import livez, metrics, readyz, startupz
from embedding_service.api.rooms import Rooms


def build_admin_app(api: FastAPI) -> Starlette:
    """An application over the rooms of `api`, for probes and metrics."""
    rooms: Rooms = api.state.rooms
    routes = [Route("/livez", livez), Route("/readyz", readyz), Route("/startupz", startupz)]
    if rooms.settings.metrics_enabled:
        routes.append(Route("/metrics", metrics))
    app = Starlette(routes=routes)
    app.state.rooms = rooms
    return app
