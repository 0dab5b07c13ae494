"""publication: requests about public cases, leaks, counts of reading; indexes for weeks and months

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import kb.instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables of what is asked about public cases, of leaks and of how often what is public was read."""
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "public_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", text(), nullable=False),
        sa.Column("words", text(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("state", text(), nullable=False),
        sa.Column("answer", text(), nullable=False),
        sa.Column("asked_at", kb.instant.Instant(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", kb.instant.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_public_requests_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff.id"], name=op.f("fk_public_requests_decided_by_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_requests")),
    )
    op.create_table(
        "read_counts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("form", text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read_counts")),
        sa.UniqueConstraint("on", "form", name=op.f("uq_read_counts_on_form")),
    )
    op.create_table(
        "leaks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("number", text(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("note", text(), nullable=False),
        sa.Column("published_at", kb.instant.Instant(timezone=True), nullable=True),
        sa.Column("found_at", kb.instant.Instant(timezone=True), nullable=False),
        sa.Column("found_by", sa.Integer(), nullable=True),
        sa.Column("withdrawn_at", kb.instant.Instant(timezone=True), nullable=False),
        sa.Column("reads", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_leaks_case_id_cases")),
        sa.ForeignKeyConstraint(["found_by"], ["staff.id"], name=op.f("fk_leaks_found_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaks")),
    )
    op.create_index(op.f("ix_public_requests_case_id"), "public_requests", ["case_id"])
    op.create_index("ix_public_requests_state", "public_requests", ["state", "id"])
    op.create_index(op.f("ix_leaks_case_id"), "leaks", ["case_id"])
    op.create_index("ix_published_received", "published_cases", ["received_on", "id"])
    op.create_index("ix_published_closed", "published_cases", ["closed_on", "id"])
