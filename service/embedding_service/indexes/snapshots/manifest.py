"""The manifest of a snapshot: everything that must be known to read it. Format 1.

A JSON object of these members:

    format, min_reader   1 and 1: what wrote it, and the oldest format whose reader understands it
    id                   the snapshot's name, never given twice; number: its place in the order
    created              RFC 3339, UTC, by the writer's clock: to look at, never to compare
    index                uid, name, dimension, metric, engine, fields, model: the definition
    version              the index's version that the documents show; count: how many there are
    libraries            names and versions of what wrote it
    documents            parts in the order of keys: blob, rows, first_key, last_key
    segments             null, or what FAISS was built from: version (of the index, never above
                         the documents') and items: rows, live (how many of them count), engine,
                         files (name to blob), bitmap (a blob: one bit a row, least significant
                         first, set where the row counts)
    sha256               hex, over this file without this member

A blob is {name, sha256, size}: a file, its name relative to the folder above `snapshots/`, the
sha256 of its bytes in hex, and their number. A part of the documents is a Parquet file (parts.py);
the parts together are all documents. The segments are derived: whoever has no use for them, or does
not know their format (segments/files.py), builds anew from the documents.

The file is UTF-8, its members in alphabetical order at every depth, with indents of two spaces and
a newline at the end, so that its checksum is that of `jq -S 'del(.sha256)' FILE`. Every later
format keeps that, and the first two members; a reader passes over members it does not know.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Final

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from embedding_service.indexes.definition import Definition, Engine
from embedding_service.indexes.digests import Digest
from embedding_service.indexes.snapshots import layout
from embedding_service.indexes.snapshots.errors import DamagedSnapshot, SnapshotTooNew

FORMAT: Final = 1
Count = Annotated[int, Field(ge=0)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
_BLOB = re.compile(r"blobs/([0-9a-f]{64})\.(parquet|bin)")


@dataclass(frozen=True, slots=True)
class Blob:
    """A file by its content. Raises ValueError unless its name has its sha256."""

    name: str
    """Relative to the index's folder."""
    sha256: str
    size: Count

    def __post_init__(self) -> None:
        found = _BLOB.fullmatch(self.name)
        if found is None or found[1] != self.sha256:
            raise ValueError("a blob's name is made of its sha256")

    @classmethod
    def of(cls, digest: str, size: int, suffix: str) -> "Blob":
        """The blob with this sha256, in hex."""
        return cls(f"blobs/{digest}.{suffix}", digest, size)

    @classmethod
    def of_file(cls, digest: Digest) -> "Blob":
        """A file of a segment."""
        return cls.of(digest.sha256, digest.size, layout.BINARY)


@dataclass(frozen=True, slots=True)
class Part:
    """Documents of one range of keys."""

    blob: Blob
    rows: Count
    first_key: int
    last_key: int


@dataclass(frozen=True, slots=True)
class SegmentFiles:
    """One sealed segment."""

    rows: Count
    live: Count
    engine: Engine
    files: Mapping[FileName, Blob]
    bitmap: Blob


@dataclass(frozen=True, slots=True)
class SegmentSet:
    """The sealed segments at one version of the index."""

    version: Count
    items: tuple[SegmentFiles, ...]


@dataclass(frozen=True)
class Manifest:
    """One snapshot. Raises ValueError when it contradicts itself."""

    id: str
    number: Annotated[int, Field(ge=1)]
    created: AwareDatetime
    index: Definition
    version: Count
    count: Count
    libraries: Mapping[str, str]
    documents: tuple[Part, ...]
    segments: SegmentSet | None
    format: int = FORMAT
    min_reader: int = FORMAT

    def __post_init__(self) -> None:
        if sum(part.rows for part in self.documents) != self.count:
            raise ValueError("its parts do not have as many rows as it counts documents")
        keys = [key for part in self.documents for key in (part.first_key, part.last_key)]
        if keys != sorted(keys):
            raise ValueError("its parts are not in the order of keys")
        if self.segments is not None and self.segments.version > self.version:
            raise ValueError("its segments are of a later version than its documents")

    @cached_property
    def blobs(self) -> Mapping[str, Blob]:
        """Every file it needs, by name."""
        items = () if self.segments is None else self.segments.items
        needed = [part.blob for part in self.documents]
        needed += [item.bitmap for item in items]
        needed += [blob for item in items for blob in item.files.values()]
        return {blob.name: blob for blob in needed}

    @property
    def size(self) -> int:
        """Bytes of all its blobs, those included that it shares with other snapshots."""
        return sum(blob.size for blob in self.blobs.values())


_ADAPTER: Final = TypeAdapter(Manifest)


def encode(manifest: Manifest) -> bytes:
    """The manifest's file."""
    body = _ADAPTER.dump_python(manifest, mode="json")
    return _write({**body, "sha256": sha256(_write(body)).hexdigest()})


def decode(content: bytes, file: str) -> Manifest:
    """The manifest in `content`, of a file called `file`.

    Raises DamagedSnapshot when anything was changed in it, SnapshotTooNew.
    """
    try:
        body = json.loads(content)
        stated = body.pop("sha256")
        needed = body["min_reader"]
        actual = sha256(_write(body)).hexdigest()
        is_whole = stated == actual and content == _write({**body, "sha256": stated})
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise DamagedSnapshot(file, "a manifest", "something else") from error
    if not is_whole:
        raise DamagedSnapshot(file, "a manifest that fits its own sha256", f"sha256 {actual}")
    if isinstance(needed, int) and needed > FORMAT:
        raise SnapshotTooNew(file, needed, FORMAT)
    try:
        return _ADAPTER.validate_json(_write(body), strict=True)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the whole"
        raise DamagedSnapshot(
            file, "a manifest of format 1", f"{where}: {error.errors()[0]['msg']}"
        ) from error


def _write(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, indent=2).encode() + b"\n"
