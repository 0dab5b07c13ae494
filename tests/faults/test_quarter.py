"""A simulated quarter: every due date, every step and every notice against an independent count.

Messages come in at any minute of thirteen weeks with two holidays in them; the office takes them in, gives them
away, asks citizens, grants extensions, sends for review and answers, at its own pace, or does not. Once an hour
the ladder is looked at. What should have happened is replayed from the same happenings by `tests.naive_count`.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from sqlmodel import Session, col, select

from app.cases import service
from app.cases.deadlines import Pace
from app.cases.models import Case, Reminder
from app.cases.service import move
from app.cases.transitions import Action
from app.departments import service as departments
from app.notices.models import Notice
from tests import naive_count
from tests.conftest import NOW, TheOffice
from tests.factories import a_message

SEED = 20261121
START = naive_count.clock(date(2026, 8, 17), 0)
HOUR = timedelta(hours=1)
TYPES = ("consultation", "suggestion", "complaint", "help", "correction", "report", "comment")
HANDLER, DEPUTY, PRINCIPAL, SUPERVISOR, ISSUER, CLERK = (
    "老李",
    "周局长",
    "郑书记",
    "督办老何",
    "周局长",
    "小陈",
)
REVIEWERS = ("王科长", "赵敏", "孙主任")
POLICE = "公安局户政科"
OFFICE = "值班长老徐"
"""Who answers for the office while nobody is on duty: of those with a clerk's role the first by name."""
STEP = {
    "new": "accept",
    "accepted": "assign",
    "assigned": "draft",
    "in_progress": "draft",
    "in_review": "first",
}
# Who is told, the addressee first.
TOLD = {
    "due_soon": (HANDLER,),
    "due": (HANDLER,),
    "overdue_1": (DEPUTY, HANDLER),
    "overdue_5": (PRINCIPAL, DEPUTY, HANDLER, SUPERVISOR),
    "hour_soon": (HANDLER, OFFICE),
    "hour_due": (DEPUTY, HANDLER, OFFICE),
    "hour_late": (PRINCIPAL, DEPUTY, OFFICE),
}


@dataclass
class Letter:
    """One message: what it is, and what the office will do with it, when."""

    number: int
    at: datetime
    kind: str
    complex: bool
    urgent: bool
    plan: list[tuple[datetime, str]] = field(default_factory=list)
    case_id: int = 0


def letters(count: int, span: timedelta, chance: random.Random) -> list[Letter]:
    found = []
    for number in range(count):
        at = START + timedelta(minutes=chance.randrange(int(span.total_seconds()) // 60))
        letter = Letter(number, at, chance.choice(TYPES), chance.random() < 0.1, chance.random() < 0.05)
        letter.plan = plan_of(letter, chance)
        found.append(letter)
    return found


def plan_of(letter: Letter, chance: random.Random) -> list[tuple[datetime, str]]:
    """At its own pace: from some minutes to some days between two steps; some never get further."""
    slow = chance.choice((0.2, 1, 1, 4))
    steps = ["accept", "assign", "acknowledge"]
    if chance.random() < 0.15:
        steps += ["ask", "resume"]
    if chance.random() < 0.1 and letter.kind != "correction" and not letter.urgent:
        steps += ["extend"]
    steps += ["submit", "release"]
    if chance.random() < 0.12:
        steps = steps[: chance.randrange(len(steps))]
    at, found = letter.at, []
    for step in steps:
        at += timedelta(minutes=chance.randrange(5, int(60 * 24 * slow) + 10))
        found.append((at, step))
    return found


# ------------------------------------------------------------------ the office, by the product


def live(office: TheOffice, all_letters: list[Letter], end: datetime) -> None:
    """Hour by hour: what happened in it, then a look at the ladder."""
    happenings = sorted(
        (at, letter.number, step)
        for letter in all_letters
        for at, step in [(letter.at, "arrives"), *letter.plan]
    )
    place, now = 0, START
    while now < end:
        now += HOUR
        with office.db.writing() as session:
            while place < len(happenings) and happenings[place][0] <= now:
                at, number, step = happenings[place]
                happen(session, office, all_letters[number], at, step)
                place += 1
        with office.db.writing() as session:
            service.remind_departments(session, now)


def happen(session: Session, office: TheOffice, letter: Letter, at: datetime, step: str) -> None:
    if step == "arrives":
        message = a_message(session, office, sender=f"o{letter.number:024}", now=at)
        case = service.take_in(session, at, message)
        case.message_type, case.complex = letter.kind, letter.complex
        service.set_pace(session, at, None, case, Pace.URGENT if letter.urgent else Pace.ORDINARY)
        letter.case_id = case.id
        return
    case = session.get_one(Case, letter.case_id)
    do = _DO[step]
    do(session, office, case, at)
    session.flush()


def _act(who: str, action: Action, **details: object) -> Callable[[Session, TheOffice, Case, datetime], None]:
    def do(session: Session, office: TheOffice, case: Case, at: datetime) -> None:
        service.act(session, at, office.people[who], case.number, action, **details)

    return do


def _assign(session: Session, office: TheOffice, case: Case, at: datetime) -> None:
    to = {"department_id": office.departments[POLICE].id, "handler_id": office.people[HANDLER].id}
    service.act(session, at, office.people[CLERK], case.number, Action.ASSIGN, **to)


def _extend(session: Session, office: TheOffice, case: Case, at: datetime) -> None:
    if at >= case.due_at:
        return  # too late to ask
    ask = {"working_days": 3, "reason": "等鉴定结果"}
    service.act(session, at, office.people[HANDLER], case.number, Action.REQUEST_EXTENSION, **ask)
    service.act(session, at, office.people[SUPERVISOR], case.number, Action.GRANT_EXTENSION)


def _move(who: str, action: Action) -> Callable[[Session, TheOffice, Case, datetime], None]:
    def do(session: Session, office: TheOffice, case: Case, at: datetime) -> None:
        move(session, at, office.people[who], case, action)

    return do


_DO = {
    "accept": _act(CLERK, Action.ACCEPT),
    "assign": _assign,
    "acknowledge": _act(HANDLER, Action.ACKNOWLEDGE),
    "ask": _act(HANDLER, Action.ASK_CITIZEN, question="住在哪里？"),
    "resume": _act(HANDLER, Action.RESUME, answer="柳荫社区"),
    "extend": _extend,
    "submit": _move(HANDLER, Action.SUBMIT_REPLY),
    "release": _move(ISSUER, Action.RELEASE_REPLY),
}


# ------------------------------------------------------------------ the same, counted by hand

AFTER = {
    "arrives": "new", "accept": "accepted", "assign": "assigned", "acknowledge": "in_progress",
    "ask": "waiting_citizen", "resume": "in_progress", "extend": "in_progress", "submit": "in_review",
    "release": "replied",
}  # fmt: skip


@dataclass
class Expected:
    """What one letter should have led to by the end."""

    due: datetime
    given: dict[tuple[str, datetime], datetime] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)


def replay(letter: Letter, end: datetime) -> Expected:
    waited: frozenset[date] = frozenset()
    asked_at, paused_for, extra = None, timedelta(), 0
    happened = [(letter.at, "arrives"), *letter.plan, (end + HOUR, "")]
    found = Expected(_due(letter, waited, paused_for, extra))
    for (at, step), (until, _) in pairwise(happened):
        if step == "ask":
            asked_at = at
        if step == "resume" and asked_at is not None:
            waited |= _days_between(asked_at, at)
            if asked_at < found.due:
                paused_for += at - asked_at
        if step == "extend" and at < found.due:
            extra += 3
        found.due = _due(letter, waited, paused_for, extra)
        status = AFTER[step]
        if status in ("waiting_citizen", "replied"):
            continue
        _between(letter, found, status, waited, at, min(until, end + HOUR))
    return found


def _days_between(first: datetime, last: datetime) -> frozenset[date]:
    day, stop = (one.astimezone(naive_count.CHINA).date() for one in (first, last))
    found = set()
    while day < stop:
        day += naive_count.ONE
        found.add(day)
    return frozenset(found)


def _due(letter: Letter, waited: frozenset[date], paused_for: timedelta, extra: int) -> datetime:
    if letter.urgent:
        return letter.at + timedelta(hours=naive_count.URGENT_HOURS) + paused_for
    received = letter.at.astimezone(naive_count.CHINA).date()
    return naive_count.clock(naive_count.due_day(received, _days(letter) + extra, waited), 24)


def _days(letter: Letter) -> int:
    if letter.complex and letter.kind != "correction":
        return naive_count.COMPLEX_DAYS
    return naive_count.DAYS[letter.kind]


def _between(
    letter: Letter, found: Expected, status: str, waited: frozenset[date], at: datetime, until: datetime
) -> None:
    """What falls between two happenings: given at the first full hour not before its moment."""
    step = STEP[status]
    times = naive_count.moments(letter.at, found.due, letter.urgent)
    late = naive_count.step_time(step, letter.at, found.due, waited, letter.urgent, _days(letter))
    if late < found.due:
        times[f"step_{step}"] = late if letter.urgent else naive_count.opening(late)
    for key, moment in times.items():
        look = _next_look(max(moment, at))
        if (key, found.due) not in found.given and look < until:
            found.given[(key, found.due)] = look
            found.told.update(_told(key, status))


def _next_look(moment: datetime) -> datetime:
    hours = -((START - moment) // HOUR)
    return START + max(hours, 1) * HOUR


def _told(key: str, status: str) -> set[str]:
    """Until a department has it, the office answers for it."""
    if key.startswith("step_"):
        return set(REVIEWERS) if status == "in_review" else {HANDLER if STEP[status] == "draft" else OFFICE}
    if status in ("new", "accepted"):
        return {OFFICE, *({SUPERVISOR} & set(TOLD[key]))}
    return set(TOLD[key])


# ------------------------------------------------------------------ compared


def compare(office: TheOffice, all_letters: list[Letter], end: datetime) -> tuple[int, int, list[str]]:
    """(reminders, notices, differences in words)."""
    names = {person.id: name for name, person in office.people.items()}
    given: dict[int, dict[tuple[str, datetime], datetime]] = defaultdict(dict)
    told: dict[int, Counter[str]] = defaultdict(Counter)
    wrong: list[str] = []
    with office.db.reading() as session:
        for row in session.exec(select(Reminder).order_by(col(Reminder.id))):
            given[row.case_id][(row.step, row.due_at)] = row.sent_at
        for notice in session.exec(select(Notice).where(Notice.kind == "reminder")):
            told[notice.case_id or 0][names[notice.staff_id]] += 1
        cases = {case.id: case for case in session.exec(select(Case))}
    reminders = 0
    for letter in all_letters:
        if not letter.case_id:
            continue
        case, expected = cases[letter.case_id], replay(letter, end)
        reminders += len(expected.given)
        what = f"{letter}: "
        if (case.due_at, case.due_provisional) != (expected.due, False):
            wrong.append(f"{what}due {case.due_at}, counted {expected.due}")
        if given[case.id] != expected.given:
            wrong.append(f"{what}given {given[case.id]}, counted {expected.given}")
        if told[case.id] != expected.told:
            wrong.append(f"{what}told {told[case.id]}, counted {expected.told}")
        if case.status in STEP:
            step = STEP[case.status]
            waited = replayed_days(letter, end)
            at = naive_count.step_time(step, letter.at, expected.due, waited, letter.urgent, _days(letter))
            if case.step != step or abs(case.step_due_at - at) > timedelta(milliseconds=1):
                wrong.append(f"{what}{case.step} by {case.step_due_at}, counted {step} by {at}")
    return reminders, sum(sum(one.values()) for one in told.values()), wrong


def replayed_days(letter: Letter, end: datetime) -> frozenset[date]:
    """The days on which the citizen was waited for."""
    at = {step: when for when, step in letter.plan if when <= end}
    return _days_between(at["ask"], at["resume"]) if "resume" in at else frozenset()


def quarter(office: TheOffice, count: int, weeks: int, counted: Callable[[str], None]) -> None:
    with office.db.writing() as session:
        departments.set_leaders(
            session,
            NOW,
            None,
            office.departments[POLICE].id,
            deputy_leader_id=office.people[DEPUTY].id,
            principal_id=office.people[PRINCIPAL].id,
        )
    span = timedelta(weeks=weeks)
    all_letters, end = letters(count, span, random.Random(SEED)), START + span
    for letter in all_letters:
        letter.plan = [(at, step) for at, step in letter.plan if at <= end]
    live(office, all_letters, end)
    reminders, notices, wrong = compare(office, all_letters, end)
    counted(
        f"quarter  {count} messages over {weeks} weeks: {count} due dates, {reminders} reminders, "
        f"{notices} notices compared with an independent count; {len(wrong)} differ"
    )
    assert wrong[:5] == [], "\n".join(wrong[:12])
    assert reminders > count / 3


@pytest.mark.timeout(240)
@pytest.mark.clause("A8")
def test_every_due_date_step_and_notice_of_some_weeks_is_as_counted_by_hand(
    sqlite_office: TheOffice, counted: Callable[[str], None]
) -> None:
    quarter(sqlite_office, 200, 5, counted)


@pytest.mark.faults
@pytest.mark.timeout(7200)
def test_every_due_date_step_and_notice_of_a_quarter_is_as_counted_by_hand(
    sqlite_office: TheOffice, times: int, counted: Callable[[str], None]
) -> None:
    quarter(sqlite_office, 2_000 * times, 13, counted)  # a release: the 20,000 of a busy quarter
