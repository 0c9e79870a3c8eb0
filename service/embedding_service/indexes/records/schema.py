"""The tables. What they are here, `migrations/versions` makes them; a test compares the two."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

KEY_BITS: Final = 40
"""Of a place; leaves 23 for the index: eight million indexes of a million million documents."""

# A plain byte order: PostgreSQL's others change with the C library and break indexes that use them.
_Name = Text(collation="C").with_variant(Text(), "sqlite")
# Only a column of exactly this type is SQLite's own row number, by which the table is clustered.
_Place = BigInteger().with_variant(Integer(), "sqlite")

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

indexes: Final = Table(
    "indexes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uid", _Name, nullable=False),
    Column("name", _Name),  # NULL: dropped, and its documents are about to go
    Column("dimension", Integer, nullable=False),
    Column("definition", Text, nullable=False),  # JSON: the rest of it (definitions.py)
    Column("version", BigInteger, nullable=False),
    Column("next_key", BigInteger, nullable=False),
    Column("purged_version", BigInteger, nullable=False),
    Column("live", BigInteger, nullable=False),  # documents that are not deleted
    Column("size", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    # Of the write that made `version`: one of `commits`.
    Column("commit_id", BigInteger, nullable=False, server_default=text("0")),
    Column("build", BigInteger, nullable=False, server_default=text("0")),  # number of the newest
    Index("uq_indexes_uid", "uid", unique=True),
    Index("uq_indexes_name", "name", unique=True),
)

aliases: Final = Table(
    "aliases",
    metadata,
    Column("alias", _Name, primary_key=True),
    Column("index_id", Integer, nullable=False),
)

documents: Final = Table(
    "documents",
    metadata,
    # index_id << KEY_BITS | key: new rows of an index go to the end of its stretch of the table.
    Column("place", _Place, primary_key=True, autoincrement=False),
    Column("index_id", Integer, nullable=False),
    Column("id", _Name, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("is_deleted", Boolean, nullable=False),
    Column("crc", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),  # bytes of id, text, metadata, vector; 0 if deleted
    Column("changed_at", Double, nullable=False),  # Unix seconds; for purging only
    Column("text", Text),
    Column("metadata", LargeBinary),
    Column("vector", LargeBinary),  # float32, little-endian
    Index("uq_documents_index_id_id", "index_id", "id", unique=True),
    Index("uq_documents_index_id_version", "index_id", "version", unique=True),
    Index(
        "ix_documents_tombstones",
        "index_id",
        "changed_at",
        sqlite_where=text("is_deleted = 1"),
        postgresql_where=text("is_deleted"),
    ),
)

commits: Final = Table(
    "commits",
    metadata,
    Column("index_id", Integer, nullable=False, autoincrement=False),
    Column("version", BigInteger, nullable=False, autoincrement=False),  # that the write ended at
    Column("commit_id", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),  # Unix seconds; for purging only
    PrimaryKeyConstraint("index_id", "version"),
)

builds: Final = Table(
    "builds",
    metadata,
    Column("index_id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("segments", Text, nullable=False),  # JSON: of each, name to size and sha256 of a file
)

answers: Final = Table(
    "answers",
    metadata,
    Column("index_id", Integer, nullable=False, autoincrement=False),
    Column("key", _Name, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("ids", LargeBinary, nullable=False),  # JSON, compressed by zlib
    Column("version", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    PrimaryKeyConstraint("index_id", "key"),
    Index("ix_answers_index_id_created_at", "index_id", "created_at"),
)

jobs: Final = Table(
    "jobs",
    metadata,
    Column("id", _Name, primary_key=True),
    Column("index_uid", _Name, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("progress", Double, nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("ix_jobs_index_uid", "index_uid"),
)

compatibility: Final = Table(
    "compatibility",
    metadata,
    Column("oldest", Text, primary_key=True),  # revision that a program has to know; one row
)
