"""Files that were found damaged: noted in the store, so that no later snapshot counts on them.

A publish does not read what is there already, so that a flipped bit would else be in every snapshot
to come. Whoever reads such a file may be another process, or another index that is filled from it.
"""

from typing import Final

import structlog

from embedding_service.errors import ServiceError
from embedding_service.indexes.snapshots import layout
from embedding_service.indexes.snapshots.blobs import BlobStore

_NOTE: Final = b"found damaged\n"

_log = structlog.stdlib.get_logger(__name__)


def note(store: BlobStore, uid: str, blob: str) -> None:
    """Note a blob, by its name in manifests. Whoever may not write here leaves it at that."""
    try:
        store.create(layout.suspect(uid, blob), [_NOTE], if_absent=False)
    except ServiceError as error:
        _log.warning("a damaged file cannot be noted", file=blob, uid=uid, reason=error.message)


def noted(store: BlobStore, uid: str) -> frozenset[str]:
    """The blobs that are noted, by their names in manifests."""
    found = store.listing(layout.suspects(uid))
    return frozenset(layout.blob_of_suspect(uid, each.name) for each in found)


def clear(store: BlobStore, uid: str, blob: str) -> None:
    """Take the note of a blob away: it was put there anew, or has gone."""
    store.delete(layout.suspect(uid, blob))
