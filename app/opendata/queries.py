"""What is public? Rows of the data sets, the change feed, the list of public cases. Nothing else is read here."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, cast, extract, func, inspect, literal, or_, true, tuple_
from sqlalchemy import select as plain_select
from sqlmodel import Session, col, select

from app.base.errors import Invalid, NotFound
from app.calendar.workdays import day_of
from app.cases.deadlines import LABELS as TYPE_LABELS
from app.cases.deadlines import MessageType
from app.cases.models import Case
from app.cases.numbers import is_number, tidy
from app.cases.transitions import OUTCOME_LABELS
from app.departments.models import Department
from app.official_accounts.models import OfficialAccount, Registration
from app.opendata.anonymity import Quasi, Said
from app.opendata.asking import LEAST, Condition, Question
from app.opendata.asking import answer as answered
from app.opendata.datasets import DATASETS, Dataset
from app.opendata.feed import ChangeKind, Entry, Line
from app.opendata.formats import as_object
from app.opendata.licences import LICENCES, USUAL, Licence
from app.opendata.models import Change, Leak, LicenceChoice, PublishedCase, ReadCount
from connectors.registry import PLATFORMS
from kb import queries as library
from kb.models import AnswerEntry, EntryVersion

PAGE = 20
_CHUNK = 1_000
Row = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """Where the rows of one data set come from. ``address``: the public address, for the column url."""

    rows: Callable[[Session, datetime, str], Iterator[Row]]
    by_keys: Callable[[Session, datetime, str, Sequence[str]], Mapping[str, Row]]
    stamp: Callable[[Session, datetime], str]
    """Changes whenever a row does: what the ETag is made from."""
    count: Callable[[Session, datetime], int]
    ask: Callable[[Session, str, Question], list[Row]] | None = None
    """Answers a question in the database; None: the set is small enough to be read whole."""


def ask(session: Session, now: datetime, source: Source, question: Question, address: str) -> list[Any]:
    """The rows of a page that fit the question, and one more where there is another page."""
    if source.ask:
        return source.ask(session, address, question)
    return answered(question, source.rows(session, now, address))


# ------------------------------------------------------------------ cases


def public_case(session: Session, number: str) -> PublishedCase:
    """A case that is or was public. Raises `NotFound` for what never was."""
    found = _ever_public(session, number)
    if found is None:
        raise NotFound("没有公开过这一件。它可能还在办理，也可能按规定不公开；写信人可以用查询码查进度")
    return found


def is_withdrawn(session: Session, number: str) -> bool:
    """Whether this case was public once and is not any more."""
    found = _ever_public(session, number)
    return found is not None and found.withdrawn_at is not None


def is_public(session: Session, number: str) -> bool:
    """Whether everybody can read this case now."""
    found = _ever_public(session, number)
    return found is not None and found.withdrawn_at is None


def _ever_public(session: Session, number: str) -> PublishedCase | None:
    if not is_number(tidy(number)):
        return None
    return session.exec(select(PublishedCase).where(PublishedCase.number == tidy(number))).first()


# Columns of the data set that are columns of the table under the same name.
_KEPT = tuple(name for name in DATASETS["cases"].names if name in PublishedCase.model_fields)


def case_row(case: PublishedCase, address: str) -> Row:
    """A public case with the columns of the data set `cases`."""
    return _case_row({name: getattr(case, name) for name in _KEPT}, address)


def _case_row(kept: Mapping[str, Any], address: str) -> Row:
    return {
        **kept,
        "message_type_name": type_name(kept["message_type"]),
        "platform_name": platform_name(kept["platform"]),
        "outcome_name": outcome_name(kept["outcome"]),
        "url": f"{address}/cases/{kept['number']}",
    }


_TYPE_NAMES: Mapping[str, str] = {kind.value: label for kind, label in TYPE_LABELS.items()}
_PLATFORM_NAMES: Mapping[str, str] = {key: row.label for key, row in PLATFORMS.items()}
_OUTCOME_NAMES: Mapping[str, str] = {kind.value: label for kind, label in OUTCOME_LABELS.items()}


def type_name(code: str) -> str:
    """The word for a type of message."""
    return _TYPE_NAMES.get(code, code)


def platform_name(code: str) -> str:
    """The word for a platform."""
    return _PLATFORM_NAMES.get(code, code)


def outcome_name(code: str) -> str:
    """The word for an outcome; empty for none."""
    return _OUTCOME_NAMES.get(code, "")


def _case_rows(session: Session, now: datetime, address: str) -> Iterator[Row]:
    """Plain rows along the primary key, a helping at a time.

    Objects would cost time and memory. Withdrawn rows are passed over here and not in the query: asked
    to leave them out, SQLite takes their index and sorts all the rest for every helping.
    """
    columns = inspect(PublishedCase).local_table.c
    wanted = plain_select(columns.id, columns.withdrawn_at, *(columns[name] for name in _KEPT)).order_by(
        columns.id
    )
    after = 0
    while found := session.execute(wanted.where(columns.id > after).limit(_CHUNK)).all():
        after = found[-1][0]
        for row in found:
            if row[1] is None:
                yield _case_row(dict(zip(_KEPT, row[2:], strict=True)), address)


def month_rows(session: Session, month: str, address: str) -> Iterator[Row]:
    """The public rows of one month of closing (2026-10), in the order in which they became public."""
    columns = inspect(PublishedCase).local_table.c
    first, after_last = _month(month)
    wanted = plain_select(*(columns[name] for name in _KEPT)).where(
        _is_public_too(), columns.closed_on >= first, columns.closed_on < after_last
    )
    for row in session.execute(wanted.order_by(columns.id)):
        yield _case_row(dict(zip(_KEPT, row, strict=True)), address)


@dataclass(frozen=True)
class MonthFile:
    """The file of one month of closing: how many rows, and a stamp that changes with any of them."""

    rows: int
    stamp: str


def case_months(session: Session) -> dict[str, MonthFile]:
    """The months of closing of public cases, the newest first."""
    day = col(PublishedCase.closed_on)
    year, month = extract("year", day), extract("month", day)
    wanted = (
        plain_select(
            year, month, func.count(), func.max(PublishedCase.changed_at), func.max(PublishedCase.id)
        )
        .where(_is_public(), day.is_not(None))
        .group_by(year, month)
    )
    found = {
        f"{int(y):04d}-{int(m):02d}": MonthFile(count, f"{count}-{changed}-{last}")
        for y, m, count, changed, last in session.execute(wanted)
    }
    return dict(sorted(found.items(), reverse=True))


def changed_in_months(session: Session) -> dict[str, datetime]:
    """The months of closing of public cases, the newest first, each with its last change."""
    day = col(PublishedCase.closed_on)
    year, month = extract("year", day), extract("month", day)
    wanted = plain_select(year, month, func.max(PublishedCase.changed_at)).where(
        _is_public(), day.is_not(None)
    )
    found = {f"{int(y):04d}-{int(m):02d}": at for y, m, at in session.execute(wanted.group_by(year, month))}
    return dict(sorted(found.items(), reverse=True))


MOST_ADDRESSES = 50_000
"""Of one sitemap file (sitemaps.org 0.9)."""


def addresses_of_month(session: Session, month: str) -> list[tuple[str, datetime]]:
    """Numbers and last changes of the public cases closed in a month. Raises `Invalid` for no month."""
    first, after_last = _month(month)
    day = col(PublishedCase.closed_on)
    wanted = select(PublishedCase.number, PublishedCase.changed_at).where(
        _is_public_too(), day >= first, day < after_last
    )
    return list(session.exec(wanted.order_by(col(PublishedCase.id)).limit(MOST_ADDRESSES)))


def weeks(session: Session) -> list[date]:
    """The Mondays of the weeks in which something public was received."""
    days = session.execute(
        plain_select(col(PublishedCase.received_on)).where(_is_public()).distinct()
    ).scalars()
    return sorted({day - timedelta(days=day.weekday()) for day in days if day})


def week_of(session: Session, monday: date) -> dict[str, tuple[Quasi, Said]]:
    """The public cases received in the week from ``monday``: number → (what is known, what is said)."""
    wanted = plain_select(
        col(PublishedCase.number),
        col(Case.place),
        col(Case.category),
        col(Case.platform),
        col(PublishedCase.place),
        col(PublishedCase.category),
        col(PublishedCase.category_group),
        col(PublishedCase.platform),
    ).join(Case, col(Case.number) == col(PublishedCase.number))
    in_week = wanted.where(
        _is_public(),
        col(PublishedCase.received_on) >= monday,
        col(PublishedCase.received_on) < monday + timedelta(days=7),
    )
    name = f"{monday:%G-W%V}"

    def quasi(place: str, category: str, platform: str) -> Quasi:
        return Quasi(place, category, name, platform)

    return {row[0]: (quasi(*row[1:4]), Said(*row[4:8])) for row in session.execute(in_week)}


# What is worked out from another column: it can be shown, not asked about.
WORKED_OUT = frozenset(DATASETS["cases"].names) - frozenset(_KEPT)


def _ask_cases(session: Session, address: str, question: Question) -> list[Row]:
    """A question about `cases`, answered by the database in the order of the question."""
    columns = inspect(PublishedCase).local_table.c

    def of(column: Any) -> Any:
        kept = columns[column.name]
        comparable = cast(kept, Integer) if column.type == "boolean" else kept
        return func.coalesce(comparable, literal(LEAST[column.type], comparable.type))

    wanted = plain_select(*(columns[name] for name in _KEPT)).where(columns.withdrawn_at.is_(None))
    wanted = wanted.where(*(_asked_for(of(one.column), one) for one in question.where))
    if question.after is not None:
        wanted = wanted.where(_later(question, of))
    for step in question.order:
        wanted = wanted.order_by(of(step.column).desc() if step.descending else of(step.column))
    found = session.execute(wanted.limit(question.limit + 1))
    return [_case_row(dict(zip(_KEPT, row, strict=True)), address) for row in found]


_COMPARED: Mapping[str, Callable[[Any, tuple[Any, ...]], Any]] = {
    "eq": lambda column, values: column == values[0],
    "ne": lambda column, values: column != values[0],
    "lt": lambda column, values: column < values[0],
    "lte": lambda column, values: column <= values[0],
    "gt": lambda column, values: column > values[0],
    "gte": lambda column, values: column >= values[0],
    "in": lambda column, values: column.in_(values),
}


def _asked_for(column: Any, condition: Condition) -> ColumnElement[bool]:
    compared: ColumnElement[bool] = _COMPARED[condition.comparison](column, condition.values)
    return compared


def _later(question: Question, of: Callable[[Any], Any]) -> ColumnElement[bool]:
    """Rows after the last one of the page before: equal in the first steps, further in the next."""
    ways = []
    for place, step in enumerate(question.order):
        same = [
            of(before.column) == value
            for before, value in zip(question.order[:place], (question.after or ())[:place], strict=True)
        ]
        value = (question.after or ())[place]
        ways.append(and_(*same, of(step.column) < value if step.descending else of(step.column) > value))
    return or_(*ways)


def _cases_by_number(session: Session, now: datetime, address: str, keys: Sequence[str]) -> dict[str, Row]:
    found = session.exec(select(PublishedCase).where(_is_public(), col(PublishedCase.number).in_(keys)))
    return {case.number: case_row(case, address) for case in found}


def _case_stamp(session: Session, now: datetime) -> str:
    return str(last_change(session, "cases"))


def _is_public() -> ColumnElement[bool]:
    return col(PublishedCase.withdrawn_at).is_(None)


def _is_public_too() -> ColumnElement[bool]:
    """The same beside a span of days: said so that SQLite looks for the days, which withdrawn cases do not have."""
    return _is_public().is_(true())


def count_public(session: Session, now: datetime) -> int:
    """How many cases are public now."""
    return session.exec(select(func.count()).select_from(PublishedCase).where(_is_public())).one()


# ------------------------------------------------------------------ answers


def _in_force(now: datetime) -> tuple[ColumnElement[bool], ...]:
    today = day_of(now)
    return (
        library.is_in_force(),
        col(AnswerEntry.state) == "published",
        col(AnswerEntry.kind) != "acknowledgement",
        col(EntryVersion.valid_from) <= today,
        or_(col(EntryVersion.valid_until).is_(None), col(EntryVersion.valid_until) >= today),
    )


def answer_row(entry: AnswerEntry, version: EntryVersion, address: str) -> Row:
    """An answer in force with the columns of the data set `answers`."""
    return {
        "key": entry.key,
        "question": version.question,
        "answer": version.text,
        "phrasings": "\n".join(version.phrasings),
        "category": version.category,
        "basis": "\n".join(_document(named) for named in version.basis),
        "department": entry.owner_name,
        "version": version.number,
        "valid_from": version.valid_from,
        "valid_until": version.valid_until,
        "licence": version.licence,
        "url": f"{address}/answers/{entry.key}",
        "published_at": version.published_at,
    }


def _document(named: Mapping[str, Any]) -> str:
    title, number = named.get("title") or "", named.get("number") or ""
    return f"{title}（{number}）" if title and number else title or number


def _answer_rows(session: Session, now: datetime, address: str) -> Iterator[Row]:
    after = 0
    while found := session.exec(
        select(AnswerEntry, EntryVersion)
        .where(*_in_force(now), col(AnswerEntry.id) > after)
        .order_by(col(AnswerEntry.id))
        .limit(_CHUNK)
    ).all():
        after = found[-1][0].id
        yield from (answer_row(entry, version, address) for entry, version in found)
        session.expunge_all()


def _answers_by_key(session: Session, now: datetime, address: str, keys: Sequence[str]) -> dict[str, Row]:
    wanted = select(AnswerEntry, EntryVersion).where(*_in_force(now), col(AnswerEntry.key).in_(keys))
    return {entry.key: answer_row(entry, version, address) for entry, version in session.exec(wanted)}


def _answer_stamp(session: Session, now: datetime) -> str:
    """Also the day: an answer comes into force and runs out without anybody doing anything."""
    return f"{library.last_change(session)}-{day_of(now).isoformat()}"


def _count_answers(session: Session, now: datetime) -> int:
    return session.exec(select(func.count(col(AnswerEntry.id))).where(*_in_force(now))).one()


def answers_in_force(session: Session, now: datetime) -> dict[str, str]:
    """Key → version of every answer in force: what the feed is compared with."""
    wanted = select(AnswerEntry.key, EntryVersion.number).where(*_in_force(now))
    return {key: f"v{number}" for key, number in session.exec(wanted)}


# ------------------------------------------------------------------ official accounts


def account_rows(session: Session, now: datetime, address: str) -> Iterator[Row]:
    """Official accounts, closed ones too: the public notice of C11. There are dozens, not thousands."""
    filed = _filings(session)
    wanted = (
        select(OfficialAccount, Department.name)
        .join(Department, col(Department.id) == col(OfficialAccount.department_id))
        .order_by(col(OfficialAccount.id))
    )
    for account, department in session.exec(wanted):
        number, filed_on = filed.get(account.id, (None, None))
        state = "closed" if account.closed_at else "open"
        yield {
            "number": number,
            "platform": account.platform,
            "platform_name": platform_name(account.platform),
            "name": account.name,
            "department": department,
            "state": state,
            "state_name": "已注销" if account.closed_at else "使用中",
            "opened_on": account.opened_on,
            "closed_on": day_of(account.closed_at) if account.closed_at else None,
            "filed_on": filed_on,
            "id": f"{account.platform}-{account.id}",
        }


def _filings(session: Session) -> dict[int, tuple[int | None, date | None]]:
    """Of each account the number of its opening and the day of its last filing."""
    found: dict[int, tuple[int | None, date | None]] = {}
    for row in session.exec(select(Registration).order_by(col(Registration.id))):
        number, filed_on = found.get(row.account_id, (None, None))
        if row.kind == "open":
            number = row.number
        if row.filed_at is not None:
            filed_on = day_of(row.filed_at)
        found[row.account_id] = (number, filed_on)
    return found


def registrations(session: Session) -> list[tuple[Registration, OfficialAccount]]:
    """The history of openings, changes and closings, newest first: the public notice (C11)."""
    wanted = select(Registration, OfficialAccount).join(
        OfficialAccount, col(OfficialAccount.id) == col(Registration.account_id)
    )
    order = (col(Registration.occurred_on).desc(), col(Registration.id).desc())
    return [(row, account) for row, account in session.exec(wanted.order_by(*order).limit(200))]


def _accounts_by_id(session: Session, now: datetime, address: str, keys: Sequence[str]) -> dict[str, Row]:
    return {row["id"]: row for row in account_rows(session, now, address) if row["id"] in set(keys)}


def _account_stamp(session: Session, now: datetime) -> str:
    return fingerprint(DATASETS["accounts"], account_rows(session, now, ""))


def _count_accounts(session: Session, now: datetime) -> int:
    return session.exec(select(func.count()).select_from(OfficialAccount)).one()


def accounts_as_they_are(session: Session, now: datetime) -> dict[str, str]:
    """Id → fingerprint of every account: what the feed is compared with."""
    dataset = DATASETS["accounts"]
    return {row["id"]: fingerprint(dataset, [row]) for row in account_rows(session, now, "")}


def fingerprint(dataset: Dataset, rows: Sequence[Row] | Iterator[Row]) -> str:
    """A short stamp of rows that keep no change number of their own."""
    hashed = sha256()
    for row in rows:
        hashed.update(json.dumps(as_object(dataset.names, row), ensure_ascii=False, sort_keys=True).encode())
    return hashed.hexdigest()[:16]


SOURCES: Mapping[str, Source] = {
    "cases": Source(_case_rows, _cases_by_number, _case_stamp, count_public, _ask_cases),
    "answers": Source(_answer_rows, _answers_by_key, _answer_stamp, _count_answers),
    "accounts": Source(account_rows, _accounts_by_id, _account_stamp, _count_accounts),
}
"""By data set. `statistics` and `breakdown` are one floor up and bring their own."""


# ------------------------------------------------------------------ the change feed


@dataclass(frozen=True)
class Changes:
    """A page of the feed; ``position`` is where the next one begins."""

    lines: list[Line]
    position: int
    has_more: bool


def changes(
    session: Session, now: datetime, dataset: str, source: Source, position: int, limit: int, address: str
) -> Changes:
    """Creations, changes and withdrawals after ``position``, in order of commit.

    The order and the kinds never change; the data beside them is the present row, so that no text that
    was withdrawn meanwhile comes out of an old line.
    """
    wanted = select(Change).where(Change.dataset == dataset, col(Change.id) > position)
    found = list(session.exec(wanted.order_by(col(Change.id)).limit(limit + 1)))
    shown = found[:limit]
    live = [row.key for row in shown if row.kind != ChangeKind.WITHDRAWN]
    rows = source.by_keys(session, now, address, live) if live else {}
    names = DATASETS[dataset].names
    lines = [
        Line(
            kind=ChangeKind(row.kind),
            key=row.key,
            at=row.at,
            reason=row.reason,
            data=as_object(names, rows[row.key]) if row.key in rows else None,
        )
        for row in shown
    ]
    return Changes(lines, shown[-1].id if shown else position, len(found) > limit)


def last_change(session: Session, dataset: str) -> int:
    """The number of the last change of a data set, 0 before the first."""
    return session.exec(select(func.max(Change.id)).where(Change.dataset == dataset)).one() or 0


def changed_at(session: Session, dataset: str) -> datetime | None:
    """When a data set last changed; None before its first publication."""
    wanted = select(Change.at).where(Change.dataset == dataset).order_by(col(Change.id).desc())
    return session.exec(wanted.limit(1)).first()


def latest_by_key(session: Session, dataset: str) -> dict[str, Change]:
    """The last line of the feed for each key."""
    newest = select(func.max(Change.id)).where(Change.dataset == dataset).group_by(col(Change.key))
    return {row.key: row for row in session.exec(select(Change).where(col(Change.id).in_(newest)))}


def feed_entries(
    session: Session, address: str, about: Mapping[str, str] | None = None, limit: int = 50
) -> list[Entry]:
    """The cases changed last, of those ``about`` (column → value) asks for, withdrawn ones always among them.

    A withdrawal keeps no matter and no department: whoever follows one hears of all of them.
    """
    asked = [getattr(PublishedCase, name) == value for name, value in (about or {}).items() if value]
    fits = or_(and_(*asked), col(PublishedCase.withdrawn_at).is_not(None)) if asked else literal(True)
    order = (col(PublishedCase.changed_at).desc(), col(PublishedCase.id).desc())
    found = session.exec(select(PublishedCase).where(fits).order_by(*order).limit(limit))
    return [
        Entry(
            key=case.number,
            url=f"{address}/cases/{case.number}",
            updated_at=case.changed_at,
            title=case.title,
            summary=case.reply,
            author=case.department,
            category=case.category,
            published_at=case.published_at,
            deleted_at=case.withdrawn_at,
            reason=case.reason,
        )
        for case in found
    ]


FEED_FILTERS = ("department", "message_type", "category", "category_group", "platform")
"""What a feed can be asked for: a topic, not everything."""


# ------------------------------------------------------------------ the licence


@dataclass(frozen=True)
class Since:
    """A licence and from when on it holds; None: from the beginning."""

    licence: Licence
    at: datetime | None


def licence(session: Session) -> Licence:
    """The licence under which the data is given away now."""
    return licence_history(session, 1)[0].licence


def licence_history(session: Session, limit: int = 20) -> list[Since]:
    """The licence in force and those before it, the newest first; the last is the one that held unasked."""
    newest = select(LicenceChoice).order_by(col(LicenceChoice.id).desc()).limit(limit)
    found = [
        Since(Licence(row.name, row.title, row.path, LICENCES[row.name].terms), row.set_at)
        for row in session.exec(newest)
    ]
    return found if len(found) == limit else [*found, Since(USUAL, None)]


# ------------------------------------------------------------------ how often it was read, and leaks


def reads_since(session: Session, day: date, number: str) -> dict[str, int]:
    """How often each form was fetched since ``day``, and the page of this case; counts, nobody's address."""
    about = or_(~col(ReadCount.form).like("case:%"), col(ReadCount.form) == f"case:{number}")
    wanted = (
        select(ReadCount.form, func.sum(ReadCount.times))
        .where(col(ReadCount.on) >= day, about)
        .group_by(col(ReadCount.form))
    )
    return {form: int(times) for form, times in session.exec(wanted)}


def leak(session: Session, leak_id: int) -> Leak:
    """One leak. Raises `NotFound`."""
    found = session.get(Leak, leak_id) if leak_id < 2**31 else None
    if found is None:
        raise NotFound("没有这份泄露记录。请回到公开审核")
    return found


def leaks_of(session: Session, case_id: int) -> list[Leak]:
    """The leaks of a case, the newest first."""
    return list(session.exec(select(Leak).where(Leak.case_id == case_id).order_by(col(Leak.id).desc())))


# ------------------------------------------------------------------ the list of public cases


@dataclass(frozen=True)
class CaseFilters:
    """What the address of the list may say."""

    words: str = ""
    department: str = ""
    message_type: str = ""
    platform: str = ""
    month: str = ""
    closed: str = ""
    """A month of closing: what the figures of the statistics open."""
    category: str = ""
    category_group: str = ""
    place: str = ""
    """And what lies in it: a district with its street offices and communities."""


@dataclass(frozen=True)
class CasePage:
    """One page of public cases, the newest first; cursors are opaque to the door."""

    items: list[PublishedCase]
    total: int
    first: int
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class Facets:
    """What can be chosen in the filters, each with its count."""

    departments: list[tuple[str, int]]
    groups: list[tuple[str, int]]
    message_types: list[tuple[str, int]]
    platforms: list[tuple[str, int]]
    months: list[tuple[str, int]]


def case_page(
    session: Session,
    filters: CaseFilters,
    *,
    after: str = "",
    before: str = "",
    limit: int = PAGE,
    numbers: Sequence[str] | None = None,
) -> CasePage:
    """A page of public cases. ``numbers``: what a search index found, instead of looking for the words."""
    conditions = _conditions(filters, numbers)
    total = session.exec(select(func.count()).select_from(PublishedCase).where(*conditions)).one()
    place = tuple_(col(PublishedCase.published_at), col(PublishedCase.id))
    newest = (col(PublishedCase.published_at).desc(), col(PublishedCase.id).desc())
    oldest = (col(PublishedCase.published_at), col(PublishedCase.id))
    wanted = select(PublishedCase).where(*conditions)
    if before:
        later = wanted.where(place > tuple_(*_place(before))).order_by(*oldest).limit(limit)
        items = list(session.exec(later))[::-1]
    else:
        earlier = wanted.where(place < tuple_(*_place(after))) if after else wanted
        items = list(session.exec(earlier.order_by(*newest).limit(limit)))
    if not items:
        return CasePage([], total, 0, None, None)
    top = tuple_(items[0].published_at, items[0].id)
    ahead = select(func.count()).select_from(PublishedCase).where(*conditions, place > top)
    first = session.exec(ahead).one() + 1
    return CasePage(
        items=items,
        total=total,
        first=first,
        next=_written(items[-1]) if first + len(items) - 1 < total else None,
        previous=_written(items[0]) if first > 1 else None,
    )


def _conditions(filters: CaseFilters, numbers: Sequence[str] | None) -> list[ColumnElement[bool]]:
    conditions = [_is_public_too() if filters.month or filters.closed else _is_public()]
    for column, value in (
        (PublishedCase.department, filters.department),
        (PublishedCase.message_type, filters.message_type),
        (PublishedCase.platform, filters.platform),
        (PublishedCase.category, filters.category),
        (PublishedCase.category_group, filters.category_group),
    ):
        if value:
            conditions.append(col(column) == value)
    if filters.place:
        conditions.append(col(PublishedCase.place).startswith(filters.place, autoescape=True))
    for day, month in ((PublishedCase.received_on, filters.month), (PublishedCase.closed_on, filters.closed)):
        if month:
            first, after_last = _month(month)
            conditions += [col(day) >= first, col(day) < after_last]
    if numbers is not None:
        conditions.append(col(PublishedCase.number).in_(numbers))
    elif filters.words.strip():
        conditions += [_says(word) for word in filters.words[:100].split()[:6]]
    return conditions


def _says(word: str) -> ColumnElement[bool]:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    columns = (PublishedCase.title, PublishedCase.message, PublishedCase.summary, PublishedCase.reply)
    in_text = [col(column).like(f"%{escaped}%", escape="\\") for column in columns]
    return or_(*in_text, col(PublishedCase.number) == tidy(word))


def _month(text: str) -> tuple[date, date]:
    try:
        first = date.fromisoformat(f"{text}-01")
        after_last = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    except ValueError:
        raise Invalid("月份要写成 2026-10 这样", field="month") from None
    return first, after_last


def _written(case: PublishedCase) -> str:
    return f"{case.published_at.timestamp():.6f}_{case.id}"


def _place(text: str) -> tuple[datetime, int]:
    seconds, _, number = text.partition("_")
    try:
        return datetime.fromtimestamp(float(seconds)).astimezone(), int(number)
    except (ValueError, OverflowError, OSError):
        raise Invalid("这个翻页地址不对。请回到列表第一页", field="after") from None


def facets(session: Session) -> Facets:
    """The choices of the list of public cases."""
    return Facets(
        departments=_counted(session, PublishedCase.department),
        groups=_counted(session, PublishedCase.category_group),
        message_types=_counted(session, PublishedCase.message_type),
        platforms=_counted(session, PublishedCase.platform),
        months=_months(session),
    )


def _counted(session: Session, column: Any) -> list[tuple[str, int]]:
    wanted = select(column, func.count()).where(_is_public(), col(column) != "").group_by(col(column))
    return [
        (value, count) for value, count in session.exec(wanted.order_by(func.count().desc(), col(column)))
    ]


def _months(session: Session) -> list[tuple[str, int]]:
    day = col(PublishedCase.received_on)
    year, month = extract("year", day), extract("month", day)
    wanted = select(year, month, func.count()).where(_is_public(), day.is_not(None)).group_by(year, month)
    return sorted(
        ((f"{int(y):04d}-{int(m):02d}", count) for y, m, count in session.exec(wanted)), reverse=True
    )


def requests_of(
    session: Session,
    address: str,
    *,
    numbers: Sequence[str] = (),
    codes: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
    skip: int = 0,
) -> list[Row]:
    """Rows for Open311: by number, or by type and span of receipt, the newest first."""
    wanted = select(PublishedCase).where(_is_public_too() if since and not numbers else _is_public())
    if numbers:
        known = [tidy(number) for number in numbers if is_number(tidy(number))]
        wanted = wanted.where(col(PublishedCase.number).in_(known))
    if codes:
        wanted = wanted.where(col(PublishedCase.message_type).in_(set(codes) & set(MessageType)))
    if since:
        wanted = wanted.where(col(PublishedCase.received_on) >= day_of(since))
    if until:
        wanted = wanted.where(col(PublishedCase.received_on) <= day_of(until))
    order = (col(PublishedCase.received_on).desc(), col(PublishedCase.id).desc())
    return [
        case_row(case, address) for case in session.exec(wanted.order_by(*order).offset(skip).limit(limit))
    ]
