"""Builds a segment's graph in a child process, and takes what comes of it."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import Final

from embedding_service.indexes.definition import Engine
from embedding_service.indexes.segments import files
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.upkeep.builder import Order, Outcome, read_outcome, write_json

_PROGRAM: Final = "embedding_service.indexes.upkeep.builder"
_TOLD: Final = 2_000
"""Characters of a failed child's last words."""


class BuildFailed(Exception):
    """The child ended without a segment; the message has its last words."""


@dataclass(frozen=True, slots=True)
class Built:
    """A segment with its graph, and what was measured of it."""

    segment: Sealed
    recall: float
    effort: int


class Workshop:
    """A folder in which segments are built, by one child at a time."""

    def __init__(self, folder: Path, environment: Mapping[str, str], threads: int) -> None:
        """What an earlier process has left in `folder` is removed."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder = folder
        self._environment = environment
        self._threads = threads
        self._starting = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def store(self, segment: Sealed) -> "Stored":
        """Write a flat segment to the disk, so that its vectors need no memory of their own."""
        folder = Path(mkdtemp(dir=self._folder)) / "flat"
        digests = files.write(segment, folder)
        return Stored(folder, digests, files.read(folder, digests))

    def build(self, stored: "Stored", engine: Engine) -> Built:
        """The same segment with a graph. Raises BuildFailed, DamagedSegment, OSError."""
        target = stored.folder.parent / "built"
        order = Order(str(stored.folder), stored.digests, str(target), engine, self._threads)
        outcome = self._run(order)
        return Built(files.read(target, outcome.digests), outcome.recall, outcome.effort)

    def discard(self, stored: "Stored") -> None:
        """Remove the files; what is mapped from them stays readable until it is let go of."""
        shutil.rmtree(stored.folder.parent, ignore_errors=True)

    def close(self) -> None:
        """End the child, if there is one; `build` fails."""
        with self._starting:
            self._is_closed = True
            if self._child is not None:
                self._child.kill()

    def _run(self, order: Order) -> Outcome:
        with self._starting:
            if self._is_closed:
                raise BuildFailed("the workshop is closed")
            child = self._child = subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-m", _PROGRAM, write_json(order).decode()],
                env=dict(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        said, complained = child.communicate()
        self._child = None
        if child.returncode:
            told = complained.decode(errors="replace")[-_TOLD:].strip()
            raise BuildFailed(f"the builder ended with {child.returncode}: {told}")
        return read_outcome(said)


@dataclass(frozen=True, slots=True)
class Stored:
    """A flat segment whose vectors are mapped from a file."""

    folder: Path
    digests: dict[str, files.Digest]
    segment: Sealed
