"""A view begins with a snapshot only where the record leads on from it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from embedding_service.errors import ServiceError
from embedding_service.indexes.archive import NEWEST, Archive, Origin
from embedding_service.indexes.definition import Definition, Metric, ModelPin
from embedding_service.indexes.errors import Conflict, NotFound
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Record, Standing
from embedding_service.indexes.snapshots import layout, retention
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.choice import Choice
from embedding_service.indexes.snapshots.retention import Policy
from embedding_service.indexes.snapshots.stores import open_store
from embedding_service.indexes.view import View
from embedding_service.telemetry.index_metrics import IndexMetrics
from open_indexes import DEFINITION, FREE, puts_of

IDS = [f"d{row}" for row in range(10)]


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    record = open_record(f"sqlite:///{tmp_path / 'record.db'}", tmp_path)
    record.create(DEFINITION)
    yield record
    record.close()


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return open_store((tmp_path / "store").as_uri())


@pytest.fixture
def archive(store: BlobStore, tmp_path: Path) -> Archive:
    return Archive(store, tmp_path, Policy(2, timedelta(0)), "1.2.3")


def open_index(record: Record, archive: Archive) -> Index:
    index = Index(record, DEFINITION, FREE, IndexMetrics(CollectorRegistry()), archive)
    index.follow()
    return index


def fill(index: Index, ids: list[str], x: float = 1) -> None:
    index.put(puts_of({id_: (x, row) for row, id_ in enumerate(ids)}))


@pytest.fixture
def index(record: Record, archive: Archive) -> Index:
    """Ten documents and their snapshot, at version 10."""
    index = open_index(record, archive)
    fill(index, IDS)
    archive.publish(index)
    return index


def begin(record: Record, archive: Archive, standing: Standing | None = None) -> tuple[View, str]:
    """The view, and why it is empty."""
    with capture_logs() as logs:
        begun = archive.begin(record, standing or record.standing(DEFINITION.uid))
    return begun.view, " ".join(str(entry["reason"]) for entry in logs)


def test_a_view_begins_with_all_rows_of_the_newest_snapshot(
    index: Index, record: Record, archive: Archive
) -> None:
    fill(index, ["d3", "new"], x=2)
    index.remove(["d4"])
    archive.publish(index)
    fill(index, ["newer"])
    view, reason = begin(record, archive)
    assert (view.version, view.describe().live, reason) == (13, 10, "")
    index.follow()
    restarted = open_index(record, archive)
    assert (restarted.version, restarted.describe().live) == (14, 11)
    assert [segment.is_sealed for segment in restarted.describe().segments] == [True, False]


def test_an_index_without_documents_asks_no_store(record: Record, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    away = open_store((tmp_path / "file").as_uri())
    view, reason = begin(record, Archive(away, tmp_path, Policy(1, timedelta(0)), "1"))
    assert (view.version, reason) == (0, "")


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (replace(DEFINITION, dimension=3), "dimension"),
        (replace(DEFINITION, metric=Metric.L2), "metric"),
        (replace(DEFINITION, fields={}), "fields"),
        (replace(DEFINITION, model=ModelPin("m", "f" * 64)), "model"),
    ],
)
def test_a_snapshot_of_another_kind_is_passed_over(
    other: Definition, told: str, index: Index, record: Record, archive: Archive
) -> None:
    standing = replace(record.standing(DEFINITION.uid), definition=other)
    view, reason = begin(record, archive, standing)
    assert (view.version, told in reason) == (0, True)


@pytest.mark.parametrize(
    ("version", "purged_version", "told"),
    [(9, 0, "restored from an older copy"), (20, 11, "are forgotten")],
)
def test_a_snapshot_that_the_record_does_not_lead_on_from_is_passed_over(
    version: int, purged_version: int, told: str, index: Index, record: Record, archive: Archive
) -> None:
    standing = record.standing(DEFINITION.uid)
    standing = replace(standing, version=version, purged_version=purged_version)
    view, reason = begin(record, archive, standing)
    assert (view.version, told in reason) == (0, True)


def test_other_writes_under_the_same_versions_are_found_out(
    index: Index, record: Record, archive: Archive, tmp_path: Path
) -> None:
    other = open_record(f"sqlite:///{tmp_path / 'other' / 'record.db'}", tmp_path / "other")
    other.create(DEFINITION)
    for ids in (IDS[:5], ["x1", "x2", "x3", "x4", "x5", "x6", "x7"]):
        other.put(DEFINITION.uid, puts_of(dict.fromkeys(ids, (1, 1))), FREE)
    view, reason = begin(other, archive)
    assert (view.version, "other documents" in reason) == (0, True)
    other.close()


def test_a_store_that_is_away_is_asked_once(index: Index, record: Record, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = open_store((tmp_path / "file").as_uri())
    archive = Archive(store, tmp_path, Policy(1, timedelta(0)), "1")
    assert "snapshot store" in begin(record, archive)[1]
    view, reason = begin(record, archive)
    assert (view.version, reason) == (0, "")


def test_a_manifest_that_is_too_new_is_passed_over(
    index: Index, record: Record, archive: Archive, store: BlobStore
) -> None:
    name = layout.manifest(layout.snapshots(DEFINITION.uid), 2)
    store.create(name, [b"{}"], if_absent=True)
    view, reason = begin(record, archive)
    assert (view.version, name in reason) == (0, True)


def test_files_of_older_snapshots_are_not_kept_here(
    index: Index, record: Record, archive: Archive, tmp_path: Path
) -> None:
    begin(record, archive)
    folder = tmp_path / "segments" / DEFINITION.uid
    (before,) = folder.iterdir()
    fill(index, ["new"])
    archive.publish(index)
    view, _ = begin(record, archive)
    (after,) = folder.iterdir()
    assert (before != after, view.version) == (True, 11)
    archive.forget(DEFINITION.uid)
    assert not folder.exists()


def test_old_snapshots_go_and_files_stay_for_a_while(
    index: Index, archive: Archive, store: BlobStore
) -> None:
    for row in range(3):
        fill(index, [f"new {row}"])
        archive.publish(index)
    assert [each.version for each in archive.snapshots(DEFINITION.uid).manifests] == [13, 12]
    removed = retention.collect(store, DEFINITION.uid, timedelta(0))
    assert removed.files > 0
    assert archive.verify(DEFINITION.uid, archive.find(DEFINITION.uid, NEWEST)) == []


def test_a_snapshot_is_found_by_its_id(index: Index, archive: Archive) -> None:
    newest = archive.find(DEFINITION.uid, NEWEST)
    assert archive.find(DEFINITION.uid, newest.id) == newest
    assert newest.libraries.keys() == {"gpu-embedding", "faiss"}
    for uid, id_ in ((DEFINITION.uid, "other"), ("other", NEWEST)):
        with pytest.raises(NotFound):
            archive.find(uid, id_)


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
