"""Which model an index is of: pinned when it is created, held to ever after."""

from typing import Final

from embedding_service.errors import FingerprintMismatch, InvalidRequest, Issue
from embedding_service.indexes.definition import Definition, Metric, ModelPin
from embedding_service.indexes.errors import ModelMismatch
from embedding_service.inference.description import ModelDescription
from embedding_service.inference.encoder import Encoder
from embedding_service.inference.models.prompts import name_prompt
from embedding_service.inference.requests import EmbeddingRequest, InputType, Terms, TrafficClass
from embedding_service.vectors import Matrix

_OF_DOCUMENTS: Final = TrafficClass.BULK


def pin(model: ModelDescription) -> ModelPin:
    """The pin of an index that `model` is to fill."""
    prompts, default = model.prompts, model.default_prompt_name
    return ModelPin(
        name=model.name,
        fingerprint=model.fingerprint,
        query_prompt=name_prompt(prompts, default, "query"),
        document_prompt=name_prompt(prompts, default, "document"),
    )


class PinnedEmbedder:
    """Embeds the texts of indexes, each with the model that its index was created with."""

    def __init__(self, embedder: Encoder) -> None:
        self._embedder = embedder

    async def describe(self, name: str | None) -> ModelDescription:
        """A served model's facts; None is the default one."""
        return await self._embedder.describe(name)

    async def embed(
        self, definition: Definition, texts: list[str], kind: InputType, terms: Terms
    ) -> Matrix:
        """Vectors of `texts`, as the index keeps them; shape (n, `definition.dimension`).

        Documents are bulk work and a few queries somebody waiting, unless `terms` say otherwise.

        Raises:
            InvalidRequest: the index takes vectors only. ModelMismatch: what is served is another
            model. And as `Embedder.embed`.
        """
        pinned = definition.model
        if pinned is None:
            raise InvalidRequest(
                f"index {definition.name!r} has no model and takes vectors only",
                [Issue("is given where the index takes vectors only", path="text")],
            )
        model = await self._embedder.describe(self._served_as(pinned))
        is_query = kind == "query"
        is_cut = definition.dimension != model.dimension
        try:
            embeddings = await self._embedder.embed(
                EmbeddingRequest(
                    inputs=texts,
                    model=model.name,
                    normalise=definition.metric is Metric.COSINE,
                    input_type=kind,
                    prompt_name=pinned.query_prompt if is_query else pinned.document_prompt,
                    dimensions=definition.dimension if is_cut else None,
                    fingerprint=pinned.fingerprint,
                    traffic=terms.class_of(texts) if is_query else terms.traffic or _OF_DOCUMENTS,
                    caller=terms.caller,
                    timeout=terms.timeout,
                )
            )
        except FingerprintMismatch as error:
            raise ModelMismatch(definition.name, pinned.fingerprint, error.served) from error
        return embeddings.matrix

    def _served_as(self, pinned: ModelPin) -> str | None:
        """The name under which the pinned model is most likely served now."""
        served = self._embedder.served()
        for model in served:
            if model.description and model.description.fingerprint == pinned.fingerprint:
                return model.name
        return pinned.name if pinned.name in {model.name for model in served} else None
