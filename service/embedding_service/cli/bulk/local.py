"""Embeds in this process."""

from collections.abc import Sequence

from embedding_service.cli.bulk.encoders import Identity, Options, Vectors
from embedding_service.cli.bulk.patience import Busy, Patience
from embedding_service.errors import Overloaded, Unavailable
from embedding_service.inference.embedder import Embedder
from embedding_service.inference.requests import EmbeddingRequest, TrafficClass


class LocalEncoder:
    """The default model of an open embedder."""

    def __init__(
        self,
        embedder: Embedder,
        options: Options,
        batch_size: int | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._embedder = embedder
        self._options = options
        self._batch_size = batch_size
        self._patience = patience or Patience()

    async def identify(self) -> Identity:
        """As Encoder."""
        description = await self._embedder.describe()
        return Identity(description.name, description.fingerprint)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """As Encoder."""
        request = EmbeddingRequest(
            inputs=texts,
            normalise=self._options.normalise,
            input_type=self._options.input_type,
            dimensions=self._options.dimensions,
            truncate=self._options.truncate,
            traffic=TrafficClass.BULK,
            max_batch_texts=self._batch_size,
        )
        return await self._patience.insist(lambda: self._try(request))

    async def _try(self, request: EmbeddingRequest) -> Vectors:
        try:
            embeddings = await self._embedder.embed(request)
        except (Overloaded, Unavailable) as error:
            raise Busy(error.message, error.retry_after) from error
        return Vectors(embeddings.matrix, embeddings.truncated)
