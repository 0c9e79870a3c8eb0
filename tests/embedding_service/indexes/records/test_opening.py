"""Opening a record: one process a file, a schema that fits, a server that keeps its word."""

import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from databases import PostgreSQL, get_name
from embedding_service.indexes.errors import RecordLocked, RecordUnavailable
from embedding_service.indexes.records import schema
from embedding_service.indexes.records.migrations.versions import v0001_first
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Record
from embedding_service.secret import Secret


def test_migrations_make_the_tables_of_the_schema(record: Record) -> None:
    with record._database.reading() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []


def test_a_database_of_a_newer_program_is_refused(record_url: str, record_folder: Path) -> None:
    leave_schema(record_url, record_folder, oldest="9999")
    with pytest.raises(RecordUnavailable, match="schema 9999"):
        open_record(record_url, record_folder)


def test_a_program_goes_on_where_a_newer_one_has_only_added(
    record_url: str, record_folder: Path
) -> None:
    leave_schema(record_url, record_folder, oldest="0004")
    record = open_record(record_url, record_folder)
    with record._database.reading() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == "9999"
    record.close()


def leave_schema(url: str, folder: Path, oldest: str) -> None:
    """As a program of another day makes it, which has a use for one more column."""
    record = open_record(url, folder)
    with record._database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE documents ADD COLUMN novelty TEXT")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.execute(schema.compatibility.update().values(oldest=oldest))
    record.close()


def test_a_migration_that_fails_leaves_nothing(
    record_url: str, record_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(Exception):
        pass

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(MigrationContext, "stamp", crash)
        with pytest.raises(Crash):
            open_record(record_url, record_folder)
    open_record(record_url, record_folder).close()


def test_an_address_that_changes_is_that_of_the_next_connection(
    postgresql: PostgreSQL, postgresql_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "address"
    file.write_text(postgresql_url)
    record = open_record(Secret("DATABASE_URL_FILE", file=file), tmp_path / "record")
    name = get_name(postgresql_url)
    postgresql.execute(f"CREATE ROLE successor_{name} LOGIN SUPERUSER")
    file.write_text(postgresql_url.replace("://tester@", f"://successor_{name}@"))
    with record._database.reading() as connection:
        first = connection.exec_driver_sql("SELECT current_user").scalar_one()
    record._database.writer.dispose()
    with record._database.reading() as connection:
        second = connection.exec_driver_sql("SELECT current_user").scalar_one()
    record.close()
    assert (first, second) == ("tester", f"successor_{name}")
    postgresql.execute(f"DROP ROLE successor_{name}")


def test_an_address_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    secret = Secret("DATABASE_URL_FILE", file=tmp_path / "nowhere")
    with pytest.raises(RecordUnavailable, match="DATABASE_URL_FILE"):
        open_record(secret, tmp_path)


def test_there_is_one_first_revision() -> None:
    assert v0001_first.down_revision is None


def test_the_folder_is_for_its_user_alone(sqlite_url: str, record_folder: Path) -> None:
    open_record(sqlite_url, record_folder).close()
    assert stat.S_IMODE(record_folder.stat().st_mode) == 0o700


def test_a_file_has_one_owner_at_a_time(sqlite_url: str, record_folder: Path) -> None:
    first = open_record(sqlite_url, record_folder)
    with pytest.raises(RecordLocked, match="DATA_DIR"):
        open_record(sqlite_url, record_folder)
    first.close()
    open_record(sqlite_url, record_folder).close()


def test_a_file_has_one_owner_whatever_its_owner_calls_the_folder(
    sqlite_url: str, record_folder: Path, tmp_path: Path
) -> None:
    first = open_record(sqlite_url, tmp_path / "one")
    with pytest.raises(RecordLocked):
        open_record(sqlite_url, tmp_path / "two")
    first.close()


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RecordUnavailable, match="cannot be used"):
        open_record(f"sqlite:///{tmp_path}/file/record.db", tmp_path / "file")


@pytest.mark.parametrize("url", ["mysql://host/x", "no address", "sqlite://", "sqlite:///:memory:"])
def test_an_address_of_something_else_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(RecordUnavailable, match="DATABASE_URL"):
        open_record(url, tmp_path)


def test_sqlite_has_every_commit_on_the_disk(sqlite_url: str, record_folder: Path) -> None:
    record = open_record(sqlite_url, record_folder)
    with record._database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    record.close()


def test_a_server_that_acknowledges_too_early_is_refused(
    postgresql: PostgreSQL, postgresql_url: str, record_folder: Path
) -> None:
    name = get_name(postgresql_url)
    postgresql.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with pytest.raises(RecordUnavailable, match="synchronous_commit"):
        open_record(postgresql_url, record_folder)


def test_the_short_address_of_postgresql_means_the_same(
    postgresql_url: str, record_folder: Path
) -> None:
    record = open_record(postgresql_url.replace("+psycopg", ""), record_folder)
    assert record.is_shared
    record.close()
