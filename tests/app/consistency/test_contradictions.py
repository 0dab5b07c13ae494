"""The library against itself, its figures and its votes, on both databases (A9, B11)."""

from datetime import timedelta

import pytest

from app.answers import queries as answer_queries
from app.answers import service as answers
from app.base.errors import TooMany
from app.consistency import queries, service
from app.upkeep import queries as upkeep
from tests.app.answers.acting import LOST_CARD, PERMIT, published
from tests.app.replies.acting import released
from tests.conftest import NOW, TheOffice

LATER = NOW + timedelta(hours=1)
AGAIN = {
    **LOST_CARD,
    "question": "社保卡丢了怎么补办呢",
    "text": "补办社保卡收取工本费，带身份证到网点办理。",
}


@pytest.mark.clause("A9", "B11")
def test_a_contradiction_is_found_once_and_goes_when_one_of_the_two_is_changed(office: TheOffice) -> None:
    with office.db.writing() as session:
        first, _ = published(session, office)
        other, _ = published(session, office, AGAIN)
        published(session, office, PERMIT)
        assert (service.find_contradictions(session, NOW), service.find_contradictions(session, NOW)) == (
            1,
            0,
        )
        (row,) = queries.open_conflicts(session)
        assert (row.entry_id, row.other_id) == (first.id, other.id)
        released(session, office)
        told = upkeep.figures(session, NOW - timedelta(days=90))
        assert (told.replies, told.drawn, told.in_force, told.conflicts, told.stale) == (1, 0, 3, 1, 1)
        assert sum(one.letters for one in told.coverage) >= 1
        same = {**AGAIN, "text": "补办社保卡不收费，带身份证到网点办理。"}
        published(session, office, same, entry_id=other.id, now=LATER)
        service.find_contradictions(session, LATER)
        assert queries.count_open_conflicts(session) == 0
        assert upkeep.count_rechecks(session) == 0


def test_votes_are_counted_by_version_and_nobody_judges_everything(office: TheOffice) -> None:
    with office.db.writing() as session:
        entry, _ = published(session, office)
        assert answers.vote(session, NOW, entry, "192.0.2.1", helpful=True)
        assert not answers.vote(session, NOW, entry, "192.0.2.1", helpful=False)
        assert answers.vote(session, NOW, entry, "192.0.2.2", helpful=False)
        assert answers.vote(session, NOW + timedelta(days=1), entry, "192.0.2.1", helpful=True)
        assert answer_queries.votes(session, entry.id) == (2, 1)
        for _ in range(answers.MOST_VOTES):
            answers.vote(session, NOW, entry, "192.0.2.9", helpful=True)
        with pytest.raises(TooMany):
            answers.vote(session, NOW, entry, "192.0.2.9", helpful=True)
