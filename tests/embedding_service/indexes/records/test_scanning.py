"""A scan shows one moment, whole, while others write."""

from pathlib import Path

import numpy as np
import pytest

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import Document, Puts, Scan
from embedding_service.indexes.errors import IndexDamaged, NotFound
from embedding_service.indexes.records import scanning
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota, Record

FREE = Quota(0, 0)
SECONDS = 1.0


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_PAGE", 3)


@pytest.fixture
def uid(record: Record) -> str:
    for uid in ("before", "u", "after"):  # neighbours in the table
        record.create(Definition(uid=uid, name=uid, dimension=2))
        put(record, uid, *"abcdefgh")
    return "u"


def put(record: Record, uid: str, *ids: str, value: float = 1) -> None:
    matrix = np.full((len(ids), 2), value, dtype=np.float32)
    record.put(uid, Puts(ids, [f"text {value}"] * len(ids), [b"{}"] * len(ids), matrix), FREE)


def ids(scan: Scan) -> list[str]:
    return [document.id for batch in scan.batches for document in batch]


def test_all_live_documents_come_in_the_order_of_keys(record: Record, uid: str) -> None:
    record.remove(uid, ["b", "h"])
    put(record, uid, "a", "i", value=2)
    with record.scan(uid) as scan:
        documents: list[Document] = [each for batch in scan.batches for each in batch]
    assert (scan.version, scan.count) == (12, 7)
    assert [each.id for each in documents] == list("acdefgi")
    assert [each.key for each in documents] == [1, 3, 4, 5, 6, 7, 9]
    first = documents[0]
    assert (first.version, first.text, first.metadata) == (11, "text 2", b"{}")
    assert first.vector.tolist() == [2, 2]


def test_what_is_written_meanwhile_is_not_seen_and_need_not_wait(record: Record, uid: str) -> None:
    with record.scan(uid) as scan:
        put(record, uid, "a", "z", value=2)
        record.remove(uid, ["g"])
        assert ids(scan) == list("abcdefgh")
        assert scan.count == 8
    assert record.standing(uid).count == 8
    with record.scan(uid) as scan:
        assert sorted(ids(scan)) == list("abcdefhz")


def test_an_empty_index_has_no_batches(record: Record) -> None:
    record.create(Definition(uid="e", name="empty", dimension=2))
    with record.scan("e") as scan:
        assert (scan.version, scan.count, ids(scan)) == (0, 0, [])


def test_an_index_that_is_not_there_is_told(record: Record) -> None:
    with pytest.raises(NotFound), record.scan("nobody"):
        pass


def test_a_damaged_row_is_named_and_not_among_the_whole(record: Record, uid: str) -> None:
    with record._database.writing() as connection:
        connection.exec_driver_sql("UPDATE documents SET text = 'x' WHERE id = 'e'")
    with record.scan(uid) as scan, pytest.raises(IndexDamaged, match="'e'"):
        ids(scan)
    assert record.whole(uid, ["d", "e", "f", "none"]).keys() == {"d", "f"}
    outlined = [each for batch in record.outline(uid) for each in batch]
    assert outlined == [(id_, version) for version, id_ in enumerate("abcdefgh", start=1)]


def test_a_slow_reader_keeps_its_scan(postgresql_url: str, record_folder: Path) -> None:
    record = open_record(postgresql_url, record_folder, patience=SECONDS)
    record.create(Definition(uid="u", name="u", dimension=2))
    put(record, "u", *"abcdefgh")
    with record.scan("u") as scan:
        batches = scan.batches
        seen = len(next(batches))
        with record._database.reading() as other:
            other.exec_driver_sql(f"SELECT pg_sleep({SECONDS * 0.9})")
        with record._database.reading() as other:
            other.exec_driver_sql(f"SELECT pg_sleep({SECONDS * 0.9})")
        assert seen + sum(len(batch) for batch in batches) == 8
    record.close()
