"""Which cases may this person see, and which are waiting? Every list, count, search and link asks here."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, String, and_, cast, false, func, or_, true, tuple_
from sqlmodel import Session, col, select

from app.base import keyset
from app.base.clock import SHANGHAI
from app.base.errors import Invalid, NotFound
from app.base.standing import standing
from app.cases import profiles, reminders
from app.cases.models import (
    Case,
    Extension,
    Inquiry,
    LadderVersion,
    OfflineAction,
    ProfileVersion,
    Rating,
    Reminder,
    Return,
    Slip,
    Supervision,
)
from app.cases.numbers import is_number, tidy
from app.cases.transitions import Status
from app.log import queries as log_queries
from app.log.models import Event
from app.messages import queries as messages
from app.messages.models import Attachment, Message, Requester
from app.messages.repeats import Likeness, likely_repeats
from app.staff.roles import SEES_ALL_CASES, Person, Role

PAGE = 25
Beside = TypeVar("Beside", Extension, Reminder, Supervision, Inquiry, OfflineAction, Return, Slip)
# What a likely repeat is looked for among: open or recent cases of the same days.
_REPEAT_DAYS = 60
_REPEAT_POOL = 300
# Learned from at most so many cases and characters of each: a few megabytes, some seconds in a child process.
_MOST_EXAMPLES, _EXAMPLE_CHARACTERS, _REPOST_CHARACTERS = 10_000, 1_000, 60


def visible_cases(person: Person) -> ColumnElement[bool]:
    """What ``person`` may see, as one SQL condition on `Case`.

    Clerks, reviewers, issuers, supervisors, disclosers and the duty leader see the office's cases;
    a handler sees those of the own department, those it assists with, and those it was asked about.
    Administrators see none: running the system is no reason to read citizens' letters.
    """
    if person.may(*SEES_ALL_CASES):
        return true()
    if person.may(Role.HANDLER) and person.department_id is not None:
        asked = select(Inquiry.case_id).where(Inquiry.department_id == person.department_id)
        return or_(col(Case.department_id) == person.department_id, col(Case.id).in_(asked))
    return false()


def visible_case(session: Session, person: Person, number: str) -> Case:
    """The case, if this person may see it. Raises `NotFound` alike for unknown and for hidden ones."""
    found = session.exec(select(Case).where(col(Case.number) == tidy(number), visible_cases(person))).first()
    if found is None:
        raise NotFound("没有这件，或者这件不在您的单位。需要查看，请找受理员")
    return found


def by_number(session: Session, number: str) -> Case | None:
    """Any case by its number (for jobs and the public look-up, which have rules of their own)."""
    return session.exec(select(Case).where(col(Case.number) == tidy(number))).first()


def numbers_taken(session: Session, numbers: Collection[str]) -> set[str]:
    """Which of these a case bears already."""
    return set(session.exec(select(Case.number).where(col(Case.number).in_(numbers))))


# ------------------------------------------------------------------ views: a number opens its list

Condition = Callable[[Person, datetime], ColumnElement[bool]]


@dataclass(frozen=True)
class View:
    """A saved view of the queue. Its count and its list are the same condition."""

    key: str
    label: str
    condition: Condition


def _end_of_day(now: datetime) -> datetime:
    today = now.astimezone(SHANGHAI)
    return today.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _mine(person: Person, now: datetime) -> ColumnElement[bool]:
    return and_(col(Case.open), col(Case.handler_id) == person.id)


def _returned(person: Person, now: datetime) -> ColumnElement[bool]:
    return and_(col(Case.status) == Status.ACCEPTED, col(Case.returns) > 0)


def _this_month(now: datetime) -> ColumnElement[bool]:
    first = now.astimezone(SHANGHAI).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return and_(col(Case.replied_at) >= first)


def _in_time() -> ColumnElement[bool]:
    return and_(col(Case.replied_at) <= col(Case.due_at))


def _status(*statuses: Status) -> Condition:
    return lambda person, now: col(Case.status).in_([status.value for status in statuses])


VIEWS: tuple[View, ...] = (
    View("mine", "我经手的", _mine),
    View("new", "待受理", _status(Status.NEW)),
    View("accepted", "待交办", _status(Status.ACCEPTED)),
    View("at_department", "在承办单位", _status(Status.ASSIGNED, Status.IN_PROGRESS)),
    View("in_review", "审核中", _status(Status.IN_REVIEW)),
    View("waiting_citizen", "待补充", _status(Status.WAITING_CITIZEN)),
    View("replied", "已答复待办结", _status(Status.REPLIED)),
    View("overdue", "已超期", lambda person, now: and_(col(Case.open), col(Case.due_at) <= now)),
    View(
        "due_today",
        "今日到期",
        # The due instant is the end (24:00) of the due day, so the next midnight still is today.
        lambda person, now: and_(
            col(Case.open), col(Case.due_at) > now, col(Case.due_at) <= _end_of_day(now)
        ),
    ),
    View(
        "window",
        "窗口将关闭",
        lambda person, now: and_(
            col(Case.open),
            col(Case.window_closes_at) > now,
            col(Case.window_closes_at) <= now + timedelta(hours=12),
        ),
    ),
    View("returned", "被退回", _returned),
    View(
        "due_tomorrow",
        "今明到期",
        lambda person, now: and_(
            col(Case.open),
            col(Case.due_at) > now,
            col(Case.due_at) <= _end_of_day(now) + timedelta(days=1),
        ),
    ),
    View(
        "due_later",
        "后天以后到期",
        lambda person, now: and_(col(Case.open), col(Case.due_at) > _end_of_day(now) + timedelta(days=1)),
    ),
    View(
        "step_late", "这一步已到时间", lambda person, now: and_(col(Case.open), col(Case.step_due_at) <= now)
    ),
    View("answered_in_time", "本月按时答复的", lambda person, now: and_(_this_month(now), _in_time())),
    View("answered_this_month", "本月答复的", lambda person, now: _this_month(now)),
    View("open", "全部在办", lambda person, now: and_(col(Case.open))),
    View("closed", "已办结", _status(Status.CLOSED)),
    View("all", "全部", lambda person, now: true()),
)
VIEW = {view.key: view for view in VIEWS}


@dataclass(frozen=True)
class QueueFilters:
    """What the address of the queue may say. Unknown values raise `Invalid`, never show everything."""

    view: str = "open"
    search: str = ""
    platform: str = ""
    message_type: str = ""
    department_id: int | None = None
    status: str = ""
    due_on: date | None = None
    received_on: date | None = None
    closed_on: date | None = None


@dataclass(frozen=True)
class Page:
    """One page of a keyset list. Cursors are opaque to the door."""

    items: list[Case]
    total: int
    first: int
    next: str | None
    previous: str | None


def _conditions(person: Person, filters: QueueFilters, now: datetime) -> list[ColumnElement[bool]]:
    if filters.view not in VIEW:
        raise Invalid("没有这个视图。请从左边的视图里选一个", field="view")
    if filters.status and filters.status not in set(Status):
        raise Invalid("没有这个状态", field="status")
    conditions = [visible_cases(person), VIEW[filters.view].condition(person, now)]
    if filters.platform:
        conditions.append(col(Case.platform) == filters.platform)
    if filters.message_type:
        conditions.append(col(Case.message_type) == filters.message_type)
    if filters.department_id:
        conditions.append(col(Case.department_id) == filters.department_id)
    if filters.status:
        conditions.append(col(Case.status) == filters.status)
    if filters.due_on:
        conditions.append(col(Case.due_on) == filters.due_on)
    if filters.received_on:
        conditions.append(_on_day(col(Case.received_at), filters.received_on))
    if filters.closed_on:
        conditions.append(_on_day(col(Case.closed_at), filters.closed_on))
    if filters.search:
        conditions.append(_search(filters.search))
    return conditions


def _on_day(column: Any, day: date) -> ColumnElement[bool]:
    """Between the two midnights of a day in Shanghai."""
    begins = datetime.combine(day, time(), SHANGHAI)
    return and_(column >= begins, column < begins + timedelta(days=1))


def _search(words: str) -> ColumnElement[bool]:
    if is_number(tidy(words)):
        return col(Case.number) == tidy(words)
    escaped = words[:100].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = f"%{escaped.strip()}%"
    return or_(
        # Case-blind on both databases: a citizen writes wifi, the clerk searches for WiFi.
        col(Case.title).ilike(pattern, escape="\\"),
        col(Case.text).ilike(pattern, escape="\\"),
        col(Case.number).ilike(pattern, escape="\\"),
    )


def queue(
    session: Session,
    person: Person,
    filters: QueueFilters,
    now: datetime,
    *,
    after: str | None = None,
    before: str | None = None,
    limit: int = PAGE,
) -> Page:
    """A page of cases, what runs out first on top (deadline or platform window, the sooner one)."""
    conditions = _conditions(person, filters, now)
    total = session.exec(select(func.count()).select_from(Case).where(*conditions)).one()
    order = (col(Case.sooner_at), col(Case.id))
    place = tuple_(*order)
    if before:
        wanted = select(Case).where(*conditions, place < keyset.place(*keyset.read(before)))
        rows = list(session.exec(wanted.order_by(*(column.desc() for column in order)).limit(limit)))[::-1]
    else:
        wanted = select(Case).where(*conditions)
        if after:
            wanted = wanted.where(place > keyset.place(*keyset.read(after)))
        rows = list(session.exec(wanted.order_by(*order).limit(limit)))
    if not rows:
        return Page([], total, 0, None, None)
    ahead = (
        select(func.count())
        .select_from(Case)
        .where(*conditions, place < keyset.place(rows[0].sooner_at, rows[0].id))
    )
    first = session.exec(ahead).one() + 1
    return Page(
        items=rows,
        total=total,
        first=first,
        next=keyset.written(rows[-1].sooner_at, rows[-1].id) if first + len(rows) - 1 < total else None,
        previous=keyset.written(rows[0].sooner_at, rows[0].id) if first > 1 else None,
    )


def counts(
    session: Session, person: Person, now: datetime, views: tuple[str, ...] = tuple(VIEW)
) -> dict[str, int]:
    """How many cases each view holds for this person: one pass over what the person may see."""
    columns = [func.count().filter(VIEW[key].condition(person, now)).label(key) for key in views]
    row = session.execute(select(*columns).select_from(Case).where(visible_cases(person))).one()
    return dict(zip(views, row, strict=True))


def count_open(session: Session, person: Person) -> int:
    """What the queue holds for this person."""
    wanted = select(func.count()).select_from(Case).where(visible_cases(person), col(Case.open))
    return session.exec(wanted).one()


def count_mine(session: Session, person: Person) -> int:
    """Open cases of which this person is the responsible one."""
    own = (visible_cases(person), col(Case.open), col(Case.handler_id) == person.id)
    return session.exec(select(func.count()).select_from(Case).where(*own)).one()


def next_for(session: Session, person: Person, now: datetime) -> Case | None:
    """The case to begin with: mine first, else what I may take in, the sooner clock first."""
    for condition in _first_choices(person):
        wanted = select(Case).where(visible_cases(person), col(Case.open), condition)
        found = session.exec(wanted.order_by(col(Case.sooner_at), col(Case.id)).limit(1)).first()
        if found:
            return found
    return None


def _first_choices(person: Person) -> list[ColumnElement[bool]]:
    choices = [
        and_(
            col(Case.handler_id) == person.id,
            col(Case.status).in_([Status.ACCEPTED, Status.ASSIGNED, Status.IN_PROGRESS]),
        )
    ]
    if person.may(Role.CLERK, Role.DUTY_LEADER):
        choices.append(col(Case.status).in_([Status.NEW, Status.ACCEPTED]))
    if person.may(Role.HANDLER):
        choices.append(col(Case.status) == Status.ASSIGNED)
    return choices


# ------------------------------------------------------------------ one case, the whole story


@dataclass(frozen=True)
class CaseStory:
    """Everything about one case that its page shows."""

    messages: list[Message]
    attachments: list[Attachment]
    requester: Requester | None
    requester_cases: list[Case]
    repeats: list[tuple[Case, Likeness]]
    merged: list[Case]
    extensions: list[Extension]
    reminders: list[Reminder]
    supervisions: list[Supervision]
    inquiries: list[Inquiry]
    actions: list[OfflineAction]
    returns: list[Return]
    slips: list[Slip]
    rating: Rating | None
    events: list[Event] = field(default_factory=list)


def case_story(session: Session, person: Person, case: Case) -> CaseStory:
    """A dozen indexed reads, none of them per row."""
    received = messages.of_case(session, case.id)
    return CaseStory(
        messages=received,
        attachments=messages.attachments(session, [message.id for message in received]) if received else [],
        requester=session.get(Requester, case.requester_id) if case.requester_id else None,
        requester_cases=_other_cases(session, person, case),
        repeats=repeats_of(session, person, case),
        merged=list(session.exec(select(Case).where(col(Case.master_id) == case.id).order_by(col(Case.id)))),
        extensions=_beside(session, Extension, case),
        reminders=_beside(session, Reminder, case),
        supervisions=_beside(session, Supervision, case),
        inquiries=_beside(session, Inquiry, case),
        actions=_beside(session, OfflineAction, case),
        returns=_beside(session, Return, case),
        slips=_beside(session, Slip, case),
        rating=session.exec(select(Rating).where(Rating.case_id == case.id)).first(),
        events=log_queries.of_case(session, case.id),
    )


def _beside(session: Session, table: type[Beside], case: Case) -> list[Beside]:
    of_case = select(table).where(col(table.case_id) == case.id).order_by(col(table.id))
    return list(session.exec(of_case))


def _other_cases(session: Session, person: Person, case: Case) -> list[Case]:
    if case.requester_id is None:
        return []
    wanted = select(Case).where(
        col(Case.requester_id) == case.requester_id, col(Case.id) != case.id, visible_cases(person)
    )
    return list(session.exec(wanted.order_by(col(Case.id).desc()).limit(10)))


def repeats_of(session: Session, person: Person, case: Case) -> list[tuple[Case, Likeness]]:
    """Cases that are probably the same matter, on any platform, with why; never asserted."""
    candidates = (
        select(Case)
        .where(
            col(Case.id) != case.id,
            col(Case.master_id).is_(None),
            col(Case.received_at) >= case.received_at - timedelta(days=_REPEAT_DAYS),
            col(Case.status).not_in([Status.INVALID, Status.MERGED]),
            visible_cases(person),
        )
        .order_by(col(Case.received_at).desc())
        .limit(_REPEAT_POOL)
    )
    # Through the index of times; where the place is known also through that of places, which reaches further.
    pool = {other.id: other for other in session.exec(candidates)}
    if case.place:
        pool |= {other.id: other for other in session.exec(candidates.where(Case.place == case.place))}
    found = likely_repeats(
        case.text, case.place, ((other.id, other.text, other.place) for other in pool.values())
    )
    return [(pool[likeness.case_id], likeness) for likeness in found]


def answered_since(session: Session, at: datetime) -> bool:
    """Whether a reply went out since ``at``."""
    return session.exec(select(Case.id).where(col(Case.replied_at) > at).limit(1)).first() is not None


def examples(session: Session, kind: str) -> list[tuple[str, str, str]]:
    """What may be learned from, the newest first: text, label, and what a repost of it shares.

    ``kind`` category: as a person confirmed it; department: the one that answered. Only answered cases.
    """
    label = col(Case.category) if kind == "category" else cast(col(Case.department_id), String)
    wanted = select(Case.title, Case.text, label).where(
        col(Case.replied_at).is_not(None), col(Case.status).in_([Status.REPLIED, Status.CLOSED])
    )
    if kind == "category":
        wanted = wanted.where(col(Case.category_by).is_not(None), Case.category != "")
    else:
        wanted = wanted.where(col(Case.department_id).is_not(None))
    rows = session.execute(wanted.order_by(col(Case.replied_at).desc()).limit(_MOST_EXAMPLES))
    return [
        (f"{title}\n{text}"[:_EXAMPLE_CHARACTERS], str(name), text[:_REPOST_CHARACTERS])
        for title, text, name in rows
    ]


def lookup_code(session: Session, case: Case) -> str:
    """查询码, for the acknowledgement and the coded page."""
    code: str = session.info["keys"].unseal(case.lookup_code_sealed, "lookup")
    return code


def by_ids(session: Session, ids: list[int]) -> dict[int, Case]:
    """Cases by primary key, for lists that hold only the key."""
    if not ids:
        return {}
    return {case.id: case for case in session.exec(select(Case).where(col(Case.id).in_(ids)))}


def open_extension(session: Session, case_id: int) -> Extension | None:
    """The extension that is still to be decided."""
    wanted = select(Extension).where(Extension.case_id == case_id, col(Extension.decided_at).is_(None))
    return session.exec(wanted.order_by(col(Extension.id).desc())).first()


def open_inquiries(session: Session, case_id: int, kind: str) -> list[Inquiry]:
    """Questions of one kind nobody has answered yet."""
    wanted = select(Inquiry).where(
        Inquiry.case_id == case_id, Inquiry.kind == kind, col(Inquiry.answered_at).is_(None)
    )
    return list(session.exec(wanted.order_by(col(Inquiry.id))))


def inquiries_of(session: Session, case_id: int, kind: str) -> list[Inquiry]:
    """All questions of one kind, oldest first."""
    wanted = select(Inquiry).where(Inquiry.case_id == case_id, Inquiry.kind == kind)
    return list(session.exec(wanted.order_by(col(Inquiry.id))))


# ------------------------------------------------------------------ the board: sums, never a row at a time


def flow(session: Session, person: Person, now: datetime, days: int = 14) -> list[tuple[date, int, int]]:
    """(day in Shanghai, received, closed) for the last ``days`` days, oldest first."""
    first = _end_of_day(now) - timedelta(days=days)
    received, closed = dict.fromkeys(range(days), 0), dict.fromkeys(range(days), 0)
    for place, column in ((received, col(Case.received_at)), (closed, col(Case.closed_at))):
        for day in range(days):
            begin, end = first + timedelta(days=day), first + timedelta(days=day + 1)
            of_day = (visible_cases(person), column >= begin, column < end)
            wanted = select(func.count()).select_from(Case).where(*of_day)
            place[day] = session.exec(wanted).one()
    return [((first + timedelta(days=day)).date(), received[day], closed[day]) for day in range(days)]


def by_department(session: Session, person: Person, now: datetime) -> list[tuple[int, int, int, int]]:
    """(department, in time, due today or tomorrow, overdue) over open cases, the fullest first."""
    soon = _end_of_day(now) + timedelta(days=1)
    wanted = (
        select(
            Case.department_id,
            func.count().filter(col(Case.due_at) > soon),
            func.count().filter(and_(col(Case.due_at) > now, col(Case.due_at) <= soon)),
            func.count().filter(col(Case.due_at) <= now),
        )
        .where(visible_cases(person), col(Case.open), col(Case.department_id).is_not(None))
        .group_by(col(Case.department_id))
    )
    rows = [(row[0], row[1], row[2], row[3]) for row in session.execute(wanted)]
    return sorted(rows, key=lambda row: (-sum(row[1:]), row[0]))


def on_time_this_month(session: Session, person: Person, now: datetime) -> tuple[int, int]:
    """(answered in time, answered) of the cases replied to this month."""
    in_time = func.count().filter(_in_time())
    wanted = select(in_time, func.count()).select_from(Case).where(visible_cases(person), _this_month(now))
    row = session.execute(wanted).one()
    return row[0], row[1]


def overdue_now(session: Session, person: Person, now: datetime, limit: int = 5) -> list[Case]:
    """The longest overdue first."""
    wanted = select(Case).where(visible_cases(person), col(Case.open), col(Case.due_at) <= now)
    return list(session.exec(wanted.order_by(col(Case.due_at), col(Case.id)).limit(limit)))


# ------------------------------------------------------------------ the citizen's page


def rating_of(session: Session, case_id: int) -> Rating | None:
    """The citizen's rating, if given."""
    return session.exec(select(Rating).where(Rating.case_id == case_id)).first()


def extensions(session: Session, case_id: int) -> list[Extension]:
    """All extensions asked for, oldest first."""
    return list(
        session.exec(select(Extension).where(Extension.case_id == case_id).order_by(col(Extension.id)))
    )


# ------------------------------------------------------------------ time limits and the ladder, as data


@standing
def profile(session: Session, key: str, version: int | None = None) -> profiles.Profile:
    """A deadline profile with this office's own values; the newest, or the very ``version``.

    A key that is not shipped (any more) is the default one.
    """
    shipped = profiles.PROFILES.get(key, profiles.PROFILES[profiles.DEFAULT_PROFILE])
    if version == 0:
        return shipped
    wanted = select(ProfileVersion).where(ProfileVersion.key == shipped.key)
    if version is not None:
        wanted = wanted.where(ProfileVersion.version == version)
    row = session.exec(wanted.order_by(col(ProfileVersion.version).desc()).limit(1)).first()
    return profiles.with_values(shipped, row.limits, row.version) if row else shipped


def profile_versions(session: Session, key: str) -> list[ProfileVersion]:
    """An office's own versions of a profile, newest first."""
    wanted = select(ProfileVersion).where(ProfileVersion.key == key)
    return list(session.exec(wanted.order_by(col(ProfileVersion.version).desc())))


def ladder(session: Session) -> tuple[reminders.Rung, ...]:
    """The ladder in force: the office's newest, else the one shipped."""
    row = session.exec(select(LadderVersion).order_by(col(LadderVersion.version).desc()).limit(1)).first()
    return reminders.read_ladder(row.rungs) if row else reminders.LADDER


def ladder_versions(session: Session) -> list[LadderVersion]:
    """The office's own versions of the ladder, newest first."""
    return list(session.exec(select(LadderVersion).order_by(col(LadderVersion.version).desc())))


def slip(session: Session, person: Person, kind: str, year: int, serial: int) -> tuple[Slip, Case]:
    """A numbered paper and its case. Raises `NotFound` alike for unknown and for hidden ones."""
    wanted = select(Slip, Case).join(Case, col(Case.id) == col(Slip.case_id))
    numbered = (Slip.kind == kind, Slip.year == year, Slip.serial == serial)
    found = session.exec(wanted.where(*numbered, visible_cases(person))).first()
    if found is None:
        raise NotFound("没有这一号催办单或督办单")
    return found[0], found[1]


def open_return(session: Session, case_id: int) -> Return | None:
    """The return that is still to be decided."""
    wanted = select(Return).where(Return.case_id == case_id, col(Return.accepted).is_(None))
    return session.exec(wanted.order_by(col(Return.id).desc())).first()


def returns_of(session: Session, case_id: int) -> list[Return]:
    """All returns of a case, oldest first."""
    return list(session.exec(select(Return).where(Return.case_id == case_id).order_by(col(Return.id))))


def waiting_extensions(session: Session, person: Person, limit: int = 100) -> list[tuple[Extension, Case]]:
    """Extensions nobody has decided yet, the case that is due first on top."""
    wanted = select(Extension, Case).join(Case, col(Case.id) == col(Extension.case_id))
    undecided = (col(Extension.decided_at).is_(None), col(Case.open), visible_cases(person))
    ordered = wanted.where(*undecided).order_by(col(Case.due_at), col(Extension.id)).limit(limit)
    return [(extension, case) for extension, case in session.exec(ordered)]


def count_waiting_extensions(session: Session, person: Person) -> int:
    """How many extensions wait for a decision."""
    wanted = select(func.count()).select_from(Extension).join(Case, col(Case.id) == col(Extension.case_id))
    undecided = (col(Extension.decided_at).is_(None), col(Case.open), visible_cases(person))
    return session.exec(wanted.where(*undecided)).one()


def due_per_day(session: Session, person: Person, first: date, last: date) -> dict[date, int]:
    """How many open cases are due on each day from ``first`` to ``last``; days without any are left out."""
    wanted = (
        select(col(Case.due_on), func.count())
        .where(visible_cases(person), col(Case.open), col(Case.due_on) >= first, col(Case.due_on) <= last)
        .group_by(col(Case.due_on))
    )
    return dict(session.exec(wanted).all())
