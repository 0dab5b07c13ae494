"""What was learned from the office's own cases, from when a case is assigned without a person, and by whom
a category was confirmed; alerts with a short clock of their own.

Revision ID: 0004
Revises: 0002
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import kb.instant

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learned_models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("trained_at", kb.instant.Instant(timezone=True), nullable=False),
        sa.Column("examples", sa.Integer(), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("macro_f1", sa.Float(), nullable=False),
        sa.Column("accuracy", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=True),
        sa.Column("auto_share", sa.Float(), nullable=False),
        sa.Column("auto_precision", sa.Float(), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("ended_at", kb.instant.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learned_models")),
    )
    op.create_index("ix_learned_models_in_force", "learned_models", ["kind", "ended_at"], unique=False)
    op.create_table(
        "assignment_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("least_confidence", sa.Float(), nullable=True),
        sa.Column("set_by", sa.Integer(), nullable=True),
        sa.Column("set_at", kb.instant.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["set_by"], ["staff.id"], name=op.f("fk_assignment_rules_set_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_rules")),
    )
    with op.batch_alter_table("cases") as batch_op:
        batch_op.add_column(sa.Column("category_by", sa.Integer(), nullable=True))
        batch_op.create_index("ix_cases_place", ["place", "received_at"], unique=False)
    with op.batch_alter_table("alerts") as batch_op:
        batch_op.add_column(sa.Column("due_at", kb.instant.Instant(timezone=True), nullable=True))
    with op.batch_alter_table("responsibilities") as batch_op:
        batch_op.add_column(sa.Column("assisting", sa.JSON(), nullable=False, server_default="[]"))
