"""Clocks say when things may be forgotten; no answer depends on them."""

import time
from itertools import cycle

import pytest

from embedding_service.indexes.documents import IdempotencyKey
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.record import Record
from open_indexes import DEFINITION, ask, ids_of, open_index, puts_of

HOUR = 3600.0
UID = DEFINITION.uid


@pytest.fixture
def index(record: Record) -> Index:
    record.create(DEFINITION)
    return open_index(record)


def test_a_clock_that_jumps_changes_no_answer(
    index: Index, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is another time whenever somebody asks, and two processes do."""
    now, jumps = time.time(), cycle((0.0, HOUR, -HOUR, 2 * HOUR, -3 * HOUR))
    monkeypatch.setattr(time, "time", lambda: now + next(jumps))
    other, there, version = open_index(record), set[str](), 0
    for turn in range(10):
        writer = index if turn % 2 else other
        key = IdempotencyKey(str(turn), b"digest")
        ids = [f"d{row % 7}" for row in range(turn, turn + 4)]
        for _ in range(2):
            committed = writer.put(puts_of(dict.fromkeys(ids, (1, turn))), key)
            assert committed.version == version + len(ids)
        version += len(ids)
        gone = [id_ for id_ in ids[:2] if id_ in there]
        version += len(gone)
        assert writer.remove(gone).version == version
        there = (there | set(ids)) - set(gone)
        record.purge(UID, older_than=2 * HOUR)  # more or fewer than it should be
        for each in (index, other):
            each.follow()
            assert (each.version, set(ids_of(each, ask()))) == (version, there)


def test_what_was_removed_before_its_clock_went_back_is_kept_for_longer(
    index: Index, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.put(puts_of({"a": (1, 0), "b": (2, 0)}), IdempotencyKey("key", b"digest"))
    index.remove(["a"])
    now = time.time() - HOUR
    monkeypatch.setattr(time, "time", lambda: now)
    assert record.purge(UID, older_than=0) == 0
    assert index.repeated(IdempotencyKey("key", b"digest")) is not None
    now += HOUR + 1
    assert record.purge(UID, older_than=0) == 1
    assert ids_of(open_index(record)) == ["b"]
