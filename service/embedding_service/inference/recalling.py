"""What is known of a request's texts before anything is computed, and what is kept of it after."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from embedding_service.inference.backends.base import Facts
from embedding_service.inference.cache import Key, Known, Recipe
from embedding_service.inference.loading import LoadedModel
from embedding_service.inference.requests import EmbeddingRequest
from embedding_service.inference.tickets import Ticket
from embedding_service.inference.tokenisation import TokenLists
from embedding_service.vectors import Matrix


@dataclass(frozen=True, slots=True)
class Recalled:
    """Rows of one request that are kept, by position; nothing where no cache is."""

    facts: Facts | None = None
    """Of whoever made them, and would make them now."""
    keys: list[Key | None] = field(default_factory=list)
    found: dict[int, Known] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to compute."""
        return bool(self.keys) and len(self.found) == len(self.keys)

    @property
    def rows(self) -> Matrix:
        """All rows of a complete one; shape (texts, d)."""
        return np.stack([self.found[position].row for position in range(len(self.keys))])

    @property
    def counts(self) -> NDArray[np.int32]:
        """Tokens of each text of a complete one; shape (texts,)."""
        counts = (self.found[position].tokens for position in range(len(self.keys)))
        return np.fromiter(counts, dtype=np.int32, count=len(self.keys))

    @property
    def truncated(self) -> list[int]:
        """Positions of texts that were cut."""
        return [position for position, known in self.found.items() if known.is_truncated]

    def deliver(self, ticket: Ticket) -> None:
        """Put what is kept into its place."""
        for position, known in self.found.items():
            ticket.deliver(position, known.row)


async def recall(model: LoadedModel, request: EmbeddingRequest, prompt: str) -> Recalled:
    """What is kept of the texts of `request`, but for those that are to be refused as too long."""
    if model.cache is None:
        return Recalled()
    facts = model.crew.facts
    vocabulary = "model" if model.foreign_vocabulary is None else "foreign"
    recipe = Recipe(
        model.description.fingerprint, facts, prompt, request.truncation_side, vocabulary
    )
    keys = await recipe.keys_of(request.inputs)
    found = model.cache.find(model.description.name, keys)
    if not request.truncate:
        found = {position: known for position, known in found.items() if not known.is_truncated}
    return Recalled(facts, keys, found)


def remember(model: LoadedModel, recalled: Recalled, lists: TokenLists, rows: Matrix) -> None:
    """Keep what was not kept yet: rows of shape (texts, d), as the model gave them."""
    if model.cache is None or model.crew.facts is not recalled.facts:
        return  # a host was replaced meanwhile: whose rows these are is not known
    cut, counts = set(lists.truncated), lists.counts.tolist()
    for position, key in enumerate(recalled.keys):
        if position not in recalled.found:
            row, is_cut = rows[position], position in cut
            model.cache.keep(key, row, counts[position], is_truncated=is_cut)
