"""Another department's part: 会签 with a timeout, 核实 and 协办 with clocks of their own."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from app import jobs
from app.base.errors import NotAllowed
from app.cases import service
from app.cases.models import Case, Inquiry
from app.cases.service import move
from app.cases.transitions import Action, Status
from app.notices.models import Notice
from tests.app.cases.acting import CLERK, DETAILS, HANDLER, OTHER_HANDLER, act, case_at
from tests.conftest import NOW, TheOffice

A, S = Action, Status
ISSUER = "周局长"


@pytest.fixture
def case(office: TheOffice) -> Case:
    with office.db.writing() as session:
        return case_at(session, office, S.IN_PROGRESS)


def inquiry(office: TheOffice) -> Inquiry:
    with office.db.reading() as session:
        return session.exec(select(Inquiry).order_by(col(Inquiry.id).desc())).first()  # type: ignore[return-value]


def answer(office: TheOffice, case: Case, *, agrees: bool) -> None:
    with office.db.writing() as session:
        service.answer_inquiry(
            session, NOW, office.people[OTHER_HANDLER], case.number, inquiry(office).id, "已阅", agrees=agrees
        )


def release(office: TheOffice, case: Case) -> None:
    """As `app.replies` does it, at the end of the reviews."""
    with office.db.writing() as session:
        found = session.get_one(Case, case.id)
        found.status = S.IN_REVIEW.value
        session.add(found)
        session.flush()
        move(session, NOW, office.people[ISSUER], found, A.RELEASE_REPLY)
        session.rollback()


@pytest.mark.clause("B17")
@pytest.mark.parametrize(
    ("action", "until"),
    [
        (A.CO_SIGN, "2026-10-11T00:00+08:00"),
        (A.VERIFY, "2026-10-11T00:00+08:00"),
        (A.ASSIST, "2026-10-13T00:00+08:00"),
    ],
)
def test_each_request_has_a_clock_of_its_own(
    office: TheOffice, case: Case, action: Action, until: str
) -> None:
    due_at = case.due_at
    after = act(office, HANDLER, case, action, **DETAILS[action](office, case))

    assert inquiry(office).due_at == datetime.fromisoformat(until)  # Saturday 10 October is a working day
    assert after.due_at == due_at


def test_a_department_that_assists_sees_the_case_and_the_lead_stays(office: TheOffice, case: Case) -> None:
    after = act(office, CLERK, case, A.ASSIST, **DETAILS[A.ASSIST](office, case))

    labour = office.departments["人力资源和社会保障局"].id
    assert (after.assisting, after.department_id) == ([labour], case.department_id)
    answer(office, case, agrees=True)
    assert inquiry(office).agrees is None


@pytest.mark.clause("B9")
def test_nothing_is_released_while_a_co_signature_is_awaited_or_refused(
    office: TheOffice, case: Case
) -> None:
    act(office, HANDLER, case, A.CO_SIGN, **DETAILS[A.CO_SIGN](office, case))
    with pytest.raises(NotAllowed, match="还在等"):
        release(office, case)
    answer(office, case, agrees=False)
    with pytest.raises(NotAllowed, match="不同意"):
        release(office, case)
    act(office, HANDLER, case, A.CO_SIGN, **DETAILS[A.CO_SIGN](office, case))
    answer(office, case, agrees=True)
    release(office, case)


@pytest.mark.clause("B9")
def test_a_co_signature_nobody_gave_in_time_counts_as_agreed_and_is_told_once(
    office: TheOffice, case: Case
) -> None:
    act(office, HANDLER, case, A.CO_SIGN, **DETAILS[A.CO_SIGN](office, case))
    late = inquiry(office).due_at
    assert late is not None

    assert jobs.run(office.db, "lapse_inquiries", late - timedelta(seconds=1)) == 0
    assert jobs.run(office.db, "lapse_inquiries", late) == 1
    assert jobs.run(office.db, "lapse_inquiries", late + timedelta(days=1)) == 0
    release(office, case)
    with office.db.reading() as session:
        told = session.exec(select(Notice).where(Notice.kind == "inquiry_answered")).all()
    assert [(one.staff_id, one.text) for one in told] == [
        (office.people[HANDLER].id, f"{case.number} 的会签到时没有答复，视为同意")
    ]
