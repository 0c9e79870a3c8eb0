"""OpenAI's dialect: /v1/embeddings and /v1/models, for clients that know no other."""

from collections.abc import Mapping
from typing import Any, ClassVar

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.bodies import Payload, read_payload, request_body
from embedding_service.api.body_faults import Takes
from embedding_service.api.dialects import Dialect
from embedding_service.api.embedding import timed_headers_of, usage_of
from embedding_service.api.encoding import EncodingFormat, Envelope, respond
from embedding_service.api.exchange import exchange_of
from embedding_service.api.inputs import TextsOrIds, checked_inputs, size_of
from embedding_service.api.native.answers import Usage
from embedding_service.api.parameters import parameters
from embedding_service.api.responses import problems_of
from embedding_service.api.rooms import Rooms, rooms_of
from embedding_service.api.terms import TERMS, terms_of
from embedding_service.errors import ModelNotServed
from embedding_service.inference.requests import EmbeddingRequest

router = APIRouter(prefix="/v1", tags=["OpenAI"])

_READS = problems_of(Dialect.OPENAI, 401, 404, 429, 500, 503)


class OpenAIEmbeddingRequest(Payload):
    """OpenAI's request; fields it does not name are ignored."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={"example": {"input": ["Hello world"], "encoding_format": "float"}},
    )
    takes: ClassVar[Mapping[str, Takes]] = {"input": Takes.TEXTS | Takes.IDS}

    input: TextsOrIds
    """One text, several, or token ids of the served model in place of either."""
    model: str | None = Field(default=None, max_length=200)
    """A served model by name; the default model without it."""
    encoding_format: EncodingFormat | None = None
    """float without it; base64 is little-endian float32, one string a text."""
    dimensions: int | None = Field(default=None, ge=1)
    """Keep this many leading dimensions, then normalise."""
    user: str | None = None
    """Taken and not used."""


class OpenAIEmbedding(BaseModel):
    """One vector."""

    object: str
    index: int
    embedding: list[float] | str


class OpenAIEmbeddings(BaseModel):
    """OpenAI's answer."""

    object: str
    data: list[OpenAIEmbedding]
    model: str
    usage: Usage


class OpenAIModel(BaseModel):
    """One served model."""

    id: str
    object: str
    created: int
    owned_by: str


class OpenAIModels(BaseModel):
    """The served models, the default first."""

    object: str
    data: list[OpenAIModel]


@router.post(
    "/embeddings",
    summary="Embed texts, as OpenAI does",
    openapi_extra={**request_body(OpenAIEmbeddingRequest), **parameters(*TERMS)},
    responses={200: {"model": OpenAIEmbeddings}, **problems_of(Dialect.OPENAI)},
)
async def embeddings(request: Request) -> Response:
    """Vectors are normalised, as OpenAI's are, and texts too long are cut."""
    rooms = rooms_of(request)
    terms = terms_of(request, rooms.settings)
    payload = await read_payload(request, OpenAIEmbeddingRequest, rooms.settings)
    inputs = checked_inputs(payload.input, rooms.settings)
    result = await rooms.embedder.embed(
        EmbeddingRequest(
            inputs=inputs,
            model=payload.model,
            dimensions=payload.dimensions,
            traffic=terms.class_of(inputs),
            caller=terms.caller,
            timeout=terms.timeout,
        )
    )
    facts = {"model": result.model, "usage": usage_of(result)}
    tail = b"]," + orjson.dumps(facts)[1:]
    envelope = Envelope(b'{"object":"list","data":[', lambda _seconds: tail, _frame)
    seconds = exchange_of(request.scope).seconds
    headers = timed_headers_of(result, size_of(inputs), seconds)
    return await respond(
        result.matrix, payload.encoding_format or "float", envelope, headers, rooms.metrics
    )


@router.get("/models", summary="Served models", responses={200: {"model": OpenAIModels}, **_READS})
async def models(request: Request) -> Response:
    """All of them, the default first."""
    rooms = rooms_of(request)
    entries = [_entry(model.name, rooms) for model in rooms.embedder.served()]
    return _json({"object": "list", "data": entries})


@router.get(
    "/models/{model:path}", summary="One model", responses={200: {"model": OpenAIModel}, **_READS}
)
async def one_model(request: Request, model: str) -> Response:
    """The model of this name, if it is served."""
    rooms = rooms_of(request)
    served = [one.name for one in rooms.embedder.served()]
    if model not in served:
        raise ModelNotServed(model, served)
    return _json(_entry(model, rooms))


def _frame(position: int, vector: bytes) -> bytes:
    return b'{"object":"embedding","index":%d,"embedding":%b}' % (position, vector)


def _entry(name: str, rooms: Rooms) -> dict[str, Any]:
    created = int(rooms.started_at)
    return {"id": name, "object": "model", "created": created, "owned_by": "gpu-embedding"}


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")
