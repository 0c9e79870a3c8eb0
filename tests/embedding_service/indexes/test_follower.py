"""The thread that follows what other processes write."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from databases import PostgreSQL
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.follower import Follower
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Record
from open_indexes import DEFINITION, MeddledRecord, ids_of, open_catalogue, puts_of
from waiting import wait_until

SECONDS = 30


@pytest.fixture
def writer(postgresql_url: str, record_folder: Path) -> Iterator[Catalogue]:
    """Another process."""
    catalogue = open_catalogue(open_record(postgresql_url, record_folder))
    catalogue.create(DEFINITION)
    yield catalogue
    catalogue.close()


@pytest.fixture
def followed(
    writer: Catalogue, postgresql_url: str, record_folder: Path
) -> Iterator[MeddledRecord]:
    """The record of the process that follows, with a short patience."""
    record = open_record(postgresql_url, record_folder, patience=2)
    yield MeddledRecord(record)
    record.close()


@pytest.fixture
def reader(followed: MeddledRecord) -> Iterator[Catalogue]:
    """A process that follows."""
    catalogue = open_catalogue(followed)
    follower = Follower(catalogue)
    follower.start()
    yield catalogue
    follower.close()


def follows(writer: Catalogue, reader: Catalogue, name: str) -> None:
    """What one process writes, the other comes to find."""
    writer.get("faq").put(puts_of({name: [1, 0]}))
    wait_until(lambda: name in ids_of(reader.get("faq")), SECONDS, f"{name} is found")


def test_it_finds_what_another_process_wrote(writer: Catalogue, reader: Catalogue) -> None:
    follows(writer, reader, "first")
    follows(writer, reader, "second")


def test_it_wakes_whoever_waits_for_a_version(writer: Catalogue, reader: Catalogue) -> None:
    is_there = threading.Event()
    reader.get("faq").when_applied(1, is_there.set)
    writer.get("faq").put(puts_of({"a": [1, 0]}))
    assert is_there.wait(SECONDS)


def test_it_learns_of_names(writer: Catalogue, reader: Catalogue) -> None:
    writer.point("live", "faq")
    wait_until(lambda: reader.aliases() == {"live": "faq"}, SECONDS, "the alias is known")
    writer.drop("faq")
    wait_until(lambda: not reader.opened(), SECONDS, "the index is gone")


def test_it_says_that_the_database_is_away_and_goes_on_after(
    writer: Catalogue, reader: Catalogue, postgresql: PostgreSQL
) -> None:
    follows(writer, reader, "before")
    with capture_logs() as entries:
        postgresql.pause()
        try:
            wait_until(lambda: told(entries, "is away"), SECONDS, "it says so")
            assert ids_of(reader.get("faq")) == ["before"]
        finally:
            postgresql.resume()
        wait_until(lambda: told(entries, "is back"), SECONDS, "it says so")
    assert len(told(entries, "is away")) == 1
    follows(writer, reader, "after")


def test_it_outlives_what_nobody_thought_of(
    writer: Catalogue, reader: Catalogue, followed: MeddledRecord
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with capture_logs() as entries:
        followed.before("aliases", fail)
        wait_until(lambda: told(entries, "failed"), SECONDS, "it says so")
    follows(writer, reader, "after")


def test_it_ends_when_it_is_closed(writer: Catalogue, followed: MeddledRecord) -> None:
    follower = Follower(open_catalogue(followed))
    follower.start()
    assert is_following()
    follower.close()
    assert not is_following()


def test_where_nobody_else_writes_there_is_no_thread(sqlite_url: str, record_folder: Path) -> None:
    record: Record = open_record(sqlite_url, record_folder)
    follower = Follower(open_catalogue(record))
    follower.start()
    assert not is_following()
    follower.close()
    record.close()


def is_following() -> bool:
    return any(thread.name == "follow" for thread in threading.enumerate())


def told(entries: object, words: str) -> list[object]:
    assert isinstance(entries, list)
    return [entry for entry in entries if words in entry["event"]]
