"""Graphs that one process has built are told to the others."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the builds; there is none yet."""
    op.add_column(
        "indexes",
        sa.Column("build", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    op.create_table(
        "builds",
        sa.Column("index_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("segments", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("index_id", name="pk_builds"),
    )
