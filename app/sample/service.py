"""How does the sample office come into an empty database, and how does it go again?

Sixty days are lived through, step by step, by the services an office really uses, on a moved clock:
log, due dates, reviews, deliveries and publications agree because nothing is written past them.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from app import migrations, schema
from app.base.db import Database
from app.base.errors import Conflict
from app.calendar import queries as calendars
from app.calendar import service as calendar
from app.calendar.workdays import at_time, day_of
from app.cases.models import Case
from app.departments.models import Department
from app.messages.models import Arrival, Message
from app.official_accounts.models import OfficialAccount
from app.opendata import service as opendata
from app.sample import plan as planning
from app.sample.arrivals import Mail
from app.sample.days import Days
from app.sample.house import (
    EDITORS,
    PASSWORD,
    House,
    ask_for_a_substitute,
    let_people_in,
    make_roster,
    office_of,
    open_account,
    open_house,
    write_answer,
    written_from,
)
from app.sample.lives import Handling
from app.sample.material import material
from app.sample.stage import Stage
from app.staff import queries as staff
from app.staff import service as staff_service
from app.staff.models import StaffMember

MARK = "sample_until"
"""Key in the office's settings: the last ids of the sample; whatever comes after them is real."""
ROSTER_DAYS = (-14, 14)
_DERIVED = ("index", "public", "attachments")
"""Folders in the data folder that hold nothing but what belongs to the database."""
# What guards the log on PostgreSQL does not go with its table. Extensions keep theirs.
_OWN_FUNCTIONS = """
    SELECT oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND proowner = current_user::regrole
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""
_REAL = (StaffMember, Department, OfficialAccount, Message, Arrival, Case)

Say = Callable[[float], None]
"""Told how far it is, 0 … 1."""


@dataclass(frozen=True)
class Loaded:
    """What there is after loading."""

    cases: int
    answers: int
    people: int


def state(session: Session) -> str:
    """empty · sample (loaded whole) · unfinished (loading broke off) · real."""
    office = staff.office(session)
    if office is not None and office.sample:
        return "sample" if MARK in office.settings else "unfinished"
    in_use = office is not None or any(session.exec(select(table).limit(1)).first() for table in _REAL)
    return "real" if in_use else "empty"


def load(
    db: Database, now: datetime, data_dir: Path, *, say: Say = lambda _: None, total: int = planning.TOTAL
) -> Loaded:
    """Bring the sample office into an empty, migrated database; it has lived until ``now`` (UTC).

    ``total``: how many cases. Raises `Conflict` once anything is in the database. What breaks off leaves
    an empty database again.
    """
    with db.reading() as session:
        found = state(session)
    if found == "unfinished":
        clear(db, now, data_dir)
    elif found != "empty":
        raise Conflict("数据库里已经有内容，没有装入示例数据。示例只能装进空的数据库")
    _remove_derived(data_dir)
    password_hash = staff_service.hash_password(PASSWORD)
    try:
        return _live(db, now, password_hash, say, total)
    except BaseException:
        clear(db, now, data_dir)
        raise


def check_removable(session: Session) -> None:
    """Raise `Conflict` unless everything in the database is the sample's."""
    found = state(session)
    if found == "real":
        raise Conflict("这里没有示例数据，是正式使用的数据库，没有动它")
    if found == "sample" and _arrived_since(session):
        raise Conflict("装入示例以后已经收到真实来信，没有清除。请另建数据库，或先备份再由技术人员处理")


def remove(db: Database, now: datetime, data_dir: Path) -> None:
    """Start a fresh database: the sample goes with everything made from it.

    Raises `Conflict` once a message arrived that is not the sample's. Stop `serve`, `web` and `jobs` before.
    """
    with db.reading() as session:
        check_removable(session)
    clear(db, now, data_dir)


def clear(db: Database, now: datetime, data_dir: Path) -> None:
    """Drop every table, remove derived files, migrate again, with the calendar years that are shipped."""
    with db.writing() as session:
        connection = session.connection()
        schema.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        if not db.is_sqlite:
            for (function,) in connection.execute(text(_OWN_FUNCTIONS)).all():
                connection.execute(text(f"DROP FUNCTION {function}"))
    db.engine.dispose()
    _remove_derived(data_dir)
    migrations.migrate(db)
    with db.writing() as session:
        calendar.seed(session, now)


def _remove_derived(data_dir: Path) -> None:
    for name in _DERIVED:
        shutil.rmtree(data_dir / name, ignore_errors=True)


def _last_ids(session: Session) -> dict[str, int]:
    return {
        table.__name__: session.exec(select(func.max(col(table.id)))).one() or 0
        for table in (Message, Arrival, Case)
    }


def _arrived_since(session: Session) -> bool:
    office = staff.office(session)
    known = office.settings[MARK] if office else {}
    return any(last > known.get(name, 0) for name, last in _last_ids(session).items())


# ------------------------------------------------------------------ living through it


def _live(db: Database, now: datetime, password_hash: str, say: Say, total: int) -> Loaded:
    today = day_of(now)
    content = material(today)
    with db.reading() as session:
        days = calendars.calendar(session)
    first = today - timedelta(days=planning.DAYS)
    begins, span = at_time(first, "00:00").timestamp(), now.timestamp() - at_time(first, "00:00").timestamp()
    stage = Stage(db, now, days, lambda at: say(min(max((at - begins) / span, 0.0), 1.0)))
    house = House(content)
    handling = Handling(stage, house)
    try:
        _prepare(stage, house)
        handling.mail.expect(planning.plans(content.letters, content.odd, now, days, total))
        _odds_and_ends(stage, handling.mail)
        Days(stage, house, handling.plans).expect(first, today)
        stage.play()
    finally:
        stage.platforms.close()
    with db.writing() as session:
        stage.session = session
        opendata.follow_sources(session, now)
        let_people_in(stage, house, password_hash)
        office = office_of(stage)
        office.settings = {**office.settings, MARK: _last_ids(session)}
        session.add(office)
        count = session.exec(select(func.count()).select_from(Case)).one()
    return Loaded(cases=count, answers=len(house.entries), people=len(house.people))


def _prepare(stage: Stage, house: House) -> None:
    """The years before the first letter: the house, its accounts, its library, its roster."""
    content = house.material
    founded = min(row["opened_on"] for row in content.accounts) - timedelta(days=7)
    stage.begin(at_time(founded, "09:00"), open_house(stage, house))
    for row in content.accounts:
        stage.begin(at_time(row["opened_on"], "09:30"), open_account(stage, house, row))
    for place, row in enumerate(sorted(content.answers, key=lambda row: str(row["valid_from"]))):
        stage.begin(written_from(row), write_answer(stage, house, row, EDITORS[place % len(EDITORS)]))
    first, last = ROSTER_DAYS
    posted = at_time(day_of(stage.ends_at) + timedelta(days=first - 1), "16:00")
    stage.begin(posted, make_roster(stage, house, first, last))
    stage.begin(stage.ends_at - timedelta(hours=3), ask_for_a_substitute(stage, house))


def _odds_and_ends(stage: Stage, mail: Mail) -> None:
    """What comes in beside letters: somebody follows, somebody taps the menu, something nobody can read."""
    ends = stage.ends_at
    for place, days in enumerate((40, 33, 21, 12, 5, 2)):
        kind = "subscribe" if place % 2 else "click"
        stage.begin(ends - timedelta(days=days, hours=place), mail.event(kind, 900 + place, {}))
    stage.begin(
        ends - timedelta(days=9, hours=3), mail.unreadable(b"<xml><ToUserName>gh_other</ToUserName></xml>")
    )
    stage.begin(ends - timedelta(hours=30), mail.unreadable(b"\xff\xfe not what the platform sends"))
