"""A long request as consecutive slices, a few of which are under way at once."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace

from embedding_service.inference.requests import EmbeddingRequest, Embeddings

_SLICE_TEXTS = 256
"""Texts of one slice of a stream …"""
_SLICES_AHEAD = 4
"""… and how many of them are under way at once, so that the device has no pause between two."""


async def embed_in_slices(
    request: EmbeddingRequest, embed: Callable[[EmbeddingRequest], Awaitable[Embeddings]]
) -> AsyncGenerator[Embeddings, None]:
    """The slices in order; whoever leaves early takes along what is under way."""
    running: deque[asyncio.Future[Embeddings]] = deque()
    try:
        for each in _cut(request):
            running.append(asyncio.ensure_future(embed(each)))
            if len(running) == _SLICES_AHEAD:
                yield await running.popleft()
        while running:
            yield await running.popleft()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _cut(request: EmbeddingRequest) -> list[EmbeddingRequest]:
    inputs = request.inputs
    return [
        replace(request, inputs=inputs[start : start + _SLICE_TEXTS], offset=start)
        for start in range(0, len(inputs), _SLICE_TEXTS)
    ]
