"""The port of the operator, apart from that of people: an Ingress never leads here."""

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Route

from embedding_service.api.probes import livez, metrics, readyz, startupz


def build_admin_app(api: FastAPI) -> Starlette:
    """An application over the rooms of `api`, for probes and metrics."""
    app = Starlette(
        routes=[
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/startupz", startupz),
            Route("/metrics", metrics),
        ]
    )
    app.state.rooms = api.state.rooms
    return app
