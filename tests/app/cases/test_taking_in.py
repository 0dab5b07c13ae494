"""What came in becomes a case: once, with a due date, a suggested department and a code to follow it."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app.base.errors import NotFound, TooMany
from app.cases import queries, service
from app.cases.models import Case
from app.cases.transitions import Action, Status
from app.messages.models import Message
from tests.conftest import NOW, TheOffice
from tests.factories import a_case, a_message


@pytest.mark.clause("A8")
def test_a_question_is_due_on_the_fifth_working_day_with_the_make_up_saturday_counted(
    office: TheOffice,
) -> None:
    with office.db.writing() as session:
        case = a_case(session, office)
    # Friday 9 October 2026; Saturday the 10th is a make-up workday; Sunday rests.
    assert case.due_on.isoformat() == "2026-10-15"
    assert [day["counts"] for day in case.due_days][:3] == [False, True, False]


def test_the_department_is_suggested_with_its_reason(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office)
    assert case.routing["department_id"] == office.departments["公安局户政科"].id
    assert "居住证" in case.routing["reason"]


def test_the_same_message_of_a_platform_is_kept_once(office: TheOffice) -> None:
    with office.db.writing() as session:
        a_message(session, office, external_id="24700000000000011")
    with office.db.writing() as session, pytest.raises(AssertionError):
        a_message(session, office, external_id="24700000000000011")
    with office.db.reading() as session:
        assert len(session.exec(select(Message)).all()) == 1


@pytest.mark.clause("D7")
def test_the_platform_window_runs_beside_the_deadline_and_the_sooner_one_sorts(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office)
    assert case.window_closes_at == NOW + timedelta(hours=48)
    assert case.sooner_at == case.window_closes_at


def test_the_look_up_code_opens_the_case_and_is_not_kept_in_plain(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office)
    with office.db.reading() as session:
        code = queries.lookup_code(session, case)
        assert len(code) == 8
        assert code not in case.lookup_code_sealed
    found = service.follow(office.db, NOW, case.number, code.lower(), address_key="127.0.0.1")
    assert found.id == case.id


def test_five_wrong_codes_close_the_look_up_for_an_hour_also_for_the_right_code(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office)
        code = queries.lookup_code(session, case)
    for _ in range(5):
        with pytest.raises(NotFound):
            service.follow(office.db, NOW, case.number, "22222222", address_key="192.0.2.7")
    with pytest.raises(TooMany):
        service.follow(office.db, NOW, case.number, code, address_key="198.51.100.9")
    later = NOW + timedelta(minutes=61)
    assert service.follow(office.db, later, case.number, code, address_key="192.0.2.7").id == case.id


def test_an_awaited_answer_joins_its_case_and_the_clock_runs_again(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office, status=Status.IN_PROGRESS)
        handler = office.people["老李"]
        service.act(session, NOW, handler, case.number, Action.ASK_CITIZEN, question="请问住在哪个社区？")
        due = case.due_on
        later = NOW + timedelta(days=3)  # Monday 12 October
        answered = service.take_in(session, later, a_message(session, office, text="柳荫社区", now=later))
    assert answered.id == case.id
    assert answered.status == Status.IN_PROGRESS
    assert answered.due_on > due
    with office.db.reading() as session:
        assert len(session.exec(select(Case)).all()) == 1
