"""A record, a store and an archive; ten documents and their snapshot."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archived_indexes import IDS, fill, open_index
from embedding_service.indexes.archive import Archive
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Record
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.retention import Policy
from embedding_service.indexes.snapshots.stores import open_store
from open_indexes import DEFINITION


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


@pytest.fixture
def index(record: Record, archive: Archive) -> Index:
    """Ten documents and their snapshot, at version 10."""
    index = open_index(record, archive)
    fill(index, IDS)
    archive.publish(index)
    return index
