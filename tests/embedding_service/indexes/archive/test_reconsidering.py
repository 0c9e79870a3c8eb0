"""What kept a view from beginning with a snapshot is forgotten once it is over."""

from datetime import timedelta
from pathlib import Path

from archived_indexes import fill, open_index
from embedding_service.indexes.archive import NEWEST, Archive
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.record import Record
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.choice import Choice
from embedding_service.indexes.snapshots.retention import Policy
from open_indexes import DEFINITION


def damage(archive: Archive, store: BlobStore) -> dict[str, bytes]:
    """All files of the newest snapshot; what they were."""
    manifest = archive.find(DEFINITION.uid, NEWEST)
    whole = {name: store.read(f"{DEFINITION.uid}/{name}") for name in manifest.blobs}
    for name, content in whole.items():
        store.create(f"{DEFINITION.uid}/{name}", [content[:-1] + b"?"], if_absent=False)
    return whole


def test_a_store_that_is_back_is_no_fault_any_more(
    index: Index, record: Record, store: BlobStore, tmp_path: Path
) -> None:
    folder = tmp_path / "store"
    folder.rename(tmp_path / "away")
    folder.touch()
    restarted = open_index(record, Archive(store, tmp_path, Policy(1, timedelta(0)), "1"))
    for _ in range(2):
        restarted.reconsider()
        assert "snapshot store" in str(restarted.origin.fault)
    folder.unlink()
    (tmp_path / "away").rename(folder)
    restarted.reconsider()
    assert (restarted.origin.fault, restarted.origin.snapshot) == (None, None)


def test_a_damaged_snapshot_is_a_fault_until_there_is_another(
    index: Index, record: Record, archive: Archive, store: BlobStore
) -> None:
    passed_over = archive.find(DEFINITION.uid, NEWEST).id
    damage(archive, store)
    restarted = open_index(record, archive)
    restarted.reconsider()
    assert (restarted.origin.passed_over, restarted.origin.snapshot) == (passed_over, None)
    assert "expected sha256" in str(restarted.origin.fault)
    fill(restarted, ["new"])
    newest = archive.publish(restarted)
    restarted.reconsider()
    assert restarted.origin.fault is None
    assert archive.verify(DEFINITION.uid, newest) == []
    again = open_index(record, archive)
    assert (again.origin.snapshot, again.origin.fault) == (newest.id, None)


def test_a_choice_that_was_taken_back_is_no_fault_any_more(
    index: Index, record: Record, store: BlobStore, tmp_path: Path
) -> None:
    choice = Choice(DEFINITION.uid, tmp_path / "pin")
    pinned = Archive(store, tmp_path, Policy(5, timedelta(0)), "1", choice=choice)
    (tmp_path / "pin").write_text("unknown")
    restarted = open_index(record, pinned)
    restarted.reconsider()
    assert "unknown" in str(restarted.origin.fault)
    (tmp_path / "pin").write_text("")
    restarted.reconsider()
    assert restarted.origin.fault is None


def test_a_view_that_is_well_asks_no_store(index: Index, record: Record, archive: Archive) -> None:
    before = index.origin
    index.reconsider()
    assert index.origin is before
