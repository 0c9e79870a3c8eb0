"""Makes a manifest known: one new file, under a number that nobody had before."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from embedding_service.indexes.snapshots import layout, manifests
from embedding_service.indexes.snapshots.blobs import BlobStore, Stored
from embedding_service.indexes.snapshots.errors import SnapshotStoreUnavailable
from embedding_service.indexes.snapshots.manifest import Manifest, encode

_LIMIT: Final = layout.GRACE / 2
_NUMBERS_TRIED: Final = 1_000
"""Each one lost is another publisher's success."""
_ATTEMPTS: Final = 3
"""To create one manifest, while answers are lost."""


def announce(store: BlobStore, draft: Manifest) -> Manifest:
    """Create the manifest under the next number, whatever its own is; as it was created."""
    folder, gone = layout.snapshots(draft.index.uid), layout.dropped(draft.index.uid)
    taken = [*manifests.numbers(store, folder), *manifests.numbers(store, gone)]
    first = max(taken, default=0) + 1
    for number in range(first, first + _NUMBERS_TRIED):
        manifest = replace(draft, number=number)
        name = layout.manifest(folder, number)
        if not _create(store, name, encode(manifest)):
            continue
        if store.stat(layout.manifest(gone, number)) is None:
            return manifest
        store.delete(name)  # it was free only because it was dropped: newer ones are there
    raise SnapshotStoreUnavailable(folder, f"others took {_NUMBERS_TRIED:,} numbers in a row")


def confirm(store: BlobStore, manifest: Manifest, began: datetime) -> None:
    """Take the manifest back unless all it names is there, and sure to stay (retention.py).

    Raises SnapshotStoreUnavailable when it was taken back. `began` is by the store's clock.
    """
    uid = manifest.index.uid
    is_late = store.probe() - began > _LIMIT
    there = blobs(store, uid)
    missing = [
        name
        for name, blob in manifest.blobs.items()
        if name not in there or there[name].size != blob.size
    ]
    if is_late or missing:
        store.delete(layout.manifest(layout.snapshots(uid), manifest.number))
        reason = f"it took longer than {_LIMIT}" if is_late else f"{missing[0]} was taken away"
        raise SnapshotStoreUnavailable(uid, f"the snapshot was withdrawn: {reason}; try again")


def blobs(store: BlobStore, uid: str) -> Mapping[str, Stored]:
    """What lies in the folder of blobs, by names as manifests have them."""
    return {each.name.removeprefix(f"{uid}/"): each for each in store.listing(layout.blobs(uid))}


def _create(store: BlobStore, name: str, content: bytes) -> bool:
    """Whether there is a manifest of this name and content afterwards; else there is another.

    Whoever made what is there, it says so itself, since no two manifests have one id: a request
    whose answer was lost, or that was repeated below after it had succeeded, is found out here.
    """
    silence: SnapshotStoreUnavailable | None = None
    for _ in range(_ATTEMPTS):
        try:
            if store.create(name, [content], if_absent=True):
                return True
        except SnapshotStoreUnavailable as error:
            if not error.is_ambiguous:
                raise
            silence = error
        try:
            return store.read(name) == content
        except FileNotFoundError:
            continue
    raise silence or SnapshotStoreUnavailable(name, "it comes and goes; try again")
