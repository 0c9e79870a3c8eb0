"""Publishing: what was published is loaded, only what is new is uploaded, and nothing is torn."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from embedding_service.indexes.documents import Scan
from embedding_service.indexes.errors import IndexDamaged
from embedding_service.indexes.snapshots import layout, loading, manifests
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.errors import SnapshotStoreUnavailable
from embedding_service.indexes.snapshots.folders import Folder
from publishers import UID, Recorded, Wrapped, assert_loads, publish
from snapshot_sources import CREATED, DEFINITION, RANGE, CopiedIndex


def test_what_was_published_is_loaded(store: BlobStore, tmp_path: Path) -> None:
    index = CopiedIndex.of(13)
    index.seal()
    manifest = publish(store, index, tmp_path / "work")
    assert manifests.newest(store, UID) == manifest
    assert (manifest.number, manifest.version, manifest.count) == (1, 13, 13)
    assert (manifest.index, manifest.created) == (DEFINITION, CREATED)
    assert_loads(store, manifest, index)
    assert list((tmp_path / "work").iterdir()) == []


def test_segments_come_back_with_the_rows_that_count(store: BlobStore, tmp_path: Path) -> None:
    index = CopiedIndex.of()
    index.seal(41)
    manifest = publish(store, index, tmp_path / "work")
    segments = loading.fetch_segments(store, UID, manifest, tmp_path / "cache")
    ((segment, live),) = segments.items
    ((expected, expected_live),) = index.sealed.items
    assert segments.version == index.sealed.version
    assert np.array_equal(segment.matrix, expected.matrix)
    assert list(segment.ids) == list(expected.ids)
    assert np.array_equal(live.mask, expected_live.mask)


def test_an_index_without_documents_is_published(store: BlobStore, tmp_path: Path) -> None:
    manifest = publish(store, CopiedIndex(), tmp_path)
    assert manifests.newest(store, UID) == manifest
    assert_loads(store, manifest, CopiedIndex())
    assert loading.fetch_segments(store, UID, manifest, tmp_path).items == []


def test_only_ranges_that_changed_are_uploaded(tmp_path: Path) -> None:
    store, index = Recorded(tmp_path / "store"), CopiedIndex.of()
    index.seal()
    first = publish(store, index, tmp_path / "work")
    store.created.clear()
    index.put(RANGE + 1)
    second = publish(store, index, tmp_path / "work")
    part, manifest = store.created
    assert part == f"{UID}/{second.documents[1].blob.name}"
    assert manifest == layout.manifest(layout.snapshots(UID), 2)
    assert second.segments == first.segments
    assert_loads(store, second, index)


def test_nothing_is_uploaded_twice_after_a_publish_that_failed(tmp_path: Path) -> None:
    class Failing(Recorded):
        def create(self, name: str, chunks: Iterable[bytes], *, if_absent: bool) -> bool:
            if name.endswith(".json"):
                raise SnapshotStoreUnavailable("here", "not now")
            return super().create(name, chunks, if_absent=if_absent)

    index = CopiedIndex.of()
    with pytest.raises(SnapshotStoreUnavailable, match="not now"):
        publish(Failing(tmp_path / "store"), index, tmp_path / "work")
    store = Recorded(tmp_path / "store")
    assert manifests.newest(store, UID) is None
    assert_loads(store, publish(store, index, tmp_path / "work"), index)
    assert len(store.created) == 1


def test_segments_later_than_the_documents_are_left_out(store: BlobStore, tmp_path: Path) -> None:
    index = CopiedIndex.of()
    index.version += 1
    index.seal()
    index.version -= 1
    assert publish(store, index, tmp_path).segments is None


class Miscounting(CopiedIndex):
    """An index whose record counts one document that it does not have."""

    @contextmanager
    def scan(self) -> Iterator[Scan]:
        with super().scan() as scan:
            yield replace(scan, count=scan.count + 1)


def test_a_record_that_miscounts_is_not_published(tmp_path: Path) -> None:
    store = Folder(tmp_path / "store")
    with pytest.raises(IndexDamaged, match="13 documents and has 12"):
        publish(store, Miscounting.of(), tmp_path)
    assert manifests.newest(store, UID) is None


def test_a_publish_that_takes_too_long_is_withdrawn(store: BlobStore, tmp_path: Path) -> None:
    class Slow(Wrapped):
        probes = 0

        def probe(self) -> datetime:
            self.probes += 1
            return super().probe() + self.probes * layout.GRACE * 0.6

    before = publish(store, CopiedIndex.of(3), tmp_path)
    with pytest.raises(SnapshotStoreUnavailable, match="withdrawn: it took longer"):
        publish(Slow(store), CopiedIndex.of(), tmp_path)
    assert manifests.newest(store, UID) == before


def test_a_publish_whose_blob_was_taken_away_is_withdrawn(store: BlobStore, tmp_path: Path) -> None:
    before = publish(store, CopiedIndex.of(3), tmp_path)

    class Robbed(Wrapped):
        def create(self, name: str, chunks: Iterable[bytes], *, if_absent: bool) -> bool:
            if name.endswith(".json"):
                self.delete(f"{UID}/{before.documents[0].blob.name}")
            return super().create(name, chunks, if_absent=if_absent)

    with pytest.raises(SnapshotStoreUnavailable, match=r"withdrawn: blobs/.* was taken away"):
        publish(Robbed(store), CopiedIndex.of(3), tmp_path)
    assert manifests.numbers(store, layout.snapshots(UID)) == [1]


def test_a_failed_fsync_at_any_step_publishes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, index = Folder(tmp_path / "store"), CopiedIndex.of()
    index.seal()
    before = publish(store, CopiedIndex.of(3), tmp_path / "work")
    fsync = os.fsync
    for good_ones in range(200):
        left = iter(range(good_ones))

        def failing(descriptor: int, left: Iterator[int] = left) -> None:
            fsync(descriptor)
            if next(left, None) is None:
                raise OSError(errno.EIO, os.strerror(errno.EIO))

        monkeypatch.setattr(os, "fsync", failing)
        try:
            manifest = publish(store, index, tmp_path / "work")
        except SnapshotStoreUnavailable:
            monkeypatch.setattr(os, "fsync", fsync)
            found = manifests.newest(store, UID)
            assert found is not None
            # A failure after the manifest is durable, of the last check, cannot take it back.
            assert found == before or loading.verify(store, UID, found) == []
        else:
            assert_loads(store, manifest, index)
            return
    pytest.fail("it never succeeded")
