"""What an index is searched by may change; of several settings the newest count."""

import itertools
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine
from embedding_service.indexes.errors import NotFound
from embedding_service.indexes.records import schema
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Record
from embedding_service.indexes.records.sole import Sole
from embedding_service.indexes.tuning import Tuning
from faq_record import FAQ, FREE, puts

HNSW = Blueprint(Engine.HNSW, Tuning(m=16, recall=0.9))
IVF = Blueprint(Engine.IVF, Tuning(nlist=64))


def engine_of(record: Record, uid: str) -> Blueprint:
    definition = record.standing(uid).definition
    return Blueprint(definition.engine, definition.tuning)


def test_another_engine_is_there_for_all_and_changes_no_document(record: Record, faq: str) -> None:
    record.put(faq, puts("a", "b"), FREE)
    before = record.standing(faq)
    told = record.retune(faq, HNSW)
    assert told == record.standing(faq) == record.find("faq")
    definition = replace(before.definition, engine=HNSW.engine, tuning=HNSW.tuning)
    assert told == replace(before, definition=definition)
    assert [each.id for each in record.page(faq, 0, 10)] == ["a", "b"]


def test_what_asks_without_a_revision_always_counts(record: Record, faq: str) -> None:
    record.retune(faq, HNSW, 5)
    assert record.retune(faq, IVF).engine_revision == 5
    assert engine_of(record, faq) == IVF
    record.retune(faq, HNSW)
    assert engine_of(record, faq) == HNSW


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_in_whatever_order_settings_come_the_newest_count(
    record: Record, faq: str, order: tuple[int, ...]
) -> None:
    wanted = {1: HNSW, 2: IVF, 3: replace(HNSW, tuning=Tuning(m=8))}
    for revision in (*order, *order):  # and each of them starts again
        told = record.retune(faq, wanted[revision], revision)
        assert told.engine_revision >= revision
    assert engine_of(record, faq) == wanted[3]


def test_settings_that_go_back_are_newer_ones(record: Record, faq: str) -> None:
    for revision, wanted in enumerate([HNSW, IVF, HNSW], start=1):
        record.retune(faq, wanted, revision)
        assert engine_of(record, faq) == wanted


def test_what_another_program_has_written_there_stays(record: Record, faq: str) -> None:
    with record._database.writing() as connection:
        text = connection.exec_driver_sql("SELECT definition FROM indexes").scalar_one()
        written = orjson.loads(text)
        del written["tuning"]  # as one before this wrote it
        written["novelty"] = [1]  # and one after it
        text = orjson.dumps(written).decode()
        connection.execute(schema.indexes.update().values(definition=text))
    assert engine_of(record, faq) == Blueprint(Engine.AUTO, Tuning())
    record.retune(faq, IVF, 1)
    with record._database.reading() as connection:
        text = connection.exec_driver_sql("SELECT definition FROM indexes").scalar_one()
    assert orjson.loads(text).items() >= (written | {"engine": "ivf"}).items()


def test_an_index_that_is_not_there_has_no_engine(record: Record) -> None:
    with pytest.raises(NotFound):
        record.retune("nowhere", HNSW)


def test_the_sole_index_keeps_its_name(record_url: str, record_folder: Path) -> None:
    record = open_record(record_url, record_folder, sole=Sole("ours/1234", "faq"))
    record.create(FAQ)
    assert record.retune("ours/1234", HNSW).definition.name == "faq"
    with pytest.raises(NotFound):
        record.retune("theirs/1234", HNSW)
    record.close()
