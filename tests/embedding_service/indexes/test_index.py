"""One index: what was written is found, whoever writes what meanwhile."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from embedding_service.indexes import tail
from embedding_service.indexes.documents import IdempotencyKey
from embedding_service.indexes.errors import IndexDamaged, RecordUnavailable
from embedding_service.indexes.filters.parsing import parse_filter
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Record
from embedding_service.telemetry.index_metrics import IndexMetrics
from open_indexes import DEFINITION, FREE, MeddledRecord, ask, ids_of, open_index, puts_of

SECONDS = 30
UID = DEFINITION.uid


def write(record: Record, *vectors: float) -> Callable[[], object]:
    """Replaces document `a`, as another process would."""
    return lambda: record.put(UID, puts_of({"a": vectors}), FREE)


def test_what_is_written_is_found_at_once(index: Index) -> None:
    assert index.put(puts_of({"a": [1, 0], "b": [2, 0]})).version == index.version == 2
    assert ids_of(index) == ["b", "a"]
    index.put(puts_of({"a": [3, 0]}))
    assert ids_of(index) == ["a", "b"]


def test_a_removed_document_is_not_found_again(index: Index) -> None:
    index.put(puts_of({"a": [1, 0], "b": [2, 0]}, year=1999))
    index.put(puts_of({"c": [3, 0]}, year=2001))
    assert index.remove(["b", "never there"]).ids == ["b"]
    assert ids_of(index) == ["c", "a"]
    assert index.remove_where(parse_filter({"year": 1999}, DEFINITION.fields)).ids == ["a"]
    assert ids_of(index) == ["c"]
    assert ids_of(open_index(index.record)) == ["c"]


def test_what_another_process_wrote_comes_with_one_s_own(index: Index, record: Record) -> None:
    write(record, 5, 0)()
    assert index.put(puts_of({"b": [2, 0]})).version == index.version == 2
    assert ids_of(index) == ["a", "b"]


def test_a_repeated_write_is_answered_where_its_first_was_not_seen(
    index: Index, record: Record
) -> None:
    key = IdempotencyKey("once", b"digest")
    record.put(UID, puts_of({"a": [1, 0]}), FREE, key)
    assert index.repeated(IdempotencyKey("never", b"digest")) is None
    repeated = index.repeated(key)
    assert repeated is not None
    assert (repeated.version, repeated.is_repeated) == (1, True)
    assert ids_of(index) == ["a"]


def test_a_vector_that_is_not_finite_does_not_get_into_the_record(index: Index) -> None:
    with pytest.raises(ValueError, match="not finite"):
        index.put(puts_of({"a": [np.nan, 0]}))
    assert index.standing().version == 0


def test_numbers_at_the_end_of_float32_are_kept_and_found(index: Index) -> None:
    index.put(puts_of({"a": [3e38, 3e38], "b": [-3e38, 1]}))
    assert ids_of(index) == ["a", "b"]
    assert ids_of(open_index(index.record)) == ["a", "b"]


def test_a_document_replaced_while_it_is_read_comes_with_its_own_score(
    index: Index, meddled: MeddledRecord, record: Record
) -> None:
    index.put(puts_of({"a": [9, 0], "b": [2, 0]}))
    meddled.before("fetch", write(record, 1, 0))
    found, documents = index.search(ask())
    (hits,) = found.queries
    assert (list(hits.ids), hits.scores.tolist()) == (["b", "a"], [2, 1])
    assert [documents[key].text for key in hits.keys.tolist()] == ["[2, 0]", "[1, 0]"]
    assert meddled.holds == 0


def test_a_document_removed_while_it_is_read_is_not_found(
    index: Index, meddled: MeddledRecord, record: Record
) -> None:
    index.put(puts_of({"a": [9, 0], "b": [2, 0]}))
    meddled.before("fetch", lambda: record.remove(UID, ["a"]))
    found, documents = index.search(ask())
    assert list(found.queries[0].ids) == [each.id for each in documents.values()] == ["b"]


def test_a_document_that_is_replaced_without_end_is_read_while_writers_wait(
    index: Index, meddled: MeddledRecord, record: Record
) -> None:
    index.put(puts_of({"a": [9, 0]}))
    writers: list[threading.Thread] = []

    def write_in_vain() -> None:
        writers.append(threading.Thread(target=write(record, 7, 0)))
        writers[0].start()

    meddled.before("fetch", write(record, 1, 0), write(record, 2, 0), write_in_vain)
    found, documents = index.search(ask())
    for writer in writers:
        writer.join(SECONDS)
    assert (found.version, found.queries[0].scores.tolist()) == (3, [2])
    assert [(each.version, each.text) for each in documents.values()] == [(3, "[2, 0]")]
    assert meddled.holds == 1
    index.follow()
    assert index.search(ask())[0].queries[0].scores.tolist() == [7]


def test_an_index_that_two_open_at_once_is_loaded_once(
    meddled: MeddledRecord, record: Record
) -> None:
    write(record, 1, 0)()
    index = Index(meddled, DEFINITION, FREE, IndexMetrics(CollectorRegistry()))
    other = threading.Thread(target=index.follow)
    seen: list[list[str]] = []
    meddled.before("changes", other.start, lambda: seen.append(ids_of(index)))
    index.follow()
    other.join(SECONDS)
    assert seen == [["a"]]


def test_a_version_counts_once_all_rows_up_to_it_are_there(
    index: Index, meddled: MeddledRecord, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "_ROWS_AT_ONCE", 2)
    index.put(puts_of({"a": [1, 0]}))
    write(record, 2, 0)()  # version 2, whose row goes with the next line
    record.put(UID, puts_of({"b": [1, 0], "c": [1, 0], "d": [1, 0], "a": [3, 0]}), FREE)
    seen: list[int] = []
    meddled.before("changes", int, lambda: seen.append(index.version))
    index.follow()
    assert seen == [1]
    assert index.version == 6


def test_a_write_whose_news_are_cut_off_is_there_later(
    index: Index, meddled: MeddledRecord, record: Record
) -> None:
    def fail() -> None:
        raise RecordUnavailable("gone")

    write(record, 5, 0)()
    meddled.before("changes", fail)
    with pytest.raises(RecordUnavailable):
        index.put(puts_of({"b": [2, 0]}))
    assert ids_of(index) == []
    index.follow()
    assert ids_of(index) == ["a", "b"]


def test_a_row_that_no_view_takes_ends_the_index_with_a_sentence(
    index: Index, record: Record
) -> None:
    record.put(UID, puts_of({"a": [np.inf, 0]}), FREE)
    with pytest.raises(IndexDamaged, match=r"'faq': rows after version 0 .* not finite"):
        index.follow()


def test_two_processes_follow_each_other(postgresql_url: str, record_folder: Path) -> None:
    records = [open_record(postgresql_url, record_folder) for _ in range(2)]
    records[0].create(DEFINITION)
    first, second = (open_index(record) for record in records)
    for number in range(10):
        mine, other = (first, second) if number % 2 else (second, first)
        mine.put(puts_of({f"d{number}": [number, 0]}))
        mine.remove([f"d{number - 3}"])
        other.follow()
        assert ids_of(mine) == ids_of(other)
    assert ids_of(first) == ["d9", "d8", "d7"]
    for record in records:
        record.close()


def test_writers_in_two_processes_each_find_what_they_wrote(
    postgresql_url: str, record_folder: Path
) -> None:
    records = [open_record(postgresql_url, record_folder) for _ in range(2)]
    records[0].create(DEFINITION)
    indexes = [open_index(record) for record in records]

    def write_and_look(number: int) -> None:
        index, name = indexes[number % 2], f"d{number}"
        for height in range(1, 9):
            index.put(puts_of({name: [height, number]}))
            _, documents = index.search(ask())
            assert f"[{height}, {number}]" in {each.text for each in documents.values()}

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write_and_look, range(4)))
    for index in indexes:
        index.follow()
        assert sorted(ids_of(index)) == ["d0", "d1", "d2", "d3"]
        assert index.version == 32
    for record in records:
        record.close()


def test_whoever_waits_for_a_version_is_told_once(index: Index) -> None:
    told: list[int] = []
    index.when_applied(0, lambda: told.append(0))
    index.when_applied(2, lambda: told.append(2))
    assert told == [0]
    index.put(puts_of({"a": [1, 0]}))
    assert told == [0]
    index.put(puts_of({"a": [2, 0]}))
    index.put(puts_of({"a": [3, 0]}))
    assert told == [0, 2]


def test_whoever_is_forgotten_is_not_told(index: Index) -> None:
    told: list[int] = []

    def tell() -> None:
        told.append(1)

    index.when_applied(1, tell)
    index.forget(tell)
    index.put(puts_of({"a": [1, 0]}))
    assert told == []


def test_a_version_that_comes_while_it_is_being_asked_for_is_told(meddled: MeddledRecord) -> None:
    class Leaping(Index):
        """Moves on between any two looks at it."""

        looks = -50

        @property
        def version(self) -> int:
            self.looks += 1
            return self.looks

    index = Leaping(meddled, DEFINITION, FREE, open_index(meddled)._metrics)
    told: list[int] = []
    for version in range(1, 20):
        index.when_applied(version, partial(told.append, version))
    assert told == []
    while index.looks < 50:
        index.follow()
    assert sorted(told) == list(range(1, 20))
