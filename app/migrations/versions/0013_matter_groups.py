"""publication: the group of matters that a public case may tell of

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column beside the matter; filled week by week as cases change, or at once by `huiying publish`."""
    with op.batch_alter_table("published_cases") as table:
        table.add_column(
            sa.Column("category_group", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
        )


def downgrade() -> None:
    """Without it."""
    with op.batch_alter_table("published_cases") as table:
        table.drop_column("category_group")
