"""What the rooms above ask of whoever turns texts into vectors, here or on another server."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from embedding_service.inference.description import Health, ModelDescription, ServedModel
from embedding_service.inference.requests import EmbeddingRequest, Embeddings, Token, TokenIds


class Encoder(Protocol):
    """One for each process, bound to its event loop. `embedder.Embedder` tells what is raised."""

    async def start(self) -> None:
        """Get ready. Raises ModelUnavailable."""

    async def close(self) -> None:
        """Give everything back; what was not finished fails."""

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        """Embed all inputs of `request`, in order."""

    def stream(self, request: EmbeddingRequest) -> AsyncGenerator[Embeddings, None]:
        """Like `embed`, in consecutive slices as they are ready."""

    async def describe(self, model: str | None = None) -> ModelDescription:
        """Facts of a model, which is loaded if need be; None is the default one."""

    async def tokenise(
        self,
        texts: Sequence[str],
        model: str | None = None,
        *,
        add_special_tokens: bool = True,
        prompt_name: str | None = None,
    ) -> list[list[Token]]:
        """Tokens of each text, the named prompt before it, uncut."""

    async def decode(
        self, ids: Sequence[TokenIds], model: str | None = None, *, skip_special_tokens: bool = True
    ) -> list[str]:
        """Text of each list of token ids."""

    def served(self) -> list[ServedModel]:
        """The served models, the default first, as far as they are known."""

    def health(self) -> Health:
        """State now; cheap, never waits."""
