"""An entry on its way through the library: proposed, reviewed three times, published, retired."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from kb import queries, service
from kb.errors import EntryConflict, EntryInvalid, EntryNotFound
from kb.models import AnswerEntry, EntryVersion, LibraryChange
from kb.review import GATES, ReviewError, Step, Verdict
from kb.states import EntryKind, EntryState

# Friday 20 November 2026, 10:00 in the office.
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)

CHEN, LI, WANG, ZHAO, SUN, LIU = 1, 2, 3, 4, 5, 6

LOST_CARD: dict[str, Any] = {
    "question": "社保卡丢了怎么补办？",
    "text": "请先拨打12333挂失，再持身份证到就近社保卡服务网点补办，当场领取，不收费。",
    "phrasings": ["社会保障卡遗失补领", "社保卡不见了"],
    "basis": [
        {
            "title": "云泽市社会保障卡管理办法",
            "number": "云人社规〔2025〕6号",
            "url": "https://rsj.yunze.example/gk/6",
            "issued_on": date(2025, 4, 1),
        }
    ],
    "must_keep": ["身份证"],
    "verified_by": "李建国",
    "category": "社会保障",
    "owner_department_id": 7,
    "owner_name": "市人力资源和社会保障局",
}

REVIEWERS = ((Step.FIRST, WANG), (Step.SECOND, ZHAO), (Step.FINAL, SUN))


def proposed(session: Session, author: int = CHEN, **changes) -> EntryVersion:
    given = LOST_CARD | {"author_id": author, "author_name": "陈晓", "contractor": False} | changes
    return service.propose(session, NOW, **given)


def approve(session: Session, version: EntryVersion, step: Step, reviewer: int, **changes) -> None:
    given = {"contractor": False, "gates": list(GATES)} | changes
    service.give_opinion(
        session,
        NOW,
        version.id,
        step=step,
        verdict=Verdict.APPROVE,
        reviewer_id=reviewer,
        reviewer_name="王芳",
        **given,
    )


def send_back(session: Session, version: EntryVersion, step: Step, reviewer: int) -> None:
    service.give_opinion(
        session,
        NOW,
        version.id,
        step=step,
        verdict=Verdict.SEND_BACK,
        reviewer_id=reviewer,
        reviewer_name="王芳",
        contractor=False,
        code="undecided",
        note="待局务会研究",
    )


def reviewed(session: Session, **changes) -> EntryVersion:
    version = proposed(session, **changes)
    service.submit(session, NOW, version.id, CHEN)
    for step, reviewer in REVIEWERS:
        approve(session, version, step, reviewer)
    return version


def published(session: Session, **changes) -> AnswerEntry:
    return service.publish(session, NOW, reviewed(session, **changes).id, LIU)


@pytest.mark.clause("A3", "A9", "E9")
def test_an_entry_is_published_after_three_reviews_and_keeps_its_source(library):
    entry = published(library)
    version = queries.version_in_force(library, entry.id)
    assert entry.state == EntryState.PUBLISHED
    assert version.published_at == NOW
    assert version.basis[0] == {
        "title": "云泽市社会保障卡管理办法",
        "number": "云人社规〔2025〕6号",
        "url": "https://rsj.yunze.example/gk/6",
        "issued_on": "2025-04-01",
    }
    assert [change.kind for change in queries.changes_since(library, 0)] == ["published"]


@pytest.mark.clause("B13")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"basis": []}, "basis"),
        ({"verified_by": " "}, "verified_by"),
        ({"is_draft_policy": True}, "valid_until"),
    ],
)
def test_nothing_is_reviewed_without_source_verifier_and_end_of_a_draft_policy(library, changes, field):
    version = proposed(library, **changes)
    with pytest.raises(EntryInvalid) as refused:
        service.submit(library, NOW, version.id, CHEN)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"question": "  "}, "question"),
        ({"question": "问" * 201}, "question"),
        ({"text": ""}, "text"),
        ({"kind": "rumour"}, "kind"),
        ({"significance": "huge"}, "significance"),
        ({"basis": [{"number": "云府〔2026〕1号"}]}, "basis"),
        ({"basis": [{"title": "办法", "url": "javascript:alert(1)"}]}, "basis"),
        ({"basis": [{"title": "办法", "issued_on": "2026-02-30"}]}, "basis"),
        ({"valid_from": date(2026, 12, 1), "valid_until": date(2026, 11, 30)}, "valid_until"),
        ({"review_by": date(2026, 11, 19)}, "review_by"),
        ({"must_keep": ["护照"]}, "text"),
        ({"short_text": "拨打12333挂失后补办。"}, "short_text"),
        ({"short_text": " "}, "short_text"),
    ],
)
def test_what_cannot_even_be_a_draft(library, changes, field):
    with pytest.raises(EntryInvalid) as refused:
        proposed(library, **changes)
    assert refused.value.field == field
    assert refused.value.message_zh.endswith("。")


def test_an_acknowledgement_needs_a_verifier_but_no_source(library):
    text = {"text": "您的来信已收到，编号见下。", "must_keep": [], "basis": []}
    version = proposed(library, kind="acknowledgement", **text)
    assert service.submit(library, NOW, version.id, CHEN).submitted_at == NOW


@pytest.mark.clause("E9", "E27", "A18")
@pytest.mark.parametrize(
    ("step", "reviewer", "changes", "code"),
    [
        (Step.FIRST, CHEN, {}, "author"),
        (Step.FIRST, WANG, {"contractor": True}, "contractor"),
        (Step.SECOND, WANG, {}, "wrong_step"),
        (Step.FIRST, WANG, {"gates": ["political"]}, "gates"),
        (Step.FIRST, WANG, {"seen": "0" * 64}, "text_changed"),
    ],
)
def test_who_may_not_approve(library, step, reviewer, changes, code):
    version = proposed(library)
    service.submit(library, NOW, version.id, CHEN)
    with pytest.raises(ReviewError) as refused:
        approve(library, version, step, reviewer, **changes)
    assert refused.value.code == code


@pytest.mark.clause("E9")
def test_the_same_person_cannot_give_two_steps(library):
    version = proposed(library)
    service.submit(library, NOW, version.id, CHEN)
    approve(library, version, Step.FIRST, WANG)
    with pytest.raises(ReviewError) as refused:
        approve(library, version, Step.SECOND, WANG)
    assert refused.value.code == "same_person"


@pytest.mark.clause("A18", "E9")
@pytest.mark.parametrize("column", ["question", "text", "short_text", "verified_by", "category"])
def test_one_changed_character_voids_all_three_reviews(library, column):
    version = reviewed(library)
    setattr(version, column, (getattr(version, column) or "") + "。")
    with pytest.raises(ReviewError) as refused:
        service.publish(library, NOW, version.id, LIU)
    assert refused.value.code == "not_reviewed"


@pytest.mark.parametrize(
    ("publisher", "contractor", "code"), [(CHEN, False, "author"), (LIU, True, "contractor")]
)
def test_who_may_not_publish(library, publisher, contractor, code):
    version = reviewed(library)
    with pytest.raises(ReviewError) as refused:
        service.publish(library, NOW, version.id, publisher, contractor=contractor)
    assert refused.value.code == code


@pytest.mark.parametrize("given", [0, 1, 2])
def test_two_reviews_are_not_enough(library, given):
    version = proposed(library)
    service.submit(library, NOW, version.id, CHEN)
    for step, reviewer in REVIEWERS[:given]:
        approve(library, version, step, reviewer)
    with pytest.raises(ReviewError) as refused:
        service.publish(library, NOW, version.id, LIU)
    assert refused.value.code == "not_reviewed"


def test_a_text_that_was_not_submitted_cannot_be_reviewed(library):
    version = proposed(library)
    with pytest.raises(EntryConflict):
        approve(library, version, Step.FIRST, WANG)


def test_sent_back_means_a_new_version_and_a_new_review(library):
    version = proposed(library)
    service.submit(library, NOW, version.id, CHEN)
    approve(library, version, Step.FIRST, WANG)
    send_back(library, version, Step.SECOND, ZHAO)
    assert queries.entry(library, version.entry_id).state == EntryState.DRAFT
    assert queries.waiting_for_review(library) == []
    with pytest.raises(ReviewError) as refused:
        approve(library, version, Step.SECOND, SUN)
    assert refused.value.code == "sent_back"
    again = proposed(library, entry_id=version.entry_id)
    assert again.number == 2
    service.submit(library, NOW, again.id, CHEN)
    assert [(w.version.number, w.step) for w in queries.waiting_for_review(library)] == [(2, Step.FIRST)]
    with pytest.raises(EntryConflict):
        approve(library, version, Step.FIRST, WANG)


def test_a_draft_is_rewritten_by_its_author_and_followed_by_anyone_else(library):
    first = proposed(library)
    rewritten = proposed(library, entry_id=first.entry_id, text="持身份证到网点补办。")
    assert (rewritten.id, rewritten.number) == (first.id, 1)
    assert rewritten.digest == service.current_digest(queries.entry(library, first.entry_id), rewritten)
    assert proposed(library, author=LI, entry_id=first.entry_id).number == 2


def test_the_published_wording_holds_while_the_next_is_reviewed(library):
    entry = published(library)
    following = proposed(library, entry_id=entry.id, text="持身份证到网点补办，或在网上补办。")
    service.submit(library, NOW, following.id, CHEN)
    assert entry.state == EntryState.PUBLISHED
    assert queries.version_in_force(library, entry.id).number == 1
    for step, reviewer in REVIEWERS:
        approve(library, following, step, reviewer)
    assert [w.step for w in queries.waiting_for_review(library)] == [None]
    service.publish(library, NOW, following.id, LIU)
    assert queries.version_in_force(library, entry.id).number == 2
    assert [change.kind for change in queries.changes_since(library, 0)] == ["published", "changed"]
    assert [version.number for version in queries.versions(library, entry.id)] == [2, 1]


def test_a_retired_entry_is_no_longer_said_but_stays_readable(library):
    entry = published(library)
    service.retire(library, NOW, entry.id)
    assert queries.version_in_force(library, entry.id) is None
    assert queries.versions(library, entry.id)[0].text == LOST_CARD["text"]
    assert queries.documents_of(library, [entry.id]) == ([], [entry.key])
    assert list(queries.documents_for_index(library)) == []
    assert [change.kind for change in queries.changes_since(library, 1)] == ["retired"]
    with pytest.raises(EntryConflict):
        service.retire(library, NOW, entry.id)


def test_what_is_published_twice_or_does_not_exist_is_refused(library):
    version = reviewed(library)
    service.publish(library, NOW, version.id, LIU)
    with pytest.raises(EntryConflict):
        service.publish(library, NOW, version.id, LIU)
    with pytest.raises(EntryNotFound):
        service.publish(library, NOW, 999, LIU)
    with pytest.raises(EntryNotFound):
        service.retire(library, NOW, 999)


@pytest.mark.clause("A18")
def test_only_a_reviewed_and_valid_acknowledgement_may_be_sent(library):
    today = date(2026, 11, 20)
    text = {"kind": "acknowledgement", "text": "您的来信已收到。", "must_keep": [], "basis": []}
    version = proposed(library, **text, valid_until=date(2026, 12, 31))
    assert queries.approved_acknowledgement(library, today) is None
    service.submit(library, NOW, version.id, CHEN)
    for step, reviewer in REVIEWERS:
        approve(library, version, step, reviewer)
    assert queries.approved_acknowledgement(library, today) is None
    entry = service.publish(library, NOW, version.id, LIU)
    assert queries.approved_acknowledgement(library, today) == (entry, version)
    assert queries.approved_acknowledgement(library, date(2027, 1, 1)) is None


@pytest.mark.clause("C15")
@pytest.mark.parametrize(
    ("days_later", "stale"),
    [(0, False), (10, False), (11, True), (30, True)],
)
def test_an_entry_is_stale_the_day_after_its_last_day(library, days_later, stale):
    published(library, is_draft_policy=True, valid_until=date(2026, 11, 30))
    later = NOW + timedelta(days=days_later)
    assert bool(service.flag_stale(library, later)) is stale


def test_an_entry_is_stale_when_its_review_is_overdue_in_the_office_day(library):
    published(library, review_by=date(2026, 11, 21))
    # 23:59 and 00:01 in Shanghai; both are the same day in UTC.
    before_midnight = NOW.replace(day=21, hour=15, minute=59)
    after_midnight = NOW.replace(day=21, hour=16, minute=1)
    assert service.flag_stale(library, before_midnight) == []
    assert len(service.flag_stale(library, after_midnight)) == 1


def test_published_entries_are_paged_without_gaps_or_repeats(library):
    keys = [published(library, question=f"第{number}问怎么办？").key for number in range(7)]
    seen, after = [], None
    while page := queries.published(library, after=after, limit=3):
        seen += [entry.key for entry, _ in page]
        after = (page[-1][0].updated_at, page[-1][0].id)
    assert seen == keys[::-1]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 1),
        ({"kind": EntryKind.ANSWER.value}, 1),
        ({"kind": EntryKind.CLARIFICATION.value}, 0),
        ({"category": "社会保障"}, 1),
        ({"category": "教育"}, 0),
        ({"owner_department_id": 7}, 1),
        ({"owner_department_id": 8}, 0),
        ({"valid_on": date(2026, 11, 20)}, 1),
        ({"valid_on": date(2026, 11, 19)}, 0),
    ],
)
def test_published_entries_can_be_narrowed(library, filters, count):
    published(library)
    assert len(queries.published(library, **filters)) == count


def test_what_screens_read_of_the_library(library):
    entry = published(library)
    proposed(library, question="另一问？")
    assert queries.by_key(library, entry.key) is entry
    assert list(queries.by_keys(library, [entry.key, "nothing"])) == [entry.key]
    assert queries.count_by_state(library) == {"published": 1, "draft": 1}
    assert queries.categories(library) == ["社会保障"]
    assert queries.last_change(library) == 1
    assert queries.version(library, entry.id, 1).question == LOST_CARD["question"]


def test_a_synonym_has_one_meaning_at_a_time(library):
    service.set_synonym(library, "居民证", "居住证")
    service.set_synonym(library, "居民证", "身份证")
    assert queries.synonyms(library) == {"居民证": "身份证"}


def test_nothing_is_committed_by_the_library_itself(library):
    published(library)
    library.rollback()
    assert library.exec(select(LibraryChange)).all() == []
    assert library.exec(select(AnswerEntry)).all() == []
