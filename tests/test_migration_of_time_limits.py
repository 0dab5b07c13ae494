"""An office of the first version with cases in hand comes to this one: nothing moves, everything has a step."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlmodel import select

from app import jobs, migrations
from app.base.db import Database
from app.base.keys import Keys
from app.calendar import service as calendar
from app.cases.models import Case
from app.log.models import Event
from tests.conftest import NOW, SECRET


def filled(table: sa.Table, **given: Any) -> dict[str, Any]:
    """A row with something in every column that needs something."""
    by_type: list[tuple[type, Any]] = [
        (sa.Boolean, False),
        (sa.Integer, 1),
        (sa.DateTime, datetime(2026, 10, 9, 2, 42, tzinfo=UTC).replace(tzinfo=None)),
        (sa.Date, NOW.date()),
        (sa.JSON, []),
    ]
    row = {}
    for column in table.columns:
        fits = next((value for kind, value in by_type if isinstance(column.type, kind)), "")
        if not column.nullable:
            row[column.name] = fits
    return row | given


@pytest.fixture
def old(tmp_path: Path) -> Database:
    """A database of the first version with an open case that was extended and had waited for its citizen."""
    db = Database(f"sqlite:///{tmp_path}/old.db", Keys(SECRET))
    command.upgrade(migrations.config(db), "0004")
    known = sa.MetaData()
    known.reflect(db.engine)
    moment = datetime(2026, 10, 9, 2, 42, tzinfo=UTC).replace(tzinfo=None)
    due = datetime(2026, 10, 20, 16, tzinfo=UTC).replace(tzinfo=None)  # Tuesday, 24:00
    with db.writing() as session:
        run = session.connection().execute
        for name in ("departments", "staff", "official_accounts"):
            run(known.tables[name].insert(), filled(known.tables[name]))
        cases = known.tables["cases"]
        run(
            cases.insert(),
            filled(
                cases, status="in_progress", open=True, due_at=due, sooner_at=due, received_at=moment,
                message_type="consultation", profile="default", calendar_version="6", number="20261009-AAAAAA",
                due_on=date(2026, 10, 20), version=3,
            ),
        )  # fmt: skip
        extension = filled(known.tables["extensions"], working_days=2, granted=True, decided_at=moment)
        run(known.tables["extensions"].insert(), extension)
        asked = filled(
            known.tables["inquiries"], kind="ask", asked_at=moment,
            answered_at=datetime(2026, 10, 10, 2, tzinfo=UTC).replace(tzinfo=None),
        )  # fmt: skip
        run(known.tables["inquiries"].insert(), asked)
    return db


def test_open_cases_keep_what_moved_their_deadline_and_get_their_steps(old: Database) -> None:
    migrations.migrate(old)
    with old.reading() as session:
        case = session.exec(select(Case)).one()
    assert sorted(row["kind"] for row in case.clock_changes) == ["extension", "pause"]
    assert (case.step, case.calendar_version, case.remind_at) == ("draft", "", case.received_at)

    with old.writing() as session:
        calendar.seed(session, NOW)
    jobs.run(old, "follow_calendar", NOW)
    with old.reading() as session:
        case = session.exec(select(Case)).one()
        events = session.exec(select(Event).where(Event.action == "due_recounted")).all()
    # Five working days, two of extension; Saturday 10 October, a working day, was waited.
    assert case.due_on.isoformat() == "2026-10-20"
    assert case.step_due_at is not None
    assert case.calendar_version
    assert events == []
    old.close()
