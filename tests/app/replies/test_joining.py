"""A letter merged after its master case was answered: one master, many deliveries, each its own."""

import pytest
from sqlmodel import select

from app import jobs
from app.cases import service as cases
from app.cases.models import Case
from app.cases.transitions import Action, Status
from app.replies.models import Delivery
from tests.app.replies.acting import released
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

CLERK = "小陈"


@pytest.mark.clause("E16")
@pytest.mark.parametrize("closed", [False, True])
def test_who_wrote_later_gets_a_delivery_of_their_own_on_their_page(office: TheOffice, closed: bool) -> None:
    with office.db.writing() as session:
        _, master = released(session, office)
        if closed:
            clerk = office.people[CLERK]
            cases.act(session, NOW, clerk, master.number, Action.CLOSE, outcome="explained")
        late = a_case(session, office, sender="oTESTopenid0000000000000002")
        cases.act(session, NOW, office.people[CLERK], late.number, Action.MERGE, master=master.number)

    assert jobs.run(office.db, "deliver_to_merged", NOW) == 1
    assert jobs.run(office.db, "deliver_to_merged", NOW) == 0
    with office.db.reading() as session:
        rows = session.exec(select(Delivery).where(Delivery.case_id == late.id)).all()
        found = session.get_one(Case, late.id)
    assert [(row.state, row.requester_id) for row in rows] == [("on_page", late.requester_id)]
    assert (found.status, found.closed_at is not None) == (Status.MERGED, closed)


def test_who_was_merged_before_the_release_is_delivered_to_once(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office, status=Status.IN_PROGRESS)
        repeat = a_case(session, office, sender="oTESTopenid0000000000000002")
        cases.act(session, NOW, office.people[CLERK], repeat.number, Action.MERGE, master=case.number)

    assert jobs.run(office.db, "deliver_to_merged", NOW) == 0
