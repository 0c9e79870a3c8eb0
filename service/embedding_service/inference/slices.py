"""A long request as consecutive slices, a few of which are under way at once.

What is queued of a request is so bounded, whatever its size: two long ones of one caller go side by
side, and the memory of a queue is not theirs.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from time import monotonic
from typing import Final, TypeAlias, cast

import numpy as np

from embedding_service.inference.estimates import estimate_tokens
from embedding_service.inference.requests import EmbeddingRequest, Embeddings, TokenIds

_SLICE_TEXTS: Final = 256
"""Texts of one slice at most."""
_SLICES_AHEAD: Final = 4
"""How many of them are under way at once, so that the device has no pause between two."""

Embed: TypeAlias = Callable[[EmbeddingRequest], Awaitable[Embeddings]]


def cut(
    request: EmbeddingRequest, most_tokens: int | None = None, max_length: int | None = None
) -> list[EmbeddingRequest]:
    """The slices of `request`, by texts and by what their tokens seem to be."""
    bounds = list(_bounds(request, most_tokens, max_length)) or [0]
    if len(bounds) == 1:
        return [request]
    return [
        replace(request, inputs=request.inputs[start:stop], offset=request.offset + start)
        for start, stop in zip(bounds, [*bounds[1:], len(request.inputs)], strict=True)
    ]


async def embed_in_slices(
    slices: Sequence[EmbeddingRequest], embed: Embed
) -> AsyncGenerator[Embeddings, None]:
    """The slices in order; whoever leaves early takes along what is under way."""
    running: deque[asyncio.Future[Embeddings]] = deque()
    try:
        for each in slices:
            running.append(asyncio.ensure_future(embed(each)))
            if len(running) == _SLICES_AHEAD:
                yield await running.popleft()
        while running:
            yield await running.popleft()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def embed_whole(slices: Sequence[EmbeddingRequest], embed: Embed) -> Embeddings:
    """One answer of all slices, as if they had not been cut."""
    if len(slices) == 1:
        return await embed(slices[0])
    texts = sum(len(each.inputs) for each in slices)
    counts = np.empty(texts, dtype=np.int32)
    first: Embeddings | None = None
    matrix = np.empty((0, 0), dtype=np.float32)
    truncated: list[int] = []
    row, started = 0, monotonic()
    async with aclosing(embed_in_slices(slices, embed)) as parts:
        async for part in parts:
            if first is None:
                # Filled as they come: all slices and the whole at once would be twice the memory.
                first, matrix = part, np.empty((texts, part.matrix.shape[1]), dtype=np.float32)
            rows = slice(row, row + len(part.matrix))
            matrix[rows], counts[rows] = part.matrix, part.token_counts
            truncated += [row + position for position in part.truncated]
            row = rows.stop
    assert first is not None  # noqa: S101  there are slices
    began = first.timings.tokenisation + first.timings.queue
    timings = replace(first.timings, inference=max(0.0, monotonic() - started - began))
    return replace(first, matrix=matrix, token_counts=counts, truncated=truncated, timings=timings)


def _bounds(
    request: EmbeddingRequest, most_tokens: int | None, max_length: int | None
) -> Iterator[int]:
    texts, tokens = _SLICE_TEXTS, 0
    inputs = cast("Sequence[str | TokenIds]", request.inputs)
    for position, one in enumerate(inputs):
        size = estimate_tokens(one, max_length)
        is_over = most_tokens is not None and tokens + size > most_tokens
        if texts == _SLICE_TEXTS or is_over:
            yield position
            texts, tokens = 0, 0
        texts += 1
        tokens += size
