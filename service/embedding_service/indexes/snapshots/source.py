"""What a snapshot is made of, as this room asks for it; made elsewhere."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import Scan
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.segment import Sealed


@dataclass(frozen=True, slots=True)
class Segments:
    """Sealed segments and which of their rows count, at one version; there may be none."""

    version: int
    items: Sequence[tuple[Sealed, Bitmap]]


class Source(Protocol):
    """An index that can be copied."""

    @property
    def definition(self) -> Definition:
        """What it is."""

    def segments(self) -> Segments:
        """Asked for before the scan, so that their version is not above the scan's."""

    def scan(self) -> AbstractContextManager[Scan]:
        """Its documents, checked row by row as they are read."""
