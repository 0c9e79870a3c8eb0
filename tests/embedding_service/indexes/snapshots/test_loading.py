"""Loading: damage has a name, and never becomes wrong rows."""

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from embedding_service.indexes.errors import NotFound
from embedding_service.indexes.snapshots import layout, loading, manifests, publishing
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.errors import DamagedSnapshot
from embedding_service.indexes.snapshots.manifest import Manifest
from snapshot_sources import CREATED, DEFINITION, LIBRARIES, CopiedIndex

UID = DEFINITION.uid
Damage = Callable[[BlobStore, str], None]


def publish(store: BlobStore, workspace: Path) -> Manifest:
    index = CopiedIndex.of()
    index.seal()
    return publishing.publish(store, index, workspace, created=CREATED, libraries=LIBRARIES)


def load(store: BlobStore, manifest: Manifest, cache: Path) -> None:
    for _ in loading.documents(store, UID, manifest):
        pass
    loading.fetch_segments(store, UID, manifest, cache)


def flip(store: BlobStore, name: str) -> None:
    content = bytearray(store.read(name))
    content[len(content) // 2] ^= 4
    store.create(name, [bytes(content)], if_absent=False)


def truncate(store: BlobStore, name: str) -> None:
    store.create(name, [store.read(name)[:-1]], if_absent=False)


def empty(store: BlobStore, name: str) -> None:
    store.create(name, [], if_absent=False)


def remove(store: BlobStore, name: str) -> None:
    store.delete(name)


@pytest.mark.parametrize("damage", [flip, truncate, empty, remove])
def test_damage_to_any_blob_is_named(damage: Damage, store: BlobStore, tmp_path: Path) -> None:
    manifest = publish(store, tmp_path / "work")
    assert loading.verify(store, UID, manifest) == []
    for blob in manifest.blobs.values():
        name = f"{UID}/{blob.name}"
        content = store.read(name)
        damage(store, name)
        assert [problem.file for problem in loading.verify(store, UID, manifest)] == [name]
        cache = tmp_path / blob.sha256
        with pytest.raises(DamagedSnapshot, match=f"^{name}: "):
            load(store, manifest, cache)
        kept = [path.read_bytes() for path in cache.rglob("*") if path.is_file()]
        assert {sha256(each).hexdigest() for each in kept} <= {
            each.sha256 for each in manifest.blobs.values()
        }
        store.create(name, [content], if_absent=False)


@pytest.mark.parametrize("damage", [flip, truncate, empty])
def test_damage_to_a_manifest_is_named_and_hides_no_other(
    damage: Damage, store: BlobStore, tmp_path: Path
) -> None:
    first, _, third = (publish(store, tmp_path) for _ in range(3))
    name = layout.manifest(layout.snapshots(UID), 2)
    damage(store, name)
    listed = manifests.snapshots(store, UID)
    assert list(listed.manifests) == [third, first]
    (error,) = listed.unreadable
    assert isinstance(error, DamagedSnapshot)
    assert error.file == name


def test_a_damaged_newest_manifest_is_not_passed_over(store: BlobStore, tmp_path: Path) -> None:
    for _ in range(2):
        publish(store, tmp_path)
    flip(store, layout.manifest(layout.snapshots(UID), 2))
    with pytest.raises(DamagedSnapshot, match=r"snapshots/0{19}2\.json"):
        manifests.newest(store, UID)


def test_a_manifest_under_another_number_is_found_out(store: BlobStore, tmp_path: Path) -> None:
    publish(store, tmp_path)
    folder = layout.snapshots(UID)
    content = store.read(layout.manifest(folder, 1))
    store.create(layout.manifest(folder, 2), [content], if_absent=True)
    with pytest.raises(DamagedSnapshot, match="number 2"):
        manifests.newest(store, UID)


def test_files_that_are_no_manifests_are_passed_over(store: BlobStore, tmp_path: Path) -> None:
    manifest = publish(store, tmp_path)
    for name in ("9.json", "0" * 20 + ".json.1.partial", "notes.txt"):
        store.create(f"{layout.snapshots(UID)}/{name}", [b"?"], if_absent=True)
    assert list(manifests.snapshots(store, UID).manifests) == [manifest]
    assert manifests.newest(store, UID) == manifest


def test_a_snapshot_is_found_by_its_id(store: BlobStore, tmp_path: Path) -> None:
    first, _ = publish(store, tmp_path), publish(store, tmp_path)
    assert manifests.find(store, UID, first.id) == first
    with pytest.raises(NotFound):
        manifests.find(store, UID, "0" * 32)
    assert manifests.newest(store, "another") is None


def test_a_snapshot_may_lie_anywhere(store: BlobStore, tmp_path: Path) -> None:
    manifest = publish(store, tmp_path / "work")
    for stored in store.listing(UID):
        moved = stored.name.replace(UID, "elsewhere/7")
        store.create(moved, store.stream(stored.name), if_absent=False)
    assert manifests.newest(store, "elsewhere/7") == manifest
    assert loading.verify(store, "elsewhere/7", manifest) == []
    rows = [row for part in loading.documents(store, "elsewhere/7", manifest) for row in part]
    assert len(rows) == manifest.count


def test_segments_that_were_fetched_before_are_not_fetched_again(
    store: BlobStore, tmp_path: Path
) -> None:
    manifest = publish(store, tmp_path / "work")
    loading.fetch_segments(store, UID, manifest, tmp_path / "cache")
    assert manifest.segments is not None
    for blob in manifest.segments.items[0].files.values():
        store.delete(f"{UID}/{blob.name}")
    again = loading.fetch_segments(store, UID, manifest, tmp_path / "cache")
    assert len(again.items[0][0]) == 40


@pytest.mark.parametrize("name", ["vectors.f32", "segment.json", "ids"])
def test_a_local_file_that_was_damaged_is_fetched_again(
    name: str, store: BlobStore, tmp_path: Path
) -> None:
    manifest = publish(store, tmp_path / "work")
    first = loading.fetch_segments(store, UID, manifest, tmp_path / "cache")
    matrix = np.array(first.items[0][0].matrix)
    del first
    (path,) = (tmp_path / "cache").rglob(name)
    path.write_bytes(bytes(path.stat().st_size))
    again = loading.fetch_segments(store, UID, manifest, tmp_path / "cache")
    assert np.array_equal(again.items[0][0].matrix, matrix)


def test_local_files_may_be_removed_while_they_are_in_use(store: BlobStore, tmp_path: Path) -> None:
    manifest = publish(store, tmp_path / "work")
    segments = loading.fetch_segments(store, UID, manifest, tmp_path / "cache")
    shutil.rmtree(tmp_path / "cache")
    assert np.isfinite(segments.items[0][0].matrix).all()
