"""What used an earlier version of an answer, and what has still to follow?"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal, or_
from sqlmodel import Session, col, select

from app.answers.models import AnswerUse
from app.cases.models import Case
from app.consistency import queries as conflicts
from app.federation.models import NeighbourLibrary
from app.replies.models import Reply
from app.replies.queries import WORKED_ON
from app.upkeep.figures import Covered, Figures
from app.upkeep.models import CheckedLink, FollowedTo, FollowUp
from kb.models import AnswerEntry, EntryVersion, Recheck
from kb.queries import is_in_force
from kb.states import EntryState

PAGE = 50


@dataclass(frozen=True)
class Using:
    """A reply that keeps an entry in some version. ``at``: when it was saved, or released."""

    reply: Reply
    case: Case
    version: int
    at: datetime


def being_written(session: Session, entry_id: int, below: int) -> list[Using]:
    """Drafts and replies under review that keep an earlier version than ``below``, the oldest first."""
    wanted = (
        select(Reply, Case)
        .join(Case, col(Case.id) == Reply.case_id)
        .where(
            Reply.entry_id == entry_id,
            col(Reply.entry_version) < below,
            col(Reply.state).in_(WORKED_ON),
        )
        .order_by(col(Reply.id))
    )
    return [Using(row, case, row.entry_version or 0, row.saved_at) for row, case in session.exec(wanted)]


def released_since(session: Session, entry_id: int, below: int, since: datetime) -> list[Using]:
    """Replies sent since an instant that said an earlier version and were not corrected, the newest first."""
    wanted = (
        select(Reply, Case, AnswerUse.version, AnswerUse.at)
        .join(AnswerUse, col(AnswerUse.reply_id) == Reply.id)
        .join(Case, col(Case.id) == Reply.case_id)
        .where(
            AnswerUse.entry_id == entry_id,
            AnswerUse.version < below,
            AnswerUse.at >= since,
            Reply.state == "released",
        )
        .order_by(col(Reply.id).desc())
    )
    return [Using(*row) for row in session.exec(wanted)]


def readers(session: Session) -> list[tuple[NeighbourLibrary, int]]:
    """Neighbours that read our feed, and up to which change."""
    wanted = select(NeighbourLibrary, FollowedTo.position).join(
        FollowedTo, col(FollowedTo.reader) == literal("copy:") + func.substr(NeighbourLibrary.library, 1, 32)
    )
    return [(row[0], row[1]) for row in session.exec(wanted)]


def position(session: Session, reader: str) -> int:
    """Up to which change of the library this reader has come; 0 before the first."""
    found = session.get(FollowedTo, reader)
    return found.position if found else 0


def open_follow_ups(session: Session, *, before: int | None = None, limit: int = PAGE) -> list[FollowUp]:
    """What has still to follow, the newest first, those before number ``before``."""
    wanted = select(FollowUp).where(FollowUp.state == "open")
    if before is not None:
        wanted = wanted.where(col(FollowUp.id) < before)
    return list(session.exec(wanted.order_by(col(FollowUp.id).desc()).limit(limit)))


def of_entry(session: Session, entry_id: int, limit: int = PAGE) -> list[FollowUp]:
    """Everything that followed, or has to follow, the changes of one entry, the newest first."""
    wanted = select(FollowUp).where(FollowUp.entry_id == entry_id)
    return list(session.exec(wanted.order_by(col(FollowUp.id).desc()).limit(limit)))


def count_open(session: Session) -> int:
    """How many things have still to follow."""
    return session.exec(select(func.count()).select_from(FollowUp).where(FollowUp.state == "open")).one()


def open_rechecks(
    session: Session, *, before: int | None = None, limit: int = PAGE
) -> list[tuple[Recheck, AnswerEntry, EntryVersion]]:
    """Entries that must be looked at again, with the reason and what they say now, the newest reason first."""
    wanted = (
        select(Recheck, AnswerEntry, EntryVersion)
        .join(AnswerEntry, col(AnswerEntry.id) == Recheck.entry_id)
        .join(EntryVersion, is_in_force())
        .where(col(Recheck.settled_at).is_(None))
    )
    if before is not None:
        wanted = wanted.where(col(Recheck.id) < before)
    rows = session.exec(wanted.order_by(col(Recheck.id).desc()).limit(limit))
    return [(row[0], row[1], row[2]) for row in rows]


def count_rechecks(session: Session) -> int:
    """How many reasons to look at an entry again are open."""
    wanted = select(func.count()).select_from(Recheck).where(col(Recheck.settled_at).is_(None))
    return session.exec(wanted).one()


def case_numbers(session: Session, case_ids: Sequence[int | None]) -> dict[int, str]:
    """The numbers of these cases."""
    wanted = select(Case.id, Case.number).where(col(Case.id).in_([one for one in case_ids if one]))
    return dict(session.exec(wanted).all())


# ------------------------------------------------------------------ links


def due_links(session: Session, now: datetime, limit: int) -> list[CheckedLink]:
    """The pages to look at now, the one that waits longest first."""
    wanted = select(CheckedLink).where(CheckedLink.due_at <= now)
    return list(session.exec(wanted.order_by(col(CheckedLink.due_at), col(CheckedLink.id)).limit(limit)))


def links_in(session: Session, entry_ids: Sequence[int]) -> set[str]:
    """The addresses that the versions in force of these entries rest on or show; of our own entries only."""
    wanted = (
        select(EntryVersion.basis, EntryVersion.attachments)
        .join(AnswerEntry, is_in_force())
        .where(
            col(AnswerEntry.id).in_(entry_ids),
            AnswerEntry.state == EntryState.PUBLISHED.value,
            AnswerEntry.origin == "",
        )
    )
    named = (str(one.get("url") or "") for row in session.exec(wanted) for part in row for one in part)
    return {url for url in named if url.startswith(("http://", "https://")) and len(url) <= LONGEST_ADDRESS}


def resting_on(session: Session, url: str) -> list[AnswerEntry]:
    """Our own entries in force that rest on or show the page at this address."""
    written = json.dumps(url)[1:-1]  # as the columns hold it
    columns = (col(EntryVersion.basis), col(EntryVersion.attachments))
    wanted = (
        select(AnswerEntry)
        .join(EntryVersion, is_in_force())
        .where(
            AnswerEntry.state == EntryState.PUBLISHED.value,
            AnswerEntry.origin == "",
            or_(*(cast(column, Text).contains(f'"{written}"', autoescape=True) for column in columns)),
        )
    )
    return list(session.exec(wanted.order_by(col(AnswerEntry.id))))


def dead_links(session: Session, version: EntryVersion) -> set[str]:
    """Which addresses of a version could not be opened when they were looked at last."""
    named = [str(one.get("url") or "") for one in [*version.basis, *version.attachments]]
    wanted = select(CheckedLink.url).where(col(CheckedLink.url).in_(named), CheckedLink.state == "dead")
    return set(session.exec(wanted))


LONGEST_ADDRESS = 500


# ------------------------------------------------------------------ figures


def figures(session: Session, since: datetime | None, until: datetime | None = None) -> Figures:
    """The figures of the library over replies released from ``since`` to before ``until`` (None: no end there).

    Counted from what is kept, nothing by hand; entries, what is stale and conflicts are those of this moment.
    """
    released = (col(Reply.state).in_(("released", "superseded")), *_between(Reply.released_at, since, until))
    drawn = select(AnswerUse.id).where(AnswerUse.reply_id == Reply.id).correlate(Reply).exists()
    count = select(func.count()).select_from(Reply)
    with_answer, without = (
        [
            (sent - begun).total_seconds() / 60
            for begun, sent in session.exec(
                select(Reply.created_at, Reply.submitted_at)
                .where(*released, condition, col(Reply.submitted_at).is_not(None))
                .order_by(col(Reply.id).desc())
                .limit(_MEASURED)
            )
            if sent is not None
        ]
        for condition in (drawn, ~drawn)
    )
    live = (
        select(func.count()).select_from(AnswerEntry).where(AnswerEntry.state == EntryState.PUBLISHED.value)
    )
    return Figures(
        replies=session.exec(count.where(*released)).one(),
        drawn=session.exec(count.where(*released, drawn)).one(),
        minutes_with=with_answer,
        minutes_without=without,
        in_force=session.exec(live).one(),
        imported=session.exec(live.where(AnswerEntry.origin != "")).one(),
        stale=count_rechecks(session),
        conflicts=conflicts.count_open_conflicts(session),
        follow_ups=count_open(session),
        coverage=_coverage(session, _between(Case.received_at, since, until)),
    )


def _between(column: Any, since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    begins = [col(column) >= since] if since else []
    return begins + ([col(column) < until] if until else [])


_MEASURED = 5_000
_MOST_CATEGORIES = 30


def _coverage(session: Session, received: Sequence[ColumnElement[bool]]) -> list[Covered]:
    """The categories most written about, with how many of their letters were answered from the library."""
    letters = (
        select(Case.category, func.count())
        .where(*received)
        .group_by(Case.category)
        .order_by(func.count().desc(), Case.category)
        .limit(_MOST_CATEGORIES)
    )
    drawn = dict(
        session.exec(
            select(Case.category, func.count(func.distinct(AnswerUse.case_id)))
            .join(AnswerUse, col(AnswerUse.case_id) == Case.id)
            .where(*received)
            .group_by(Case.category)
        ).all()
    )
    answers = dict(
        session.exec(
            select(EntryVersion.category, func.count())
            .join(AnswerEntry, is_in_force())
            .where(AnswerEntry.state == EntryState.PUBLISHED.value)
            .group_by(EntryVersion.category)
        ).all()
    )
    return [
        Covered(name, number, drawn.get(name, 0), answers.get(name, 0))
        for name, number in session.exec(letters)
    ]
