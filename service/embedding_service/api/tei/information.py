"""GET /info."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.dialects import Dialect
from embedding_service.api.responses import problems_of
from embedding_service.api.rooms import rooms_of
from embedding_service.api.tei.payloads import InfoAnswer
from embedding_service.inference.loading import count_tokenizer_threads, default_batch_tokens

router = APIRouter(tags=["text-embeddings-inference"])


@router.get(
    "/info",
    summary="What is served",
    responses={200: {"model": InfoAnswer}, **problems_of(Dialect.TEI, 401, 429, 500, 503)},
)
async def info(request: Request) -> Response:
    """The default model and the bounds of a request, or what is nearest to them here."""
    rooms = rooms_of(request)
    settings, model = rooms.settings, await rooms.embedder.describe()
    told = rooms.embedder.health().batch_tokens  # None where another server has the models
    batch_tokens = told or settings.max_batch_tokens or default_batch_tokens(model.device)
    longest = model.max_length or settings.max_text_chars
    facts = {
        "model_id": model.reference,
        "model_sha": model.fingerprint,
        "model_dtype": model.dtype,
        "served_model_name": model.name,
        "model_type": {"embedding": {"pooling": model.pooling}},
        "max_concurrent_requests": max(1, settings.max_queue_tokens // longest),
        "max_input_length": longest,
        "max_batch_tokens": batch_tokens,
        "max_batch_requests": settings.max_batch_texts,
        "max_client_batch_size": settings.max_texts,
        "auto_truncate": True,
        "tokenization_workers": count_tokenizer_threads(settings),
        "version": rooms.version,
        "sha": None,
        "docker_label": None,
    }
    return Response(orjson.dumps(facts), media_type="application/json")
