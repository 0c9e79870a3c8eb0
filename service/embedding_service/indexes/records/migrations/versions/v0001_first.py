"""The first schema. Written out, not taken from schema.py, which moves on."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    _make_indexes()
    _make_documents()
    _make_answers()
    _make_jobs()


def _name() -> sa.Text:
    return sa.Text(collation="C").with_variant(sa.Text(), "sqlite")


def _make_indexes() -> None:
    op.create_table(
        "indexes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("uid", _name(), nullable=False),
        sa.Column("name", _name()),
        sa.Column("dimension", sa.Integer, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("next_key", sa.BigInteger, nullable=False),
        sa.Column("purged_version", sa.BigInteger, nullable=False),
        sa.Column("live", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_indexes"),
    )
    op.create_index("uq_indexes_uid", "indexes", ["uid"], unique=True)
    op.create_index("uq_indexes_name", "indexes", ["name"], unique=True)
    op.create_table(
        "aliases",
        sa.Column("alias", _name(), nullable=False),
        sa.Column("index_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("alias", name="pk_aliases"),
    )


def _make_documents() -> None:
    place = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "documents",
        sa.Column("place", place, nullable=False, autoincrement=False),
        sa.Column("index_id", sa.Integer, nullable=False),
        sa.Column("id", _name(), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("is_deleted", sa.Boolean, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.Double, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("metadata", sa.LargeBinary),
        sa.Column("vector", sa.LargeBinary),
        sa.PrimaryKeyConstraint("place", name="pk_documents"),
    )
    owner = ["index_id"]
    op.create_index("uq_documents_index_id_id", "documents", [*owner, "id"], unique=True)
    op.create_index("uq_documents_index_id_version", "documents", [*owner, "version"], unique=True)
    op.create_index(
        "ix_documents_tombstones",
        "documents",
        [*owner, "changed_at"],
        sqlite_where=sa.text("is_deleted = 1"),
        postgresql_where=sa.text("is_deleted"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Floats do not compress; trying costs more than writing them.
        op.execute("ALTER TABLE documents ALTER COLUMN vector SET STORAGE EXTERNAL")


def _make_answers() -> None:
    op.create_table(
        "answers",
        sa.Column("index_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("key", _name(), nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("ids", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("index_id", "key", name="pk_answers"),
    )
    op.create_index("ix_answers_index_id_created_at", "answers", ["index_id", "created_at"])


def _make_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", _name(), nullable=False),
        sa.Column("index_uid", _name(), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("progress", sa.Double, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_index_uid", "jobs", ["index_uid"])
