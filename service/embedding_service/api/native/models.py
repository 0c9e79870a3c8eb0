"""GET /api/v1/models and /api/v1/models/{name}."""

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.dialects import Dialect
from embedding_service.api.native.answers import ModelAnswer, ModelsAnswer
from embedding_service.api.responses import problems_of
from embedding_service.api.rooms import rooms_of
from embedding_service.inference.description import ModelDescription, ServedModel
from embedding_service.inference.remote.wire import DEFAULT, write_description

router = APIRouter(prefix="/api/v1", tags=["models"])

_DESCRIBED = (
    "fingerprint",
    "dimension",
    "max_length",
    "dtype",
    "device",
    "device_name",
    "backend",
    "linears",
    "unpacked_because",
    "float32_because",
    "architecture",
    "pooling",
)


@router.get(
    "/models",
    summary="Served models",
    responses={200: {"model": ModelsAnswer}, **problems_of(Dialect.NATIVE, 401, 429, 500, 503)},
)
async def models(request: Request) -> Response:
    """What is loaded and what is allowed, the default first."""
    served = rooms_of(request).embedder.served()
    body = orjson.dumps({"models": [_entry(model) for model in served]})
    return Response(body, media_type="application/json")


@router.get(
    "/models/{name:path}",
    summary="One model",
    responses={200: {"model": ModelAnswer}, **problems_of(Dialect.NATIVE)},
)
async def model(request: Request, name: str) -> Response:
    """All that is known of one model, which is loaded if need be; `default` is the default one."""
    embedder = rooms_of(request).embedder
    is_named = any(served.name == name for served in embedder.served())
    description = await embedder.describe(None if name == DEFAULT and not is_named else name)
    return Response(write_description(description), media_type="application/json")


def _entry(model: ServedModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "reference": model.reference,
        "default": model.is_default,
        "state": model.state,
        "failure": model.failure,
        "memory_bytes": model.memory_bytes,
        **_describe(model.description),
    }


def _describe(description: ModelDescription | None) -> dict[str, Any]:
    if description is None:
        return dict.fromkeys((*_DESCRIBED, "fallback", "matryoshka", "prompts"))
    return {
        **{name: getattr(description, name) for name in _DESCRIBED},
        "fallback": description.fallback_reason,
        "matryoshka": description.is_matryoshka,
        "prompts": sorted(description.prompts),
    }
