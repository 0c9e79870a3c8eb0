"""Being told of writes, and being the one that builds."""

import threading
from pathlib import Path

import numpy as np

from databases import PostgreSQL
from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import Puts
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Election, Quota, Record

PUTS = Puts(["a"], [None], [None], np.ones((1, 3), np.float32))
CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
    "'gpu-embedding'"
)


def is_held(elected: Election) -> bool:
    return elected.is_held


def test_a_listener_is_told_which_index_was_written_to(
    postgresql_url: str, record_folder: Path
) -> None:
    writer = open_record(postgresql_url, record_folder)
    writer.create(Definition(uid="namespace/u", name="faq", dimension=3))
    reader = open_record(postgresql_url, record_folder)
    listener = reader.listen()
    assert listener.wait(20) == set()  # connected: whoever listens looks first
    writer.put("namespace/u", PUTS, Quota(0, 0))
    assert listener.wait(20) == {"namespace/u"}
    writer.remove("namespace/u", ["a"])
    assert listener.wait(20) == {"namespace/u"}
    listener.close()
    reader.close()
    writer.close()


def test_a_listener_that_was_cut_off_connects_again(
    postgresql: PostgreSQL, postgresql_url: str, record_folder: Path
) -> None:
    record = open_record(postgresql_url, record_folder)
    record.create(Definition(uid="u", name="faq", dimension=3))
    listener = record.listen()
    listener.wait(20)
    postgresql.execute(CUT)
    assert listener.wait(0.5) == set()
    listener.wait(0.5)
    record.put("u", PUTS, Quota(0, 0))
    assert listener.wait(20) == {"u"}
    listener.close()
    record.close()


def test_nobody_writes_to_a_file_but_its_owner(sqlite_url: str, record_folder: Path) -> None:
    record = open_record(sqlite_url, record_folder)
    listener = record.listen()
    assert listener.wait(0.01) == set()
    listener.close()
    record.close()


def test_closing_ends_a_wait(record: Record) -> None:
    listener = record.listen()
    if record.is_shared:
        listener.wait(20)
    waiting = threading.Thread(target=listener.wait, args=[60])
    waiting.start()
    listener.close()
    waiting.join(30)
    assert not waiting.is_alive()


def test_one_process_builds_for_an_index(
    postgresql: PostgreSQL, postgresql_url: str, record_folder: Path
) -> None:
    record = open_record(postgresql_url, record_folder)
    elected = record.try_lock("u")
    assert elected is not None
    assert is_held(elected)
    assert record.try_lock("u") is None
    other = record.try_lock("other")
    assert other is not None
    other.release()
    postgresql.execute(CUT)  # as when the process dies
    assert not is_held(elected)
    again = record.try_lock("u")
    assert again is not None
    elected.release()
    again.release()
    record.close()


def test_the_owner_of_a_file_always_builds(sqlite_url: str, record_folder: Path) -> None:
    record = open_record(sqlite_url, record_folder)
    elected = record.try_lock("u")
    assert elected is not None
    assert is_held(elected)
    elected.release()
    record.close()
