"""The service as the application calls it. Ten lines matter: the request and the decoding."""

import base64
from collections.abc import Sequence

import httpx
import numpy as np

from faq import Matrix


class ServiceClient:
    """Embeds over REST. Is a `faq.Embed`."""

    def __init__(self, base_url: str, model: str | None = None) -> None:
        """Use `model` of the server at `base_url`; its default model without one."""
        # A server that is away must be noticed at once, one that is busy may take its time.
        timeout = httpx.Timeout(30.0, connect=1.0)
        self._http = httpx.Client(base_url=base_url, timeout=timeout)
        self._model = model
        self.fingerprint: str | None = None
        """Whose vectors the last answer held: equal fingerprints, equal vectors."""

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def __call__(self, texts: Sequence[str]) -> Matrix:
        """Embed `texts`; see `faq.Embed`. Raises httpx.HTTPError."""
        body = {"texts": list(texts), "model_name": self._model, "encoding_format": "base64"}
        response = self._http.post("/api/v1/embeddings/generate", json=body)
        response.raise_for_status()
        self.fingerprint = response.headers["X-Embedding-Fingerprint"]
        rows = [base64.b64decode(row) for row in response.json()["embeddings"]]
        return np.stack([np.frombuffer(row, dtype="<f4") for row in rows])
