"""A view begins with the snapshot that was chosen, and a sweep leaves what is held."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from archived_indexes import IDS, fill, open_index
from embedding_service.errors import ServiceError
from embedding_service.indexes.archive import NEWEST, Archive, Origin
from embedding_service.indexes.errors import Conflict, NotFound
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.record import Record
from embedding_service.indexes.snapshots import layout
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.choice import Choice
from embedding_service.indexes.snapshots.retention import Policy
from embedding_service.indexes.snapshots.stores import open_store
from embedding_service.telemetry.index_metrics import IndexMetrics
from open_indexes import DEFINITION, FREE


@pytest.fixture
def pinned(store: BlobStore, tmp_path: Path) -> Archive:
    """One whose views begin with what a file says."""
    choice = Choice(DEFINITION.uid, tmp_path / "pin")
    return Archive(store, tmp_path, Policy(5, timedelta(0)), "1", choice=choice)


def test_a_view_begins_with_the_snapshot_that_was_chosen(
    index: Index, record: Record, archive: Archive, pinned: Archive, tmp_path: Path
) -> None:
    first = archive.find(DEFINITION.uid, NEWEST).id
    fill(index, ["new"])
    second = archive.publish(index).id
    for chosen, version in ((first, 10), (second, 11), ("", 11)):
        (tmp_path / "pin").write_text(f"{chosen}\n")
        begun = pinned.begin(record, record.standing(DEFINITION.uid))
        assert (begun.view.version, begun.origin) == (version, Origin(chosen or second))


@pytest.mark.parametrize(("chosen", "told"), [(b"unknown", "unknown"), (b"\xff", "decode")])
def test_a_choice_that_cannot_be_leaves_the_record_and_is_told(
    index: Index, record: Record, pinned: Archive, tmp_path: Path, chosen: bytes, told: str
) -> None:
    (tmp_path / "pin").write_bytes(chosen)
    with capture_logs() as logs:
        begun = pinned.begin(record, record.standing(DEFINITION.uid))
    assert (begun.view.version, begun.origin.snapshot) == (0, None)
    assert told in str(begun.origin.fault)
    assert [told in str(entry["reason"]) for entry in logs] == [True]


def test_a_store_that_is_away_is_told_as_long_as_it_is_not_asked(
    index: Index, record: Record, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    store = open_store((tmp_path / "file").as_uri())
    archive = Archive(store, tmp_path, Policy(1, timedelta(0)), "1")
    standing = record.standing(DEFINITION.uid)
    first = archive.begin(record, standing).origin
    assert "snapshot store" in str(first.fault)
    assert archive.begin(record, standing).origin == first


def test_a_named_snapshot_is_begun_with_or_nothing_is(
    index: Index, record: Record, archive: Archive, tmp_path: Path
) -> None:
    standing = record.standing(DEFINITION.uid)
    newest = archive.find(DEFINITION.uid, NEWEST)
    assert archive.begin_with(record, standing, newest.id).origin == Origin(newest.id)
    with pytest.raises(NotFound):
        archive.begin_with(record, standing, "unknown")
    other = replace(standing, definition=replace(DEFINITION, dimension=3))
    with pytest.raises(Conflict, match="dimension"):
        archive.begin_with(record, other, newest.id)
    archive.forget(DEFINITION.uid)
    (tmp_path / "segments").rmdir()
    (tmp_path / "segments").touch()
    with pytest.raises(ServiceError):
        archive.begin_with(record, standing, newest.id)


def test_a_snapshot_of_nothing_is_begun_with_as_well(record: Record, archive: Archive) -> None:
    index = open_index(record, archive)
    empty = archive.publish(index).id
    fill(index, IDS)
    index.reload(snapshot=empty)
    assert (index.version, index.origin) == (10, Origin(empty))


def test_a_sweep_leaves_what_is_held_and_the_newest(index: Index, archive: Archive) -> None:
    uid = DEFINITION.uid
    policy = Policy(9, timedelta(0))
    made = [archive.find(uid, NEWEST).id]
    for row in range(4):
        fill(index, [f"new {row}"])
        made.append(archive.publish(index, policy).id)
    held = frozenset({made[1], "unknown"})
    assert archive.retire(uid, Policy(0, timedelta(0), held)) == [made[0], *made[2:4]]
    assert [each.id for each in archive.snapshots(uid).manifests] == [made[4], made[1]]


def test_files_that_stay_because_a_manifest_cannot_be_read_are_told(
    index: Index, archive: Archive, store: BlobStore
) -> None:
    uid = DEFINITION.uid
    first = archive.find(uid, NEWEST).id
    fill(index, ["new"])
    archive.publish(index)
    store.create(layout.manifest(layout.snapshots(uid), 9), [b"?"], if_absent=True)
    with capture_logs() as logs:
        assert archive.retire(uid, Policy(1, timedelta(0))) == [first]
    assert [entry["event"] for entry in logs] == ["files of old snapshots stay"]


def test_a_reload_from_a_named_snapshot_that_leads_elsewhere_changes_nothing(
    index: Index, record: Record, archive: Archive
) -> None:
    first = archive.find(DEFINITION.uid, NEWEST).id
    index.reload(snapshot=first)
    assert index.origin == Origin(first)
    view = index.view
    with record._database.writing() as connection:  # as where pages are damaged
        connection.exec_driver_sql("UPDATE indexes SET live = live + 1")
    with pytest.raises(Conflict, match="does not lead to all documents"):
        index.reload(snapshot=first)
    assert (index.view is view, index.origin) == (True, Origin(first))
    with capture_logs():
        index.reload()
    assert "does not lead" in str(index.origin.fault)


def test_without_an_archive_no_snapshot_can_be_named(record: Record) -> None:
    index = Index(record, DEFINITION, FREE, IndexMetrics(CollectorRegistry()))
    index.follow()
    with pytest.raises(Conflict, match="no snapshots here"):
        index.reload(snapshot="one")


def test_a_view_that_had_to_be_made_anew_comes_from_the_record(
    index: Index, record: Record, archive: Archive
) -> None:
    index.reload(snapshot=archive.find(DEFINITION.uid, NEWEST).id)
    record.remove(DEFINITION.uid, ["d1"])
    record.purge(DEFINITION.uid, older_than=0)
    index.follow()
    assert index.origin == Origin()
