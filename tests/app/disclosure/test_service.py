"""公开: every handled case is proposed, and a person decides on exactly what was seen."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.cases.models import Case
from app.disclosure import queries, service
from app.disclosure.decision import tidied
from app.disclosure.models import Disclosure
from app.finding import service as finding
from app.log.models import Event
from app.redaction.service import RedactionFailed
from app.staff.roles import Person, Role
from kb import queries as library
from tests.app.answers.acting import published
from tests.closing import DISCLOSER, a_closed_case, confirmed, proposed, words_of
from tests.conftest import NOW, TheOffice


@pytest.mark.clause("C4")
def test_a_closed_case_is_proposed_with_what_points_to_a_person_hidden(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_closed_case(session, office)
        assert service.propose_closed(session, NOW) == 1
        assert service.propose_closed(session, NOW) == 0
        found = queries.of_case(session, case.id)
    assert found is not None and found.state == "waiting"
    assert "13900000138" not in found.message and "〔电话〕" in found.message
    assert found.reply.startswith("您好！可以办理")
    assert [hit["kind"] for hit in found.hits if hit["field"] == "message"] == ["phone"]
    assert found.rule_version


def test_the_record_of_hits_holds_no_words_of_the_citizen(office: TheOffice) -> None:
    with office.db.writing() as session:
        found = proposed(session, office)
    assert "13900000138" not in str(found.hits)


@pytest.mark.clause("D19")
def test_a_citizen_who_objects_is_told_of_in_the_offices_words_only(office: TheOffice) -> None:
    with office.db.writing() as session:
        found = proposed(session, office, consent=False, category="居住证", place="城东区")
    assert found.message == ""
    assert found.title == "关于居住证的咨询"
    assert "objected" in found.flags


def test_a_declined_case_shows_why(office: TheOffice) -> None:
    with office.db.writing() as session:
        found = proposed(
            session, office, reply="", status="declined", ended_reason="已由法院受理", replied_at=None
        )
    assert found.reply == "不予受理。原因：已由法院受理"


def test_adverts_and_merged_cases_are_not_proposed(office: TheOffice) -> None:
    with office.db.writing() as session:
        a_closed_case(session, office, status="invalid")
        a_closed_case(session, office, status="merged")
        assert service.propose_closed(session, NOW) == 0


def test_a_case_closed_again_is_proposed_anew(office: TheOffice) -> None:
    later = NOW + timedelta(days=3)
    with office.db.writing() as session:
        found = proposed(session, office)
        service.withhold(session, NOW, office.people[DISCLOSER], found.id, reason="privacy")
        case = session.get_one(Case, found.case_id)
        case.closed_at = later
        session.add(case)
        assert service.propose_closed(session, later + timedelta(minutes=1)) == 1
        assert (found.state, found.reason, found.decided_by) == ("waiting", "", None)


@pytest.mark.clause("E14")
def test_confirming_binds_the_exact_texts(office: TheOffice) -> None:
    with office.db.writing() as session:
        found = proposed(session, office)
        confirmed(session, office, found)
        assert (found.state, found.decided_by) == ("published", office.people[DISCLOSER].id)
    with office.db.reading() as session:
        event = session.exec(select(Event).where(Event.action == "disclosure_confirmed")).one()
    assert event.data["digest"] == found.digest


def test_a_text_that_changed_after_it_was_seen_is_not_published(office: TheOffice) -> None:
    with office.db.writing() as session:
        found = proposed(session, office)
        seen = found.digest
        words = words_of(found) | {"reply": found.reply + "另请带身份证。"}
        with pytest.raises(Conflict) as refused:
            service.confirm(
                session, NOW, office.people[DISCLOSER], found.id, digest=seen, considered=found.flags, **words
            )
    assert refused.value.code == "text_changed"
    assert found.state == "waiting"


def test_an_edit_is_kept_and_has_a_new_digest(office: TheOffice) -> None:
    with office.db.writing() as session:
        found = proposed(session, office)
        seen = found.digest
        words = words_of(found) | {"title": "没有合同怎样办居住证"}
        service.edit(session, NOW, office.people[DISCLOSER], found.id, **words)
        assert (found.title, found.state) == ("没有合同怎样办居住证", "waiting")
        assert found.digest != seen


@pytest.mark.clause("E14")
@pytest.mark.parametrize(
    ("field", "leak"),
    [
        ("message", "我的电话是 13900000138"),
        ("reply", "请把材料发到 lidawei@example.com"),
        ("title", "身份证 110101199003070038 的事"),
        ("message", "车牌鲁A12345挡住了门"),
    ],
)
def test_what_identifies_a_person_cannot_be_confirmed_by_anybody(
    office: TheOffice, field: str, leak: str
) -> None:
    with office.db.writing() as session:
        found = proposed(session, office)
        words = words_of(found) | {field: leak}
        with pytest.raises(Invalid) as refused:
            service.confirm(
                session,
                NOW,
                office.people[DISCLOSER],
                found.id,
                digest=tidied(**words).digest,
                considered=found.flags,
                **words,
            )
    assert refused.value.field == field
    assert leak not in refused.value.message
    assert found.state == "waiting"


@pytest.mark.clause("E14")
def test_an_exception_with_its_legal_basis_may_name_a_person(office: TheOffice) -> None:
    with office.db.writing() as session:
        found = proposed(session, office)
        words = words_of(found) | {"reply": "违法停放的鲁A12345已被处罚。"}
        service.confirm(
            session, NOW, office.people[DISCLOSER], found.id, digest=tidied(**words).digest, considered=found.flags,
            exception="penalty", legal_basis="《某条例》第十条", **words,
        )  # fmt: skip
        assert (found.state, found.reason, found.legal_basis) == ("published", "penalty", "《某条例》第十条")


@pytest.mark.clause("D19")
def test_a_guarded_matter_is_published_only_after_a_look_at_it_by_name(office: TheOffice) -> None:
    with office.db.writing() as session:
        found = proposed(session, office, text="我离婚后孩子的抚养费一直没有给，怎么办？")
        assert "family" in found.flags
        officer = office.people[DISCLOSER]
        with pytest.raises(Invalid):
            service.confirm(session, NOW, officer, found.id, digest=found.digest, **words_of(found))
        service.confirm(
            session, NOW, officer, found.id, digest=found.digest, considered=found.flags, **words_of(found)
        )
        assert found.state == "published"


@pytest.mark.parametrize("name", ["小陈", "老李", "王科长", "编辑小叶", "系统管理员"])
def test_screening_is_the_disclosure_officers(office: TheOffice, name: str) -> None:
    with office.db.writing() as session:
        found = proposed(session, office)
        with pytest.raises(NotAllowed):
            service.confirm(
                session,
                NOW,
                office.people[name],
                found.id,
                digest=found.digest,
                considered=found.flags,
                **words_of(found),
            )


@pytest.mark.clause("E27")
def test_a_contractor_never_screens(office: TheOffice) -> None:
    outsider = Person(
        office.people["外包小吴"].id, "外包小吴", None, frozenset({Role.DISCLOSER}), contractor=True
    )
    with office.db.writing() as session:
        found = proposed(session, office)
        with pytest.raises(NotAllowed) as refused:
            service.withhold(session, NOW, outsider, found.id, reason="privacy")
    assert refused.value.code == "contractor"


def test_who_wrote_the_reply_does_not_screen_it(office: TheOffice) -> None:
    handler = office.people["老李"]
    both = Person(handler.id, handler.name, handler.department_id, handler.roles | {Role.DISCLOSER})
    with office.db.writing() as session:
        found = proposed(session, office)
        with pytest.raises(NotAllowed) as refused:
            service.confirm(
                session, NOW, both, found.id, digest=found.digest, considered=found.flags, **words_of(found)
            )
    assert refused.value.code == "author"


@pytest.mark.clause("C4")
def test_withholding_keeps_reason_and_basis_and_is_decided_once(office: TheOffice) -> None:
    officer = office.people[DISCLOSER]
    with office.db.writing() as session:
        found = proposed(session, office)
        service.withhold(session, NOW, officer, found.id, reason="other", legal_basis="《条例》第十五条")
        assert (found.state, found.reason, found.legal_basis) == ("withheld", "other", "《条例》第十五条")
        with pytest.raises(Conflict):
            service.withhold(session, NOW, officer, found.id, reason="privacy")
        service.reconsider(session, NOW, officer, found.id)
        assert (found.state, found.reason) == ("waiting", "")


@pytest.mark.clause("D19", "C21")
@pytest.mark.parametrize("ends", ["withheld", "withdrawn"])
def test_the_library_forgets_the_words_of_a_letter_that_may_not_be_shown(
    office: TheOffice, ends: str
) -> None:
    officer = office.people[DISCLOSER]
    with office.db.writing() as session:
        entry, _ = published(session, office)
        found = proposed(session, office)
        number = session.get_one(Case, found.case_id).number
        assert finding.learn_from_letter(session, NOW, entry.id, "没有合同的外地人想办证", number)
        if ends == "withheld":
            service.withhold(session, NOW, officer, found.id, reason="privacy")
        else:
            confirmed(session, office, found)
            service.withdraw(session, NOW, officer, number, reason="privacy")
        assert library.learned_phrasings(session, [entry.id]).get(entry.id, []) == []


def test_a_case_that_never_was_public_cannot_be_withdrawn(office: TheOffice) -> None:
    with office.db.writing() as session, pytest.raises(NotFound):
        service.withdraw(session, NOW, None, "20260901-AAAAAA", reason="privacy")


def test_the_count_in_the_rail_equals_the_list(office: TheOffice) -> None:
    with office.db.writing() as session:
        first, second = proposed(session, office), proposed(session, office)
        assert queries.count_waiting(session) == 2
        page = queries.waiting(session, limit=1)
        assert (page.total, page.first, page.next) == (2, 1, first.id)
        page = queries.waiting(session, after=page.next, limit=1)
        assert ([row.disclosure.id for row in page.items], page.first) == ([second.id], 2)
        assert page.previous == second.id
        assert queries.next_waiting(session, first.id) == second.id
        assert queries.next_waiting(session, second.id) == first.id


def test_a_letter_the_rules_cannot_finish_is_never_proposed_as_it_is(
    office: TheOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(text: str, **_: object) -> None:
        raise RedactionFailed("没有检查完")

    monkeypatch.setattr(service, "redact", broken)
    with office.db.writing() as session:
        found = proposed(session, office)
        assert (found.title, found.message, found.reply) == ("", "", "")
        assert found.flags == ["redaction_failed"]
        with pytest.raises(Invalid):
            service.confirm(
                session, NOW, office.people[DISCLOSER], found.id,
                digest=found.digest, considered=found.flags, **words_of(found),
            )  # fmt: skip
    with office.db.reading() as session:
        assert session.exec(select(Disclosure)).one().state == "waiting"


@pytest.mark.clause("E14")
def test_a_title_cut_through_a_number_shows_no_half_of_it(office: TheOffice) -> None:
    # The title of a message without one is its beginning, cut where it gets too long; numbers never get there.
    letter = "请问在城东街道租房居住半年没有合同怎么办理居住证，请回电话13900000138，急"
    with office.db.writing() as session:
        found = proposed(session, office, text=letter)
        title = session.get_one(Case, found.case_id).title
    assert "1390" not in title
    assert "1390" not in found.title
    assert "怎么办理居住证" in found.title
