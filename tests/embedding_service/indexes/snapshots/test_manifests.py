"""A manifest takes the next number, which is its own whatever others do at the same time."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from embedding_service.indexes.snapshots import layout, manifests, retention
from embedding_service.indexes.snapshots.blobs import BlobStore, Stored
from embedding_service.indexes.snapshots.errors import DamagedSnapshot, SnapshotStoreUnavailable
from embedding_service.indexes.snapshots.folders import Folder
from publishers import UID, Wrapped, assert_loads, publish
from snapshot_sources import CopiedIndex

PUBLISHERS = 3


def test_publishers_at_once_all_succeed_with_numbers_of_their_own(
    store: BlobStore, tmp_path: Path
) -> None:
    indexes = [CopiedIndex.of(rows) for rows in range(1, PUBLISHERS + 1)]
    with ThreadPoolExecutor(PUBLISHERS) as pool:
        published = list(pool.map(lambda index: publish(store, index, tmp_path), indexes))
    assert sorted(manifest.number for manifest in published) == list(range(1, PUBLISHERS + 1))
    for manifest, index in zip(published, indexes, strict=True):
        assert_loads(store, manifest, index)
    listed = manifests.snapshots(store, UID)
    assert [manifest.number for manifest in listed.manifests] == [3, 2, 1]


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("lost", [1, 2])
def test_a_manifest_whose_answer_was_lost_is_published_once(
    lost: int, is_kept: bool, store: BlobStore, tmp_path: Path
) -> None:
    class Silent(Wrapped):
        left = lost

        def create(self, name: str, chunks: Iterable[bytes], *, if_absent: bool) -> bool:
            if not name.endswith(".json") or self.left == 0:
                return super().create(name, chunks, if_absent=if_absent)
            self.left -= 1
            if is_kept:
                super().create(name, chunks, if_absent=if_absent)
            raise SnapshotStoreUnavailable("here", "timed out", is_ambiguous=True)

    index = CopiedIndex.of()
    manifest = publish(Silent(store), index, tmp_path)
    assert manifest.number == 1
    assert [each.number for each in manifests.snapshots(store, UID).manifests] == [1]
    assert_loads(store, manifest, index)


def test_a_number_lost_to_another_in_silence_is_not_taken_for_ones_own(
    store: BlobStore, tmp_path: Path
) -> None:
    other = publish(store, CopiedIndex.of(3), tmp_path)

    class Overtaken(Wrapped):
        def listing(self, folder: str) -> Sequence[Stored]:
            found = super().listing(folder)
            return [] if folder == layout.snapshots(UID) else found

        def create(self, name: str, chunks: Iterable[bytes], *, if_absent: bool) -> bool:
            created = super().create(name, chunks, if_absent=if_absent)
            if name.endswith("1.json"):
                raise SnapshotStoreUnavailable("here", "timed out", is_ambiguous=True)
            return created

    manifest = publish(Overtaken(store), CopiedIndex.of(), tmp_path)
    assert manifest.number == 2
    assert manifests.read(store, layout.snapshots(UID), 1) == other


def test_a_store_that_never_answers_ends_the_publish(tmp_path: Path) -> None:
    class Deaf(Folder):
        def create(self, name: str, chunks: Iterable[bytes], *, if_absent: bool) -> bool:
            if name.endswith(".json"):
                raise SnapshotStoreUnavailable("here", "timed out", is_ambiguous=True)
            return super().create(name, chunks, if_absent=if_absent)

    with pytest.raises(SnapshotStoreUnavailable, match="timed out"):
        publish(Deaf(tmp_path / "store"), CopiedIndex.of(), tmp_path)


def test_a_number_that_was_dropped_is_not_used_again(store: BlobStore, tmp_path: Path) -> None:
    for _ in range(2):
        publish(store, CopiedIndex.of(), tmp_path)
    retention.drop(store, UID, 2)
    assert publish(store, CopiedIndex.of(), tmp_path).number == 3


def test_a_number_that_is_dropped_while_it_is_wanted_is_passed_over(
    store: BlobStore, tmp_path: Path
) -> None:
    class Late(Wrapped):
        def create(self, name: str, chunks: Iterable[bytes], *, if_absent: bool) -> bool:
            if name.endswith("1.json"):  # others publish 1 and 2, and 1 is dropped
                for _ in range(2):
                    publish(store, CopiedIndex.of(1), tmp_path)
                retention.drop(store, UID, 1)
            return super().create(name, chunks, if_absent=if_absent)

    manifest = publish(Late(store), CopiedIndex.of(), tmp_path)
    assert manifest.number == 3
    assert manifests.newest(store, UID) == manifest
    assert manifests.numbers(store, layout.snapshots(UID)) == [2, 3]


def test_a_snapshot_that_cannot_be_read_is_not_told_as_one_that_is_not_there(
    store: BlobStore, tmp_path: Path
) -> None:
    first, second = (publish(store, CopiedIndex.of(), tmp_path) for _ in range(2))
    name = layout.manifest(layout.snapshots(UID), first.number)
    store.create(name, [store.read(name)[:-1]], if_absent=False)
    with pytest.raises(DamagedSnapshot, match=name):
        manifests.find(store, UID, first.id)
    assert manifests.find(store, UID, second.id) == second
