"""A view begins with a snapshot only where the record leads on from it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archived_indexes import IDS, begin, fill, open_index
from embedding_service.indexes.archive import NEWEST, Archive
from embedding_service.indexes.definition import Definition, Metric, ModelPin
from embedding_service.indexes.errors import NotFound
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Record
from embedding_service.indexes.snapshots import layout, retention
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.retention import Policy
from embedding_service.indexes.snapshots.stores import open_store
from open_indexes import DEFINITION, FREE, puts_of


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
