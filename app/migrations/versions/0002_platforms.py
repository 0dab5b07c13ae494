"""What came beside a message, receipts, breakers, keys in rotation, the callback gate: the platforms faithfully

What came beside a message is kept; what a citizen was told at once stands on the arrival, and a number told
leads to its case whatever became of it; silence is measured against counts per hour; the breaker and the
second gate of each account; what the platform says of a comment.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from app.base.types import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns with defaults, two tables and two indexes."""
    with op.batch_alter_table("arrivals") as table:
        table.add_column(sa.Column("receipt", sa.JSON(), nullable=False, server_default="{}"))
        # A push is synced before it is acknowledged: fewer indexes, fewer pages to sync.
        for name in ("ix_arrivals_state", "ix_arrivals_account_id", "ix_arrivals_received_at"):
            table.drop_index(name)
        table.create_index("ix_arrivals_state", ["state", "received_at", "id"])
    with op.batch_alter_table("requesters") as table:
        table.add_column(sa.Column("withdrawn_at", Instant(), nullable=True))
    with op.batch_alter_table("messages") as table:
        for name in ("notice", "answer"):
            table.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("gone_at", Instant(), nullable=True))
        table.create_index("ix_messages_notice", ["account_id", "notice", "received_at"])
    with op.batch_alter_table("attachments") as table:
        for name in ("media_type", "sha256", "reason"):
            table.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
        for name in ("size", "tries"):
            table.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        for name in ("next_try_at", "stored_at"):
            table.add_column(sa.Column(name, Instant(), nullable=True))
        table.create_index("ix_attachments_state", ["state", "next_try_at"])
    with op.batch_alter_table("official_accounts") as table:
        table.add_column(sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("gate_on", sa.Boolean(), nullable=False, server_default=sa.text("false")))
        table.add_column(sa.Column("gate_addresses", sa.JSON(), nullable=False, server_default="[]"))
        for name in ("held_until", "gate_read_at", "keys_changed_at", "grant_ends_at"):
            table.add_column(sa.Column(name, Instant(), nullable=True))
    op.create_table(
        "arrival_hours",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("hour_at", Instant(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["official_accounts.id"], name="fk_arrival_hours_account_id_official_accounts"
        ),
        sa.PrimaryKeyConstraint("account_id", "hour_at", name="pk_arrival_hours"),
    )
    op.create_table(
        "told_numbers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("code_sealed", sa.String(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_told_numbers_case_id_cases"),
        sa.PrimaryKeyConstraint("id", name="pk_told_numbers"),
    )
    op.create_index("ix_told_numbers_number", "told_numbers", ["number"])
    op.create_index("ix_told_numbers_case_id", "told_numbers", ["case_id"])
