"""A change of the schema that only adds, as the next release's image of the tests makes it."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "0004"


def upgrade() -> None:
    """Add a column that programs of today do not fill."""
    op.add_column("documents", sa.Column("novelty", sa.Text))
