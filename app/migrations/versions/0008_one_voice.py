"""One voice: documents cited, differences kept, conflicts, follow-ups, neighbouring libraries, votes

Documents that answers rest on are kept once and linked both ways; what must be looked at again, what departs from
the agreed wording, which answers contradict each other, what has to follow a change, neighbouring libraries and
their answers, and how many readers an answer helped.

Revision ID: 0008
Revises: 0007
"""

import json
import re
import unicodedata

import sqlalchemy as sa
from alembic import op

from app.base.types import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _fk(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")


def _text(name: str, length: int | None = None) -> sa.Column:
    return sa.Column(name, sa.String(length) if length else sa.String(), nullable=False)


def upgrade() -> None:
    """Add columns with defaults and the tables; link the documents of what is there."""
    with op.batch_alter_table("answer_entries") as table:
        table.add_column(sa.Column("origin", sa.String(64), nullable=False, server_default=""))
        table.create_index("ix_answer_entries_origin", ["origin"])
    with op.batch_alter_table("entry_versions") as table:
        table.add_column(sa.Column("forms", sa.JSON(), nullable=False, server_default="{}"))
        table.add_column(sa.Column("attachments", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("replies") as table:
        table.add_column(sa.Column("bound_answer", sa.String(), nullable=False, server_default=""))
    _library()
    _replies()
    _neighbours()
    _link_documents()


def _library() -> None:
    op.create_table(
        "basis_documents",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("identity", 200),
        _text("title", 300),
        _text("number", 100),
        _text("url", 500),
        _text("issued_on", 10),
        sa.Column("repealed_on", sa.Date(), nullable=True),
        _text("replaced_by", 300),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_basis_documents"),
        sa.UniqueConstraint("identity", name="uq_basis_documents_identity"),
    )
    op.create_table(
        "citations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _fk("citations", "document_id", "basis_documents"),
        _fk("citations", "entry_id", "answer_entries"),
        sa.PrimaryKeyConstraint("id", name="pk_citations"),
        sa.UniqueConstraint(
            "entry_id", "version", "document_id", name="uq_citations_entry_id_version_document_id"
        ),
    )
    op.create_index("ix_citations_document_id", "citations", ["document_id"])
    op.create_table(
        "rechecks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("reason", 24),
        _text("detail", 300),
        sa.Column("raised_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        _text("settled_by", 100),
        sa.Column("note", sa.Text(), nullable=False),
        _fk("rechecks", "entry_id", "answer_entries"),
        sa.PrimaryKeyConstraint("id", name="pk_rechecks"),
        sa.UniqueConstraint(
            "entry_id", "version", "reason", "detail", name="uq_rechecks_entry_id_version_reason_detail"
        ),
    )
    op.create_index("ix_rechecks_reason", "rechecks", ["reason"])
    op.create_index("ix_rechecks_settled_at", "rechecks", ["settled_at"])
    op.create_table(
        "answer_conflicts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("entry_version", sa.Integer(), nullable=False),
        sa.Column("other_version", sa.Integer(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        _text("state", 16),
        sa.Column("found_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("settled_by", sa.Integer(), nullable=True),
        _text("note"),
        _fk("answer_conflicts", "entry_id", "answer_entries"),
        _fk("answer_conflicts", "other_id", "answer_entries"),
        _fk("answer_conflicts", "settled_by", "staff"),
        sa.PrimaryKeyConstraint("id", name="pk_answer_conflicts"),
        sa.UniqueConstraint("entry_id", "other_id", name="uq_answer_conflicts_entry_id_other_id"),
    )
    for column in ("entry_id", "other_id", "state"):
        op.create_index(f"ix_answer_conflicts_{column}", "answer_conflicts", [column])
    op.create_table(
        "answer_votes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("helpful", sa.Integer(), nullable=False),
        sa.Column("not_helpful", sa.Integer(), nullable=False),
        _fk("answer_votes", "entry_id", "answer_entries"),
        sa.PrimaryKeyConstraint("id", name="pk_answer_votes"),
        sa.UniqueConstraint("entry_id", "version", name="uq_answer_votes_entry_id_version"),
    )
    op.create_table(
        "vote_marks",
        _text("mark", 64),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("mark", name="pk_vote_marks"),
    )
    op.create_index("ix_vote_marks_at", "vote_marks", ["at"])


def _replies() -> None:
    op.create_table(
        "reply_differences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=False),
        _text("digest", 64),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("was_used", sa.Boolean(), nullable=False),
        _text("kind", 24),
        _text("library"),
        _text("said"),
        _text("reason"),
        sa.Column("found_at", Instant(), nullable=False),
        sa.Column("accepted_by", sa.Integer(), nullable=True),
        _text("accepted_note"),
        sa.Column("accepted_at", Instant(), nullable=True),
        _fk("reply_differences", "reply_id", "replies"),
        _fk("reply_differences", "entry_id", "answer_entries"),
        _fk("reply_differences", "accepted_by", "staff"),
        sa.PrimaryKeyConstraint("id", name="pk_reply_differences"),
        sa.UniqueConstraint("reply_id", "digest", "place", name="uq_reply_differences_reply_id_digest_place"),
    )
    for column in ("reply_id", "entry_id"):
        op.create_index(f"ix_reply_differences_{column}", "reply_differences", [column])
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("kind", 16),
        _text("subject", 64),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("used_version", sa.Integer(), nullable=False),
        _text("significance", 16),
        _text("what"),
        _text("state", 16),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("settled_by", sa.Integer(), nullable=True),
        _text("note"),
        _fk("follow_ups", "entry_id", "answer_entries"),
        _fk("follow_ups", "case_id", "cases"),
        _fk("follow_ups", "settled_by", "staff"),
        sa.PrimaryKeyConstraint("id", name="pk_follow_ups"),
        sa.UniqueConstraint(
            "entry_id", "version", "kind", "subject", name="uq_follow_ups_entry_id_version_kind_subject"
        ),
    )
    for column in ("case_id", "state"):
        op.create_index(f"ix_follow_ups_{column}", "follow_ups", [column])
    op.create_table(
        "followed_to",
        _text("reader", 40),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("reader", name="pk_followed_to"),
    )


def _neighbours() -> None:
    op.create_table(
        "neighbour_libraries",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("library", 64),
        _text("name", 100),
        _text("level", 16),
        _text("public_key", 64),
        _text("url", 500),
        _text("cursor", 200),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        _text("trouble"),
        sa.Column("added_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_neighbour_libraries"),
        sa.UniqueConstraint("library", name="uq_neighbour_libraries_library"),
    )
    op.create_table(
        "imported_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        _text("origin", 64),
        _text("origin_key", 16),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("origin_version", sa.Integer(), nullable=False),
        sa.Column("statement", sa.JSON(), nullable=False),
        _text("signature", 128),
        sa.Column("path", sa.JSON(), nullable=False),
        sa.Column("imported_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _fk("imported_answers", "entry_id", "answer_entries"),
        sa.PrimaryKeyConstraint("id", name="pk_imported_answers"),
        sa.UniqueConstraint("origin", "origin_key", name="uq_imported_answers_origin_origin_key"),
    )
    op.create_index("ix_imported_answers_entry_id", "imported_answers", ["entry_id"])


def _link_documents() -> None:
    """The documents of all versions there are, as `kb.service` links them from now on."""
    bind = op.get_bind()
    rows = bind.execute(
        sa.text("SELECT entry_id, number, basis, created_at FROM entry_versions ORDER BY id")
    ).all()
    known: dict[str, int] = {}
    insert = sa.text(
        "INSERT INTO basis_documents (identity, title, number, url, issued_on, replaced_by,"
        " updated_at) VALUES (:identity, :title, :number, :url, :issued_on, '', :at)"
    )
    cite = sa.text("INSERT INTO citations (document_id, entry_id, version) VALUES (:d, :e, :v)")
    for entry_id, number, basis, at in rows:
        cited = set()
        for item in json.loads(basis) if isinstance(basis, str) else basis or ():
            said = {name: str(item.get(name) or "") for name in ("title", "number", "url", "issued_on")}
            identity = _identity(said["number"] or said["title"])
            if not identity:
                continue
            if identity not in known:
                bind.execute(
                    insert,
                    {
                        "identity": identity,
                        "title": said["title"][:300],
                        "number": said["number"][:100],
                        "url": said["url"][:500],
                        "issued_on": said["issued_on"][:10],
                        "at": at,
                    },
                )
                known[identity] = bind.execute(
                    sa.text("SELECT id FROM basis_documents WHERE identity = :i"), {"i": identity}
                ).scalar_one()
            if known[identity] not in cited:
                cited.add(known[identity])
                bind.execute(cite, {"d": known[identity], "e": entry_id, "v": number})


def _identity(words: str) -> str:
    plain = unicodedata.normalize("NFKC", words).lower()
    plain = re.sub(r"[\[【(（〔]", "〔", re.sub(r"[\]】)）〕]", "〕", plain))
    return re.sub(r"[\s《》〈〉]", "", plain)[:200]
