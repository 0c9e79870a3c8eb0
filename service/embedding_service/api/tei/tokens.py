"""POST /tokenize and POST /decode."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.bodies import read_payload, request_body
from embedding_service.api.dialects import Dialect
from embedding_service.api.inputs import checked_ids, checked_texts
from embedding_service.api.responses import problems_of
from embedding_service.api.rooms import Rooms, rooms_of
from embedding_service.api.streams import Stream
from embedding_service.api.tei.payloads import (
    DecodeAnswer,
    DecodeRequest,
    TokenizeAnswer,
    TokenizeRequest,
)
from embedding_service.errors import InvalidRequest, Issue
from embedding_service.inference.requests import Token

router = APIRouter(tags=["text-embeddings-inference"], responses=problems_of(Dialect.TEI))

_CHARACTERS_AT_ONCE = 100_000
"""A token takes some 50 times the memory of its characters: 64 MiB must not become gigabytes."""
_CHARACTERS_OF_PROMPT = 100
"""Or so; the embedder puts one before each text."""


@router.post(
    "/tokenize",
    summary="Tokens of texts",
    openapi_extra=request_body(TokenizeRequest),
    responses={200: {"model": TokenizeAnswer}},
)
async def tokenize(request: Request) -> Response:
    """Tokens as the default model's tokenizer sees them, uncut, the prompt before each text."""
    rooms = rooms_of(request)
    payload = await read_payload(request, TokenizeRequest, rooms.settings)
    texts = checked_texts(payload.inputs, rooms.settings)
    parts = list(_parts(texts))
    first = await _tokenise(parts[0], payload, rooms)
    if len(parts) == 1:
        return Response(b"[" + first + b"]", media_type="application/json")
    return Stream(_pieces(first, parts[1:], payload, rooms), {}, "application/json")


@router.post(
    "/decode",
    summary="Texts of token ids",
    openapi_extra=request_body(DecodeRequest),
    responses={200: {"model": DecodeAnswer}},
)
async def decode(request: Request) -> Response:
    """One text for each list of the default model's token ids."""
    rooms = rooms_of(request)
    payload = await read_payload(request, DecodeRequest, rooms.settings)
    try:
        ids = checked_ids(payload.ids, rooms.settings)
        texts = await rooms.embedder.decode(ids, skip_special_tokens=payload.skip_special_tokens)
    except InvalidRequest as error:
        error.issues = tuple(Issue(one.message, one.position, "ids") for one in error.issues)
        raise
    return Response(orjson.dumps(texts), media_type="application/json")


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    """`texts` in consecutive parts of about _CHARACTERS_AT_ONCE."""
    part: list[str] = []
    characters = 0
    for text in texts:
        size = _CHARACTERS_OF_PROMPT + len(text)
        if part and characters + size > _CHARACTERS_AT_ONCE:
            yield part
            part, characters = [], 0
        part.append(text)
        characters += size
    yield part


async def _pieces(
    first: bytes, parts: Sequence[list[str]], payload: TokenizeRequest, rooms: Rooms
) -> AsyncGenerator[bytes, None]:
    yield b"[" + first
    for part in parts:
        yield b"," + await _tokenise(part, payload, rooms)
        await asyncio.sleep(0)
    yield b"]"


async def _tokenise(texts: list[str], payload: TokenizeRequest, rooms: Rooms) -> bytes:
    """JSON of the tokens of `texts`, without the brackets around all of them."""
    tokens = await rooms.embedder.tokenise(
        texts,
        add_special_tokens=payload.add_special_tokens,
        prompt_name=payload.prompt_name,
    )
    return orjson.dumps([[_build(token) for token in one] for one in tokens])[1:-1]


def _build(token: Token) -> dict[str, int | str | bool | None]:
    return {
        "id": token.id,
        "text": token.text,
        "special": token.is_special,
        "start": token.start,
        "stop": token.stop,
    }
