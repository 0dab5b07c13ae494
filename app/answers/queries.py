"""What is in the library for its editors, and what was used where?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, func, or_, true, tuple_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.answers.models import AnswerUse, AnswerVote
from app.base import keyset
from app.base.errors import Invalid
from app.cases.models import Case
from app.cases.queries import visible_cases
from app.staff.roles import Person
from kb.models import AnswerEntry, EntryOpinion, EntryVersion
from kb.queries import is_in_force
from kb.review import Verdict
from kb.states import EntryKind, EntryState

PAGE = 25
Condition = ColumnElement[bool]


# ------------------------------------------------------------------ the list


@dataclass(frozen=True)
class View:
    """A saved view of the list; ``condition`` is on the entry and its newest version, on a day (Shanghai)."""

    label: str
    condition: Callable[[date], Condition]


def _state(state: EntryState) -> Condition:
    return col(AnswerEntry.state) == state.value


def _unpublished() -> Condition:
    return col(EntryVersion.published_at).is_(None) & (col(AnswerEntry.state) != EntryState.RETIRED.value)


def _submitted() -> Condition:
    return _unpublished() & col(EntryVersion.submitted_at).is_not(None)


def _sent_back() -> Condition:
    said = select(EntryOpinion.id).where(
        EntryOpinion.version_id == EntryVersion.id,
        EntryOpinion.digest == EntryVersion.digest,
        EntryOpinion.verdict == Verdict.SEND_BACK.value,
    )
    return said.correlate(EntryVersion).exists()


def _in_force(*conditions: Condition | bool) -> Condition:
    """The entry is published and its version in force is as told (about the columns of `_FORCED`)."""
    here = (_FORCED.c.entry_id == AnswerEntry.id) & (_FORCED.c.number == AnswerEntry.current_version)
    there = select(_FORCED.c.id).where(here, *conditions).correlate(AnswerEntry).exists()
    return _state(EntryState.PUBLISHED) & there


_FORCED = EntryVersion.__table__.alias("in_force")  # type: ignore[attr-defined]

VIEWS: dict[str, View] = {
    "all": View("全部", lambda today: true()),
    "review": View("等审核、签发", lambda today: _submitted() & ~_sent_back()),
    "draft": View("草稿", lambda today: _unpublished() & col(EntryVersion.submitted_at).is_(None)),
    "sent_back": View("退回修改", lambda today: _submitted() & _sent_back()),
    "published": View("已发布", lambda today: _state(EntryState.PUBLISHED)),
    "stale": View(
        "到期复核",
        lambda today: _in_force(or_(_FORCED.c.review_by < today, _FORCED.c.valid_until < today)),
    ),
    "retired": View("已停用", lambda today: _state(EntryState.RETIRED)),
}


@dataclass(frozen=True)
class LibraryFilters:
    """What narrows the list; empty values do not."""

    view: str = "all"
    search: str = ""
    department_id: int | None = None
    category: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Listed:
    """One row: an entry, its newest version, whether that was sent back, how often it was used."""

    entry: AnswerEntry
    version: EntryVersion
    sent_back: bool
    uses: int


@dataclass(frozen=True)
class LibraryPage:
    """One page of the list, the last changed first. Cursors are opaque to the door."""

    rows: list[Listed]
    total: int
    first: int
    next: str | None
    previous: str | None


def listed(
    session: Session,
    filters: LibraryFilters,
    today: date,
    *,
    after: str | None = None,
    before: str | None = None,
    limit: int = PAGE,
) -> LibraryPage:
    """A page of entries. Raises `Invalid` for an unknown view, kind or cursor."""
    conditions = _conditions(filters, today)
    total = session.exec(_counted().where(*conditions)).one()
    wanted = select(AnswerEntry, EntryVersion).join(EntryVersion, _newest()).where(*conditions)
    updated, number = col(AnswerEntry.updated_at), col(AnswerEntry.id)
    place = tuple_(updated, number)
    if before:
        earlier = (
            wanted.where(place > keyset.place(*keyset.read(before))).order_by(updated, number).limit(limit)
        )
        rows = list(session.exec(earlier))[::-1]
    else:
        later = wanted.where(place < keyset.place(*keyset.read(after))) if after else wanted
        rows = list(session.exec(later.order_by(updated.desc(), number.desc()).limit(limit)))
    if not rows:
        return LibraryPage([], total, 0, None, None)
    top = keyset.place(rows[0][0].updated_at, rows[0][0].id)
    ahead = _counted().where(*conditions, place > top)
    first = session.exec(ahead).one() + 1
    return LibraryPage(
        rows=_listed(session, [(row[0], row[1]) for row in rows]),
        total=total,
        first=first,
        next=keyset.written(rows[-1][0].updated_at, rows[-1][0].id)
        if first + len(rows) - 1 < total
        else None,
        previous=keyset.written(rows[0][0].updated_at, rows[0][0].id) if first > 1 else None,
    )


def counts(session: Session, today: date) -> dict[str, int]:
    """How many entries each view holds."""
    return {key: session.exec(_counted().where(view.condition(today))).one() for key, view in VIEWS.items()}


def categories(session: Session) -> list[str]:
    """Every category of any version, in order."""
    wanted = select(EntryVersion.category).where(EntryVersion.category != "").distinct()
    return sorted(session.exec(wanted))


def questions(session: Session) -> list[tuple[int, str]]:
    """(entry id, question) of everything not retired, in its newest version."""
    wanted = select(AnswerEntry.id, EntryVersion.question).join(EntryVersion, _newest())
    return list(session.exec(wanted.where(~_state(EntryState.RETIRED)).order_by(col(AnswerEntry.id))).all())


def _conditions(filters: LibraryFilters, today: date) -> list[Condition]:
    if filters.view not in VIEWS:
        raise Invalid("没有这个视图。请从上面的视图里选一个", field="view")
    if filters.kind and filters.kind not in set(EntryKind):
        raise Invalid("没有这种条目", field="kind")
    conditions = [VIEWS[filters.view].condition(today)]
    if filters.search:
        words = (col(EntryVersion.question), col(EntryVersion.text))
        found = [column.contains(filters.search, autoescape=True) for column in words]
        conditions.append(or_(*found, col(AnswerEntry.key) == filters.search))
    if filters.department_id is not None:
        conditions.append(col(AnswerEntry.owner_department_id) == filters.department_id)
    if filters.category:
        conditions.append(col(EntryVersion.category) == filters.category)
    if filters.kind:
        conditions.append(col(AnswerEntry.kind) == filters.kind)
    return conditions


def _newest() -> Condition:
    """Joins each entry with the version proposed last."""
    last = select(func.max(_FORCED.c.number)).where(_FORCED.c.entry_id == AnswerEntry.id)
    newest = last.correlate(AnswerEntry).scalar_subquery()
    return (col(EntryVersion.entry_id) == AnswerEntry.id) & (col(EntryVersion.number) == newest)


def _counted() -> SelectOfScalar[int]:
    return select(func.count()).select_from(AnswerEntry).join(EntryVersion, _newest())


def _listed(session: Session, rows: list[tuple[AnswerEntry, EntryVersion]]) -> list[Listed]:
    numbers = [version.id for _, version in rows]
    back = set(session.exec(select(EntryVersion.id).where(col(EntryVersion.id).in_(numbers), _sent_back())))
    used = times_used(session, [entry.id for entry, _ in rows])
    return [
        Listed(entry, version, version.id in back and version.published_at is None, used.get(entry.id, 0))
        for entry, version in rows
    ]


# ------------------------------------------------------------------ use


@dataclass(frozen=True)
class Use:
    """One reply that kept to an entry in one version."""

    case_number: str
    platform: str
    version: int
    at: datetime
    opens: bool


def uses(session: Session, person: Person, entry_id: int, limit: int = 20) -> list[Use]:
    """Where an entry was used last, the newest first; each with whether ``person`` may see the case."""
    wanted = (
        select(Case, AnswerUse.version, AnswerUse.at, visible_cases(person))
        .join(AnswerUse, col(AnswerUse.case_id) == col(Case.id))
        .where(col(AnswerUse.entry_id) == entry_id)
        .order_by(col(AnswerUse.at).desc(), col(AnswerUse.id).desc())
    )
    found = session.exec(wanted.limit(limit))
    return [Use(case.number, case.platform, version, at, opens) for case, version, at, opens in found]


def times_used(session: Session, entry_ids: list[int]) -> dict[int, int]:
    """How many replies kept to each entry; entries that were never used are left out."""
    wanted = select(AnswerUse.entry_id, func.count()).where(col(AnswerUse.entry_id).in_(entry_ids))
    return dict(session.exec(wanted.group_by(col(AnswerUse.entry_id))).all())


def older_versions_said(session: Session, entry: AnswerEntry) -> list[tuple[str, int, int]]:
    """Platforms on which people were told an earlier version: (platform, version, replies). Clause A9."""
    wanted = (
        select(Case.platform, AnswerUse.version, func.count())
        .join(AnswerUse, col(AnswerUse.case_id) == col(Case.id))
        .where(AnswerUse.entry_id == entry.id, AnswerUse.version < (entry.current_version or 0))
        .group_by(col(Case.platform), col(AnswerUse.version))
        .order_by(col(Case.platform), col(AnswerUse.version))
    )
    return [(row[0], row[1], row[2]) for row in session.exec(wanted)]


def votes(session: Session, entry_id: int) -> tuple[int, int]:
    """(helpful, not helpful) of all versions of an entry."""
    wanted = select(func.sum(AnswerVote.helpful), func.sum(AnswerVote.not_helpful))
    yes, no = session.exec(wanted.where(AnswerVote.entry_id == entry_id)).one()
    return int(yes or 0), int(no or 0)


def addresses(session: Session, today: date, kinds: frozenset[str], limit: int) -> list[tuple[str, datetime]]:
    """(key, published at) of the answers in force today, the last changed first."""
    wanted = (
        select(AnswerEntry.key, EntryVersion.published_at)
        .join(EntryVersion, is_in_force())
        .where(
            _state(EntryState.PUBLISHED),
            col(AnswerEntry.kind).in_(kinds),
            col(EntryVersion.valid_from) <= today,
            or_(col(EntryVersion.valid_until).is_(None), col(EntryVersion.valid_until) >= today),
        )
        .order_by(col(AnswerEntry.updated_at).desc(), col(AnswerEntry.id).desc())
        .limit(limit)
    )
    return [(key, at) for key, at in session.exec(wanted) if at is not None]


def most_used(
    session: Session, today: date, kinds: frozenset[str], limit: int = 8
) -> list[tuple[AnswerEntry, EntryVersion]]:
    """Answers in force today, those used most in replies first, then those published last."""
    used = (
        select(AnswerUse.entry_id, func.count().label("times")).group_by(col(AnswerUse.entry_id)).subquery()
    )
    wanted = (
        _holding(today, kinds)
        .outerjoin(used, used.c.entry_id == AnswerEntry.id)
        .order_by(
            func.coalesce(used.c.times, 0).desc(), col(EntryVersion.published_at).desc(), col(AnswerEntry.id)
        )
    )
    return [(row[0], row[1]) for row in session.exec(wanted.limit(limit))]


def newest(
    session: Session, today: date, kinds: frozenset[str], limit: int
) -> list[tuple[AnswerEntry, EntryVersion]]:
    """Answers in force today, those published last first."""
    wanted = _holding(today, kinds).order_by(
        col(EntryVersion.published_at).desc(), col(AnswerEntry.id).desc()
    )
    return [(row[0], row[1]) for row in session.exec(wanted.limit(limit))]


def _holding(today: date, kinds: frozenset[str]) -> SelectOfScalar[Any]:
    """Entries of these kinds with their version in force, valid on the day."""
    wanted = (
        select(AnswerEntry, EntryVersion)
        .join(EntryVersion, is_in_force())
        .where(
            _state(EntryState.PUBLISHED),
            col(AnswerEntry.kind).in_(kinds),
            col(EntryVersion.valid_from) <= today,
            or_(col(EntryVersion.valid_until).is_(None), col(EntryVersion.valid_until) >= today),
        )
    )
    return cast(SelectOfScalar[Any], wanted)
