"""A folder as a store of snapshots: every file fsynced before it has its name.

Written by hand because object_store's own LocalFileSystem never calls fsync. The file system must
have hard links (NFS does; FAT and some FUSE mounts do not), which create-if-absent is made of.
"""

import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final

from embedding_service.indexes.snapshots import durable
from embedding_service.indexes.snapshots.blobs import Stored
from embedding_service.indexes.snapshots.errors import SnapshotStoreUnavailable, told

_PIECE: Final = 4 << 20
"""Bytes."""


class Folder:
    """A BlobStore on a file system that any number of processes may share."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def create(self, name: str, chunks: Iterable[bytes], *, if_absent: bool) -> bool:
        """See BlobStore."""
        with self._told():
            return durable.write(self._path(name), chunks, if_absent=if_absent)

    def read(self, name: str) -> bytes:
        """See BlobStore."""
        with self._told(is_reading=True):
            return self._path(name).read_bytes()

    def stream(self, name: str) -> Iterator[bytes]:
        """See BlobStore."""
        with self._told(is_reading=True), self._path(name).open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece

    def stat(self, name: str) -> Stored | None:
        """See BlobStore."""
        with self._told():
            return self._stat(self._path(name))

    def listing(self, folder: str) -> Sequence[Stored]:
        """See BlobStore."""
        with self._told():
            paths = [
                Path(parent, name)
                for parent, _, names in os.walk(self._path(folder), onerror=_raise_unless_gone)
                for name in names
            ]
            return [stored for path in paths if (stored := self._stat(path)) is not None]

    def delete(self, name: str) -> None:
        """See BlobStore."""
        with self._told():
            durable.delete(self._path(name))

    def probe(self) -> datetime:
        """See BlobStore."""
        name = f"probe-{uuid.uuid4().hex}"
        try:
            is_created = self.create(name, [b""], if_absent=True)
            stored = self.stat(name)
            is_created_again = self.create(name, [b""], if_absent=True)
        finally:
            self.delete(name)
        if not is_created or is_created_again or stored is None:
            raise SnapshotStoreUnavailable(
                str(self._root), "the file system lets two writers make one file; use another"
            )
        return stored.modified

    def _path(self, name: str) -> Path:
        if ".." in (parts := PurePosixPath(name).parts) or parts[:1] == ("/",):
            raise ValueError("a name must stay below the store's root")
        return self._root.joinpath(*parts)

    def _stat(self, path: Path) -> Stored | None:
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        name = path.relative_to(self._root).as_posix()
        return Stored(name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

    @contextmanager
    def _told(self, *, is_reading: bool = False) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if is_reading and isinstance(error, FileNotFoundError):
                raise
            raise told(error, str(self._root)) from error


def _raise_unless_gone(error: OSError) -> None:
    # os.walk would pass over a folder that it may not read, and what it holds would look unnamed.
    if not isinstance(error, FileNotFoundError):
        raise error
