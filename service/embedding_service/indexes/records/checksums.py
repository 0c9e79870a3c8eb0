"""What a row should say, in 32 bits: no database sees a flipped bit in a vector by itself."""

import struct
import zlib
from typing import Any, Final

from sqlalchemy import Row

from embedding_service.indexes.errors import IndexDamaged

# Lengths first, so that no byte can move from one column to the next unseen; -1 is NULL.
_HEADER: Final = struct.Struct("<q?qqqq")


def compute_crc(
    id: str,  # noqa: A002
    version: int,
    text: str | None,
    metadata: bytes | None,
    vector: bytes | None,
    is_deleted: bool,
) -> int:
    """CRC-32 (zlib's) over the columns of a row that matter to anybody."""
    # What is no UTF-8 any more comes as lone surrogates (sqlite.py) and counts as its bytes.
    parts = (
        id.encode(errors="surrogateescape"),
        None if text is None else text.encode(errors="surrogateescape"),
        metadata,
        vector,
    )
    lengths = (-1 if part is None else len(part) for part in parts)
    crc = zlib.crc32(_HEADER.pack(version, is_deleted, *lengths))
    for part in parts:
        if part:
            crc = zlib.crc32(part, crc)
    return crc


def check(row: Row[Any], index: str) -> None:
    """Raise IndexDamaged unless `row` of documents is what was written."""
    if not _is_whole(row):
        named = str(row.id).encode(errors="replace").decode()
        raise IndexDamaged(
            index,
            f"the record of document {named!r} at version {row.version} is not what was written; "
            "run `gpu-embedding index check` and restore the newest snapshot",
        )


def _is_whole(row: Row[Any]) -> bool:
    try:
        crc = compute_crc(row.id, row.version, row.text, row.metadata, row.vector, row.is_deleted)
    except (AttributeError, TypeError, struct.error):
        return False  # in SQLite a flipped bit may change the type of what comes out of a column
    return bool(crc == row.crc)
