"""The clock: one acts at a time, whoever fails stops nobody else, and a standstill loses nothing."""

import ast
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import SQLModel, select

from app import jobs
from app.base import clock, leases
from app.base.db import Database
from app.base.errors import NotFound
from app.base.models import JobRun, Lease
from app.cases.models import Case, Reminder
from app.cases.transitions import Status
from app.jobs import HOLD_FOR, Clock, Job
from app.log import chain
from app.log import queries as log_queries
from app.messages import service as messages
from app.notices.models import Notice
from app.official_accounts import service as accounts
from tests import naive_count
from tests.conftest import NOW, TheOffice
from tests.factories import a_case
from tests.faults.office import count
from tests.faults.side import Side
from tests.live import eventually, free_port

# Tuesday 22 September 2026, 10:00. Friday the 25th is Mid-Autumn, 1 to 7 October the National Day:
# five working days end on Wednesday the 30th, 24:00.
RECEIVED = datetime(2026, 9, 22, 2, 0, tzinfo=UTC)
STOPPED = datetime(2026, 9, 28, 10, 0, tzinfo=UTC)  # Monday, 18:00
STARTED = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)  # Thursday, 09:00: the first working day after the holiday


# ------------------------------------------------------------------ who may act


class Acts:
    """A job that remembers how often it ran, and fails when it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.times, self.error = 0, error
        self.__name__ = f"acts_{id(self):x}"

    def __call__(self, db: Database, now: datetime) -> int:
        self.times += 1
        if self.error:
            raise self.error
        return self.times

    def job(self) -> Job:
        return Job(self, "for this test", every=1, own_transactions=True)


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Job]]:
    """The table of jobs by name, to which a test may add its own."""
    table = dict(jobs.BY_NAME)
    monkeypatch.setattr(jobs, "BY_NAME", table)
    yield table


def the_runs(db: Database) -> dict[str, JobRun]:
    with db.reading() as session:
        return {run.name: run for run in session.exec(select(JobRun))}


def test_of_two_schedulers_one_acts_until_its_time_runs_out(db: Database, listed: dict[str, Job]) -> None:
    acts = Acts()
    listed[acts.__name__] = acts.job()
    first, second = Clock(db), Clock(db)
    with clock.at(NOW):
        first._tick(acts.job())
        second._tick(acts.job())
    assert acts.times == 1
    # The first is killed: nobody gives its lease back.
    with clock.at(NOW + HOLD_FOR - timedelta(seconds=1)):
        second._tick(acts.job())
    assert acts.times == 1
    with clock.at(NOW + HOLD_FOR + timedelta(seconds=1)):
        second._tick(acts.job())
        first._tick(acts.job())  # it was only asleep, and comes back
    assert acts.times == 2


def test_one_that_stops_in_order_lets_the_next_act_at_once(db: Database, listed: dict[str, Job]) -> None:
    acts = Acts()
    listed[acts.__name__] = acts.job()
    first, second = Clock(db), Clock(db)
    first.start()
    first._tick(acts.job())
    first.stop()
    second._tick(acts.job())
    assert acts.times == 2


def test_eight_that_reach_for_the_lease_at_once_and_one_gets_it(db: Database) -> None:
    together, got = threading.Barrier(8), []

    def reach(holder: str) -> None:
        together.wait(30)
        with db.writing() as session:
            got.append(leases.take(session, NOW, "jobs", holder, HOLD_FOR))

    threads = [threading.Thread(target=reach, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(got) == [False] * 7 + [True]


def test_nobody_gives_back_a_lease_that_is_anothers_by_now(db: Database) -> None:
    with db.writing() as session:
        assert leases.take(session, NOW, "jobs", "first", HOLD_FOR)
    later = NOW + 2 * HOLD_FOR
    with db.writing() as session:
        assert leases.take(session, later, "jobs", "second", HOLD_FOR)
        leases.give_back(session, "jobs", "first", later)
    with db.reading() as session:
        assert session.get_one(Lease, "jobs").until_at == later + HOLD_FOR


# ------------------------------------------------------------------ what runs


def test_a_job_that_fails_is_on_record_and_stops_no_other(
    db: Database, listed: dict[str, Job], caplog: pytest.LogCaptureFixture
) -> None:
    fails, works = Acts(ValueError("张三 13900005678")), Acts()
    for acts in (fails, works):
        listed[acts.__name__] = acts.job()
    ticking = Clock(db)
    for minute in range(2):
        with clock.at(NOW + timedelta(minutes=minute)):
            ticking._tick(fails.job())
            ticking._tick(works.job())
    assert (fails.times, works.times) == (2, 2)
    runs = the_runs(db)
    assert (runs[fails.__name__].error, runs[works.__name__].error) == ("ValueError", "")
    assert "job failed" in caplog.text
    works.error, fails.error = None, None
    with clock.at(NOW + timedelta(minutes=3)):
        ticking._tick(fails.job())
    assert the_runs(db)[fails.__name__].error == ""


def test_the_running_clock_reaches_for_everything_that_is_due(office: TheOffice) -> None:
    """The whole clock with real ticks: a letter that waits is in the queue soon, and each job says it ran."""
    with office.db.writing() as session:
        body = b"<xml><ToUserName>gh_0123456789ab</ToUserName><FromUserName>oTEST</FromUserName>" + (
            b"<CreateTime>1791514920</CreateTime><MsgType>text</MsgType><MsgId>1</MsgId>"
            b"<Content>where</Content></xml>"
        )
        messages.keep_arrival(session, NOW, office.accounts["wechat"], "1", body)
    ticking = Clock(office.db)
    ticking.start()
    try:
        eventually(lambda: "deliver_released" in the_runs(office.db), what="a job on record")
        with office.db.reading() as session:
            eventually(lambda: "take_in_arrivals" in the_runs(office.db), what="a job on record")
            assert count(session, Case) == 1
    finally:
        ticking.stop()


def test_what_calls_itself_a_job_is_in_the_table() -> None:
    """A job that nobody ticks looks finished: it is tested, and never runs."""
    rooms = Path(jobs.__file__).parent
    said = {
        one.name
        for path in rooms.rglob("*.py")
        for one in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(one, ast.FunctionDef) and re.search(r"^Job:|\(job\)", ast.get_docstring(one) or "")
    }
    assert len(said) >= 15
    assert said - set(jobs.BY_NAME) == set()


def test_an_unknown_job_is_refused_in_words(db: Database) -> None:
    with pytest.raises(NotFound, match="huiying jobs list"):
        jobs.run(db, "no_such_job", NOW)


@pytest.mark.parametrize("job", jobs.JOBS, ids=lambda job: job.name)
def test_every_job_may_be_run_twice_and_on_a_quiet_office(sqlite_office: TheOffice, job: Job) -> None:
    with sqlite_office.db.writing() as session:
        nowhere = {"api_base": f"http://127.0.0.1:{free_port()}"}
        accounts.change_settings(session, NOW, None, sqlite_office.accounts["weibo"].id, nowhere)
        a_case(session, sqlite_office, status=Status.IN_PROGRESS)
    jobs.run(sqlite_office.db, job.name, NOW)
    before = _everything(sqlite_office.db)
    jobs.run(sqlite_office.db, job.name, NOW)
    assert _everything(sqlite_office.db) == before


def _everything(db: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, but for how often a platform was asked in vain: each time counts there."""
    counted = {"fetch_states"}
    with db.reading() as session:
        return {
            table.name: sorted(map(tuple, session.execute(table.select())), key=repr)
            for table in SQLModel.metadata.sorted_tables
            if table.name not in counted
        }


# ------------------------------------------------------------------ reminders, once each


def the_reminders(db: Database) -> list[tuple[int, str, datetime]]:
    with db.reading() as session:
        return sorted((row.case_id, row.step, row.due_at) for row in session.exec(select(Reminder)))


def expected(office: TheOffice, at: datetime) -> list[tuple[int, str, datetime]]:
    """What should have been given of every open case by ``at``, counted by somebody else."""
    with office.db.reading() as session:
        return sorted(
            (case.id, key, case.due_at)
            for case in session.exec(select(Case).where(Case.open))
            for key, moment in _moments(case).items()
            if moment <= at
        )


def _moments(case: Case) -> dict[str, datetime]:
    late = naive_count.step_time("draft", case.received_at, case.due_at, frozenset(), False, 5)
    step = {"step_draft": naive_count.opening(late)}
    return naive_count.moments(case.received_at, case.due_at, False) | step


@pytest.mark.clause("C26")
@pytest.mark.clause("A8")
def test_three_schedulers_at_once_after_a_standstill_over_a_holiday_remind_once_each(
    office: TheOffice,
) -> None:
    with office.db.writing() as session:
        for number in range(12):
            received = RECEIVED + timedelta(hours=number % 4)  # several with the very same due instant
            a_case(session, office, status=Status.IN_PROGRESS, now=received, sender=f"oTEST{number:022}")
    jobs.run(office.db, "remind_departments", STOPPED)
    assert the_reminders(office.db) == []  # never early

    with Side(office.db.url) as one, Side(office.db.url) as two, Side(office.db.url) as three:
        done = Side.together(*((side, "remind", STARTED) for side in (one, two, three)))
        again = Side.together(
            *((side, "remind", STARTED + timedelta(seconds=5)) for side in (one, two, three))
        )

    wanted = expected(office, STARTED)
    assert the_reminders(office.db) == wanted
    assert {step for _, step, _ in wanted} == {"due_soon", "step_draft", "due", "overdue_1"}
    assert (sum(done), sum(again), len(wanted)) == (48, 0, 48)
    with office.db.reading() as session:
        assert count(session, Notice, Notice.kind == "reminder") == 48
        assert chain.verify(log_queries.walk(session)).ok


@pytest.mark.clause("C26")
def test_minute_by_minute_or_at_long_last_the_ladder_is_the_same(sqlite_office: TheOffice) -> None:
    """Hour by hour over the holiday and beyond: every step once, in order, none before its moment."""
    office = sqlite_office
    with office.db.writing() as session:
        a_case(session, office, status=Status.IN_PROGRESS, now=RECEIVED)
    for hour in range(24 * 25):
        at = RECEIVED + timedelta(hours=hour)
        jobs.run(office.db, "remind_departments", at)
        if hour % 6 == 0:
            assert the_reminders(office.db) == expected(office, at)
    assert [step for _, step, _ in the_reminders(office.db)] == [
        "due", "due_soon", "overdue_1", "overdue_5", "step_draft"
    ]  # fmt: skip
