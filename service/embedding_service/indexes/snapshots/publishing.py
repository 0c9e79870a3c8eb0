"""Makes a snapshot: blobs first, and when all of them are durable the manifest, as one new file.

Whenever this dies, the newest snapshot is the one it was before, and what was uploaded is picked up
by the next publish or removed by retention.py, whose docstring says why neither harms the other.
"""

import shutil
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from embedding_service.indexes.digests import Digest
from embedding_service.indexes.documents import Scan
from embedding_service.indexes.errors import IndexDamaged
from embedding_service.indexes.segments import files
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.snapshots import announcing, layout, manifests, suspects
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.errors import (
    DamagedSnapshot,
    SnapshotTooNew,
    told,
)
from embedding_service.indexes.snapshots.manifest import (
    Blob,
    Manifest,
    Part,
    SegmentFiles,
    SegmentSet,
)
from embedding_service.indexes.snapshots.parts import encode_parts
from embedding_service.indexes.snapshots.source import Segments, Source

_PIECE: Final = 4 << 20


def publish(
    store: BlobStore,
    source: Source,
    workspace: Path,
    *,
    created: datetime,
    libraries: Mapping[str, str],
) -> Manifest:
    """Copy an index into the store; its newest snapshot when this returns.

    What is there already is not uploaded again, unless somebody has found it damaged.

    Args:
        store: Where to.
        source: The index.
        workspace: A folder for one segment's files at a time; emptied of them again.
        created: The time now, with its zone.
        libraries: Names and versions of what writes this.

    Raises:
        SnapshotStoreUnavailable: Nothing was published, or nobody can tell.
        OutOfSpace: In the store or the workspace; nothing was published.
        IndexDamaged: The documents are not as many as the record counts.
    """
    definition = source.definition
    began = store.probe()
    damaged = suspects.noted(store, definition.uid)
    upload = _Upload(store, definition.uid, _reusable(store, source, began), damaged)
    kept = _publish_segments(upload, source.segments(), workspace)
    with source.scan() as scan:
        documents = tuple(_publish_documents(upload, scan, definition.dimension))
        version, count = scan.version, scan.count
    rows = sum(part.rows for part in documents)
    if rows != count:
        raise IndexDamaged(
            definition.name, f"the record counts {count:,} documents and has {rows:,}"
        )
    manifest = Manifest(
        id=uuid.uuid4().hex,
        number=1,
        created=created,
        index=definition,
        version=version,
        count=count,
        libraries=libraries,
        documents=documents,
        segments=kept if kept is not None and kept.version <= version else None,
    )
    manifest = announcing.announce(store, manifest)
    announcing.confirm(store, manifest, began)
    return manifest


def upload(store: BlobStore, uid: str, folder: Path, digests: Mapping[str, Digest]) -> None:
    """Put a segment's files into the store, outside of any snapshot; durable on return.

    Raises SnapshotStoreUnavailable, OutOfSpace.
    """
    to = _Upload(store, uid, {})
    for name, digest in digests.items():
        to.put(Blob.of_file(digest), _pieces(folder / name))


class _Upload:
    """Puts blobs into the store that are not there yet."""

    def __init__(
        self,
        store: BlobStore,
        uid: str,
        there: Mapping[str, int],
        damaged: Collection[str] = (),
    ) -> None:
        """`there` has names and sizes; those that are `damaged` are put there all the same."""
        self._store = store
        self._uid = uid
        self._there = {name: size for name, size in there.items() if name not in damaged}
        self._suspects = damaged

    def has(self, blobs: Iterable[Blob]) -> bool:
        """Whether all of them are there already."""
        return all(self._there.get(blob.name) == blob.size for blob in blobs)

    def put(self, blob: Blob, chunks: Iterable[bytes]) -> Blob:
        """The blob, which is in the store afterwards."""
        if self._there.get(blob.name) != blob.size:
            self._store.create(f"{self._uid}/{blob.name}", chunks, if_absent=False)
            self._there[blob.name] = blob.size
            if blob.name in self._suspects:
                suspects.clear(self._store, self._uid, blob.name)
        return blob

    def put_bytes(self, content: bytes, suffix: str) -> Blob:
        """The same for content in memory."""
        blob = Blob.of(sha256(content).hexdigest(), len(content), suffix)
        return self.put(blob, [content])


def _reusable(store: BlobStore, source: Source, began: datetime) -> Mapping[str, int]:
    """Names and sizes of the blobs that nobody will remove while this publish may last."""
    uid = source.definition.uid
    try:
        newest = manifests.newest(store, uid)
    except (DamagedSnapshot, SnapshotTooNew):
        newest = None
    named = {} if newest is None else newest.blobs
    return {
        name: stored.size
        for name, stored in announcing.blobs(store, uid).items()
        if name in named or began - stored.modified < layout.GRACE / 4
    }


def _publish_documents(upload: _Upload, scan: Scan, dimension: int) -> Iterator[Part]:
    for part in encode_parts(scan.batches, dimension):
        blob = upload.put_bytes(part.content, layout.PARQUET)
        yield Part(blob, part.rows, part.first_key, part.last_key)


def _publish_segments(upload: _Upload, segments: Segments, workspace: Path) -> SegmentSet | None:
    if not segments.items:
        return None
    items = (_publish_segment(upload, *item, workspace) for item in segments.items)
    return SegmentSet(segments.version, tuple(items))


def _publish_segment(
    upload: _Upload, segment: Sealed, live: Bitmap, workspace: Path
) -> SegmentFiles:
    blobs = {name: Blob.of_file(digest) for name, digest in (segment.files or {}).items()}
    if not blobs or not upload.has(blobs.values()):
        with _scratch(workspace) as folder:
            digests = files.write(segment, folder)
            blobs = {
                name: upload.put(Blob.of_file(digest), _pieces(folder / name))
                for name, digest in digests.items()
            }
    bitmap = upload.put_bytes(live.bits.tobytes(), layout.BINARY)
    return SegmentFiles(len(segment), live.ones, segment.engine, blobs, bitmap)


@contextmanager
def _scratch(workspace: Path) -> Iterator[Path]:
    """A name in the workspace for a folder that is not there yet, and is not after the block."""
    folder = workspace / uuid.uuid4().hex
    try:
        workspace.mkdir(parents=True, exist_ok=True)
        yield folder
    except OSError as error:
        raise told(error, str(workspace)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
