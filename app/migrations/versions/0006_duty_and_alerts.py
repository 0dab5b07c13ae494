"""Notices leave the house; shifts are handed over and stood in for; alerts go through their four steps with
clocks, papers and the people to be told, and the office keeps its own words

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import kb.instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _notices()
    _duty()
    _alerts()


def _notices() -> None:
    op.create_table(
        "notice_targets",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("way"),
        _text("name"),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("via_id", sa.Integer(), nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        _text("secrets_sealed"),
        _text("handle_sealed"),
        _text("link_base"),
        _instant("next_at", nullable=True),
        _text("trouble"),
        _instant("added_at"),
        sa.Column("added_by", sa.Integer(), nullable=True),
        _instant("closed_at", nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_notice_targets_staff_id_staff")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_notice_targets_department_id_departments")
        ),
        sa.ForeignKeyConstraint(
            ["via_id"], ["notice_targets.id"], name=op.f("fk_notice_targets_via_id_notice_targets")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_targets")),
    )
    op.create_index(op.f("ix_notice_targets_staff_id"), "notice_targets", ["staff_id"], unique=False)
    op.create_table(
        "notice_sendings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        _text("state"),
        _instant("next_try_at"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        _text("batch"),
        _instant("intent_at", nullable=True),
        _instant("lease_until", nullable=True),
        _instant("done_at", nullable=True),
        _text("error_code"),
        _text("error_words"),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_notice_sendings_notice_id_notices")
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["notice_targets.id"], name=op.f("fk_notice_sendings_target_id_notice_targets")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_sendings")),
        sa.UniqueConstraint("notice_id", "target_id", name="uq_notice_sending"),
    )
    op.create_index(op.f("ix_notice_sendings_target_id"), "notice_sendings", ["target_id"], unique=False)
    op.create_index("ix_notice_sendings_due", "notice_sendings", ["state", "next_try_at"], unique=False)
    op.create_index("ix_notice_sendings_batch", "notice_sendings", ["batch"], unique=False)


def _duty() -> None:
    with op.batch_alter_table("shifts") as batch_op:
        batch_op.add_column(_text("note_left", default=""))
        batch_op.add_column(_instant("left_at", nullable=True))
    op.create_table(
        "substitutions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        _text("reason"),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        _instant("asked_at"),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        _instant("answered_at", nullable=True),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_substitutions_shift_id_shifts")),
        sa.ForeignKeyConstraint(["from_id"], ["staff.id"], name=op.f("fk_substitutions_from_id_staff")),
        sa.ForeignKeyConstraint(["to_id"], ["staff.id"], name=op.f("fk_substitutions_to_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitutions")),
    )
    op.create_index(op.f("ix_substitutions_shift_id"), "substitutions", ["shift_id"], unique=False)
    op.create_index("ix_substitutions_waiting", "substitutions", ["to_id", "answered_at"], unique=False)


def _alerts() -> None:
    with op.batch_alter_table("alerts") as batch_op:
        batch_op.add_column(_text("stage", default="warned"))
        batch_op.add_column(_text("level", default=""))
        batch_op.add_column(sa.Column("responsible_id", sa.Integer(), nullable=True))
        batch_op.add_column(_instant("major_at", nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_alerts_responsible_id_staff"), "staff", ["responsible_id"], ["id"]
        )
        batch_op.create_index("ix_alerts_open", ["settled_at", "id"], unique=False)
    op.execute("UPDATE alerts SET stage = 'settled' WHERE settled_at IS NOT NULL")
    op.create_table(
        "alert_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        _text("step"),
        _instant("at"),
        sa.Column("by_id", sa.Integer(), nullable=True),
        _text("note"),
        _instant("due_at", nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_steps_alert_id_alerts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_steps")),
    )
    op.create_index(op.f("ix_alert_steps_alert_id"), "alert_steps", ["alert_id"], unique=False)
    op.create_table(
        "liaison_contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("unit"),
        _text("sphere"),
        _text("how_sealed"),
        _instant("added_at"),
        sa.Column("added_by", sa.Integer(), nullable=True),
        _instant("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_liaison_contacts")),
    )
    op.create_table(
        "alert_papers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        _text("kind"),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        _text("facts"),
        _text("judgement"),
        _text("measures"),
        _instant("due_at"),
        _instant("issued_at"),
        sa.Column("issued_by", sa.Integer(), nullable=False),
        _instant("acknowledge_by", nullable=True),
        _instant("acknowledged_at", nullable=True),
        sa.Column("acknowledged_by", sa.Integer(), nullable=True),
        _text("acknowledged_note"),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_papers_alert_id_alerts")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["liaison_contacts.id"], name=op.f("fk_alert_papers_contact_id_liaison_contacts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_papers")),
        sa.UniqueConstraint("kind", "year", "serial", name="uq_alert_paper_number"),
    )
    op.create_index(op.f("ix_alert_papers_alert_id"), "alert_papers", ["alert_id"], unique=False)
    op.create_index(
        "ix_alert_papers_waiting", "alert_papers", ["acknowledged_at", "acknowledge_by"], unique=False
    )
    op.create_table(
        "alert_words",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("topic"),
        _text("word"),
        sa.Column("watched", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.Integer(), nullable=True),
        _instant("set_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_words")),
        sa.UniqueConstraint("topic", "word", name="uq_alert_word"),
    )


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    kind = sqlmodel.sql.sqltypes.AutoString()
    return sa.Column(name, kind, nullable=False, server_default=default)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, kb.instant.Instant(timezone=True), nullable=nullable)
