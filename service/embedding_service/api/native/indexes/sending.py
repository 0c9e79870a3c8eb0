"""Answers of any size, never holding the event loop for long."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Final

from starlette.responses import Response

from embedding_service.api.streams import Stream

AT_ONCE: Final = 256 * 1024
"""Bytes; at most some 5 ms of writing JSON."""
_JSON = "application/json"


def respond(pieces: Iterator[bytes], headers: Mapping[str, str] | None = None) -> Response:
    """An answer of JSON from its pieces; sent while it is being written where it is large."""
    first = _take(pieces)
    if len(first) < AT_ONCE:
        return Response(first, headers=headers, media_type=_JSON)
    return Stream(_send(first, pieces), headers or {}, _JSON)


def join(head: bytes, items: Iterator[bytes], tail: bytes) -> Iterator[bytes]:
    """`items` with commas between them, framed; one by one."""
    yield head
    for position, item in enumerate(items):
        yield b"," + item if position else item
    yield tail


def _take(pieces: Iterator[bytes]) -> bytes:
    """The next pieces, to AT_ONCE or the end."""
    taken = bytearray()
    for piece in pieces:
        taken += piece
        if len(taken) >= AT_ONCE:
            break
    return bytes(taken)


async def _send(first: bytes, pieces: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    part = first
    while part:
        yield part
        await asyncio.sleep(0)  # a server's `send` returns at once while the socket takes all
        part = _take(pieces)
