"""POST /api/v1/embeddings/vectors: for servers that leave embedding to this one."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter
from pydantic import ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.bodies import Payload, read_payload, request_body
from embedding_service.api.body_faults import Takes
from embedding_service.api.dialects import Dialect
from embedding_service.api.embedding import headers_of
from embedding_service.api.headers import sane
from embedding_service.api.inputs import TextsOrIds, checked_inputs
from embedding_service.api.parameters import parameters
from embedding_service.api.responses import problems_of
from embedding_service.api.rooms import rooms_of
from embedding_service.api.terms import TERMS, terms_of
from embedding_service.inference.remote import wire
from embedding_service.inference.requests import EmbeddingRequest, InputType, Side, TrafficClass

router = APIRouter(
    prefix="/api/v1/embeddings", tags=["embeddings"], responses=problems_of(Dialect.NATIVE)
)

_VECTORS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Vectors, little-endian float32, then the tokens of each text, int32",
        "content": {wire.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        "headers": {
            name: {"description": told, "schema": {"type": "string"}}
            for name, told in (
                (wire.MODEL, "Whose vectors they are"),
                (wire.FINGERPRINT, "Its fingerprint"),
                (wire.DIMENSION, "Numbers of one vector"),
            )
        },
    }
}


class VectorsRequest(Payload):
    """Texts or token ids, and all that can be said about how to embed them."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"texts": ["Hello world"]}}
    )
    takes: ClassVar[Mapping[str, Takes]] = {"texts": Takes.TEXTS | Takes.IDS}

    texts: TextsOrIds
    """Texts, or token ids in their stead."""
    model_name: str | None = Field(default=None, max_length=200)
    """A served model by name; the default model without it."""
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """That the model must have; another one is refused before any work, with 409."""
    normalize: bool = True
    """Scale every vector to unit length."""
    input_type: InputType | None = None
    """Which of the model's own prompts goes before each text; its default prompt without it."""
    prompt_name: str | None = Field(default=None, max_length=200)
    """A prompt by its name; goes before `input_type`."""
    dimensions: int | None = Field(default=None, ge=1)
    """Keep this many leading dimensions (Matryoshka), then normalise."""
    truncate: bool = True
    """Cut texts that are longer than the model reads; false refuses them."""
    truncation_side: Side | None = None
    """The end that is cut off; the tokenizer's own without it."""
    traffic: TrafficClass = Field(default=TrafficClass.INTERACTIVE, strict=False)
    """`interactive` goes before `bulk`; `X-Priority` goes before this."""
    caller: str = Field(default="", max_length=200)
    """For whom the other server asks; those it asks for take turns, as if they asked here."""
    batch_size: int | None = Field(default=None, ge=1)
    """Upper bound of texts in one forward."""
    offset: int = Field(default=0, ge=0)
    """Position of the first text in the caller's list; errors count from there."""
    timeout: float | None = Field(default=None, gt=0, le=86_400)
    """Seconds until 504; the server's own bound without it."""


@router.post(
    "/vectors",
    summary="Embed texts, vectors as bytes",
    openapi_extra={**request_body(VectorsRequest), **parameters(*TERMS)},
    responses={**_VECTORS, **problems_of(Dialect.NATIVE, 409)},
)
async def vectors(request: Request) -> Response:
    """What another server of this kind asks for, where it has no model of its own.

    The body is all vectors one after the other, little-endian float32, then for each text the
    number of its tokens as int32, and its one's complement where the text was cut.
    """
    rooms = rooms_of(request)
    terms = terms_of(request, rooms.settings)
    payload = await read_payload(request, VectorsRequest, rooms.settings)
    embeddings = await rooms.embedder.embed(
        EmbeddingRequest(
            inputs=checked_inputs(payload.texts, rooms.settings),
            model=payload.model_name,
            normalise=payload.normalize,
            input_type=payload.input_type,
            prompt_name=payload.prompt_name,
            dimensions=payload.dimensions,
            truncate=payload.truncate,
            truncation_side=payload.truncation_side,
            fingerprint=payload.fingerprint,
            traffic=terms.traffic or payload.traffic,
            caller="/".join(filter(None, (terms.caller, payload.caller))),
            max_batch_texts=payload.batch_size,
            offset=payload.offset,
            timeout=terms.timeout or payload.timeout,
        )
    )
    headers = {
        wire.MODEL: sane(embeddings.model),
        wire.DIMENSION: str(embeddings.matrix.shape[1]),
        **headers_of(embeddings),
    }
    return Response(wire.pack(embeddings), headers=headers, media_type=wire.MEDIA_TYPE)
