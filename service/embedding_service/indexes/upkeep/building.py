"""Builds a segment's graph in a child process, and takes what comes of it."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import Final

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine
from embedding_service.indexes.digests import Digest
from embedding_service.indexes.errors import RecordUnavailable
from embedding_service.indexes.segments import files
from embedding_service.indexes.segments.kernels.devices import CPU, is_gpu_build
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.upkeep.builder import Order, Outcome, read_outcome, write_json

_PROGRAM: Final = "embedding_service.indexes.upkeep.builder"
_TOLD: Final = 2_000
"""Characters of a failed child's last words."""


class BuildFailed(Exception):
    """The child ended without a segment; its last words are in the notes."""


class WorkshopClosed(Exception):
    """Nothing more is built; nobody is to blame."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A flat segment whose vectors are mapped from a file."""

    folder: Path
    digests: dict[str, Digest]
    segment: Sealed


@dataclass(frozen=True, slots=True)
class Built:
    """A segment with its graph, and what was measured of it."""

    segment: Sealed
    recall: float
    """recall@10, 0 to 1."""
    folder: Path
    """Of its files, until `discard`."""
    device: str = CPU.name
    """On which rows were compared with centroids."""
    fallback: str | None = None
    """Why that was not the GPU, where there is one."""


class Workshop:
    """A folder in which segments are built, by one child at a time."""

    def __init__(self, folder: Path, environment: Mapping[str, str], threads: int) -> None:
        """What processes that are gone have left in `folder` is removed.

        Raises RecordUnavailable where it cannot be used.
        """
        try:
            self._folder, self._claim = _settle(folder)
        except OSError as error:
            raise RecordUnavailable(
                f"the folder {folder} cannot be used: {error.strerror}; set DATA_DIR to one that "
                "can"
            ) from error
        self._environment = environment
        self._threads = threads
        self._starting = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    def store(self, segment: Sealed) -> Stored:
        """Write a flat segment to the disk, so that its vectors need no memory of their own.

        Raises OSError, for example when the disk is full, and then leaves nothing of it.
        """
        place = Path(mkdtemp(dir=self._folder))
        try:
            digests = files.write(segment, place / "flat")
            return Stored(place / "flat", digests, files.read(place / "flat", digests))
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise

    def build(self, stored: Stored, blueprint: Blueprint) -> Built:
        """The same segment with a graph, built without a GPU where that fails.

        Raises BuildFailed, WorkshopClosed, DamagedSegment, OSError.
        """
        target = stored.folder.parent / "built"
        may_use_gpu = blueprint.engine is Engine.IVF and is_gpu_build()
        order = Order(
            str(stored.folder), stored.digests, str(target), blueprint, self._threads, may_use_gpu
        )
        outcome = self._run(order)
        segment = files.read(target, outcome.digests)
        return Built(segment, outcome.recall, target, outcome.device, outcome.fallback)

    def discard(self, stored: Stored) -> None:
        """Remove the files; what is mapped from them stays readable until it is let go of."""
        shutil.rmtree(stored.folder.parent, ignore_errors=True)

    def stop(self) -> None:
        """End the child, if there is one: `build` raises WorkshopClosed from now on."""
        with self._starting:
            self._is_stopped = True
            if self._child is not None:
                self._child.kill()

    def close(self) -> None:
        """Leave the folder, when nothing is stored or built any more; may be called twice."""
        self.stop()
        with self._starting:
            if self._claim is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                os.close(self._claim)
                self._claim = None

    def _run(self, order: Order) -> Outcome:
        with _lifeline() as lifeline:
            child = self._start(order, lifeline)
            said, complained = child.communicate()
        with self._starting:
            self._child = None
            if self._is_stopped:
                raise WorkshopClosed
        if child.returncode == 0:
            return read_outcome(said)
        failed = _explain(child.returncode, complained.decode(errors="replace"))
        is_ended_by_signal = child.returncode < 0  # as FAISS ends a process for an error of CUDA
        if not (order.may_use_gpu and is_ended_by_signal):
            raise failed
        shutil.rmtree(order.target, ignore_errors=True)
        again = self._run(replace(order, may_use_gpu=False))
        return replace(again, fallback=str(failed))

    def _start(self, order: Order, lifeline: int) -> subprocess.Popen[bytes]:
        with self._starting:
            if self._is_stopped:
                raise WorkshopClosed
            self._child = subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-m", _PROGRAM, write_json(order).decode()],
                env=dict(self._environment),
                stdin=lifeline,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            return self._child


@contextmanager
def _lifeline() -> Iterator[int]:
    """The end of a pipe by which a child sees that this process is gone."""
    theirs, ours = os.pipe()
    try:
        yield theirs
    finally:
        os.close(theirs)
        os.close(ours)


def _explain(code: int, complained: str) -> BuildFailed:
    last = complained.strip().rpartition("\n")[2]
    error = BuildFailed(f"the builder ended with {code}" + (f": {last}" if last else ""))
    error.add_note(complained[-_TOLD:])
    return error


def _settle(folder: Path) -> tuple[Path, int | None]:
    """A new folder in `folder`, and what must stay open while it is ours.

    Several processes may work on one machine with one DATA_DIR: what a living one works on is left
    alone. The kernel lets go of a claim with its process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entrance = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(entrance, fcntl.LOCK_EX)  # nobody else makes or clears folders meanwhile
        for left in folder.iterdir():
            _clear(left)
        own = Path(mkdtemp(dir=folder))
        claim = os.open(own, os.O_RDONLY)
        fcntl.flock(claim, fcntl.LOCK_EX)
        return own, claim
    finally:
        os.close(entrance)


def _clear(left: Path) -> None:
    """Remove a folder that nobody claims."""
    try:
        claim = os.open(left, os.O_RDONLY)
    except FileNotFoundError:  # its owner has just cleared it
        return
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(left, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(claim)
