"""The manifests of one index: which there are, and what they say."""

from collections.abc import Sequence
from dataclasses import dataclass

from embedding_service.errors import ServiceError
from embedding_service.indexes.errors import NotFound
from embedding_service.indexes.snapshots import layout
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.errors import DamagedSnapshot, SnapshotTooNew
from embedding_service.indexes.snapshots.manifest import Manifest, decode

_UNREADABLE = (DamagedSnapshot, SnapshotTooNew)


@dataclass(frozen=True, slots=True)
class Listed:
    """The snapshots of one index."""

    manifests: Sequence[Manifest]
    """Newest first."""
    unreadable: Sequence[ServiceError]
    """DamagedSnapshot or SnapshotTooNew, one for each manifest that cannot be read."""


def numbers(store: BlobStore, folder: str) -> list[int]:
    """Numbers of the manifests in a folder (layout.snapshots, layout.dropped), ascending."""
    found = (layout.number_of(stored.name) for stored in store.listing(folder))
    return sorted(number for number in found if number is not None)


def read(store: BlobStore, folder: str, number: int) -> Manifest | None:
    """One manifest; None when it is not there. Raises DamagedSnapshot, SnapshotTooNew."""
    name = layout.manifest(folder, number)
    try:
        content = store.read(name)
    except FileNotFoundError:
        return None
    manifest = decode(content, name)
    if manifest.number != number:
        raise DamagedSnapshot(name, f"the manifest of number {number}", f"of {manifest.number}")
    return manifest


def newest(store: BlobStore, uid: str) -> Manifest | None:
    """The manifest of the highest number; None when there is none.

    Raises DamagedSnapshot, SnapshotTooNew: an older one is not taken instead without a word.
    """
    folder = layout.snapshots(uid)
    for number in reversed(numbers(store, folder)):
        # One that is gone was dropped since it was listed, for which a newer one must be there.
        if (manifest := read(store, folder, number)) is not None:
            return manifest
    return None


def snapshots(store: BlobStore, uid: str) -> Listed:
    """All snapshots of an index; one that cannot be read does not hide the others."""
    folder = layout.snapshots(uid)
    manifests: list[Manifest] = []
    unreadable: list[ServiceError] = []
    for number in reversed(numbers(store, folder)):
        try:
            manifest = read(store, folder, number)
        except _UNREADABLE as error:
            unreadable.append(error)
        else:
            manifests += [] if manifest is None else [manifest]
    return Listed(manifests, unreadable)


def find(store: BlobStore, uid: str, id: str) -> Manifest:  # noqa: A002  the field's own name
    """The snapshot called so. Raises NotFound; where it may be one that cannot be read, as that."""
    listed = snapshots(store, uid)
    for manifest in listed.manifests:
        if manifest.id == id:
            return manifest
    if listed.unreadable:  # no name can be read in it
        raise listed.unreadable[0]
    raise NotFound("snapshot", id)
