import pytest

from databases import postgresql_url, record, record_folder, record_url, sqlite_url
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.record import Record
from object_stores import s3_place
from open_indexes import DEFINITION, MeddledRecord, open_index

__all__ = [
    "postgresql_url",
    "record",
    "record_folder",
    "record_url",
    "s3_place",
    "sqlite_url",
]


@pytest.fixture
def meddled(record: Record) -> MeddledRecord:
    record.create(DEFINITION)
    return MeddledRecord(record)


@pytest.fixture
def index(meddled: MeddledRecord) -> Index:
    return open_index(meddled)
