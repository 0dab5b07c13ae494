"""Links of answers: the web pages that answers rest on or show, looked at again and again

What each page said when it was looked at last, as digests of its sentences, and whether it can be opened.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from app.base.types import Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table, empty: the job fills it from the library's own changes."""
    op.create_table(
        "checked_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("sentences", sa.JSON(), nullable=False),
        sa.Column("added_at", Instant(timezone=True), nullable=False),
        sa.Column("checked_at", Instant(timezone=True), nullable=True),
        sa.Column("due_at", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_checked_links"),
        sa.UniqueConstraint("url", name="uq_checked_links_url"),
    )
    op.create_index("ix_checked_links_due_at", "checked_links", ["due_at"])


def downgrade() -> None:
    """The pages are asked again from the beginning after an upgrade."""
    op.drop_table("checked_links")
