"""Time limits as data: profiles and ladders in versions, returns, numbered papers, a time for every step

Cases that are open keep what moved their deadline (extensions, waiting for the citizen, being done again),
read from what is known of each, and are marked as counted by no calendar: the first run of
`follow_calendar` works out each anew with the times of its steps, and logs whatever moves.

Revision ID: 0005
Revises: 0004
"""

from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op

import kb.instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("cases") as batch_op:
        batch_op.add_column(sa.Column("profile_version", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(_text("pace", "ordinary"))
        batch_op.add_column(sa.Column("restarted_at", kb.instant.Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("clock_changes", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(_text("step", ""))
        batch_op.add_column(sa.Column("step_due_at", kb.instant.Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("remind_at", kb.instant.Instant(timezone=True), nullable=True))
        batch_op.create_index("ix_cases_remind", ["open", "remind_at"], unique=False)
        batch_op.create_index("ix_cases_due", ["open", "due_on"], unique=False)
    with op.batch_alter_table("reminders") as batch_op:
        batch_op.add_column(_text("label", ""))
    with op.batch_alter_table("inquiries") as batch_op:
        batch_op.add_column(sa.Column("agrees", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("lapsed_at", kb.instant.Instant(timezone=True), nullable=True))
    op.create_table(
        "case_returns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", kb.instant.Instant(timezone=True), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("basis", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", kb.instant.Instant(timezone=True), nullable=True),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_returns_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_case_returns_department_id_departments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_returns")),
    )
    op.create_index(op.f("ix_case_returns_case_id"), "case_returns", ["case_id"], unique=False)
    op.create_table(
        "slips",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("to_id", sa.Integer(), nullable=True),
        sa.Column("copies", sa.JSON(), nullable=False),
        sa.Column("words", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("due_at", kb.instant.Instant(timezone=True), nullable=False),
        sa.Column("issued_at", kb.instant.Instant(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_slips_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_slips_department_id_departments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slips")),
        sa.UniqueConstraint("kind", "year", "serial", name="uq_slip_number"),
    )
    op.create_index(op.f("ix_slips_case_id"), "slips", ["case_id"], unique=False)
    op.create_table(
        "profile_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("set_by", sa.Integer(), nullable=True),
        sa.Column("set_at", kb.instant.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile_versions")),
        sa.UniqueConstraint("key", "version", name="uq_profile_version"),
    )
    op.create_table(
        "ladder_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rungs", sa.JSON(), nullable=False),
        sa.Column("set_by", sa.Integer(), nullable=True),
        sa.Column("set_at", kb.instant.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ladder_versions")),
        sa.UniqueConstraint("version", name=op.f("uq_ladder_versions_version")),
    )
    _keep_what_moved_deadlines()


_STEPS = (
    ("new", "accept"),
    ("accepted", "assign"),
    ("assigned", "draft"),
    ("in_progress", "draft"),
    ("in_review", "first"),
)


def _text(name: str, default: str) -> sa.Column[str]:
    return sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default=default)


def _keep_what_moved_deadlines() -> None:
    connection = op.get_bind()
    step = " ".join(f"WHEN '{status}' THEN '{step}'" for status, step in _STEPS)
    marked = f"UPDATE cases SET remind_at = received_at, calendar_version = '', step = CASE status {step} ELSE '' END"
    connection.execute(sa.text(f"{marked} WHERE open"))
    reopened = (
        "UPDATE cases SET restarted_at = (SELECT max(at) FROM events "
        "WHERE events.case_id = cases.id AND events.action = 'reopen') WHERE open AND reopened > 0"
    )
    connection.execute(sa.text(reopened))
    changes: dict[int, list[tuple[str, dict[str, Any]]]] = {}
    instant = kb.instant.Instant(timezone=True)
    asked = sa.text(
        "SELECT case_id, asked_at, answered_at FROM inquiries "
        "WHERE kind = 'ask' AND answered_at IS NOT NULL AND case_id IN (SELECT id FROM cases WHERE open)"
    ).columns(asked_at=instant, answered_at=instant)
    for case_id, began, ended in connection.execute(asked):
        row = {"kind": "pause", "from": began.isoformat(), "to": ended.isoformat()}
        changes.setdefault(case_id, []).append((began.isoformat(), row))
    granted = sa.text(
        "SELECT case_id, decided_at, working_days FROM extensions "
        "WHERE granted AND case_id IN (SELECT id FROM cases WHERE open)"
    ).columns(decided_at=instant)
    for case_id, decided, days in connection.execute(granted):
        row = {"kind": "extension", "days": days}
        changes.setdefault(case_id, []).append((decided.isoformat(), row))
    keep = sa.text("UPDATE cases SET clock_changes = :rows WHERE id = :id").bindparams(
        sa.bindparam("rows", type_=sa.JSON)
    )
    for case_id, found in changes.items():
        rows = [row for _, row in sorted(found, key=lambda one: one[0])]
        connection.execute(keep, {"rows": rows, "id": case_id})
