"""What turns texts into vectors: a model in this process, or a server."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from embedding_service.inference.requests import InputType
from embedding_service.vectors import Matrix


@dataclass(frozen=True, slots=True)
class Options:
    """How texts are embedded; the same for the whole job."""

    normalise: bool = True
    input_type: InputType | None = None
    dimensions: int | None = None
    truncate: bool = True

    def as_json(self) -> dict[str, Any]:
        """For the manifest."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which model it is."""

    model: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors of some texts, in their order."""

    matrix: Matrix
    truncated: list[int]
    """Positions of texts that were cut."""


class Encoder(Protocol):
    """A model that can be asked."""

    async def identify(self) -> Identity:
        """Load the model if need be. Raises Complaint or ServiceError."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts`. Raises Complaint or ServiceError."""
