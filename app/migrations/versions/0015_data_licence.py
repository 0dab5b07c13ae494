"""publication: the licence of the open data, each choice with its day

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import kb.instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A row a choice; none: the usual licence."""
    op.create_table(
        "licence_choices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("path", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("set_by", sa.Integer(), nullable=True),
        sa.Column("set_at", kb.instant.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["set_by"], ["staff.id"], name=op.f("fk_licence_choices_set_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licence_choices")),
    )


def downgrade() -> None:
    """Without it."""
    op.drop_table("licence_choices")
