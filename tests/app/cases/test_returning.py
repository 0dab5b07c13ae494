"""退单: within the set time, with the duty relied on, decided by a dispatcher; a case does not circulate."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app.base.errors import AppError, Invalid, NotAllowed
from app.cases import queries, service
from app.cases.models import Case, Return
from app.cases.transitions import Action, Status
from app.duty import service as duty
from app.notices.models import Notice
from tests.app.cases.acting import CLERK, HANDLER, LABOUR, OTHER_HANDLER, POLICE, act, case_at
from tests.conftest import NOW, TheOffice

A, S = Action, Status
LEADER = "值班长老徐"
GROUNDS = {"reason": "不属户政业务", "basis": "三定规定第三条"}
DAY = timedelta(days=1)


@pytest.fixture
def case(office: TheOffice) -> Case:
    """Given to the police department at `NOW`, Friday 9 October; the Saturday after is a working day."""
    with office.db.writing() as session:
        return case_at(session, office, S.ASSIGNED)


def to(office: TheOffice, department: str, **more: str) -> dict[str, object]:
    return {"department_id": office.departments[department].id, **more}


def returns(office: TheOffice, case: Case) -> list[Return]:
    with office.db.reading() as session:
        return queries.returns_of(session, case.id)


@pytest.mark.clause("C2")
def test_a_return_states_the_duty_relied_on_and_waits_for_a_dispatcher(office: TheOffice, case: Case) -> None:
    due_at = case.due_at
    after = act(office, HANDLER, case, A.RETURN, **GROUNDS)
    asked = returns(office, case)[0]

    assert (after.status, after.department_id, after.due_at) == (S.ACCEPTED, None, due_at)
    assert (asked.reason, asked.basis, asked.accepted) == (*GROUNDS.values(), None)


def test_giving_it_to_another_department_agrees_with_the_return_and_keeps_the_deadline(
    office: TheOffice, case: Case
) -> None:
    due_at = case.due_at
    act(office, HANDLER, case, A.RETURN, **GROUNDS)
    after = act(office, CLERK, case, A.ASSIGN, **to(office, LABOUR))
    decided = returns(office, case)[0]

    assert (decided.accepted, decided.decided_by) == (True, office.people[CLERK].id)
    assert after.due_at == due_at


def test_a_dispatcher_may_disagree_and_then_it_is_theirs_to_answer(office: TheOffice, case: Case) -> None:
    act(office, HANDLER, case, A.RETURN, **GROUNDS)
    with pytest.raises(Invalid, match="不同意退回"):
        act(office, CLERK, case, A.ASSIGN, **to(office, POLICE))
    after = act(office, CLERK, case, A.REFUSE_RETURN, note="职责表里写明由你单位办")

    assert (after.status, after.department_id) == (S.ASSIGNED, office.departments[POLICE].id)
    assert after.handler_id == office.people[HANDLER].id
    assert returns(office, case)[0].accepted is False
    with pytest.raises(NotAllowed) as refused:
        act(office, HANDLER, case, A.RETURN, **GROUNDS)
    assert refused.value.code == "return_refused"


def test_after_the_set_time_it_can_no_longer_be_given_back(office: TheOffice, case: Case) -> None:
    with office.db.reading() as session:
        until = service.return_until(session, session.get_one(Case, case.id))
    assert until is not None
    assert until.isoformat() == "2026-10-10T16:00:00+00:00"  # the make-up Saturday, 24:00
    with pytest.raises(NotAllowed) as refused:
        act(office, HANDLER, case, A.RETURN, now=until, **GROUNDS)
    assert refused.value.code == "too_late"
    act(office, HANDLER, case, A.RETURN, now=until - timedelta(seconds=1), **GROUNDS)


def test_where_the_rule_gives_a_day_of_hours_rest_days_do_not_lengthen_it(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.ASSIGNED)
        case.profile = "wangluo"
        session.add(case)
        session.flush()
        assert service.return_until(session, case) == NOW + DAY


def test_a_case_does_not_go_round_in_a_circle(office: TheOffice, case: Case) -> None:
    act(office, HANDLER, case, A.RETURN, **GROUNDS)
    act(office, CLERK, case, A.ASSIGN, **to(office, LABOUR))
    with pytest.raises(NotAllowed) as refused:
        act(office, CLERK, case, A.TRANSFER, **to(office, POLICE, note="再试"))
    assert refused.value.code == "circulates"
    act(office, OTHER_HANDLER, case, A.RETURN, **GROUNDS)
    with pytest.raises(NotAllowed) as refused:
        act(office, CLERK, case, A.ASSIGN, **to(office, POLICE))
    assert refused.value.code == "circulates"


def test_the_third_return_is_the_duty_leaders_to_decide(office: TheOffice, case: Case) -> None:
    with office.db.writing() as session:
        duty.add_shift(
            session, NOW, None, staff_id=office.people["小林"].id, duty="reading",
            starts_at=NOW - DAY / 2, ends_at=NOW + DAY / 2,
        )  # fmt: skip
    for department, handler in ((LABOUR, HANDLER), ("城市管理局", OTHER_HANDLER)):
        act(office, handler, case, A.RETURN, **GROUNDS)
        act(office, CLERK, case, A.ASSIGN, **to(office, department))
    with office.db.writing() as session:  # nobody handles cases there: somebody of the police helps out
        session.get_one(Case, case.id).department_id = office.departments[POLICE].id
    act(office, "外包小吴", case, A.RETURN, **GROUNDS)

    def attempt(who: str, action: Action, **details: object) -> AppError | None:
        try:
            act(office, who, case, action, **details)
        except AppError as refused:
            return refused
        return None

    for action, details in ((A.ASSIGN, to(office, "城市管理局")), (A.REFUSE_RETURN, {"note": "归你们"})):
        refused = attempt(CLERK, action, **details)
        assert refused is not None
        assert refused.code == "duty_leader"
    with office.db.reading() as session:
        told = session.exec(select(Notice.staff_id).where(Notice.kind == "returned")).all()
    assert list(told) == [office.people["小林"].id] * 2 + [office.people[LEADER].id]
    assert attempt(LEADER, A.ASSIGN, **to(office, LABOUR)) is None
