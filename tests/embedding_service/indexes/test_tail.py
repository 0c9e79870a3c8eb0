"""A view comes to the record's version, whatever was forgotten or put back there meanwhile."""

import numpy as np
import pytest
from structlog.testing import capture_logs

from embedding_service.indexes import tail
from embedding_service.indexes.archive import Beginning
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.record import Record
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.tail import Tail
from embedding_service.indexes.view import View
from open_indexes import DEFINITION, FREE, MeddledRecord, ids_of, open_index, puts_of

SECONDS = 30
UID = DEFINITION.uid


def test_a_removal_that_was_forgotten_before_it_was_seen_is_seen(
    index: Index, record: Record
) -> None:
    index.put(puts_of({"a": [1, 0], "b": [2, 0]}))
    record.remove(UID, ["a"])
    record.purge(UID, older_than=0)
    index.follow()
    assert ids_of(index) == ["b"]


def miscount(record: Record) -> None:
    with record._database.writing(UID) as connection:
        connection.exec_driver_sql("UPDATE indexes SET live = live + 1")


def test_rows_that_are_gone_without_a_word_are_told(record: Record) -> None:
    record.create(DEFINITION)
    record.put(UID, puts_of({"a": [1, 0], "b": [2, 0]}), FREE)
    miscount(record)
    with capture_logs() as logs:
        index = open_index(record)
    assert ids_of(index) == ["b", "a"]
    (told,) = [entry for entry in logs if entry["log_level"] == "error"]
    assert (told["index"], told["documents"]) == (DEFINITION.name, 2)


def test_a_snapshot_that_was_never_whole_is_passed_over(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.create(DEFINITION)
    record.put(UID, puts_of({"a": [1, 0], "b": [2, 0]}), FREE)
    whole = Tail(record, DEFINITION, None).begin_whole().view
    state = whole.state
    part = View(DEFINITION)
    one = Bitmap.of(np.array([True, False]))
    part.load([(concatenate([(state.growing, state.growing_live)]), one)], state.version)
    monkeypatch.setattr(Tail, "begin", lambda tail, snapshot: Beginning(part))
    with capture_logs() as logs:
        index = open_index(record)
    assert ids_of(index) == ["b", "a"]
    assert logs == []


@pytest.mark.parametrize("call", ["changes", "standing"])
def test_a_removal_that_is_forgotten_while_it_is_read_is_seen(
    index: Index, meddled: MeddledRecord, record: Record, call: str
) -> None:
    index.put(puts_of({"a": [1, 0], "b": [2, 0]}))

    def remove_and_forget() -> None:
        record.remove(UID, ["a"])
        record.purge(UID, older_than=0)
        record.put(UID, puts_of({"c": [3, 0]}), FREE)

    meddled.before(call, remove_and_forget)
    index.follow()
    assert ids_of(index) == ["c", "b"]
    assert index.version == 4


def test_a_removal_that_is_forgotten_right_before_it_is_read_is_seen(
    index: Index, meddled: MeddledRecord, record: Record
) -> None:
    index.put(puts_of({"a": [1, 0], "b": [2, 0]}))
    record.remove(UID, ["a"])
    meddled.before("changes", lambda: record.purge(UID, older_than=0))
    index.follow()
    assert ids_of(index) == ["b"]


def test_a_removal_that_is_forgotten_while_all_is_read_is_seen(
    meddled: MeddledRecord, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "_ROWS_AT_ONCE", 2)
    record.put(UID, puts_of({name: [1, 0] for name in "abcd"}), FREE)

    def remove_and_forget() -> None:
        record.remove(UID, ["a"])
        record.purge(UID, older_than=0)

    meddled.before("changes", int, remove_and_forget)  # `int` does nothing: the second page it is
    assert ids_of(open_index(meddled)) == ["b", "c", "d"]


def test_a_record_that_went_back_is_loaded_afresh(index: Index, record: Record) -> None:
    index.put(puts_of({"a": [1, 0], "b": [2, 0]}))
    with record._database.writing() as connection:  # as a restored backup would
        connection.exec_driver_sql("DELETE FROM documents WHERE version = 2")
        connection.exec_driver_sql("UPDATE indexes SET version = 1, live = 1")
    index.follow()
    assert (index.version, ids_of(index)) == (1, ["a"])
