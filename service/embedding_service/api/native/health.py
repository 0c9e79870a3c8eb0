"""GET /health: one page for people and simple monitors."""

import platform
import time

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.native.answers import HealthAnswer
from embedding_service.api.rooms import Rooms, rooms_of
from embedding_service.inference.description import Health

router = APIRouter(tags=["operation"])


@router.head("/health", include_in_schema=False)
@router.get(
    "/health",
    summary="State of the service",
    responses={200: {"model": HealthAnswer}, 503: {"model": HealthAnswer}},
)
async def health(request: Request) -> Response:
    """Which model runs where, and whether it can serve; 503 while it cannot."""
    rooms = rooms_of(request)
    state = rooms.embedder.health()
    can_serve = state.is_serving and not state.is_broken and not rooms.lifecycle.is_draining
    model = state.description
    facts = {
        "status": _status_of(state, rooms),
        "detail": state.detail,
        "model": state.default_model,
        "reference": model and model.reference,
        "fingerprint": model and model.fingerprint,
        "dimension": model and model.dimension,
        "max_length": model and model.max_length,
        "backend": model and model.backend,
        "linears": model and model.linears,
        "unpacked_because": model and model.unpacked_because,
        "dtype": model and model.dtype,
        "float32_because": model and model.float32_because,
        "device": model and model.device,
        "device_name": model and model.device_name,
        "gpu_available": state.has_gpu,
        "fallback": model and model.fallback_reason,
        "batch_tokens": state.batch_tokens,
        "batch_tokens_from": state.batch_tokens_from,
        "versions": {
            "gpu-embedding": rooms.version,
            "python": platform.python_version(),
            **(model.versions if model else {}),
        },
        "uptime_seconds": round(time.time() - rooms.started_at, 3),
    }
    status = 200 if can_serve else 503
    return Response(orjson.dumps(facts), status_code=status, media_type="application/json")


def _status_of(state: Health, rooms: Rooms) -> str:
    if state.is_broken:
        return "broken"
    if rooms.lifecycle.is_leaving:
        return "draining"
    if not state.is_started:
        return "starting"
    return "healthy" if state.is_serving else "unavailable"
