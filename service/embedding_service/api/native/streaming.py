"""A batch as lines of JSON: neither side holds the whole, and no proxy sees a long silence."""

import asyncio
from collections.abc import AsyncGenerator, Iterator

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response

from embedding_service.api.dialects import build_body
from embedding_service.api.embedding import headers_of, usage_of
from embedding_service.api.encoding import EncodingFormat, encode
from embedding_service.api.exchange import Exchange
from embedding_service.api.failures import record_failure
from embedding_service.api.rooms import Rooms
from embedding_service.api.streams import Stream
from embedding_service.inference.requests import EmbeddingRequest, Embeddings

LINES = "application/x-ndjson"


def wants_lines(headers: Headers) -> bool:
    """Whether the client accepts lines; it asks for them by name, never by `*/*`."""
    accepted = headers.get("accept", "").lower().split(",")
    return LINES in {media_type.partition(";")[0].strip() for media_type in accepted}


async def stream(
    request: EmbeddingRequest, form: EncodingFormat, rooms: Rooms, exchange: Exchange
) -> Response:
    """Answer line by line. What is refused before the first line is an ordinary refusal."""
    slices = rooms.embedder.stream(request)
    first = await anext(slices)
    return Stream(_lines(first, slices, form, exchange), headers_of(first), LINES)


async def _lines(
    first: Embeddings,
    rest: AsyncGenerator[Embeddings, None],
    form: EncodingFormat,
    exchange: Exchange,
) -> AsyncGenerator[bytes, None]:
    index = tokens = 0
    part: Embeddings | None = first
    try:
        while part is not None:
            for piece in _encode(part, form, index):
                yield piece
                await asyncio.sleep(0)
            index += len(part.matrix)
            tokens += usage_of(part)["total_tokens"]
            part = await anext(rest, None)
    except Exception as error:  # noqa: BLE001  the status is sent: only a line can still tell
        problem = record_failure(exchange, error)
        body = build_body(problem, exchange.dialect, exchange.request_id)
        yield orjson.dumps({"error": body}) + b"\n"
    else:
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        yield orjson.dumps({"done": True, "count": index, "usage": usage}) + b"\n"
    finally:
        await rest.aclose()  # ends what is still queued for a client that left


def _encode(part: Embeddings, form: EncodingFormat, offset: int) -> Iterator[bytes]:
    cut = set(part.truncated)

    def line(position: int, vector: bytes) -> bytes:
        truncated = b"true" if position in cut else b"false"
        return b'{"index":%d,"embedding":%b,"truncated":%b}\n' % (
            offset + position,
            vector,
            truncated,
        )

    return encode(part.matrix, form, line, b"")
