"""The duty roster on both databases."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.duty import queries, service
from app.duty.models import Shift
from app.log import service as log
from app.log.models import Event
from tests.conftest import NOW, TheOffice

HOUR = timedelta(hours=1)


def put(office: TheOffice, name: str, start: int, end: int, duty: str = "reading") -> int:
    """A shift from and to so many hours from `NOW`."""
    with office.db.writing() as session:
        return service.add_shift(
            session,
            NOW,
            office.people["值班长老徐"],
            staff_id=office.people[name].id,
            duty=duty,
            starts_at=NOW + start * HOUR,
            ends_at=NOW + end * HOUR,
        ).id


@pytest.mark.clause("C27")
def test_who_is_on_duty_changes_on_the_minute(office: TheOffice) -> None:
    put(office, "小陈", -2, 6)
    put(office, "小林", 6, 14)
    put(office, "值班长老徐", -2, 14, "publishing")
    names = {person.id: name for name, person in office.people.items()}
    with office.db.reading() as session:
        now = [names[shift.staff_id] for shift in queries.on_duty(session, NOW)]
        later = [names[shift.staff_id] for shift in queries.on_duty(session, NOW + 6 * HOUR)]
        after = queries.on_duty(session, NOW + 14 * HOUR)
        holes = queries.gaps(session, NOW, within=20 * HOUR)
    assert (now, later, after) == (["小陈", "值班长老徐"], ["小林", "值班长老徐"], [])
    assert {(gap.duty, gap.starts_at, gap.ends_at) for gap in holes} == {
        ("reading", NOW + 14 * HOUR, NOW + 20 * HOUR),
        ("publishing", NOW + 14 * HOUR, NOW + 20 * HOUR),
    }


@pytest.mark.clause("C27")
def test_taking_over_leaves_a_note_and_the_first_time_counts(office: TheOffice) -> None:
    number = put(office, "小陈", -1, 6)
    chen = office.people["小陈"]
    with office.db.writing() as session:
        service.take_over(session, NOW, chen, number, "两件等微信窗口")
        again = service.take_over(session, NOW + HOUR, chen, number)
        assert (again.taken_over_at, again.handover_note) == (NOW, "两件等微信窗口")


def test_only_ones_own_running_shift_is_taken_over(office: TheOffice) -> None:
    running, coming = put(office, "小陈", -1, 6), put(office, "小林", 6, 12)
    with office.db.writing() as session:
        with pytest.raises(NotAllowed, match="只能接自己的班"):
            service.take_over(session, NOW, office.people["小林"], running)
        with pytest.raises(NotAllowed, match="还没开始"):
            service.take_over(session, NOW, office.people["小林"], coming)
        with pytest.raises(Invalid):
            service.take_over(session, NOW, office.people["小陈"], running, "长" * 501)
        with pytest.raises(NotFound):
            service.take_over(session, NOW, office.people["小陈"], 999_999)


def test_the_duty_leader_keeps_the_roster(office: TheOffice) -> None:
    chen = office.people["小陈"]
    with office.db.writing() as session, pytest.raises(NotAllowed, match="值班长"):
        service.add_shift(
            session, NOW, chen, staff_id=chen.id, duty="reading", starts_at=NOW, ends_at=NOW + HOUR
        )
    put(office, "小陈", 0, 8)
    with pytest.raises(Conflict, match="小陈在这段时间已经排了读网班"):
        put(office, "小陈", 7, 9)
    put(office, "小陈", 8, 9)
    put(office, "小陈", 0, 8, "publishing")
    with pytest.raises(Invalid):
        put(office, "小林", 3, 2)


def test_a_shift_that_began_stays_in_the_record(office: TheOffice) -> None:
    begun, coming = put(office, "小陈", -1, 6), put(office, "小林", 6, 12)
    leader = office.people["值班长老徐"]
    with office.db.writing() as session:
        service.remove_shift(session, NOW, leader, coming)
        with pytest.raises(Conflict, match="值班记录要留着"):
            service.remove_shift(session, NOW, leader, begun)
        with pytest.raises(NotFound):
            service.remove_shift(session, NOW, leader, coming)


# ------------------------------------------------------------------ handing over and standing in


@pytest.mark.clause("C27")
def test_who_leaves_writes_what_the_next_must_know(office: TheOffice) -> None:
    first, second = put(office, "小陈", -1, 6), put(office, "小林", 6, 12)
    chen = office.people["小陈"]
    with office.db.writing() as session:
        with pytest.raises(Invalid):
            service.leave(session, NOW, chen, first, " ")
        with pytest.raises(NotAllowed):
            service.leave(session, NOW, chen, second, "不是我的班")
        with pytest.raises(NotAllowed, match="结束很久"):
            service.leave(session, NOW + 8 * HOUR, chen, first, "迟了")
        service.leave(session, NOW + 6 * HOUR, chen, first, "两件等微信窗口")
    with office.db.reading() as session:
        coming = session.get_one(Shift, second)
        before = queries.before(session, coming)
    assert before is not None
    assert before.note_left == "两件等微信窗口"


def ask(office: TheOffice, shift: int, by: str = "小陈", to: str = "小林", now: datetime = NOW) -> int:
    with office.db.writing() as session:
        return service.ask_substitute(
            session, now, office.people[by], shift, to_id=office.people[to].id, reason="家中有事"
        ).id


def answer(office: TheOffice, asked: int, by: str = "小林", now: datetime = NOW, agrees: bool = True) -> None:
    with office.db.writing() as session:
        service.answer_substitute(session, now, office.people[by], asked, agrees=agrees)


def on(office: TheOffice, at: datetime) -> list[str]:
    names = {person.id: name for name, person in office.people.items()}
    with office.db.reading() as session:
        return [names[shift.staff_id] for shift in queries.on_duty(session, at)]


@pytest.mark.clause("C27")
def test_nobody_stands_in_without_saying_yes(office: TheOffice) -> None:
    asked = ask(office, put(office, "小陈", 1, 9))
    assert on(office, NOW + 2 * HOUR) == ["小陈"]
    answer(office, asked, agrees=False)
    assert on(office, NOW + 2 * HOUR) == ["小陈"]
    with pytest.raises(Conflict, match="已经答复过"):
        answer(office, asked)
    with office.db.reading() as session:
        actions = session.exec(select(Event.action).where(col(Event.action).startswith("substitute")))
        assert list(actions) == ["substitute_asked", "substitute_refused"]


def test_a_shift_that_began_is_divided_when_somebody_steps_in(office: TheOffice) -> None:
    shift = put(office, "小陈", -1, 9)
    answer(office, ask(office, shift), now=NOW + HOUR)
    assert on(office, NOW) == ["小陈"]
    assert on(office, NOW + 2 * HOUR) == ["小林"]
    with office.db.reading() as session:
        assert queries.gaps(session, NOW, 9 * HOUR)[0].duty == "publishing"


def test_who_may_ask_whom(office: TheOffice) -> None:
    shift = put(office, "小陈", 1, 9)
    put(office, "王科长", 5, 7)
    with pytest.raises(NotAllowed):
        ask(office, shift, by="赵敏", to="小林")
    with pytest.raises(Conflict, match="王科长"):
        ask(office, shift, to="王科长")
    with pytest.raises(Invalid):
        ask(office, shift, to="小陈")
    asked = ask(office, shift, by="值班长老徐", to="小林")
    with pytest.raises(Conflict, match="还在等答复"):
        ask(office, shift, to="赵敏")
    with pytest.raises(NotFound):
        answer(office, asked, by="赵敏")


def test_a_week_is_repeated_where_it_is_free(office: TheOffice) -> None:
    put(office, "小陈", 1, 9)
    put(office, "小林", 9, 17)
    put(office, "小林", 7 * 24 + 10, 7 * 24 + 12)
    with office.db.writing() as session:
        leader = office.people["值班长老徐"]
        assert service.copy_week(session, NOW, leader, NOW) == (1, 1)
        with pytest.raises(NotAllowed):
            service.copy_week(session, NOW, office.people["小陈"], NOW)
    assert on(office, NOW + (7 * 24 + 2) * HOUR) == ["小陈"]


def test_whoever_is_on_duty_is_noted_with_every_event(office: TheOffice) -> None:
    put(office, "小林", -1, 6)
    with office.db.writing() as session:
        log.record(session, NOW, office.people["小陈"], "tested", subject_type="test", subject_id=1, note="x")
        log.record(session, NOW + 7 * HOUR, None, "tested", subject_type="test", subject_id=2)
    with office.db.reading() as session:
        rows = session.exec(select(Event).where(Event.action == "tested").order_by(col(Event.id)))
        assert [row.data for row in rows] == [{"note": "x", "on_duty": [office.people["小林"].id]}, {}]
