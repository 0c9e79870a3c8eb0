"""What a search found."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Hits:
    """The nearest documents of one query, nearest first; of equal scores the lower key first."""

    keys: NDArray[np.int64]
    versions: NDArray[np.int64]
    ids: Sequence[str]
    scores: NDArray[np.float32]
    """Cosine and dot product: higher is nearer. L2: the distance itself, lower is nearer."""
    is_exact: bool
    """Whether no nearer document can have been missed."""
    scanned: int
    """Rows that were compared as whole vectors."""

    def first(self, most: int) -> "Hits":
        """The nearest `most` of them."""
        return replace(
            self,
            keys=self.keys[:most],
            versions=self.versions[:most],
            ids=self.ids[:most],
            scores=self.scores[:most],
        )


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to all queries of one search."""

    version: int
    """The version of the index that was searched, all of it and nothing else."""
    queries: Sequence[Hits]
    """One for each query."""
