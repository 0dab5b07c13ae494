"""A change of the agreed wording reaches everything that used the old one (A9, C17, C21)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from app.answers import service as answers
from app.cases.transitions import Status
from app.notices import queries as notices
from app.replies import queries as replies_queries
from app.replies.models import Reply
from app.upkeep import queries, service
from app.upkeep.following import Kind, heaviest, what_follows
from kb import queries as library
from kb.states import Significance
from tests.app.answers.acting import LOST_CARD, published
from tests.app.replies.acting import approved, released
from tests.conftest import NOW, TheOffice

LATER = NOW + timedelta(hours=1)
NEW_TEXT = "请先拨打 12333 挂失，再带身份证到就近社保服务网点补办，三个工作日领取，不收费。"


@pytest.mark.parametrize(
    ("kind", "significance", "asks"),
    [
        (Kind.DRAFT, Significance.WORDING, False),
        (Kind.REPLY, Significance.WORDING, False),
        (Kind.DRAFT, Significance.ORDINARY, True),
        (Kind.REVIEW, Significance.MAJOR, True),
        (Kind.REPLY, Significance.MAJOR, True),
        (Kind.FORM, Significance.ORDINARY, True),
    ],
)
def test_only_more_than_wording_asks_something_of_somebody(
    kind: Kind, significance: Significance, asks: bool
) -> None:
    assert bool(what_follows(kind, significance)) is asks


def test_of_several_changes_the_heaviest_counts() -> None:
    assert heaviest(["wording", "major", "ordinary"]) is Significance.MAJOR


def again(session: Session, office: TheOffice, entry_id: int, significance: str, **changes: Any) -> None:
    published(
        session, office, {**LOST_CARD, "text": NEW_TEXT, **changes},
        entry_id=entry_id, significance=significance, now=LATER,
    )  # fmt: skip


def uses(session: Session, reply: Reply, entry_id: int) -> Reply:
    """The reply keeps the entry in its first version."""
    reply.entry_id, reply.entry_version = entry_id, 1
    session.add(reply)
    session.flush()
    return reply


@pytest.mark.clause("A9", "C21")
def test_a_major_change_takes_a_reply_under_review_back_and_voids_its_approvals(office: TheOffice) -> None:
    with office.db.writing() as session:
        entry, _ = published(session, office)
        reply, case = approved(session, office)
        uses(session, reply, entry.id)
        before = reply.digest
        service.follow_answers(session, NOW)
        again(session, office, entry.id, "major")
        assert service.follow_answers(session, LATER) >= 1
        session.refresh(reply)
        session.refresh(case)
        assert (reply.state, case.status) == ("draft", Status.IN_PROGRESS)
        # The very same words are another text now: no approval counts for them.
        stands = replies_queries.standing(session, reply, case)
        assert stands.digest != before
        assert stands.step == "first"
        assert any("重大改动" in one.text for one in notices.inbox(session, reply.author_id))
        (row,) = [one for one in queries.of_entry(session, entry.id) if one.kind == Kind.REVIEW]
        assert row.state == "open"
        assert service.follow_answers(session, LATER) == 0


@pytest.mark.clause("A9")
def test_a_change_of_wording_alone_leaves_a_review_as_it_is(sqlite_office: TheOffice) -> None:
    office = sqlite_office
    with office.db.writing() as session:
        entry, _ = published(session, office)
        reply, _ = approved(session, office)
        uses(session, reply, entry.id)
        again(session, office, entry.id, "wording")
        service.follow_answers(session, LATER)
        session.refresh(reply)
        assert reply.state == "approved"
        assert queries.of_entry(session, entry.id) == []


@pytest.mark.clause("C21")
def test_a_reply_sent_lately_is_proposed_for_correction_and_the_correction_is_reviewed(
    sqlite_office: TheOffice,
) -> None:
    office = sqlite_office
    with office.db.writing() as session:
        entry, _ = published(session, office)
        reply, case = released(session, office)
        uses(session, reply, entry.id)
        answers.record_use(session, NOW, reply_id=reply.id, entry_id=entry.id, version=1, case_id=case.id)
        again(session, office, entry.id, "ordinary")
        assert service.affected(session, LATER, entry, library.version_in_force(session, entry.id)) == {
            "reply": 1
        }
        service.follow_answers(session, LATER)
        (row,) = queries.open_follow_ups(session)
        assert (row.kind, row.case_id, row.used_version, row.version) == ("reply", case.id, 1, 2)
        correction = service.draft_correction(session, LATER, office.people["小陈"], row.id)
        assert (correction.state, correction.corrects_id) == ("draft", reply.id)
        assert (correction.entry_id, correction.entry_version) == (entry.id, 2)
        assert correction.text == NEW_TEXT
        assert queries.count_open(session) == 0


@pytest.mark.clause("A9")
def test_what_was_sent_long_ago_is_left_alone_and_a_person_may_say_why_not(sqlite_office: TheOffice) -> None:
    office = sqlite_office
    with office.db.writing() as session:
        entry, _ = published(session, office)
        reply, case = released(session, office)
        answers.record_use(session, NOW, reply_id=reply.id, entry_id=entry.id, version=1, case_id=case.id)
        again(session, office, entry.id, "ordinary")
        service.follow_answers(session, NOW + timedelta(days=31))
        assert queries.open_follow_ups(session) == []


def test_a_platform_text_that_did_not_change_with_the_wording_is_work(sqlite_office: TheOffice) -> None:
    office = sqlite_office
    short = "带身份证到网点补办，不收费。"
    with office.db.writing() as session:
        entry, _ = published(session, office, {**LOST_CARD, "short_text": short, "forms": {"weibo": short}})
        again(session, office, entry.id, "ordinary", short_text=short, forms={"weibo": short})
        service.follow_answers(session, LATER)
        found = {(one.kind, one.subject) for one in queries.open_follow_ups(session)}
        assert found == {("form", "weibo"), ("form", "short_text")}
        row = queries.open_follow_ups(session)[0]
        service.dismiss(session, LATER, office.people["编辑小叶"], row.id, "这一段说得仍然对")
        assert queries.count_open(session) == 1


def test_retiring_an_answer_takes_drafts_that_use_it_back(sqlite_office: TheOffice) -> None:
    office = sqlite_office
    with office.db.writing() as session:
        entry, _ = published(session, office)
        reply, _ = approved(session, office)
        uses(session, reply, entry.id)
        answers.retire(session, LATER, office.people["周局长"], entry.id, reason="政策已变")
        service.follow_answers(session, LATER)
        session.refresh(reply)
        assert reply.state == "draft"
