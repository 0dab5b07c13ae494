"""However many cases are public, what everybody asks for is found by an index and not by reading them all."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlmodel import Session

from app.base.db import Database
from app.opendata import queries
from app.opendata.queries import CaseFilters
from tests.conftest import NOW

Question = Callable[[Session], object]
WRITTEN = f"{NOW.timestamp():.6f}_7"
LOOKED_FOR = {
    "the first page": lambda session: queries.case_page(session, CaseFilters()),
    "the next page": lambda session: queries.case_page(session, CaseFilters(), after=WRITTEN),
    "one department": lambda session: queries.case_page(session, CaseFilters(department="城市管理局")),
    "one group of matters": lambda session: queries.case_page(session, CaseFilters(category_group="教育")),
    "a month of receipt": lambda session: queries.case_page(session, CaseFilters(month="2026-10")),
    "a month of closing": lambda session: queries.case_page(session, CaseFilters(closed="2026-10")),
    "the choices": queries.facets,
    "the monthly files": queries.case_months,
    "the map of a month": lambda session: queries.addresses_of_month(session, "2026-10"),
    "the feed": lambda session: queries.feed_entries(session, ""),
    "one case": lambda session: queries.is_public(session, "20261009-ABC234"),
    "Open311": lambda session: queries.requests_of(session, "", since=NOW - timedelta(days=90), limit=10),
    "the changes": lambda session: queries.last_change(session, "cases"),
}  # fmt: skip


@pytest.mark.parametrize("ask", LOOKED_FOR.values(), ids=LOOKED_FOR)
def test_it_is_found_by_an_index(sqlite_db: Database, ask: Question) -> None:
    asked: list[tuple[str, object]] = []
    with sqlite_db.reading() as session:
        bind = session.connection()
        event.listen(bind, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        ask(session)
        asked_here = list(asked)
        plans = [row[3] for sql, given in asked_here for row in _plan(session, sql, given)]
    reading = [plan for plan in plans if "published_cases" in plan or "changes" in plan]
    assert reading and all("INDEX" in plan for plan in reading), reading


def _plan(session: Session, sql: str, given: object) -> list[tuple[object, ...]]:
    cursor = session.connection().connection.cursor()
    return list(cursor.execute(f"EXPLAIN QUERY PLAN {sql}", given).fetchall())
