"""What is waited for, and what is refused before any work is done for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from embedding_service.errors import Overloaded
from embedding_service.indexes.definition import Definition
from embedding_service.indexes.headroom import Headroom
from embedding_service.retrieval.requests import NewDocument

_RETRY_AFTER_BUILDING: Final = 10.0
_FLOAT: Final = 4


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of every index alike."""

    version_wait: float
    """Seconds that a search waits for its `min_version`."""
    max_unbuilt: int = 0
    """Rows of an index that may wait to be built; 0 is no bound."""
    headroom: Headroom = field(default_factory=lambda: Headroom(None))

    def check_growth(
        self, definition: Definition, documents: Sequence[NewDocument], waiting: int
    ) -> None:
        """Raise unless documents may be added; `waiting` is how many rows wait to be built.

        Raises:
            Overloaded: too many wait. OutOfSpace: there is no memory or no disk for them.
        """
        if waiting > self.max_unbuilt > 0:
            raise Overloaded(
                f"{waiting:,} rows of index {definition.name!r} wait to be built, more than "
                f"MAX_UNBUILT_ROWS ({self.max_unbuilt:,}); come back when some are",
                _RETRY_AFTER_BUILDING,
                reason="unbuilt",
            )
        texts = sum(len(document.text or "") for document in documents)
        self.headroom.check(texts + len(documents) * definition.dimension * _FLOAT)
