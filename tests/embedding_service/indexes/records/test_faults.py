"""Bad days: killed, full, damaged, paused. Nothing acknowledged is lost, nothing is half there."""

import random
import subprocess
import sys
import threading
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection, event

from databases import PostgreSQL, get_name
from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import Puts
from embedding_service.indexes.errors import IndexDamaged, OutOfSpace, RecordUnavailable
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota, Record

FREE = Quota(0, 0)
DEFINITION = Definition(uid="u", name="faq", dimension=3)
WRITER = Path(__file__).with_name("dying_writer.py")
ROWS = 16
EARLY = range(2, 32, 3)
"""While tables and index are made; each death leaves the next one the same work."""
LATE = 20


def puts(*ids: str, text: str | None = None) -> Puts:
    matrix = np.arange(3 * len(ids), dtype=np.float32).reshape(len(ids), 3)
    return Puts(ids, [text] * len(ids), [None] * len(ids), matrix)


def live_rows(record: Record) -> dict[str, int]:
    """How many rows each batch of the dying writer has; every one is checked."""
    batches: dict[str, int] = defaultdict(int)
    after = 0
    while page := record.page("u", after, 1000):
        for document in page:
            batches[document.id.split("/")[0]] += 1
        after = page[-1].key
    return batches


def test_killed_at_any_point_of_a_write_it_keeps_what_it_acknowledged(
    record_url: str, record_folder: Path, tmp_path: Path
) -> None:
    told = tmp_path / "acknowledged"
    points = [str(point) for point in [*EARLY, *random.Random(4).sample(range(20, 120), LATE)]]  # noqa: S311
    subprocess.run(
        [sys.executable, WRITER, record_url, record_folder, "u", told, *points],
        check=True,
        timeout=100,
    )
    record = open_record(record_url, record_folder)
    batches = live_rows(record)
    assert set(batches.values()) <= {ROWS, ROWS // 2}
    for line in told.read_text().splitlines():
        kind, name = line.split()
        assert batches[name] <= (ROWS if kind == "put" else ROWS // 2)
        assert batches[name] > 0
    standing, changes = record.standing("u"), record.changes("u", 0, 100_000)
    assert standing.count == sum(batches.values()) == np.count_nonzero(~changes.is_deleted)
    assert changes.version == standing.version == changes.versions[-1]
    record.close()


def test_a_flipped_bit_in_a_vector_is_noticed(sqlite_url: str, record_folder: Path) -> None:
    record = open_record(sqlite_url, record_folder)
    record.create(DEFINITION)
    record.put("u", puts("a", "b"), FREE)
    record.close()
    path = record_folder / "record.db"
    content = bytearray(path.read_bytes())
    vector = np.array([3, 4, 5], dtype="<f4").tobytes()
    assert content.count(vector) == 1
    content[content.index(vector) + 2] ^= 1
    path.write_bytes(content)
    record = open_record(sqlite_url, record_folder)
    assert record.read("u", "a").id == "a"
    for read in (
        lambda: record.read("u", "b"),
        lambda: record.fetch("u", [2]),
        lambda: record.page("u", 0, 10),
        lambda: record.changes("u", 0, 10),
        lambda: record.remove_where("u", lambda _: True),
    ):
        with pytest.raises(IndexDamaged, match=r"document 'b' at version 2.*index check.*snapshot"):
            read()
    record.close()


@pytest.mark.parametrize(
    "damage",
    [
        "version = version + 100",
        "id = 'other'",
        "text = 'other'",
        "text = NULL",
        "text = '', metadata = CAST(text AS BLOB)",
        "metadata = NULL",
        "crc = 0",
        "text = CAST(X'ff' AS TEXT)",
        "text = X'00'",
    ],
)
def test_a_row_that_is_not_what_was_written_is_refused(
    sqlite_url: str, record_folder: Path, damage: str
) -> None:
    record = open_record(sqlite_url, record_folder)
    record.create(DEFINITION)
    record.put("u", Puts(["a"], ["text"], [b"{}"], np.ones((1, 3), np.float32)), FREE)
    with record._database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE documents SET {damage}")  # noqa: S608
    with pytest.raises(IndexDamaged, match="'faq'"):
        record.changes("u", 0, 10)
    record.close()


def test_a_damaged_file_is_told_at_the_start(sqlite_url: str, record_folder: Path) -> None:
    record_folder.mkdir()
    (record_folder / "record.db").write_bytes(b"no database at all, but long enough" * 100)
    with pytest.raises(RecordUnavailable, match="damaged"):
        open_record(sqlite_url, record_folder)


def test_a_full_disk_leaves_nothing_half_written(sqlite_url: str, record_folder: Path) -> None:
    record = open_record(sqlite_url, record_folder)
    record.create(DEFINITION)
    record.put("u", puts("a"), FREE)
    with record._database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def bound(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 10}")

    writer = record._database.writer
    event.listen(writer, "begin", bound)
    for _ in range(2):
        with pytest.raises(OutOfSpace, match="disk is full"):
            record.put("u", puts("b", "c", text="long" * 50_000), FREE)
        assert (record.standing("u").version, record.standing("u").count) == (1, 1)
    event.remove(writer, "begin", bound)
    assert record.put("u", puts("b", "c", text="long" * 50_000), FREE).version == 3
    record.close()


def test_a_full_disk_of_the_server_leaves_nothing_half_written(
    postgresql: PostgreSQL, postgresql_url: str, record_folder: Path
) -> None:
    record = open_record(postgresql_url, record_folder)
    record.create(DEFINITION)
    database = get_name(postgresql_url)
    postgresql.execute(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.id = 'c' THEN RAISE EXCEPTION USING ERRCODE = '53100'; END IF; RETURN NEW; END $$",
        database,
    )
    postgresql.execute(
        "CREATE TRIGGER fail BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION fail()",
        database,
    )
    with pytest.raises(OutOfSpace):
        record.put("u", puts("a", "b", "c"), FREE)
    assert record.put("u", puts("a", "b"), FREE).version == 2
    record.close()


def test_a_paused_server_is_unavailable_and_comes_back(
    postgresql: PostgreSQL, postgresql_url: str, record_folder: Path
) -> None:
    record = open_record(postgresql_url, record_folder, patience=0.5)
    record.create(DEFINITION)
    postgresql.pause()
    try:
        with pytest.raises(RecordUnavailable):
            record.put("u", puts("a"), FREE)
        with pytest.raises(RecordUnavailable):
            record.heads()
    finally:
        postgresql.resume()
    assert record.put("u", puts("b"), FREE).version >= 1
    record.close()


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(RecordUnavailable) as raised:
        open_record(f"postgresql://user:secret@/x?host={tmp_path}", tmp_path, patience=2)
    assert raised.value.retry_after > 0
    assert "secret" not in raised.value.message


def test_cut_connections_are_replaced(
    postgresql: PostgreSQL, postgresql_url: str, record_folder: Path
) -> None:
    record = open_record(postgresql_url, record_folder)
    record.create(DEFINITION)
    postgresql.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
        "'gpu-embedding'"
    )
    assert record.put("u", puts("a"), FREE).version == 1
    record.close()


def test_whoever_holds_an_index_too_long_loses_it(postgresql_url: str, record_folder: Path) -> None:
    frozen = open_record(postgresql_url, record_folder, patience=0.3)
    frozen.create(DEFINITION)
    other = open_record(postgresql_url, record_folder)
    written = threading.Event()

    def write() -> None:
        other.put("u", puts("a"), FREE)
        written.set()

    writer = threading.Thread(target=write)
    with pytest.raises(RecordUnavailable), frozen.hold("u"):  # noqa: PT012
        writer.start()
        assert written.wait(20)
    writer.join()
    assert frozen.standing("u").version == 1
    frozen.close()
    other.close()


def test_a_refused_write_leaves_the_index_unlocked(record: Record) -> None:
    record.create(DEFINITION)

    def fail(_: bytes | None) -> bool:
        raise ZeroDivisionError

    record.put("u", puts("a"), FREE)
    with pytest.raises(ZeroDivisionError):
        record.remove_where("u", fail)
    assert record.put("u", puts("b"), FREE).version == 2


def test_a_closed_record_says_so(record: Record) -> None:
    record.close()
    record.close()
    with pytest.raises(RecordUnavailable, match="closed"):
        record.heads()
