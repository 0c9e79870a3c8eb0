"""Publishing an index in memory, to stores that do as another one does."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from embedding_service.indexes.snapshots import loading, publishing
from embedding_service.indexes.snapshots.blobs import BlobStore, Stored
from embedding_service.indexes.snapshots.folders import Folder
from embedding_service.indexes.snapshots.manifest import Manifest
from snapshot_sources import CREATED, DEFINITION, LIBRARIES, CopiedIndex

UID = DEFINITION.uid


def publish(store: BlobStore, index: CopiedIndex, workspace: Path) -> Manifest:
    return publishing.publish(store, index, workspace, created=CREATED, libraries=LIBRARIES)


def assert_loads(store: BlobStore, manifest: Manifest, index: CopiedIndex) -> None:
    loaded = [row for part in loading.documents(store, UID, manifest) for row in part]
    expected = [index.documents[key] for key in sorted(index.documents)]
    described = [
        [
            (row.key, row.version, row.id, row.text, row.metadata, row.vector.tobytes())
            for row in rows
        ]
        for rows in (loaded, expected)
    ]
    assert described[0] == described[1]


class Wrapped:
    """A store that does as another one does."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    def create(self, name: str, chunks: Iterable[bytes], *, if_absent: bool) -> bool:
        return self._store.create(name, chunks, if_absent=if_absent)

    def read(self, name: str) -> bytes:
        return self._store.read(name)

    def stream(self, name: str) -> Iterator[bytes]:
        return self._store.stream(name)

    def stat(self, name: str) -> Stored | None:
        return self._store.stat(name)

    def listing(self, folder: str) -> Sequence[Stored]:
        return self._store.listing(folder)

    def delete(self, name: str) -> None:
        self._store.delete(name)

    def probe(self) -> datetime:
        return self._store.probe()


class Recorded(Folder):
    """A folder that keeps the names of what is created in it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.created: list[str] = []

    def create(self, name: str, chunks: Iterable[bytes], *, if_absent: bool) -> bool:
        if not name.startswith("probe"):
            self.created.append(name)
        return super().create(name, chunks, if_absent=if_absent)
