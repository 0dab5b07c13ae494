"""Who may change an answer, who is told, where it was used: on both databases."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from app.answers import queries, service
from app.answers.queries import LibraryFilters
from app.base.db import Database
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.finding.found import SUGGESTED
from app.log.models import Event
from app.notices.models import Notice
from kb.models import EntryVersion
from kb.review import GATES
from tests.app.answers.acting import LOST_CARD, REVIEWERS, approve, approved, proposed, published, submitted
from tests.app.replies.acting import released
from tests.conftest import NOW, TheOffice
from tests.factories import a_case


def told(db: Database, kind: str) -> list[int]:
    with db.reading() as session:
        return list(session.exec(select(Notice.staff_id).where(Notice.kind == kind)))


# ------------------------------------------------------------------ who may


@pytest.mark.clause("E27")
@pytest.mark.parametrize("name", ["老李", "小陈", "王科长", "周局长", "系统管理员", "外包小吴"])
def test_only_editors_write_and_submit(sqlite_office: TheOffice, name: str) -> None:
    person = sqlite_office.people[name]
    with sqlite_office.db.writing() as session:
        version = proposed(session, sqlite_office)
        with pytest.raises(NotAllowed):
            service.propose(session, NOW, person, question="问", text="答")
        with pytest.raises(NotAllowed):
            service.submit(session, NOW, person, version.id)


@pytest.mark.clause("E9")
@pytest.mark.parametrize("name", ["编辑小叶", "周局长", "老李"])
def test_only_reviewers_review(sqlite_office: TheOffice, name: str) -> None:
    with sqlite_office.db.writing() as session:
        version = submitted(session, sqlite_office)
        with pytest.raises(NotAllowed):
            approve(session, sqlite_office, version, *(REVIEWERS[0][0], name))


@pytest.mark.clause("B15")
@pytest.mark.parametrize("name", ["编辑小叶", "王科长", "老李"])
def test_the_author_and_reviewers_do_not_publish(sqlite_office: TheOffice, name: str) -> None:
    with sqlite_office.db.writing() as session:
        version = approved(session, sqlite_office)
        with pytest.raises(NotAllowed):
            service.publish(session, NOW, sqlite_office.people[name], version.id)


@pytest.mark.clause("A18")
def test_what_changed_after_it_was_seen_is_not_published(office: TheOffice) -> None:
    with office.db.writing() as session:
        version = approved(session, office)
        with pytest.raises(Conflict):
            service.publish(session, NOW, office.people["周局长"], version.id, digest="0" * 64)


@pytest.mark.parametrize(
    ("act", "error", "field"),
    [
        (lambda s, o, v: service.submit(s, NOW, o.people["编辑小叶"], 999), NotFound, None),
        (lambda s, o, v: service.submit(s, NOW, o.people["编辑小叶"], v.id), Conflict, None),
        (lambda s, o, v: proposed(s, o, question=""), Invalid, "question"),
        (lambda s, o, v: proposed(s, o, owner_department_id=999), Invalid, "owner_department_id"),
        (
            lambda s, o, v: service.retire(s, NOW, o.people["编辑小叶"], v.entry_id, reason="早了"),
            Conflict,
            None,
        ),
        (lambda s, o, v: _opinion(s, o, v, step="nothing"), Invalid, "verdict"),
        (lambda s, o, v: _opinion(s, o, v, step="final", gates=list(GATES)), Conflict, None),
        (lambda s, o, v: _opinion(s, o, v, gates=["legal"]), Invalid, "gate"),
        (lambda s, o, v: _opinion(s, o, v, verdict="send_back"), Invalid, "code"),
        (lambda s, o, v: _opinion(s, o, v, verdict="send_back", code="other"), Invalid, "note"),
    ],
)
def test_refusals_of_the_library_are_ours_with_the_field(
    sqlite_office: TheOffice, act: Any, error: type[Exception], field: str | None
) -> None:
    with sqlite_office.db.writing() as session:
        version = submitted(session, sqlite_office)
        with pytest.raises(error) as refused:
            act(session, sqlite_office, version)
    assert refused.value.field == field  # type: ignore[attr-defined]
    assert refused.value.message  # type: ignore[attr-defined]


def _opinion(session: Session, office: TheOffice, version: EntryVersion, **changes: Any) -> None:
    given = {"step": "first", "verdict": "approve", "digest": version.digest} | changes
    service.give_opinion(session, NOW, office.people["王科长"], version.id, **given)


def test_every_step_is_in_the_log(office: TheOffice) -> None:
    with office.db.writing() as session:
        entry, _ = published(session, office)
        service.retire(session, NOW, office.people["编辑小叶"], entry.id, reason="办法废止")
    with office.db.reading() as session:
        events = session.exec(select(Event).where(Event.subject_id == entry.key).order_by(Event.id)).all()  # type: ignore[arg-type]
    assert [event.action for event in events] == [
        "answer_proposed", "answer_submitted", *["answer_reviewed"] * 3, "answer_published", "answer_retired",
    ]  # fmt: skip
    assert events[-1].data == {"reason": "办法废止"}
    assert LOST_CARD["text"] not in str([event.data for event in events])


# ------------------------------------------------------------------ from a case


def test_a_draft_from_a_case_hides_the_person_whoever_typed_it(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, case = released(session, office)
        version = service.propose_from_case(
            session, NOW, office.people["老李"], case, reply_text=reply.text, reply_basis=reply.basis,
            question="我叫王小明，电话13800138000，能办居住证吗",
        )  # fmt: skip
    assert "13800138000" not in version.question
    assert "王小明" not in version.question
    assert "15 个工作日内发证" in version.text
    assert version.basis[0]["title"] == reply.basis
    with office.db.writing() as session, pytest.raises(NotAllowed):
        service.propose_from_case(session, NOW, office.people["王科长"], case, reply_text=reply.text)


def test_an_unanswered_case_gives_a_question_only(sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        draft = service.draft_from_case(a_case(session, sqlite_office), "")
    assert draft["text"] == ""
    assert draft["question"]


# ------------------------------------------------------------------ what is stale


@pytest.mark.clause("C17")
def test_editors_and_owners_are_told_once_when_an_answer_is_due(office: TheOffice) -> None:
    with office.db.writing() as session:
        published(session, office, review_by=date(2026, 10, 12))
        published(session, office, question="还早", review_by=date(2027, 10, 12))
    editor, owner = office.people["编辑小叶"].id, office.people["刘洋"].id
    # Monday 12 October is the review date, Tuesday 13 October is past it
    for days, new in ((3, 0), (4, 2), (5, 0)):
        with office.db.writing() as session:
            assert service.flag_stale(session, NOW + timedelta(days=days)) == new
    assert sorted(told(office.db, "answer_due")) == sorted([editor, owner])


@pytest.mark.clause("C15")
def test_an_expired_answer_is_another_notice(office: TheOffice) -> None:
    with office.db.writing() as session:
        published(session, office, valid_until=date(2026, 10, 12), review_by=date(2026, 10, 12))
    with office.db.writing() as session:
        service.flag_stale(session, NOW + timedelta(days=4))
    assert told(office.db, "answer_expired")
    assert told(office.db, "answer_due") == []


# ------------------------------------------------------------------ use and lists


@pytest.mark.clause("A9")
def test_a_use_is_counted_once_and_older_versions_are_named_by_platform(office: TheOffice) -> None:
    with office.db.writing() as session:
        entry, _ = published(session, office)
        reply, case = released(session, office)
        for expected in (True, False):
            assert expected is service.record_use(
                session, NOW, reply_id=reply.id, entry_id=entry.id, version=1, case_id=case.id
            )
        assert queries.older_versions_said(session, entry) == []
        published(session, office, entry_id=entry.id, text="新说法，带身份证。")
    with office.db.reading() as session:
        assert queries.older_versions_said(session, session.merge(entry, load=True)) == [("wechat", 1, 1)]
        assert [use.case_number for use in queries.uses(session, office.people["小陈"], entry.id)] == [
            case.number
        ]
        assert queries.times_used(session, [entry.id]) == {entry.id: 1}
        top = queries.most_used(session, NOW.date(), SUGGESTED)
    assert [row[0].id for row in top] == [entry.id]


def test_pages_hold_every_entry_once_forwards_and_backwards(office: TheOffice) -> None:
    with office.db.writing() as session:
        for n in range(7):
            # Three of them at the same instant.
            proposed(session, office, question=f"第 {n} 问", now=NOW + timedelta(minutes=n // 3))
    with office.db.reading() as session:
        seen, after, pages = [], None, []
        while True:
            page = queries.listed(session, LibraryFilters(), NOW.date(), after=after, limit=3)
            pages.append(page)
            seen += [row.entry.id for row in page.rows]
            after = page.next
            if after is None:
                break
        assert len(seen) == len(set(seen)) == 7
        assert [page.first for page in pages] == [1, 4, 7]
        back = queries.listed(session, LibraryFilters(), NOW.date(), before=pages[2].previous, limit=3)
    assert [row.entry.id for row in back.rows] == seen[3:6]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (LibraryFilters(search="挂失"), 1),
        (LibraryFilters(search="100%"), 0),
        (LibraryFilters(search="_"), 0),
        (LibraryFilters(category="社会保障"), 1),
        (LibraryFilters(category="社会"), 0),
        (LibraryFilters(kind="clarification"), 0),
        (LibraryFilters(view="published"), 1),
        (LibraryFilters(view="review"), 0),
    ],
)
def test_filters_narrow_the_list(office: TheOffice, filters: LibraryFilters, found: int) -> None:
    with office.db.writing() as session:
        published(session, office)
    with office.db.reading() as session:
        page = queries.listed(session, filters, NOW.date())
        assert (len(page.rows), page.total) == (found, found)
        counts = queries.counts(session, NOW.date())
    assert counts["published"] == counts["all"] == 1
