"""What can go wrong with snapshots; part of the tree in embedding_service/indexes/errors.py.

Unavailable
└── SnapshotStoreUnavailable   the store does not answer, or cannot keep snapshots safely
Conflict
└── SnapshotTooNew             written by a newer version of this product
DamagedSnapshot                a file of a snapshot is not what was published; a person must act
OutOfSpace                     (of the tree above) the store's disk is full
"""

import errno

from embedding_service.errors import ServiceError, Unavailable
from embedding_service.indexes.errors import Conflict, OutOfSpace

_RETRY_AFTER = 5.0
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class SnapshotStoreUnavailable(Unavailable):
    """The store does not answer, refuses, or cannot keep snapshots safely."""

    code = "snapshot_store_unavailable"

    def __init__(self, store: str, message: str, *, is_ambiguous: bool = False) -> None:
        super().__init__(f"snapshot store {store}: {message}", _RETRY_AFTER)
        self.is_ambiguous = is_ambiguous
        """Whether the store may have done what it was asked, and only its answer was lost."""


class SnapshotTooNew(Conflict):
    """A snapshot in a format that this version does not know."""

    code = "snapshot_too_new"

    def __init__(self, file: str, needed: int, known: int) -> None:
        super().__init__(
            f"{file} needs a reader of format {needed}, this version reads up to {known}; "
            "use the version that wrote it, or a later one"
        )


class DamagedSnapshot(ServiceError):
    """A file of a snapshot is not what was published."""

    code = "snapshot_damaged"

    def __init__(self, file: str, expected: str, found: str) -> None:
        super().__init__(
            f"{file}: expected {expected}, found {found}; bring the file back from a copy of the "
            "store, use another snapshot, or make a new one, which does not count on that file"
        )
        self.file = file
        self.expected = expected
        self.found = found


def told(error: OSError, folder: str) -> ServiceError:
    """The error that stands for what the file system said of a folder."""
    reason = error.strerror or type(error).__name__
    if error.errno in _FULL:
        # EFBIG is how a limit on the size of files (RLIMIT_FSIZE, a quota of some) shows.
        return OutOfSpace(f"{folder}: {reason}; free space there, or keep snapshots elsewhere")
    return SnapshotStoreUnavailable(folder, f"{reason} ({error.filename or 'while writing'})")
