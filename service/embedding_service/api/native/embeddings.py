"""POST /api/v1/embeddings/generate and /batch."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import orjson
from fastapi import APIRouter
from pydantic import ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.bodies import Payload, read_payload, request_body
from embedding_service.api.body_faults import Takes
from embedding_service.api.dialects import Dialect
from embedding_service.api.embedding import headers_of, usage_of
from embedding_service.api.encoding import EncodingFormat, Envelope, respond
from embedding_service.api.exchange import Exchange, exchange_of
from embedding_service.api.inputs import Texts, checked_texts
from embedding_service.api.native.answers import GenerateAnswer
from embedding_service.api.native.streaming import LINES, stream, wants_lines
from embedding_service.api.parameters import parameters
from embedding_service.api.responses import problems_of
from embedding_service.api.rooms import Rooms, rooms_of
from embedding_service.api.terms import TERMS, terms_of
from embedding_service.inference.requests import (
    EmbeddingRequest,
    Embeddings,
    InputType,
    Terms,
    TrafficClass,
)

router = APIRouter(
    prefix="/api/v1/embeddings", tags=["embeddings"], responses=problems_of(Dialect.NATIVE)
)


class GenerateRequest(Payload):
    """Texts, and how to embed them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"texts": ["Hello world", "Hola mundo"], "normalize": True},
        },
    )
    takes: ClassVar[Mapping[str, Takes]] = {"texts": Takes.TEXTS}

    texts: Texts
    """One text, or several."""
    model_name: str | None = Field(default=None, max_length=200)
    """A served model by name; the default model without it."""
    normalize: bool = True
    """Scale every vector to unit length."""
    input_type: InputType | None = None
    """Which of the model's own prompts goes before each text; its default prompt without it."""
    dimensions: int | None = Field(default=None, ge=1)
    """Keep this many leading dimensions (Matryoshka), then normalise."""
    truncate: bool = True
    """Cut texts that are longer than the model reads; false refuses them."""
    encoding_format: EncodingFormat = "float"
    """base64 is little-endian float32, one string a text."""


class BatchRequest(GenerateRequest):
    """The same, for many texts."""

    batch_size: int | None = Field(default=None, ge=1)
    """Upper bound of texts in one forward."""


@router.post(
    "/generate",
    summary="Embed texts",
    openapi_extra={**request_body(GenerateRequest), **parameters(*TERMS)},
    responses={200: {"model": GenerateAnswer}},
)
async def generate(request: Request) -> Response:
    """Texts in, vectors out, in the same order."""
    rooms = rooms_of(request)
    terms = terms_of(request, rooms.settings)
    payload = await read_payload(request, GenerateRequest, rooms.settings)
    texts = checked_texts(payload.texts, rooms.settings)
    wanted = build_request(payload, texts, terms)
    embeddings = await rooms.embedder.embed(wanted)
    return await _answer(embeddings, payload, rooms, exchange_of(request.scope))


@router.post(
    "/batch",
    summary="Embed many texts",
    openapi_extra={**request_body(BatchRequest), **parameters(*TERMS)},
    responses={200: {"model": GenerateAnswer, "content": {LINES: {"schema": {"type": "string"}}}}},
)
async def batch(request: Request) -> Response:
    """Like `generate`, as work that can wait for others.

    With `Accept: application/x-ndjson` the answer is one line a text, in order, as soon as it is
    ready: `{"index", "embedding", "truncated"}`, and at the end `{"done": true, "count", "usage"}`
    or `{"error"}`.
    """
    rooms = rooms_of(request)
    terms = terms_of(request, rooms.settings)
    terms = replace(terms, traffic=terms.traffic or TrafficClass.BULK)
    payload = await read_payload(request, BatchRequest, rooms.settings)
    texts = checked_texts(payload.texts, rooms.settings)
    wanted = build_request(payload, texts, terms, payload.batch_size)
    if wants_lines(request.headers):
        return await stream(wanted, payload.encoding_format, rooms, exchange_of(request.scope))
    embeddings = await rooms.embedder.embed(wanted)
    return await _answer(embeddings, payload, rooms, exchange_of(request.scope))


def build_request(
    payload: GenerateRequest, texts: list[str], terms: Terms, batch_size: int | None = None
) -> EmbeddingRequest:
    """The embedder's view of a request."""
    return EmbeddingRequest(
        inputs=texts,
        model=payload.model_name,
        normalise=payload.normalize,
        input_type=payload.input_type,
        dimensions=payload.dimensions,
        truncate=payload.truncate,
        traffic=terms.class_of(texts),
        caller=terms.caller,
        max_batch_texts=batch_size,
        timeout=terms.timeout,
    )


async def _answer(
    embeddings: Embeddings, payload: GenerateRequest, rooms: Rooms, exchange: Exchange
) -> Response:
    def tail(encoding_seconds: float) -> bytes:
        count, dimension = embeddings.matrix.shape
        timings = embeddings.timings
        facts = {
            "model": embeddings.model,
            "dimension": dimension,
            "count": count,
            "usage": usage_of(embeddings),
            "truncated": embeddings.truncated,
            "warnings": embeddings.warnings,
            "timings": {
                "tokenization_seconds": timings.tokenisation,
                "queue_seconds": timings.queue,
                "inference_seconds": timings.inference,
                "encoding_seconds": encoding_seconds,
                "total_seconds": exchange.seconds,
            },
        }
        return b"]," + orjson.dumps(facts)[1:]

    envelope = Envelope(head=b'{"embeddings":[', tail=tail)
    return await respond(
        embeddings.matrix, payload.encoding_format, envelope, headers_of(embeddings), rooms.metrics
    )
