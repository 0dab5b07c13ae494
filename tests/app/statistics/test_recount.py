"""Anybody with an export of the log counts the same figures."""

import json
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from app.base.db import Database
from app.cases import service as cases
from app.cases.models import Case
from app.disclosure import service as disclosure
from app.disclosure.queries import of_case
from app.log import queries as log
from app.opendata import service as publication
from app.statistics import service
from tests.app.replies.acting import released
from tests.closing import DISCLOSER, words_of
from tests.conftest import NOW, TheOffice


def exported(db: Database) -> list[dict[str, object]]:
    """The log as its export has it: lines of JSON, and nothing of the database beside."""
    with db.reading() as session:
        lines = [json.dumps(event, default=datetime.isoformat) for event in log.walk(session)]
    return [json.loads(line) for line in lines]


@pytest.mark.clause("D21")
def test_the_log_alone_gives_every_figure(office: TheOffice) -> None:
    later, officer = NOW + timedelta(days=8), office.people[DISCLOSER]
    with office.db.writing() as session:
        told = [released(session, office)[1] for _ in range(4)]
        cases.rate(session, NOW, told[0], score="5", solved=True)
    with office.db.writing() as session:
        cases.close_replied(session, later)
        disclosure.propose_closed(session, later)
        found = [of_case(session, case.id) for case in told]
        for one in found[:2]:
            publication.publish(
                session, later, officer, one.id, digest=one.digest, considered=one.flags, **words_of(one)
            )
        publication.withhold(session, later, officer, found[2].id, reason="privacy")
        publication.withdraw(session, later, officer, told[0].number, reason="requested")
    with office.db.writing() as session:
        again = session.exec(select(Case).where(Case.number == told[3].number)).one()
        cases.reopen_by_requester(session, later, again, "还是没有修好")
    with office.db.reading() as session:
        (month,) = [group for group in service.queries.figures(session, later).groups if group.counts.closed]
        assert (month.counts.closed, month.counts.published, month.counts.reopened) == (3, 1, 1)
        assert service.compare(session, later, exported(office.db)) == []


def test_a_figure_that_was_helped_along_is_found(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = released(session, office)[1]
    with office.db.writing() as session:
        session.get_one(Case, case.id).replied_at = None
    with office.db.reading() as session:
        found = service.compare(session, NOW, exported(office.db))
    assert ("replied", 0, 1) in {(one.key, one.figure, one.from_log) for one in found}
