"""Where the files of one index's snapshots lie, and how long an unnamed one is left alone.

<uid>/blobs/<sha256>.parquet             documents
<uid>/blobs/<sha256>.bin                 files and bitmaps of sealed segments
<uid>/snapshots/<number, 20 digits>.json the manifests; the highest number is the newest
<uid>/dropped/<number, 20 digits>.json   manifests that retention took away a short while ago
<uid>/suspects/<name of a blob>          says that the blob was found damaged (suspects.py)
"""

import re
from datetime import timedelta
from typing import Final

GRACE: Final = timedelta(hours=6)
"""Age at which a file that no manifest names may go; a publish must be done in half of it."""
PARQUET: Final = "parquet"
BINARY: Final = "bin"
_MANIFEST = re.compile(r"(\d{20})\.json")


def snapshots(uid: str) -> str:
    """The folder of manifests."""
    return f"{uid}/snapshots"


def dropped(uid: str) -> str:
    """The folder of manifests that were taken away."""
    return f"{uid}/dropped"


def blobs(uid: str) -> str:
    """The folder of blobs."""
    return f"{uid}/blobs"


def suspects(uid: str) -> str:
    """The folder of notes about damaged blobs."""
    return f"{uid}/suspects"


def suspect(uid: str, blob: str) -> str:
    """The note about a blob, which is named as in manifests."""
    return f"{suspects(uid)}/{blob.removeprefix('blobs/')}"


def blob_of_suspect(uid: str, note: str) -> str:
    """The blob that a note is about."""
    return f"blobs/{note.removeprefix(f'{suspects(uid)}/')}"


def manifest(folder: str, number: int) -> str:
    """Name of a manifest in `snapshots` or `dropped`."""
    return f"{folder}/{number:020d}.json"


def number_of(name: str) -> int | None:
    """Number of the manifest called so; None for any other file."""
    found = _MANIFEST.fullmatch(name.rpartition("/")[2])
    return None if found is None else int(found[1])
