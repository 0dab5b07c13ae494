"""platform screens: what is done to a comment, endings of replies, photos of what was done

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import kb.instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of moderations; endings on account, reply and delivery; who of the office added a photo."""
    text = sqlmodel.sql.sqltypes.AutoString
    instant = kb.instant.Instant(timezone=True)
    op.create_table(
        "moderations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("action", text(), nullable=False),
        sa.Column("reason", text(), nullable=False),
        sa.Column("note", text(), nullable=False),
        sa.Column("state", text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", instant, nullable=False),
        sa.Column("intent_at", instant, nullable=True),
        sa.Column("lease_until", instant, nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("refreshed", sa.Boolean(), nullable=False),
        sa.Column("error_class", text(), nullable=False),
        sa.Column("error_code", text(), nullable=False),
        sa.Column("error_words", text(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", instant, nullable=False),
        sa.Column("done_at", instant, nullable=True),
        sa.Column("settled_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_moderations_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_moderations_message_id_messages")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["official_accounts.id"],
            name=op.f("fk_moderations_account_id_official_accounts"),
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_moderations_asked_by_staff")),
        sa.ForeignKeyConstraint(["settled_by"], ["staff.id"], name=op.f("fk_moderations_settled_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderations")),
    )
    op.create_index(op.f("ix_moderations_case_id"), "moderations", ["case_id"])
    op.create_index(op.f("ix_moderations_message_id"), "moderations", ["message_id"])
    op.create_index("ix_moderations_outbox", "moderations", ["state", "next_try_at", "id"])
    op.add_column("deliveries", sa.Column("ending", text(), server_default="", nullable=False))
    op.create_index("ix_deliveries_sent", "deliveries", ["account_id", "intent_at"])
    op.add_column("replies", sa.Column("endings", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("official_accounts", sa.Column("endings", sa.JSON(), server_default="[]", nullable=False))
    with op.batch_alter_table("attachments") as batch:
        batch.add_column(sa.Column("added_by", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_attachments_added_by_staff"), "staff", ["added_by"], ["id"])
