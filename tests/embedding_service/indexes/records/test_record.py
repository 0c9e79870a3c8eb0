"""The record: what goes in comes out, in the order of versions, on both databases."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embedding_service.indexes.definition import Definition, Engine, FieldType, Metric, ModelPin
from embedding_service.indexes.documents import Committed, IdempotencyKey, Puts
from embedding_service.indexes.errors import (
    Conflict,
    DimensionMismatch,
    KeyReused,
    NotFound,
    OutOfSpace,
)
from embedding_service.indexes.records.record import JobState, Quota, Record, open_record

FREE = Quota(0, 0)
FAQ = Definition(uid="u-faq", name="faq", dimension=3)
ROW_BYTES = 1 + 4 * 3


def puts(*ids: str, text: str | None = None, value: float = 1.0) -> Puts:
    matrix = np.full((len(ids), 3), value, dtype=np.float32)
    return Puts(ids, [text] * len(ids), [json.dumps({"id": each}).encode() for each in ids], matrix)


def bare(ids: Sequence[str]) -> Puts:
    """Documents of an id and a vector."""
    return Puts(ids, [None] * len(ids), [None] * len(ids), np.ones((len(ids), 3), np.float32))


def named(who: str) -> bytes:
    return json.dumps({"id": who}).encode()


@pytest.fixture
def faq(record: Record) -> str:
    return record.create(FAQ).definition.uid


def test_a_definition_comes_back_as_it_was_given(record: Record) -> None:
    definition = Definition(
        uid="namespace/0815",
        name="answers",
        dimension=7,
        metric=Metric.L2,
        engine=Engine.HNSW,
        fields={"year": FieldType.INT, "tags": FieldType.KEYWORDS},
        model=ModelPin("mini", "ab" * 32, query_prompt="query"),
    )
    created = record.create(definition)
    assert created.definition == definition
    assert (created.version, created.count, created.size, created.purged_version) == (0, 0, 0, 0)
    assert record.standing(definition.uid) == created == record.find("answers")


def test_two_indexes_cannot_have_one_name_or_one_uid(record: Record, faq: str) -> None:
    with pytest.raises(Conflict, match="'faq' already"):
        record.create(Definition(uid="other", name="faq", dimension=3))
    with pytest.raises(Conflict, match="uid"):
        record.create(Definition(uid=faq, name="other", dimension=3))


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


def test_an_alias_leads_to_its_index_and_can_be_switched(record: Record, faq: str) -> None:
    record.create(Definition(uid="u-new", name="new", dimension=3))
    record.point("live", "faq")
    assert record.find("live").definition.uid == faq
    record.point("live", "new")
    assert record.find("live").definition.uid == "u-new"
    assert record.aliases() == {"live": "new"}
    record.unpoint("live")
    with pytest.raises(NotFound):
        record.find("live")
    with pytest.raises(NotFound):
        record.unpoint("live")


def test_a_word_is_an_alias_or_a_name(record: Record, faq: str) -> None:
    record.point("live", "faq")
    with pytest.raises(Conflict, match="alias"):
        record.create(Definition(uid="u-live", name="live", dimension=3))
    with pytest.raises(Conflict, match="name of an index"):
        record.point("faq", "faq")
    with pytest.raises(NotFound):
        record.point("live", "nowhere")


def test_a_dropped_index_is_gone_and_its_name_is_free(record: Record, faq: str) -> None:
    record.put(faq, puts("a", "b"), FREE, IdempotencyKey("key", b""))
    record.point("live", "faq")
    job = record.create_job(faq, "compact")
    record.drop(faq)
    for call in (record.standing, record.drop, lambda uid: record.changes(uid, 0, 1)):
        with pytest.raises(NotFound):
            call(faq)
    with pytest.raises(NotFound):
        record.put(faq, puts("a"), FREE)
    with pytest.raises(NotFound):
        record.job(job.id)
    assert (record.indexes(), record.aliases(), record.heads()) == ([], {}, {})
    record.create(Definition(uid="u-2", name="faq", dimension=5))
    with record._database.reading() as connection:
        for table in ("documents", "answers"):
            count = connection.exec_driver_sql(f"SELECT count(*) FROM {table}")  # noqa: S608
            assert count.scalar() == 0


def test_a_drop_leaves_other_indexes_alone(record: Record, faq: str) -> None:
    record.create(Definition(uid="u-other", name="other", dimension=3))
    record.put(faq, puts("a"), FREE)
    record.put("u-other", puts("a", text="mine"), FREE)
    record.drop(faq)
    assert record.read("u-other", "a").text == "mine"


def test_an_interrupted_drop_is_finished_later(record: Record, faq: str) -> None:
    record.put(faq, puts("a"), FREE)
    with record._database.writing() as connection:
        connection.exec_driver_sql("UPDATE indexes SET name = NULL")
    assert record.indexes() == []
    record.sweep()
    record.create(FAQ)
    assert record.page(faq, 0, 10) == []


def test_a_job_is_told_by_whoever_asks(record: Record, faq: str) -> None:
    job = record.create_job(faq, "reindex", {"to": "faq-2"})
    assert record.job(job.id) == job
    assert (job.state, job.progress) == (JobState.QUEUED, 0.0)
    record.update_job(replace(job, state=JobState.RUNNING, progress=0.5, detail={"rows": 12}))
    running = record.jobs(faq)[0]
    assert (running.state, running.progress, running.detail) == (
        JobState.RUNNING,
        0.5,
        {"rows": 12},
    )
    with pytest.raises(NotFound):
        record.job("nowhere")
    with pytest.raises(NotFound):
        record.update_job(replace(job, id="nowhere"))


def test_what_was_written_is_there_after_reopening(record_url: str, record_folder: Path) -> None:
    first = open_record(record_url, record_folder)
    first.create(FAQ)
    first.put(FAQ.uid, puts("a", text="kept"), FREE)
    first.close()
    second = open_record(record_url, record_folder)
    assert second.read(FAQ.uid, "a").text == "kept"
    assert second.put(FAQ.uid, puts("b"), FREE).version == 2
    second.close()
