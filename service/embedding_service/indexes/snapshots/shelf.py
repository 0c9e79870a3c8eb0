"""Snapshots to read from, whoever made them: all that lies in one store."""

from collections.abc import Iterator
from typing import Final

from embedding_service.indexes.documents import Document
from embedding_service.indexes.errors import NotFound
from embedding_service.indexes.snapshots import loading, manifests
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.manifest import Manifest

NEWEST: Final = "newest"
"""Stands for the id of an index's newest snapshot."""


class Shelf:
    """Thread-safe; `uid` is the folder that a snapshot lies in.

    Any call may raise SnapshotStoreUnavailable, DamagedSnapshot and SnapshotTooNew.
    """

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    def find(self, uid: str, id: str) -> Manifest:  # noqa: A002  the field's own name
        """One snapshot by id, or the newest. Raises NotFound."""
        if id != NEWEST:
            return manifests.find(self._store, uid, id)
        manifest = manifests.newest(self._store, uid)
        if manifest is None:
            raise NotFound("snapshot", id)
        return manifest

    def documents(self, uid: str, manifest: Manifest) -> Iterator[list[Document]]:
        """What a snapshot holds, in the order of keys."""
        return loading.documents(self._store, uid, manifest)
