"""A check finds what is wrong with a record, and what a view has otherwise."""

import pytest

from embedding_service.indexes.index import Index
from embedding_service.indexes.inspection import Report, inspect
from embedding_service.indexes.records.record import Record
from embedding_service.indexes.view import View
from open_indexes import DEFINITION, open_index, puts_of


@pytest.fixture
def index(record: Record) -> Index:
    record.create(DEFINITION)
    index = open_index(record)
    index.put(puts_of({f"d{row}": (1, row) for row in range(10)}))
    index.remove(["d2"])
    return index


def check(index: Index) -> Report:
    told: list[float] = []
    report = inspect(index, told.append)
    assert told == sorted(told)
    return report


def test_a_sound_index_has_no_problems(index: Index) -> None:
    assert check(index) == Report(version=11, documents=9)


def test_an_empty_index_is_sound(record: Record) -> None:
    record.create(DEFINITION)
    assert check(open_index(record)).is_sound


def test_documents_that_memory_lacks_are_counted_and_come_by_a_reload(index: Index) -> None:
    index._current.view = View(DEFINITION)
    index._current.view.load([], 11)
    report = check(index)
    assert report.strays == ["9 documents are not found as they are in the record"]
    index.reload()
    assert check(index).is_sound


def test_rows_that_are_no_documents_are_counted(index: Index, record: Record) -> None:
    with record._database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM documents WHERE id = 'd5'")
        connection.exec_driver_sql("UPDATE indexes SET live = live - 1")
    report = check(index)
    assert report.strays == ["1 rows are found that are no documents"]
    assert report.damage is None


def test_a_row_that_is_gone_is_damage(index: Index, record: Record) -> None:
    with record._database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM documents WHERE id = 'd5'")
    report = check(index)
    assert report.damage == "the record counts 9 documents and has 8"


def test_a_row_that_is_not_as_it_was_written_is_named(index: Index, record: Record) -> None:
    with record._database.writing() as connection:
        connection.exec_driver_sql("UPDATE documents SET text = 'x' WHERE id = 'd5'")
    report = check(index)
    assert report.damage is not None
    assert "'d5'" in report.damage
