"""The record: what goes in comes out, in the order of versions, on both databases."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embedding_service.indexes.documents import Committed, Puts
from embedding_service.indexes.errors import DimensionMismatch, NotFound, OutOfSpace
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota, Record
from faq_record import FAQ, FREE, ROW_BYTES, bare, named, puts


def test_a_written_document_is_read_as_it_was(record: Record, faq: str) -> None:
    committed = record.put(faq, puts("ä-1", text="Zwölf 🦊"), FREE)
    document = record.read(faq, "ä-1")
    assert (committed.version, document.version, document.key) == (1, 1, 1)
    assert (document.id, document.text, document.metadata) == ("ä-1", "Zwölf 🦊", named("ä-1"))
    assert document.vector.tolist() == [1.0, 1.0, 1.0]
    assert record.fetch(faq, [1, 2])[1].id == "ä-1"


def test_a_write_tells_the_rows_that_a_reader_would_see(record: Record, faq: str) -> None:
    writes: list[Callable[[], Committed]] = [
        lambda: record.put(faq, puts("a", "b", "c"), FREE),
        lambda: record.put(faq, puts("b", "d"), FREE),
        lambda: record.remove(faq, ["c", "a"]),
    ]
    for write in writes:
        written = write()
        told, after = written.changes, written.version - len(written.ids)
        seen = record.changes(faq, after, 100)
        assert told.version == seen.version == written.version
        assert told.keys.tolist() == seen.keys.tolist()
        assert told.versions.tolist() == seen.versions.tolist()
        assert told.is_deleted.tolist() == seen.is_deleted.tolist()
        assert list(told.ids) == list(seen.ids) == list(written.ids)
        assert list(told.metadata) == list(seen.metadata)
        assert told.matrix.tolist() == seen.matrix.tolist()


def test_every_row_gets_a_version_of_its_own(record: Record, faq: str) -> None:
    record.put(faq, puts("a", "b", "c"), FREE)
    record.put(faq, puts("b", value=2), FREE)
    changes = record.changes(faq, 0, 100)
    assert list(zip(changes.ids, changes.versions, strict=True)) == [("a", 1), ("c", 3), ("b", 4)]
    assert changes.version == 4
    assert changes.keys.tolist() == [1, 3, 2]


def test_a_stretch_ends_with_its_last_row_or_with_the_head(record: Record, faq: str) -> None:
    record.put(faq, puts("a", "b", "c"), FREE)
    record.remove(faq, ["c"])
    assert record.changes(faq, 0, 2).version == 2
    assert record.changes(faq, 2, 2).version == 4
    assert record.changes(faq, 4, 2).version == 4
    assert record.changes(faq, 4, 2).matrix.shape == (0, 3)


def test_a_removed_document_leaves_nothing_but_its_tombstone(record: Record, faq: str) -> None:
    record.put(faq, puts("a", "b", text="secret"), FREE)
    removed = record.remove(faq, ["b", "never"])
    assert (removed.version, removed.ids) == (3, ["b"])
    with pytest.raises(NotFound):
        record.read(faq, "b")
    assert record.fetch(faq, [2]) == {}
    assert [document.id for document in record.page(faq, 0, 10)] == ["a"]
    with record._database.reading() as connection:
        row = connection.exec_driver_sql(
            "SELECT text, metadata, vector FROM documents WHERE id = 'b'"
        )
        assert tuple(row.one()) == (None, None, None)


def test_removing_nothing_takes_no_version(record: Record, faq: str) -> None:
    record.put(faq, puts("a"), FREE)
    removed = record.remove(faq, ["b"])
    assert (removed.version, list(removed.ids), len(removed.changes.versions)) == (1, [], 0)
    assert record.heads() == {faq: 1}


def test_a_document_that_comes_back_keeps_its_key_while_its_tombstone_is_there(
    record: Record, faq: str
) -> None:
    record.put(faq, puts("a", "b"), FREE)
    record.remove(faq, ["a"])
    assert record.put(faq, puts("a"), FREE).changes.keys.tolist() == [1]
    record.remove(faq, ["a"])
    record.purge(faq, 0)
    assert record.put(faq, puts("a"), FREE).changes.keys.tolist() == [3]


def test_documents_are_removed_by_what_their_metadata_says(record: Record, faq: str) -> None:
    record.put(faq, puts("a", "b", "c"), FREE)
    record.put(faq, bare(["d"]), FREE)
    removed = record.remove_where(faq, lambda metadata: metadata in {None, named("b")})
    assert removed.ids == ["b", "d"]
    assert [document.id for document in record.page(faq, 0, 10)] == ["a", "c"]
    assert record.standing(faq).count == 2


def test_pages_follow_the_keys(record: Record, faq: str) -> None:
    record.put(faq, puts("z", "y", "x", "w"), FREE)
    record.put(faq, puts("y"), FREE)
    first = record.page(faq, 0, 2)
    assert [document.id for document in first] == ["z", "y"]
    assert [document.id for document in record.page(faq, first[-1].key, 2)] == ["x", "w"]


def test_a_batch_may_be_larger_than_a_statement(record: Record, faq: str) -> None:
    ids = [str(number) for number in range(2_500)]
    record.put(faq, bare(ids), FREE)
    assert record.put(faq, bare(ids), FREE).changes.keys.tolist() == list(range(1, 2_501))
    assert len(record.fetch(faq, range(1, 3_000))) == 2_500
    assert record.remove(faq, ids).version == 7_500
    assert record.standing(faq).size == 0


def test_counts_and_bytes_are_those_of_live_documents(record: Record, faq: str) -> None:
    record.put(faq, bare(["a", "b"]), FREE)
    assert (record.standing(faq).count, record.standing(faq).size) == (2, 2 * ROW_BYTES)
    record.put(faq, Puts(["a"], ["äh"], [b"{}"], np.ones((1, 3), np.float32)), FREE)
    assert record.standing(faq).size == 2 * ROW_BYTES + 5
    record.remove(faq, ["a"])
    record.remove(faq, ["a"])
    assert (record.standing(faq).count, record.standing(faq).size) == (1, ROW_BYTES)


def test_a_write_past_the_quota_is_refused_whole(record: Record, faq: str) -> None:
    record.put(faq, bare(["a", "b"]), Quota(2, 0))
    with pytest.raises(OutOfSpace, match="may hold 2 documents and would hold 3"):
        record.put(faq, bare(["b", "c"]), Quota(2, 0))
    with pytest.raises(OutOfSpace, match="bytes"):
        record.put(faq, bare(["c"]), Quota(0, 3 * ROW_BYTES - 1))
    assert (record.standing(faq).version, record.standing(faq).count) == (2, 2)


def test_a_full_index_still_takes_what_makes_it_no_larger(record: Record, faq: str) -> None:
    record.put(faq, puts("a", "b", text="long"), FREE)
    record.put(faq, puts("a", text="new!"), Quota(1, 1))
    record.put(faq, bare(["a"]), Quota(1, 1))
    assert record.read(faq, "a").text is None


def test_vectors_of_another_length_are_refused(record: Record, faq: str) -> None:
    with pytest.raises(DimensionMismatch):
        record.put(faq, Puts(["a"], [None], [None], np.ones((1, 4), np.float32)), FREE)
    assert record.standing(faq).version == 0


def test_purging_takes_tombstones_and_tells_readers_that_are_behind(
    record: Record, faq: str
) -> None:
    record.put(faq, puts("a", "b"), FREE)
    record.remove(faq, ["a"])
    assert record.purge(faq, older_than=3600) == 0
    assert record.purge(faq, older_than=0) == 1
    standing = record.standing(faq)
    assert (standing.purged_version, standing.version, standing.count) == (3, 3, 1)
    assert list(record.changes(faq, 0, 10).ids) == ["b"]
    assert record.changes(faq, 0, 10).version == 3


def test_what_was_written_is_there_after_reopening(record_url: str, record_folder: Path) -> None:
    first = open_record(record_url, record_folder)
    first.create(FAQ)
    first.put(FAQ.uid, puts("a", text="kept"), FREE)
    first.close()
    second = open_record(record_url, record_folder)
    assert second.read(FAQ.uid, "a").text == "kept"
    assert second.put(FAQ.uid, puts("b"), FREE).version == 2
    second.close()
