"""Vectors are searched where they lie in files, whatever becomes of those files meanwhile."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from embedding_service.indexes.archive import Archive
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Record
from embedding_service.indexes.snapshots import retention
from embedding_service.indexes.snapshots.retention import Policy
from embedding_service.indexes.snapshots.stores import open_store
from embedding_service.indexes.view import View
from embedding_service.telemetry.index_metrics import IndexMetrics
from open_indexes import DEFINITION, FREE, puts_of

ROUNDS = 3
UID = DEFINITION.uid


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    record = open_record(f"sqlite:///{tmp_path / 'record.db'}", tmp_path)
    record.create(DEFINITION)
    yield record
    record.close()


def test_searches_outlive_the_files_that_they_read(record: Record, tmp_path: Path) -> None:
    """Snapshots are published, old ones dropped and collected, copies here replaced and removed."""
    store = open_store((tmp_path / "store").as_uri())
    archive = Archive(store, tmp_path, Policy(1, timedelta(0)), "1")
    index = Index(record, DEFINITION, FREE, IndexMetrics(CollectorRegistry()), archive)
    index.follow()
    index.put(puts_of({f"d{row}": (row, 1) for row in range(1_500)}))
    views: list[View] = []

    def check() -> None:
        """Every view that there ever was reads all of its rows."""
        for view in views:
            assert isinstance(view.state.sealed[0][0].matrix, np.memmap)
            (hits,) = view.search(np.array([[1, 0]], dtype=np.float32), 1_500).queries
            assert list(hits.ids) == [f"d{row}" for row in range(1_499, -1, -1)]

    for number in range(ROUNDS):
        index.put(puts_of({f"far {number}": (-1 - number, 0)}))
        archive.publish(index)
        retention.collect(store, UID, timedelta(0))
        views.append(archive.begin(record, record.standing(UID)).view)  # removes copies of before
        check()
        damage_copies(tmp_path / "segments" / UID, number)
        check()
        views.append(archive.begin(record, record.standing(UID)).view)  # fetches them again
        check()
    archive.forget(UID)
    assert not (tmp_path / "segments" / UID).exists()
    check()


def damage_copies(folder: Path, number: int) -> None:
    """As a process that died in the middle might leave them: other files of the same names."""
    for vectors in folder.glob("*/vectors.f32"):
        other = vectors.with_name("other")
        size = vectors.stat().st_size
        other.write_bytes(bytes(size if number % 2 else size // 2))
        other.replace(vectors)
