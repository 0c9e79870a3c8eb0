import pytest

from databases import postgresql_url, record, record_folder, record_url, sqlite_url
from embedding_service.indexes.records.record import Record
from faq_record import FAQ

__all__ = ["postgresql_url", "record", "record_folder", "record_url", "sqlite_url"]


@pytest.fixture
def faq(record: Record) -> str:
    return record.create(FAQ).definition.uid
