"""A request of any size through one loaded model: in slices, where it is long."""

import asyncio
from collections.abc import Callable

from embedding_service.inference.forwarding import check_capacity, forward
from embedding_service.inference.loading import LoadedModel
from embedding_service.inference.requests import EmbeddingRequest, Embeddings
from embedding_service.inference.slices import cut, embed_whole
from embedding_service.settings import Settings
from embedding_service.telemetry.metrics import Metrics


def slice_up(model: LoadedModel, request: EmbeddingRequest) -> list[EmbeddingRequest]:
    """The slices in which `model` takes `request`."""
    return cut(request, model.slice_tokens, model.description.max_length)


async def forward_whole(
    model: LoadedModel,
    request: EmbeddingRequest,
    settings: Settings,
    metrics: Metrics,
    is_late: Callable[[], bool],
) -> Embeddings:
    """As `forward`; no more than a few slices of `request` are in the queue at once."""
    slices = slice_up(model, request)
    if len(slices) > 1 and not request.offset and model.cache is None:
        # The first one is checked again, but by then others have begun as well. With a cache that
        # may have all of it nothing is refused sooner.
        check_capacity(model, slices[0], settings, metrics)
    begun = 0

    async def embed(one: EmbeddingRequest) -> Embeddings:
        nonlocal begun
        begun += len(one.inputs)
        return await forward(model, one, settings, metrics, is_late)

    try:
        return await embed_whole(slices, embed)
    except asyncio.CancelledError:
        reason = "deadline" if is_late() else "cancelled"
        dropped = metrics.dropped.labels(model=model.description.name, reason=reason)
        dropped.inc(len(request.inputs) - begun)  # what had begun has counted itself
        raise
