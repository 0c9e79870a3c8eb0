"""GET /info."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.dialects import Dialect
from embedding_service.api.responses import problems_of
from embedding_service.api.rooms import rooms_of
from embedding_service.api.tei.payloads import InfoAnswer
from embedding_service.inference.cores import usable_cores

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
    is_cpu = model.device == "cpu"
    facts = {
        "model_id": model.reference,
        "model_sha": model.fingerprint,
        "model_dtype": model.dtype,
        "served_model_name": model.name,
        "model_type": {"embedding": {"pooling": model.pooling}},
        "max_concurrent_requests": settings.max_texts,
        "max_input_length": model.max_length or settings.max_text_chars,
        "max_batch_tokens": settings.max_batch_tokens or (2_048 if is_cpu else 16_384),
        "max_batch_requests": settings.max_batch_texts,
        "max_client_batch_size": settings.max_texts,
        "auto_truncate": True,
        "tokenization_workers": settings.tokenizer_threads or min(usable_cores(), 4),
        "version": rooms.version,
        "sha": None,
        "docker_label": None,
    }
    return Response(orjson.dumps(facts), media_type="application/json")
