"""What this room asks of a place that keeps files: few verbs, for a folder and S3 alike.

A name is a relative path with `/`. Nothing is ever changed in place: a file is there whole under
its name, or it is not there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """One file as the store lists it."""

    name: str
    size: int
    modified: datetime
    """By the store's clock, with its zone."""


class BlobStore(Protocol):
    """Thread-safe. All of it may raise SnapshotStoreUnavailable."""

    def create(self, name: str, chunks: Iterable[bytes], *, if_absent: bool) -> bool:
        """Keep a file; it is durable when this returns. Raises OutOfSpace.

        False when `if_absent` and there is a file of that name, whoever made it: after a repeated
        request that may have been this very call. Without `if_absent` a file of that name is
        replaced, in one step. With it, all of the content is held in memory.
        """

    def read(self, name: str) -> bytes:
        """The whole of a small file. Raises FileNotFoundError."""

    def stream(self, name: str) -> Iterator[bytes]:
        """A file in pieces of some MiB. Raises FileNotFoundError, on the first piece."""

    def stat(self, name: str) -> Stored | None:
        """One file, without its content; None when there is no such file."""

    def listing(self, folder: str) -> Sequence[Stored]:
        """Every file below a folder, at any depth, unordered; none when it does not exist."""

    def delete(self, name: str) -> None:
        """Remove a file, durably; a missing one is no error."""

    def probe(self) -> datetime:
        """The time by the store's clock.

        Found out by making a file and failing to make it again, so that a store that does not
        honour create-if-absent is refused here, with SnapshotStoreUnavailable.
        """
