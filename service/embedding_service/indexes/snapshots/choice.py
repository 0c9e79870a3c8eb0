"""Which snapshots a server of one index has to do with, and which one it begins with."""

from dataclasses import dataclass
from pathlib import Path

_LONGEST = 1024
"""Bytes of the file that are looked at; an id has 32."""


@dataclass(frozen=True, slots=True)
class Choice:
    """All snapshots, and the newest of them, unless something else is said."""

    only: str | None = None
    """The uid of the one index whose snapshots may be read."""
    file: Path | None = None
    """Says the id of the snapshot to begin with; another file may take its place at any time."""

    def read(self) -> str | None:
        """The id, None for the newest. Raises OSError, ValueError: there is a file, unreadable."""
        if self.file is None:
            return None
        try:
            with self.file.open("rb") as opened:
                content = opened.read(_LONGEST)
        except FileNotFoundError:
            return None
        return content.decode().strip() or None
