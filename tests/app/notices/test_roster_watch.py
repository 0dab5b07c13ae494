"""What of the roster must be known: gaps ahead, somebody missing, a shift to stand in for. Each told once."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from app.duty import queries as roster
from app.duty import service as duty
from app.notices import service
from app.notices.models import Notice
from tests.conftest import NOW, TheOffice

HOUR = timedelta(hours=1)


def put(
    office: TheOffice, name: str, start: float, end: float, kind: str = "reading", *, came: bool = True
) -> int:
    """A shift from and to so many hours from `NOW`, taken over on time where the person ``came``."""
    with office.db.writing() as session:
        made = duty.add_shift(
            session, NOW, None, staff_id=office.people[name].id, duty=kind,
            starts_at=NOW + start * HOUR, ends_at=NOW + end * HOUR,
        )  # fmt: skip
        if came:
            duty.take_over(session, made.starts_at, office.people[name], made.id)
        return made.id


def watch(office: TheOffice, now: datetime = NOW) -> list[tuple[str, str]]:
    """Whom the watch told what, in this run."""
    names = {person.id: name for name, person in office.people.items()}
    with office.db.writing() as session:
        before = set(session.exec(select(Notice.id)))
        service.watch_roster(session, now)
        rows = session.exec(select(Notice).order_by(col(Notice.id)))
        return [(names[row.staff_id], row.text) for row in rows if row.id not in before]


def cover(office: TheOffice, kind: str, until: int = 96) -> None:
    for start in range(0, until, 24):
        put(office, "小林", start, start + 24, kind)


@pytest.mark.clause("C27")
def test_a_gap_is_told_three_days_ahead_and_once(office: TheOffice) -> None:
    cover(office, "publishing")
    put(office, "小陈", 0, 24)
    put(office, "小陈", 48, 72)
    assert watch(office, NOW) == [("值班长老徐", "10月10日 10:42 起没有人值读网班，请排班")]
    assert watch(office, NOW + HOUR) == [("值班长老徐", "10月12日 10:42 起没有人值读网班，请排班")]
    assert watch(office, NOW + 2 * HOUR) == []


@pytest.mark.clause("C27")
def test_that_nobody_is_there_now_is_told_every_day_until_somebody_is(office: TheOffice) -> None:
    cover(office, "publishing", until=192)
    told = [("值班长老徐", "现在没有人值读网班，请排班")]
    assert watch(office, NOW) == told
    assert watch(office, NOW + 3 * HOUR) == []
    assert watch(office, NOW + 24 * HOUR) == told


@pytest.mark.clause("C27")
def test_who_does_not_take_over_is_missed_after_a_quarter_of_an_hour(office: TheOffice) -> None:
    cover(office, "publishing")

    for start in (0, 24, 48, 72):
        put(office, "小陈", start, start + 24, came=False)
    assert watch(office, NOW + timedelta(minutes=14)) == []
    assert watch(office, NOW + timedelta(minutes=15)) == [
        ("小陈", "您的读网班 10月9日 10:42 开始，还没有接班"),
        ("值班长老徐", "小陈的读网班 10月9日 10:42 开始，还没有接班"),
    ]
    assert watch(office, NOW + timedelta(minutes=16)) == []


def test_a_substitute_is_asked_and_the_answer_is_told(office: TheOffice) -> None:
    cover(office, "publishing")
    cover(office, "reading")
    with office.db.writing() as session:
        coming = roster.between(session, NOW + 25 * HOUR, NOW + 26 * HOUR)[0].id
        asked = duty.ask_substitute(
            session, NOW, office.people["小林"], coming, to_id=office.people["小陈"].id, reason="去开会"
        ).id
    assert [name for name, _ in watch(office)] == ["小陈"]
    with office.db.writing() as session:
        duty.answer_substitute(session, NOW + HOUR, office.people["小陈"], asked, agrees=True)
    ((name, words),) = watch(office, NOW + HOUR)
    assert (name, words[:4]) == ("小林", "小陈同意")
    assert watch(office, NOW + 2 * HOUR) == []
