"""Reads snapshots, checked to the byte: documents for the record, segments for the view."""

import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np

from embedding_service.indexes.digests import Digest, name_files
from embedding_service.indexes.documents import Document
from embedding_service.indexes.segments import files
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.snapshots import suspects
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.errors import DamagedSnapshot, told
from embedding_service.indexes.snapshots.manifest import Blob, Manifest, Part, SegmentFiles
from embedding_service.indexes.snapshots.parts import decode_part
from embedding_service.indexes.snapshots.source import Segments


def documents(store: BlobStore, uid: str, manifest: Manifest) -> Iterator[list[Document]]:
    """All documents of a snapshot in the order of keys, a part at a time.

    `uid` is the folder that the snapshot lies in, which after a move need not be the index's.
    Raises DamagedSnapshot, and gives nothing of the part that is.
    """
    with _noting(store, uid, [part.blob for part in manifest.documents]):
        for part in manifest.documents:
            yield _read_part(store, uid, part, manifest.index.dimension)


def fetch_segments(store: BlobStore, uid: str, manifest: Manifest, folder: Path) -> Segments:
    """The sealed segments of a snapshot, from files in `folder`; none when it has none.

    What an earlier call has left in `folder` is used again when it is what it should be. The files
    must not be changed while the segments are in use; they may be removed.
    Raises DamagedSnapshot, OutOfSpace, SnapshotStoreUnavailable.
    """
    if manifest.segments is None:
        return Segments(manifest.version, [])
    wanted = manifest.segments.items
    blobs = [blob for item in wanted for blob in (item.bitmap, *item.files.values())]
    with _noting(store, uid, blobs):
        items = [_fetch_item(store, uid, item, folder) for item in wanted]
    return Segments(manifest.segments.version, items)


def keep_only(manifest: Manifest, folder: Path) -> None:
    """Remove what `fetch_segments` has left in `folder` for other snapshots than this one."""
    items = () if manifest.segments is None else manifest.segments.items
    kept = {name_files(_digests(item)) for item in items}
    for each in folder.iterdir() if folder.exists() else ():
        if each.name not in kept:
            shutil.rmtree(each, ignore_errors=True)


def verify(store: BlobStore, uid: str, manifest: Manifest) -> list[DamagedSnapshot]:
    """Read every blob of a snapshot to its end; what is wrong, one error a file."""
    return _verify(store, uid, manifest.blobs.values())


@contextmanager
def _noting(store: BlobStore, uid: str, blobs: Iterable[Blob]) -> Iterator[None]:
    """Where one is found damaged, look at all: one at a time would take as many snapshots."""
    try:
        yield
    except DamagedSnapshot:
        _verify(store, uid, blobs)
        raise


def _verify(store: BlobStore, uid: str, blobs: Iterable[Blob]) -> list[DamagedSnapshot]:
    problems: list[DamagedSnapshot] = []
    for blob in blobs:
        try:
            for _ in _checked(store, uid, blob):
                pass
        except DamagedSnapshot as error:
            problems.append(error)
    return problems


def _checked(store: BlobStore, uid: str, blob: Blob) -> Iterator[bytes]:
    """A blob's content; raises DamagedSnapshot at its end unless it is what it should be.

    One of the right size is noted then: the next snapshot would else count on it.
    """
    name = f"{uid}/{blob.name}"
    digest, size = sha256(), 0
    try:
        for piece in store.stream(name):
            digest.update(piece)
            size += len(piece)
            yield piece
    except FileNotFoundError:
        raise DamagedSnapshot(name, f"{blob.size:,} bytes", "no such file") from None
    if size != blob.size:
        raise DamagedSnapshot(name, f"{blob.size:,} bytes", f"{size:,} bytes")
    if digest.hexdigest() != blob.sha256:
        suspects.note(store, uid, blob.name)
        raise DamagedSnapshot(name, f"sha256 {blob.sha256}", digest.hexdigest())


def _read_part(store: BlobStore, uid: str, part: Part, dimension: int) -> list[Document]:
    content = b"".join(_checked(store, uid, part.blob))
    expected = f"{part.rows} documents with keys {part.first_key} to {part.last_key}"
    try:
        rows = decode_part(content, dimension)
    except ValueError as error:
        raise DamagedSnapshot(f"{uid}/{part.blob.name}", expected, str(error)) from error
    keys = [row.key for row in rows]
    if len(keys) != part.rows or (keys and (keys[0], keys[-1]) != (part.first_key, part.last_key)):
        raise DamagedSnapshot(f"{uid}/{part.blob.name}", expected, f"{len(keys)} others")
    return rows


def _read_bitmap(store: BlobStore, uid: str, item: SegmentFiles) -> Bitmap:
    content = b"".join(_checked(store, uid, item.bitmap))
    bitmap = Bitmap(np.frombuffer(content, dtype=np.uint8), item.rows)
    if len(content) != (item.rows + 7) // 8 or bitmap.ones != item.live:
        raise DamagedSnapshot(
            f"{uid}/{item.bitmap.name}", f"{item.live} of {item.rows} rows", f"{bitmap.ones} bits"
        )
    return bitmap


def _fetch_item(
    store: BlobStore, uid: str, item: SegmentFiles, folder: Path
) -> tuple[Sealed, Bitmap]:
    digests = _digests(item)
    segment = fetch_segment(store, uid, digests, folder / name_files(digests))
    return segment, _read_bitmap(store, uid, item)


def fetch_segment(
    store: BlobStore, uid: str, digests: Mapping[str, Digest], folder: Path
) -> Sealed:
    """A segment by its files, which are in `folder` afterwards, as they should be.

    Raises DamagedSnapshot, OutOfSpace, SnapshotStoreUnavailable.
    """
    try:
        return _fetch_files(store, uid, digests, folder)
    except files.DamagedSegment:  # by what befell the files of an earlier call
        shutil.rmtree(folder)
    try:
        return _fetch_files(store, uid, digests, folder)
    except files.DamagedSegment as error:
        raise DamagedSnapshot(str(folder / error.file), "a segment's file", str(error)) from error


def _fetch_files(store: BlobStore, uid: str, digests: Mapping[str, Digest], folder: Path) -> Sealed:
    """Raises files.DamagedSegment."""
    fetched: set[str] = set()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, digest in digests.items():
            path = folder / name
            # One of the right size is hashed when the segment is read: once is enough.
            if not path.exists() or path.stat().st_size != digest.size:
                _copy(_checked(store, uid, Blob.of_file(digest)), path)
                fetched.add(name)
        return files.read(folder, digests, already_checked=fetched)
    except OSError as error:
        raise told(error, str(folder)) from error


def _copy(content: Iterable[bytes], path: Path) -> None:
    """Write a file that need not outlive a power failure: it is checked before it is used again."""
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with draft.open("xb") as file:
            file.writelines(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _digests(item: SegmentFiles) -> dict[str, Digest]:
    return {name: Digest(blob.size, blob.sha256) for name, blob in item.files.items()}
