"""What is done of a job, in a folder beside its output: a manifest, and one file for each slice.

A slice file appears whole and synced, so after a kill every file that is there counts. The manifest
says of which input, options and model the slices are; anything else may not add to them.
"""

import fcntl
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import orjson

from embedding_service.cli.bulk.durable import replacing
from embedding_service.cli.bulk.encoders import Vectors
from embedding_service.cli.complaints import Complaint

Manifest: TypeAlias = Mapping[str, Any]
"""JSON values by name; two jobs are the same when these are equal."""

_FORMAT = 1
_MANIFEST = "manifest.json"
_DRAFT = "draft"


class Journal:
    """The folder of one job; open it with `open_journal`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def draft(self) -> Path:
        """Where the output is written before it takes its place."""
        return self.folder / "output"

    def write(self, index: int, vectors: Vectors) -> None:
        """Keep a slice; it is on the disk when this returns."""
        path = self._path(index)
        # A draft of its own: several slices are written at once.
        with replacing(path, path.with_suffix(".draft")) as file:
            truncated = np.asarray(vectors.truncated, np.int64)
            np.savez(file, matrix=vectors.matrix, truncated=truncated)

    def read(self, index: int) -> Vectors:
        """A slice that was kept. Raises Complaint if its file is damaged."""
        path = self._path(index)
        try:
            with path.open("rb") as file, np.load(file) as arrays:
                return Vectors(arrays["matrix"], arrays["truncated"].tolist())
        except (zipfile.BadZipFile, ValueError, KeyError, EOFError) as error:
            raise Complaint(f"{path}: is damaged ({error}); delete it and run again") from None

    def done(self) -> set[int]:
        """Indexes of the slices that are kept."""
        return {int(path.stem) for path in self.folder.glob("*.npz")}

    def remove(self) -> None:
        """Forget the job."""
        shutil.rmtree(self.folder)

    def begin(self, manifest: Manifest) -> None:
        """Begin the job, or go on with it. Raises Complaint if the folder holds another one."""
        wanted = {"format": _FORMAT, **manifest}
        path = self.folder / _MANIFEST
        if not path.exists():
            with replacing(path, self.folder / _DRAFT) as file:
                file.write(orjson.dumps(wanted, option=orjson.OPT_INDENT_2))
            return
        try:
            begun = orjson.loads(path.read_bytes())
        except orjson.JSONDecodeError:
            raise Complaint(f"{path}: is no JSON; {self._way_out()}") from None
        different = [
            f"{name} was {begun.get(name)!r} and is now {wanted.get(name)!r}"
            for name in dict.fromkeys([*begun, *wanted])
            if begun.get(name) != wanted.get(name)
        ]
        if different:
            raise Complaint(
                f"{self.folder}: holds the beginning of another job: {'; '.join(different)}. "
                f"Run it again as it was to finish it, or {self._way_out()}"
            )

    def _way_out(self) -> str:
        return "begin afresh with --restart"

    def _path(self, index: int) -> Path:
        return self.folder / f"{index:08d}.npz"


@contextmanager
def open_journal(output: Path, *, restart: bool) -> Iterator[Journal]:
    """The journal of the job that makes `output`. Raises Complaint while another process has it.

    `restart` forgets what is there. The folder stays until `Journal.remove`.
    """
    folder = output.with_name(f"{output.name}.partial")
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor, output)
        try:
            if restart:
                for path in folder.iterdir():
                    path.unlink()
            yield Journal(folder)
        finally:
            with suppress(OSError):
                folder.rmdir()  # when nothing was begun; otherwise it is not empty, or gone
    finally:
        os.close(descriptor)


def _lock(folder: int, output: Path) -> None:
    """Lock the folder itself: the kernel lets go of it however the process ends."""
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Complaint(f"{output}: another process is at work on it; let it finish") from None
