"""What the application does today: sentence-transformers in its own process."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from embedding_service.inference.models.fingerprint import digest_files, fingerprint
from embedding_service.inference.models.options import read_max_length
from embedding_service.inference.models.prompts import read_prompts
from embedding_service.inference.models.sources import locate
from embedding_service.references import parse_reference
from faq import Matrix

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class LocalModel:
    """A model in this process, loaded when first needed. Is a `faq.Embed`."""

    def __init__(self, reference: str) -> None:
        """Take a model by a reference as the service does: a hub id, a folder, package:NAME."""
        self._reference = parse_reference(reference)

    def __call__(self, texts: Sequence[str]) -> Matrix:
        """Embed `texts`; see `faq.Embed`."""
        vectors: Matrix = self._model.encode(list(texts), normalize_embeddings=True)
        return vectors

    @cached_property
    def fingerprint(self) -> str:
        """What the service says of itself when it serves the same model."""
        prompts, default_prompt_name = read_prompts(self._folder)
        return fingerprint(
            digest_files(self._folder),
            max_length=read_max_length(self._folder),
            prompts=prompts,
            default_prompt_name=default_prompt_name,
        )

    @cached_property
    def _folder(self) -> Path:
        return locate(self._reference)

    @cached_property
    def _model(self) -> "SentenceTransformer":
        # Imported here: it takes seconds, and with the service at hand it is not needed.
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415

        return SentenceTransformer(str(self._folder), device="cpu")
