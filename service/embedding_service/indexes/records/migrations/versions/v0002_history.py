"""Every write is told by an id, so that a history that was lost is noticed."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the commits; of what was written before only where it has come to."""
    op.add_column(
        "indexes",
        sa.Column("commit_id", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    op.create_table(
        "commits",
        sa.Column("index_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("version", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("commit_id", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("index_id", "version", name="pk_commits"),
    )
    op.execute(
        sa.text(
            "INSERT INTO commits (index_id, version, commit_id, created_at) "
            "SELECT id, version, 0, :now FROM indexes"
        ).bindparams(now=time.time())
    )
