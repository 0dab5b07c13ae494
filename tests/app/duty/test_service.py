"""The duty roster on both databases."""

from datetime import timedelta

import pytest

from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.duty import queries, service
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
        last = queries.last_handover(session, NOW)
    assert last is not None
    assert last.id == number


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
