"""Loading arrangements: shipped years, a State Council notice, a day of the office's own."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import chinese_calendar
import pytest
from sqlmodel import Session, select

from app.base.db import Database
from app.base.errors import Invalid
from app.calendar import queries, service
from app.calendar.models import CalendarDay, CalendarYear
from app.calendar.workdays import Kind
from app.log import service as log

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)  # Saturday 09:00 in Shanghai


@pytest.fixture
def session(db: Database) -> Iterator[Session]:
    with db.writing() as session:
        service.seed(session, NOW)
        yield session


def notice(year: int = 2027, **changes: Any) -> dict[str, Any]:
    """An invented arrangement in the form of holiday-cn."""
    days = [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2026-12-31", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-09", "isOffDay": False},
    ]
    return {"year": year, "papers": ["https://www.gov.cn.example/2027"], "days": days} | changes


def test_the_shipped_years_lose_no_day_of_their_source(session: Session) -> None:
    calendar = queries.calendar(session)
    first, last = date(2021, 1, 1), date(2026, 12, 31)
    span = [first + timedelta(days=i) for i in range((last - first).days + 1)]

    wrong = [day for day in span if calendar.is_working_day(day) != chinese_calendar.is_workday(day)]

    assert wrong == []
    assert calendar.known_years == frozenset(range(2021, 2027))


def test_each_shipped_year_names_the_notice_it_rests_on(session: Session) -> None:
    source = queries.years(session)[-1].source

    assert source == "国务院办公厅关于2026年部分节假日安排的通知（国办发明电〔2025〕7号）"


def test_seeding_again_adds_nothing(session: Session) -> None:
    assert service.seed(session, NOW) == 0
    assert len(session.exec(select(CalendarYear)).all()) == 6


def test_the_preview_shows_what_would_change_and_writes_nothing(session: Session) -> None:
    changed = service.preview(session, notice()).changes

    assert [(day.on.isoformat(), day.counts_before, day.counts_after) for day in changed] == [
        ("2026-12-31", True, False),  # Thursday
        ("2027-01-09", False, True),  # Saturday
        # 1 January is a rest day already: statutory. The notice says nothing of October, and it has the last word.
        ("2027-10-01", False, True),
    ]
    assert changed[0].why == "周四 元旦：工作日改为休息日"
    assert 2027 not in queries.calendar(session).known_years


def test_a_loaded_notice_counts_from_then_on_and_is_written_down(session: Session) -> None:
    year = service.load(session, NOW, None, notice())
    calendar = queries.calendar(session)

    assert not calendar.is_working_day(date(2026, 12, 31))
    assert calendar.is_working_day(date(2027, 1, 9))
    assert calendar.name_of(date(2027, 1, 9)) == "元旦调休上班"
    assert calendar.is_announced(date(2026, 12, 31))
    assert calendar.version == str(year.id)
    assert log.waiting(session)[-1]["action"] == "calendar_loaded"


def test_a_corrected_notice_is_a_new_version_and_the_old_one_stays(session: Session) -> None:
    service.load(session, NOW, None, notice())
    shorter = [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}]

    again = service.load(session, NOW, None, notice(days=shorter))

    assert again.version == 2
    assert [year.version for year in queries.versions(session, 2027)] == [1, 2]
    assert len(session.exec(select(CalendarDay).where(CalendarDay.year == 2027)).all()) == 4
    assert queries.calendar(session).is_working_day(date(2026, 12, 31))


def test_a_day_that_falls_out_of_the_notice_shows_in_the_preview(session: Session) -> None:
    service.load(session, NOW, None, notice())
    shorter = [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}]

    changed = service.preview(session, notice(days=shorter)).changes

    assert [(day.on.isoformat(), day.counts_after) for day in changed] == [
        ("2026-12-31", True),
        ("2027-01-09", False),
    ]


def test_the_same_notice_twice_makes_no_second_version(session: Session) -> None:
    assert service.load(session, NOW, None, notice()).id == service.load(session, NOW, None, notice()).id


def test_a_day_the_office_set_itself_outlives_the_next_notice(session: Session) -> None:
    service.load(session, NOW, None, notice())
    service.set_local_day(session, NOW, None, date(2027, 1, 11), Kind.REST, "办公楼搬迁")
    shorter = [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}]

    service.load(session, NOW, None, notice(days=shorter))

    assert queries.calendar(session).name_of(date(2027, 1, 11)) == "办公楼搬迁"
    assert not queries.calendar(session).is_working_day(date(2027, 1, 11))


def test_a_day_the_office_set_itself_can_be_taken_back_and_the_notice_counts_again(session: Session) -> None:
    service.load(session, NOW, None, notice())
    service.set_local_day(session, NOW, None, date(2027, 1, 9), Kind.REST, "办公楼搬迁")
    seen = service.preview_local_day(session, date(2027, 1, 9), None, "")

    assert [(day.on.isoformat(), day.counts_after) for day in seen.changes] == [("2027-01-09", True)]
    service.clear_local_day(session, NOW, None, date(2027, 1, 9))
    assert queries.calendar(session).name_of(date(2027, 1, 9)) == "元旦调休上班"
    with pytest.raises(Invalid, match="不是本单位自己设的"):
        service.clear_local_day(session, NOW, None, date(2027, 1, 9))


def test_a_day_of_the_office_needs_a_reason(session: Session) -> None:
    with pytest.raises(Invalid, match="为什么"):
        service.set_local_day(session, NOW, None, date(2026, 3, 2), Kind.REST, " ")


def test_a_local_day_needs_a_loaded_year(session: Session) -> None:
    with pytest.raises(Invalid, match="2028 年的放假安排还没有载入"):
        service.set_local_day(session, NOW, None, date(2028, 3, 1), Kind.REST, "办公楼搬迁")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"year": "二〇二七"}, "年份"),
        ({"year": 1027}, "年份"),
        ({"days": []}, "没有日子"),
        ({"days": [{"name": "元旦", "date": "2027-02-30", "isOffDay": True}]}, "第 1 行看不懂"),
        ({"days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": "是"}]}, "isOffDay 只能是"),
        ({"days": [{"name": " ", "date": "2027-01-01", "isOffDay": True}]}, "name 不能为空"),
        ({"days": ["2027-01-01"]}, "第 1 行看不懂"),
        ({"days": [{"name": "国庆", "date": "2026-10-01", "isOffDay": True}]}, "不属于 2027 年"),
        ({"days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}] * 2}, "同一天出现了两次"),
    ],
)
def test_a_notice_that_cannot_be_right_is_refused_with_a_reason(
    session: Session, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        service.preview(session, notice(**changes))


def test_what_was_rolled_back_is_not_remembered(db: Database) -> None:
    with db.writing() as session:
        service.seed(session, NOW)
    with pytest.raises(RuntimeError), db.writing() as session:
        service.load(session, NOW, None, notice())
        assert 2027 in queries.calendar(session).known_years
        raise RuntimeError

    with db.reading() as session:
        assert 2027 not in queries.calendar(session).known_years
        assert queries.calendar(session) is queries.calendar(session)
