"""Names to open indexes, in one process and in several on one database."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from databases import PostgreSQL
from embedding_service.errors import Unavailable
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.errors import Conflict, IndexDamaged, NotFound
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Record
from open_indexes import (
    DEFINITION,
    FREE,
    MeddledRecord,
    ask,
    ids_of,
    open_catalogue,
    puts_of,
)

SECONDS = 30
OTHER = replace(DEFINITION, name="other")
THIRD = replace(DEFINITION, name="third")


@pytest.fixture
def catalogue(record: Record) -> Catalogue:
    return open_catalogue(record)


@pytest.fixture
def pair(postgresql_url: str, record_folder: Path) -> Iterator[tuple[Catalogue, Catalogue]]:
    """Two processes on one database."""
    first, second = (
        open_catalogue(open_record(postgresql_url, record_folder, patience=5)) for _ in range(2)
    )
    yield first, second
    first.close()
    second.close()


def damage(record: Record, condition: str) -> None:
    with record._database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE documents SET text = 'other' WHERE {condition}")  # noqa: S608


def damaged(catalogue: Catalogue) -> set[str]:
    """The indexes that are told to be damaged."""
    (metric,) = catalogue._metrics.damaged.collect()
    return {sample.labels["index"] for sample in metric.samples if sample.value}


def test_an_index_is_had_by_its_name_until_it_is_dropped(catalogue: Catalogue) -> None:
    made = catalogue.create(DEFINITION)
    assert catalogue.get("faq") is made
    assert catalogue.opened() == [made]
    with pytest.raises(Conflict):
        catalogue.create(DEFINITION)
    catalogue.drop("faq")
    assert catalogue.opened() == []
    for call in (catalogue.get, catalogue.drop):
        with pytest.raises(NotFound, match="no index 'faq'"):
            call("faq")


def test_a_name_that_is_free_again_is_another_index(catalogue: Catalogue) -> None:
    first = catalogue.create(DEFINITION)
    first.put(puts_of({"a": [1, 0]}))
    catalogue.drop("faq")
    second = catalogue.create(DEFINITION)
    assert second.definition.uid != first.definition.uid
    assert ids_of(catalogue.get("faq")) == []


def test_an_alias_leads_to_its_index_and_is_no_name_to_drop_it_by(catalogue: Catalogue) -> None:
    index = catalogue.create(DEFINITION)
    catalogue.point("live", "faq")
    assert catalogue.get("live") is index
    assert catalogue.aliases() == {"live": "faq"}
    with pytest.raises(NotFound):
        catalogue.drop("live")
    catalogue.unpoint("live")
    with pytest.raises(NotFound):
        catalogue.get("live")


def test_before_it_is_loaded_nothing_is_said_to_be_missing(record: Record) -> None:
    record.create(DEFINITION)
    unloaded = Catalogue(record, FREE, open_catalogue(record)._metrics)
    with pytest.raises(Unavailable, match="not loaded yet"):
        unloaded.get("faq")
    unloaded.load()
    assert unloaded.get("faq").is_loaded


def test_an_index_of_another_process_is_found_at_once(pair: tuple[Catalogue, Catalogue]) -> None:
    first, second = pair
    first.create(DEFINITION).put(puts_of({"a": [1, 0]}))
    first.point("live", "faq")
    assert ids_of(second.get("live")) == ["a"]
    assert second.get("faq") is second.get("live")


def test_another_process_follows_names_and_documents(pair: tuple[Catalogue, Catalogue]) -> None:
    first, second = pair
    for definition in (DEFINITION, OTHER):
        first.create(definition).put(puts_of({definition.name: [1, 0]}))
    first.point("live", "faq")
    second.refresh()
    assert ids_of(second.get("live")) == ["faq"]
    first.point("live", "other")
    first.get("other").put(puts_of({"b": [2, 0]}))
    first.drop("faq")
    second.refresh()
    assert ids_of(second.get("live")) == ["b", "other"]
    assert [index.definition.name for index in second.opened()] == ["other"]
    with pytest.raises(NotFound):
        second.get("faq")


def test_a_name_that_was_given_anew_leads_to_the_new_index(
    pair: tuple[Catalogue, Catalogue],
) -> None:
    first, second = pair
    first.create(DEFINITION).put(puts_of({"old": [1, 0]}))
    assert ids_of(second.get("faq")) == ["old"]
    first.drop("faq")
    first.create(DEFINITION).put(puts_of({"new": [1, 0]}))
    second.refresh()
    assert ids_of(second.get("faq")) == ["new"]


def test_of_creators_at_once_one_wins_and_all_have_its_index(
    pair: tuple[Catalogue, Catalogue],
) -> None:
    def create(catalogue: Catalogue) -> bool:
        try:
            catalogue.create(DEFINITION)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(create, pair * 2)) == [False, False, False, True]
    first, second = (catalogue.get("faq").definition.uid for catalogue in pair)
    assert first == second


def test_names_are_known_while_the_database_is_away(
    pair: tuple[Catalogue, Catalogue], postgresql: PostgreSQL
) -> None:
    catalogue, _ = pair
    catalogue.create(DEFINITION).put(puts_of({"a": [1, 0]}))
    catalogue.point("live", "faq")
    postgresql.pause()
    try:
        assert ids_of(catalogue.get("live"), ask(wants_documents=False)) == ["a"]
    finally:
        postgresql.resume()


def test_an_index_made_while_others_are_listed_stays(record: Record) -> None:
    meddled = MeddledRecord(record)
    catalogue = open_catalogue(meddled)
    uid = catalogue.create(OTHER).definition.uid
    record.put(uid, puts_of({"a": [1, 0]}), FREE)  # so that there is something to follow
    made: list[Index] = []
    creator = threading.Thread(target=lambda: made.append(catalogue.create(DEFINITION)))

    def wait_for_creator() -> None:
        if threading.current_thread() is not creator:
            creator.join(SECONDS)

    meddled.before("aliases", creator.start)  # the list of indexes has been read by then
    meddled.before("standing", *[wait_for_creator] * 4)
    catalogue.refresh()
    assert made == [catalogue.get("faq")]


def test_an_index_dropped_while_it_is_opened_stops_nobody(record: Record) -> None:
    for definition in (DEFINITION, OTHER):
        open_catalogue(record).create(definition)
    meddled = MeddledRecord(record)
    meddled.before("standing", lambda: record.drop(record.find("faq").definition.uid))
    catalogue = open_catalogue(meddled)
    assert catalogue.is_loaded
    assert [index.definition.name for index in catalogue.opened()] == ["other"]


def test_a_damaged_row_ends_one_index_and_is_named(catalogue: Catalogue, record: Record) -> None:
    for definition in (DEFINITION, OTHER, THIRD):
        catalogue.create(definition).put(puts_of({f"in {definition.name}": [1, 0]}))
    damage(record, "id = 'in faq'")
    restarted = open_catalogue(record)
    assert restarted.is_loaded
    with pytest.raises(IndexDamaged, match=r"'faq': .* document 'in faq' at version 1"):
        restarted.get("faq")
    for name in ("other", "third"):
        assert ids_of(restarted.get(name)) == [f"in {name}"]
    assert damaged(restarted) == {"faq"}


def test_a_damaged_index_is_read_again_after_the_next_write_to_it(
    catalogue: Catalogue, record: Record
) -> None:
    index = catalogue.create(DEFINITION)
    index.put(puts_of({"a": [1, 0], "b": [2, 0]}))
    damage(record, "id = 'a'")
    meddled = MeddledRecord(record)
    restarted = open_catalogue(meddled)
    read_in_vain = [0]
    meddled.before("changes", lambda: read_in_vain.append(1))
    restarted.refresh()
    assert read_in_vain == [0]
    index.put(puts_of({"a": [3, 0]}))  # which mends it
    restarted.refresh()
    assert ids_of(restarted.get("faq")) == ["a", "b"]
    assert damaged(restarted) == set()
