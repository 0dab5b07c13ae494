"""What experience taught finding: learned phrasings, feedback, the office's own words

What people did with the answers they were offered, by month, and the words in which citizens asked for them.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from app.base.types import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "answer_feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["answer_entries.id"], name="fk_answer_feedback_entry_id_answer_entries"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_answer_feedback"),
        sa.UniqueConstraint("entry_id", "kind", "month", name="uq_answer_feedback_entry_id_kind_month"),
    )
    op.create_index("ix_answer_feedback_entry_id", "answer_feedback", ["entry_id"])
    op.create_index("ix_answer_feedback_month", "answer_feedback", ["month"])
    op.create_table(
        "learned_phrasings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["answer_entries.id"], name="fk_learned_phrasings_entry_id_answer_entries"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_learned_phrasings"),
        sa.UniqueConstraint("entry_id", "text", name="uq_learned_phrasings_entry_id_text"),
    )
    op.create_index("ix_learned_phrasings_entry_id", "learned_phrasings", ["entry_id"])
    op.create_index("ix_learned_phrasings_source", "learned_phrasings", ["source"])
