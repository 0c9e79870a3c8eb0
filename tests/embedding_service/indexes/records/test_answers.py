"""A write that is repeated under its key is answered as the first time, for a day."""

import time

import pytest

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import IdempotencyKey
from embedding_service.indexes.errors import KeyReused
from embedding_service.indexes.records.record import Record
from faq_record import FREE, named, puts


def test_a_repeated_write_is_answered_and_not_done(record: Record, faq: str) -> None:
    key = IdempotencyKey("key", b"digest")
    assert record.repeated(faq, key) is None
    record.put(faq, puts("a", "b"), FREE, key)
    record.remove(faq, ["a"])
    for again in (record.put(faq, puts("a", "b"), FREE, key), record.repeated(faq, key)):
        assert again is not None
        assert again.is_repeated
        assert (again.version, list(again.ids), len(again.changes.versions)) == (2, ["a", "b"], 0)
    assert record.standing(faq).version == 3
    with pytest.raises(KeyReused):
        record.put(faq, puts("c"), FREE, IdempotencyKey("key", b"other"))
    with pytest.raises(KeyReused):
        record.repeated(faq, IdempotencyKey("key", b"other"))


def test_a_repeated_removal_tells_what_was_removed_then(record: Record, faq: str) -> None:
    key = IdempotencyKey("key", b"digest")
    record.put(faq, puts("a", "b"), FREE)
    first = record.remove_where(faq, lambda metadata: metadata == named("a"), key)
    again = record.remove_where(faq, lambda metadata: metadata == named("a"), key)
    assert (again.ids, again.version, again.is_repeated) == (first.ids, 3, True)


def test_keys_of_repetition_belong_to_their_index(record: Record, faq: str) -> None:
    other = record.create(Definition(uid="u-other", name="other", dimension=3)).definition.uid
    key = IdempotencyKey("key", b"digest")
    record.put(faq, puts("a"), FREE, key)
    assert not record.put(other, puts("b"), FREE, key).is_repeated


def test_answers_are_kept_for_a_day(
    record: Record, faq: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = IdempotencyKey("key", b"digest")
    record.put(faq, puts("a"), FREE, key)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 23.9 * 3600)
    record.purge(faq, older_than=0)
    assert record.repeated(faq, key) is not None
    monkeypatch.setattr(time, "time", lambda: now + 24.1 * 3600)
    record.purge(faq, older_than=0)
    assert record.repeated(faq, key) is None
