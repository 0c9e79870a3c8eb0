"""What an index is asked."""

from dataclasses import dataclass

from embedding_service.indexes.filters.tree import Filter
from embedding_service.indexes.search.spread import Spread
from embedding_service.vectors import Matrix


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for, by every row of a matrix alike."""

    matrix: Matrix
    """Shape (q, d), as the index keeps vectors: of unit length for cosine."""
    top_k: int
    filter: Filter | None = None
    is_exact: bool = False
    wants_documents: bool = True
    """Whether hits need more than id and score."""
    spread: Spread = map
    """Over whose threads the segments are spread."""
