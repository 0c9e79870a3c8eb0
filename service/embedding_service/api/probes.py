"""What Kubernetes and Prometheus ask. The event loop answers by itself, never behind the queue."""

from typing import Any

import orjson
from fastapi import APIRouter
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from embedding_service.api.rooms import Rooms, rooms_of
from embedding_service.telemetry.metrics import Metrics

router = APIRouter(tags=["operation"])
metrics_router = APIRouter(tags=["operation"])

_LOADING = "the indexes are being loaded"
_PROBE_ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["status", "detail"],
                    "properties": {"status": {"type": "string"}, "detail": {"type": "string"}},
                }
            }
        },
    }
    for status, description in ((200, "Yes"), (503, "No"))
}


@router.head("/livez", include_in_schema=False)
@router.get("/livez", summary="Is it alive?", responses=_PROBE_ANSWERS)
async def livez(request: Request) -> Response:
    """No only when a restart is the cure: workers have not come back for a minute.

    A stuck event loop cannot even say no; the probe's own time limit tells.
    """
    health = rooms_of(request).embedder.health()
    return _say(is_well=not health.is_broken, detail=health.detail)


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", summary="Should it get requests?", responses=_PROBE_ANSWERS)
async def readyz(request: Request) -> Response:
    """No while no worker serves or an index is loading, and once the server is told to stop."""
    is_ready, detail = readiness_of(rooms_of(request))
    return _say(is_well=is_ready, detail=detail)


@router.head("/startupz", include_in_schema=False)
@router.get("/startupz", summary="Has it started?", responses=_PROBE_ANSWERS)
async def startupz(request: Request) -> Response:
    """No until the default model has served once and every index is loaded."""
    rooms = rooms_of(request)
    health = rooms.embedder.health()
    if health.is_started and not _has_indexes(rooms):
        return _say(is_well=False, detail=_LOADING)
    return _say(is_well=health.is_started, detail=health.detail)


@metrics_router.get(
    "/metrics",
    summary="Prometheus metrics",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Text format, or OpenMetrics for those that accept it. Needs no key: see METRICS_PORT."""
    return expose(rooms_of(request).metrics, request)


def build_metrics_app(metrics: Metrics) -> Starlette:
    """An application with /metrics alone, for METRICS_PORT."""

    async def metrics_alone(request: Request) -> Response:
        return expose(metrics, request)

    return Starlette(routes=[Route("/metrics", metrics_alone)])


def expose(metrics: Metrics, request: Request) -> Response:
    """All metrics in the format that the client accepts."""
    encoder, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encoder(metrics.registry), headers={"Content-Type": content_type})


def readiness_of(rooms: Rooms) -> tuple[bool, str]:
    """Whether it should get requests, and why."""
    if rooms.lifecycle.is_leaving:
        return False, "shutting down"
    health = rooms.embedder.health()
    if health.is_serving and not _has_indexes(rooms):
        return False, _LOADING
    return health.is_serving, health.detail


def _has_indexes(rooms: Rooms) -> bool:
    return rooms.retrieval is None or rooms.retrieval.is_loaded


def _say(*, is_well: bool, detail: str) -> Response:
    body = orjson.dumps({"status": "ok" if is_well else "failing", "detail": detail})
    return Response(body, status_code=200 if is_well else 503, media_type="application/json")
