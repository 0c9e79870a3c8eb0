"""Bring a database to the schema of this program, or refuse it."""

from pathlib import Path
from typing import Final

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text

from embedding_service.indexes.errors import RecordUnavailable
from embedding_service.indexes.records import schema

_FOLDER: Final = Path(__file__).parent
_ADVISORY_LOCK: Final = 0x6770755F656D6264  # "gpu_embd"; one migration at a time
_RETRY_AFTER: Final = 60.0


def migrate(connection: Connection) -> None:
    """Apply what is missing, all within the caller's transaction, so that a crash applies none.

    Both databases roll schema changes back. A schema that a newer program has made is left as it is
    where it says that this one can live with it. Raises RecordUnavailable where it cannot.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    scripts = ScriptDirectory(_FOLDER)
    context = MigrationContext.configure(connection)
    present = context.get_current_revision()
    newest_first = list(scripts.walk_revisions())
    known = [revision.revision for revision in newest_first]
    if present is not None and present not in known:
        if _read_oldest(connection) in known:
            return
        raise RecordUnavailable(
            f"the database has schema {present}, this program knows up to {known[0]}; run the "
            "newer program that has been here, or give this one a database of its own",
            _RETRY_AFTER,
        )
    missing = newest_first[: known.index(present)] if present else newest_first
    if not missing:
        return
    with Operations.context(context):
        for revision in reversed(missing):
            revision.module.upgrade()
    context.stamp(scripts, known[0])


def _read_oldest(connection: Connection) -> str:
    """The revision that a program has to know at least."""
    oldest: str = connection.execute(select(schema.compatibility.c.oldest)).scalar_one()
    return oldest
