"""What the dialects share when they answer with vectors."""

from embedding_service.api.headers import FINGERPRINT, warning_headers
from embedding_service.inference.requests import Embeddings


def usage_of(*parts: Embeddings) -> dict[str, int]:
    """Tokens the model really read."""
    tokens = sum(int(part.token_counts.sum()) for part in parts)
    return {"prompt_tokens": tokens, "total_tokens": tokens}


def headers_of(embeddings: Embeddings) -> dict[str, str]:
    """Whose vectors these are, and what is to be said about them."""
    return {FINGERPRINT: embeddings.fingerprint, **warning_headers(embeddings.warnings)}


def timed_headers_of(embeddings: Embeddings, characters: int, seconds: float) -> dict[str, str]:
    """The same, and where the time went: text-embeddings-inference's headers, in milliseconds."""
    timings = embeddings.timings
    return {
        **headers_of(embeddings),
        "X-Compute-Time": _milliseconds(seconds),
        "X-Compute-Characters": str(characters),
        "X-Compute-Tokens": str(usage_of(embeddings)["total_tokens"]),
        "X-Total-Time": _milliseconds(seconds),
        "X-Tokenization-Time": _milliseconds(timings.tokenisation),
        "X-Queue-Time": _milliseconds(timings.queue),
        "X-Inference-Time": _milliseconds(timings.inference),
    }


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
