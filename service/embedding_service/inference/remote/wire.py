"""Requests and answers of the binary route and of the description of a model, as they are sent.

A body of vectors is a block of float32, and what was read of each text:

    rows · dimension   float32, little-endian: one vector after the other
    rows               int32, little-endian: tokens that the model read of each input, as ~tokens
                       where it was cut
"""

from dataclasses import asdict
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from embedding_service.inference.description import ModelDescription
from embedding_service.inference.requests import EmbeddingRequest, Embeddings
from embedding_service.vectors import Matrix

EMBED: Final = "/api/v1/embeddings/vectors"
MODELS: Final = "/api/v1/models"
DEFAULT: Final = "default"
"""Stands for the name of the default model, where no model has it."""
MEDIA_TYPE: Final = "application/vnd.gpu-embedding.vectors"
FINGERPRINT: Final = "X-Embedding-Fingerprint"
MODEL: Final = "X-Embedding-Model"
DIMENSION: Final = "X-Embedding-Dimension"
WARNING: Final = "X-Embedding-Warning"

_TOLD: Final = {
    "is_matryoshka": "matryoshka",
    "fallback_reason": "fallback",
    "default_prompt_name": "default_prompt",
}
"""Fields of a description that have another name where they are sent."""


def pack(embeddings: Embeddings) -> bytes:
    """The body of an answer with these vectors."""
    counts = embeddings.token_counts.astype("<i4")
    counts[embeddings.truncated] = ~counts[embeddings.truncated]
    return embeddings.matrix.astype("<f4", copy=False).tobytes() + counts.tobytes()


def unpack(body: bytes, rows: int, dimension: int) -> tuple[Matrix, NDArray[np.int32], list[int]]:
    """Vectors of shape (rows, dimension), tokens of each input, and which inputs were cut.

    Raises ValueError when that is not what the body holds, or a vector is not finite.
    """
    numbers = rows * dimension
    if dimension < 1 or len(body) != 4 * (numbers + rows):
        raise ValueError(f"{len(body):,} bytes are not {rows:,} vectors of {dimension:,} numbers")
    matrix = np.frombuffer(body, "<f4", numbers).astype(np.float32, copy=False)
    if not np.isfinite(matrix).all():
        raise ValueError("a vector is not finite")
    counts = np.frombuffer(body, "<i4", rows, 4 * numbers).astype(np.int32)
    is_cut = counts < 0
    counts[is_cut] = ~counts[is_cut]
    return matrix.reshape(rows, dimension), counts, np.flatnonzero(is_cut).tolist()


def write_request(request: EmbeddingRequest, seconds: float) -> bytes:
    """The body of a request, which may take `seconds`."""
    fields: dict[str, Any] = {
        "texts": list(request.inputs),
        "model_name": request.model,
        "normalize": request.normalise,
        "input_type": request.input_type,
        "prompt_name": request.prompt_name,
        "dimensions": request.dimensions,
        "truncate": request.truncate,
        "truncation_side": request.truncation_side,
        "fingerprint": request.fingerprint,
        "traffic": request.traffic.value,
        "caller": request.caller or None,
        "batch_size": request.max_batch_texts,
        "offset": request.offset,
        "timeout": seconds,
    }
    return orjson.dumps({name: value for name, value in fields.items() if value is not None})


def write_description(description: ModelDescription) -> bytes:
    """A model, whole."""
    told = {_TOLD.get(name, name): value for name, value in asdict(description).items()}
    return orjson.dumps(told)


def read_description(body: bytes) -> ModelDescription:
    """The same. Raises ValueError when it is none; a newer server may tell more."""
    told = orjson.loads(body)
    sent = {name: _TOLD.get(name, name) for name in ModelDescription.__dataclass_fields__}
    try:
        return ModelDescription(**{name: told[key] for name, key in sent.items() if key in told})
    except TypeError as error:
        raise ValueError(f"no model is described: {error}") from error
