"""The native API as tests call it."""

from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np

from embedding_service.vectors import Matrix

GENERATE = "/api/v1/embeddings/generate"
BATCH = "/api/v1/embeddings/batch"


def ask(http: httpx.Client, texts: Sequence[str], route: str = GENERATE, **fields: Any) -> Any:
    """The body of the answer to a request that must succeed."""
    response = http.post(route, json={"texts": list(texts), **fields})
    assert response.status_code == httpx.codes.OK, response.text
    return response.json()


def embed(http: httpx.Client, texts: Sequence[str], route: str = GENERATE, **fields: Any) -> Matrix:
    """Vectors of a request that must succeed, one row a text."""
    return np.array(ask(http, texts, route, **fields)["embeddings"], dtype=np.float32)
