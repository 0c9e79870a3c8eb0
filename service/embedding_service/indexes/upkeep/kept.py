"""What upkeep needs of an open index."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.upkeep.building import Built


class Holding(Protocol):
    """An index in memory. Another may take its place; this one is then worked on for nothing."""

    @property
    def sealed(self) -> Sequence[tuple[Sealed, Bitmap]]:
        """Its sealed segments with their live rows, as they are now."""

    def adopt(self, segment: Sealed) -> None:
        """Take in a segment in place of where its rows are now."""


class Kept(Protocol):
    """An open index, as this file needs it."""

    @property
    def definition(self) -> Definition:
        """What it is."""

    @property
    def view(self) -> Holding:
        """What is searched now."""

    @property
    def has_news(self) -> bool:
        """Whether there are graphs that another process has built, and that are not loaded."""

    def office(self) -> AbstractContextManager[bool]:
        """Whether no other process builds graphs for it until the block ends."""

    def take_builds(self) -> bool:
        """Load the graphs that others have built since; whether there were any."""

    def give_build(self, holding: Holding, built: Built) -> None:
        """Let others load a graph that `holding` is searched by, while in office."""

    def measure(self) -> None:
        """Tell what has become of it."""
