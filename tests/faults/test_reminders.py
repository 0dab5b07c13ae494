"""F3: three schedulers at once, killed, away for an hour and for three days over a holiday, clocks that jump.

Every reminder is given exactly once, none early, none later than the first time anybody looked. When each is
due is counted by `tests.naive_count`, which knows nothing of the product.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import col, select

from app.base.db import Database
from app.cases.models import Case, Reminder, Slip
from app.cases.transitions import Status
from app.departments import service as departments
from app.notices.models import Notice
from tests import naive_count
from tests.conftest import NOW, TheOffice, open_office
from tests.factories import a_case
from tests.faults.side import Side

SEED = 20261121
FIRST, LAST = naive_count.clock(date(2026, 9, 14), 8), naive_count.clock(date(2026, 10, 20), 20)
HOLIDAY = naive_count.clock(date(2026, 9, 30), 18)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SIDES = 3
WAIT = threading.Event()  # never set: to let a process get somewhere before it is killed


@dataclass
class Story:
    """What the schedulers were told, and who got through."""

    looked: list[datetime] = field(default_factory=list)
    """The instants at which somebody looked and finished."""
    did: Counter[str] = field(default_factory=Counter)


class Schedulers:
    """Three processes on one database; whoever is killed is replaced."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        self._url, self._stack = url, stack
        self.sides = [self._new() for _ in range(SIDES)]

    def _new(self) -> Side:
        return self._stack.enter_context(Side(self._url))

    def look(self, now: datetime, count: int = SIDES) -> None:
        Side.together(*((side, "remind", now) for side in self.sides[:count]))

    def look_and_die(self, now: datetime, after: float) -> None:
        """One begins and is killed in the middle of it; the others look at the same time."""
        self.sides[0].begin("remind", now)
        WAIT.wait(after)
        self.sides[0].kill()
        self.sides[0] = self._new()
        Side.together(*((side, "remind", now) for side in self.sides[1:]))


@pytest.fixture
def cases(db: Database, request: pytest.FixtureRequest) -> list[Case]:
    """Cases in hand that came in before the holiday, some urgent, of a department whose leaders are named."""
    office, chance = open_office(db), random.Random(SEED)
    _name_leaders(office)
    made = []
    for number in range(request.param):
        received = FIRST + timedelta(minutes=chance.randrange(0, 16 * 24 * 60))
        with db.writing() as session:
            case = a_case(session, office, status=Status.IN_PROGRESS, sender=f"o{number:024}", now=received)
            case.pace = "urgent" if number % 10 == 0 else "ordinary"
            _recount(session, case)
            made.append(case)
    return made


def _recount(session: object, case: Case) -> None:
    from app.cases.service.clocks import set_due

    set_due(session, case)  # type: ignore[arg-type]
    session.add(case)  # type: ignore[attr-defined]


def _name_leaders(office: TheOffice) -> None:
    with office.db.writing() as session:
        departments.set_leaders(
            session,
            NOW,
            None,
            office.departments["公安局户政科"].id,
            deputy_leader_id=office.people["周局长"].id,
            principal_id=office.people["郑书记"].id,
        )


def moments_of(case: Case) -> dict[str, datetime]:
    """When each reminder of this case is to be given, counted independently."""
    hours = case.pace == "urgent"
    began = case.received_at
    if hours:
        due = began + timedelta(hours=naive_count.URGENT_HOURS)
    else:
        day = naive_count.due_day(
            began.astimezone(naive_count.CHINA).date(), naive_count.DAYS[case.message_type]
        )
        due = naive_count.clock(day, 24)
    assert case.due_at == due
    days = naive_count.DAYS[case.message_type]
    late = naive_count.step_time("draft", began, due, frozenset(), hours, days)
    step = {"step_draft": late if hours else naive_count.opening(late)}
    return naive_count.moments(began, due, hours) | step


def ticks(chance: random.Random, step: timedelta) -> Iterator[datetime]:
    """From the first to the last, with an hour and three days over the holiday in which nobody is there."""
    now = FIRST
    while now < LAST:
        yield now
        now += step * chance.uniform(0.5, 1.5)
        if chance.random() < 0.02:
            now += HOUR
        if HOLIDAY - DAY < now < HOLIDAY + DAY and chance.random() < 0.2:
            now += 3 * DAY


def live_through(schedulers: Schedulers, step: timedelta, kills: int) -> Story:
    chance, story = random.Random(SEED), Story()
    moments = list(ticks(chance, step))
    deadly = set(chance.sample(range(len(moments)), kills))
    for place, now in enumerate(moments):
        what = "killed" if place in deadly else chance.choice(("one", "three", "three", "jump"))
        story.did[what] += 1
        if what == "killed":
            schedulers.look_and_die(now, chance.random() * 0.06)
        elif what == "jump":
            for jump in chance.sample((-DAY, -HOUR, HOUR, DAY), 2):
                schedulers.look(now + jump, 1)
                story.looked.append(now + jump)
            schedulers.look(now, 2)
        else:
            schedulers.look(now, 1 if what == "one" else SIDES)
        story.looked.append(now)
    schedulers.look(LAST + DAY)
    story.looked.append(LAST + DAY)
    return story


def judge(db: Database, cases: list[Case], story: Story, counted: Callable[[str], None]) -> None:
    """Compare what was given with what should have been: once each, at the first look after its moment."""
    expected = {
        (case.id, key): moment
        for case in cases
        for key, moment in moments_of(case).items()
        if moment <= LAST + DAY
    }
    with db.reading() as session:
        rows = list(session.exec(select(Reminder)))
        notices = list(session.exec(select(Notice).where(Notice.kind == "reminder")))
        slips = list(session.exec(select(Slip).order_by(col(Slip.kind), col(Slip.serial))))
    given = Counter((row.case_id, row.step) for row in rows)
    early = [row for row in rows if row.sent_at < expected[(row.case_id, row.step)]]
    late = [
        row
        for row in rows
        if row.sent_at > next(look for look in story.looked if look >= expected[(row.case_id, row.step)])
    ]
    doubled = [key for key, count in given.items() if count > 1]
    lost = expected.keys() - given.keys()
    told = Counter((one.case_id, one.key.partition(":")[2].partition(":")[0]) for one in notices)
    counted(
        f"F3  {'SQLite' if db.is_sqlite else 'PostgreSQL'}: {len(expected)} reminders, {sum(story.did.values())} "
        f"looks ({dict(story.did)}): {len(lost)} lost, {len(doubled)} doubled, {len(early)} early, {len(late)} late; "
        f"{len(slips)} numbered papers"
    )
    assert (sorted(lost), doubled, early, late) == ([], [], [], [])
    assert given.keys() == expected.keys()
    assert all(row.to_id for row in rows)
    assert told.keys() == set(given)
    assert len({one.key for one in notices}) == len(notices)
    for kind in ("reminder", "supervision"):
        assert [one.serial for one in slips if one.kind == kind] == list(
            range(1, 1 + sum(one.kind == kind for one in slips))
        )


def on(db: Database, cases: list[Case], step: timedelta, kills: int, counted: Callable[[str], None]) -> None:
    with ExitStack() as stack:
        story = live_through(Schedulers(db.engine.url.render_as_string(False), stack), step, kills)
    judge(db, cases, story, counted)


@pytest.mark.timeout(240)
@pytest.mark.clause("C26")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # where three really are at once
@pytest.mark.parametrize("cases", [6], indirect=True)
def test_every_reminder_is_given_once_and_none_early(
    db: Database, cases: list[Case], counted: Callable[[str], None]
) -> None:
    on(db, cases, timedelta(hours=24), 1, counted)


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("cases", [420], indirect=True)
def test_every_reminder_is_given_once_and_none_early_at_ci_counts(
    db: Database, cases: list[Case], times: int, counted: Callable[[str], None]
) -> None:
    kills = 50 if db.is_sqlite else 25
    on(db, cases, timedelta(hours=2) / times, kills * times, counted)
