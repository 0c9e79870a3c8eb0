"""A file that was found damaged is in no later snapshot."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from embedding_service.indexes.snapshots import layout, loading, retention, suspects
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.errors import DamagedSnapshot, SnapshotStoreUnavailable
from publishers import UID, Recorded, Wrapped, publish
from snapshot_sources import CopiedIndex


def damage(store: BlobStore, blob: str) -> None:
    content = store.read(f"{UID}/{blob}")
    store.create(f"{UID}/{blob}", [content[:-1] + bytes([content[-1] ^ 1])], if_absent=False)


def test_what_a_reader_has_found_damaged_the_next_publish_uploads_again(tmp_path: Path) -> None:
    store, index = Recorded(tmp_path / "store"), CopiedIndex.of()
    index.seal()
    first = publish(store, index, tmp_path)
    for blob in first.blobs:
        damage(store, blob)
    with pytest.raises(DamagedSnapshot):
        list(loading.documents(store, UID, first))
    assert suspects.noted(store, UID) == {part.blob.name for part in first.documents}
    with pytest.raises(DamagedSnapshot):
        loading.fetch_segments(store, UID, first, tmp_path / "cache")
    assert suspects.noted(store, UID) == first.blobs.keys()
    assert len(loading.verify(store, UID, first)) == len(first.blobs)
    second = publish(store, index, tmp_path)
    assert loading.verify(store, UID, second) == loading.verify(store, UID, first) == []
    assert suspects.noted(store, UID) == frozenset()
    store.created.clear()
    publish(store, index, tmp_path)
    assert len(store.created) == 1  # the manifest alone


def test_who_may_not_write_into_the_store_still_tells_of_the_damage(
    store: BlobStore, tmp_path: Path
) -> None:
    class ReadOnly(Wrapped):
        def create(self, name: str, chunks: Iterable[bytes], *, if_absent: bool) -> bool:
            raise SnapshotStoreUnavailable("here", "it is not allowed")

    manifest = publish(store, CopiedIndex.of(), tmp_path)
    blob = manifest.documents[0].blob.name
    damage(store, blob)
    with capture_logs() as logs, pytest.raises(DamagedSnapshot):
        list(loading.documents(ReadOnly(store), UID, manifest))
    assert {(each["file"], "not allowed" in each["reason"]) for each in logs} == {(blob, True)}


def test_a_note_goes_with_its_file(store: BlobStore, tmp_path: Path) -> None:
    first = publish(store, CopiedIndex.of(1), tmp_path)
    (old,) = first.blobs
    suspects.note(store, UID, old)
    publish(store, CopiedIndex.of(2), tmp_path)
    retention.drop(store, UID, first.number)
    retention.collect(store, UID, timedelta(0))
    assert suspects.noted(store, UID) == frozenset()
    suspects.note(store, UID, old)
    retention.purge(store, UID)
    assert store.listing(layout.suspects(UID)) == []
