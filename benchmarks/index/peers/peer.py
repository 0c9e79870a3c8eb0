"""What is asked of an index, whoever made it."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embedding_service.vectors import Matrix


class Peer(Protocol):
    """An index of vectors by cosine, kept in a folder. Numbers of rows are its ids, as text."""

    efforts: Sequence[float]
    """How hard a search may try, rising; what that means is the index's own business."""

    def add(self, first: int, rows: Matrix) -> None:
        """Add rows under the numbers from `first` on; whatever it calls durable on return."""

    def build(self) -> None:
        """Make it ready to be searched fast."""

    def prepare(self, effort: float) -> None:
        """Search with this effort from now on."""

    def search(self, query: NDArray[np.float32], k: int) -> list[int]:
        """Numbers of the k nearest. Thread-safe."""

    def close(self) -> None:
        """Let go of everything."""
