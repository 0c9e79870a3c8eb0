"""Indexes are made, found and dropped, each with what it was defined as."""

import pytest

from embedding_service.indexes.definition import Definition, Engine, FieldType, Metric, ModelPin
from embedding_service.indexes.documents import IdempotencyKey
from embedding_service.indexes.errors import Conflict, NotFound
from embedding_service.indexes.records.record import Record
from faq_record import FAQ, FREE, puts


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
