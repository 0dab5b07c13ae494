"""A reply on its way: drafted, checked, reviewed by three people, released."""

import pytest
from sqlmodel import Session, select

from app.answers.models import AnswerUse
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.cases import service as cases
from app.cases.models import Case
from app.cases.transitions import Action, Status
from app.departments.models import Department
from app.log.models import Event
from app.notices import queries as notices
from app.replies import queries, service
from app.replies.models import Delivery, Reply
from kb.review import GATES
from tests.app.replies.acting import (
    BASIS,
    MINUTE,
    REVIEWERS,
    TEXT,
    a_published_answer,
    approve,
    approved,
    drafted,
    only_delivery,
    released,
    submitted,
)
from tests.conftest import NOW, TheOffice
from tests.factories import a_case


def actions(session: Session, case: Case) -> list[str]:
    session.commit()
    return list(session.exec(select(Event.action).where(Event.case_id == case.id).order_by(Event.id)))


# ------------------------------------------------------------------ writing


def test_a_case_has_one_draft_and_it_is_saved_over(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, case = drafted(session, office, text="您好！")
        again = service.draft(session, NOW + MINUTE, office.people["老李"], case, text=TEXT)
        assert again.id == reply.id
        assert (again.text, again.basis, again.saved_at) == (TEXT, BASIS, NOW + MINUTE)


def test_saving_the_same_words_again_changes_nothing(office: TheOffice) -> None:
    with office.db.writing() as session:
        _, case = drafted(session, office)
        assert service.draft(session, NOW + MINUTE, office.people["老李"], case, text=TEXT).saved_at == NOW
        assert actions(session, case).count("draft_reply") == 1


@pytest.mark.parametrize("name", ["刘洋", "王科长", "督办老何", "系统管理员"])
def test_only_the_clerk_and_the_cases_department_write(office: TheOffice, name: str) -> None:
    with office.db.writing() as session:
        case = a_case(session, office, status=Status.IN_PROGRESS)
        with pytest.raises(NotAllowed):
            service.draft(session, NOW, office.people[name], case, text=TEXT)


def test_a_case_that_was_not_taken_in_has_no_reply_yet(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office, status=Status.NEW)
        with pytest.raises(NotAllowed, match="先受理"):
            service.draft(session, NOW, office.people["小陈"], case, text=TEXT)


def test_nobody_overwrites_a_colleague_unseen(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, case = drafted(session, office)
        li, chen, lin = (office.people[name] for name in ("老李", "小陈", "小林"))
        service.draft(session, NOW, chen, case, text="小陈改的", writer_id=li.id)
        with pytest.raises(Conflict, match="小陈刚改过这份草稿"):
            service.draft(session, NOW, lin, case, text="小林改的", writer_id=li.id)
        assert reply.text == "小陈改的"


# ------------------------------------------------------------------ sending for review


@pytest.mark.clause("A7")
def test_a_warning_stops_the_review_until_it_has_a_reason(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, case = drafted(session, office, text=TEXT + "我们将尽快办理。")
        (finding,) = service.check(session, NOW, reply, case)
        with pytest.raises(Invalid, match="尽快办理") as refusal:
            service.submit(session, NOW, office.people["老李"], reply.id)
        assert refusal.value.code == "findings"
        reasons = {finding.key: "当天就办，已和窗口说好", "unknown:1": "没有这一条"}
        service.submit(session, NOW, office.people["老李"], reply.id, dismissals=reasons)
        assert reply.dismissals == {finding.key: "当天就办，已和窗口说好"}
        assert (reply.state, reply.step, case.status) == ("in_review", "first", "in_review")


@pytest.mark.clause("A20")
def test_a_block_is_not_argued_away(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, case = drafted(session, office, text=TEXT + "见 www.example.com")
        reasons = {finding.key: "没关系" for finding in service.check(session, NOW, reply, case)}
        with pytest.raises(Invalid, match=r"www\.example\.com"):
            service.submit(session, NOW, office.people["老李"], reply.id, dismissals=reasons)


def test_a_reply_too_long_for_weibo_needs_a_short_form(office: TheOffice) -> None:
    with office.db.writing() as session:
        weibo = {"platform": "weibo", "kind": "comment"}
        reply, case = drafted(session, office, text=TEXT * 4, author="小陈", **weibo)
        with pytest.raises(Invalid, match="微博评论：答复超"):
            service.submit(session, NOW, office.people["小陈"], reply.id)
        service.draft(session, NOW, office.people["小陈"], case, text=TEXT * 4, short_texts={"weibo": TEXT})
        service.submit(session, NOW, office.people["小陈"], reply.id)
        assert reply.state == "in_review"


def test_it_is_withdrawn_until_somebody_has_reviewed_it(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, case = submitted(session, office)
        service.withdraw(session, NOW, office.people["老李"], reply.id)
        assert (reply.state, case.status) == ("draft", "in_progress")
        service.submit(session, NOW, office.people["老李"], reply.id)
        approve(session, office, reply, "王科长")
        with pytest.raises(Conflict, match="已经有人审过"):
            service.withdraw(session, NOW, office.people["老李"], reply.id)


# ------------------------------------------------------------------ three reviews


@pytest.mark.clause("E9", "A18", "B15")
def test_three_people_approve_and_an_issuer_releases(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, case = submitted(session, office)
        for name, step in zip(REVIEWERS, ("second", "final", "release"), strict=True):
            approve(session, office, reply, name)
            assert reply.step == step
        assert reply.state == "approved"
        service.release(session, NOW + MINUTE, office.people["周局长"], reply.id, digest=reply.digest)
        assert (reply.state, case.status, case.replied_at) == ("released", "replied", NOW + MINUTE)
        row = only_delivery(session, case)
        assert (row.state, row.text, row.digest) == ("ready", TEXT, reply.digest)
        assert [o.step for o in queries.opinions(session, reply.id)] == [
            "first",
            "second",
            "final",
            "release",
        ]
        done = actions(session, case)
        reviews = ["review_first", "review_second", "review_final"]
        assert done[-5:] == [*reviews, "release_reply", "delivery_made"]


@pytest.mark.clause("E9")
def test_the_final_reviewer_may_release_and_the_others_may_not(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, _ = submitted(session, office)
        approve(session, office, reply, "王科长", "赵敏", "周局长")
        service.release(session, NOW, office.people["周局长"], reply.id, digest=reply.digest)
        assert reply.released_by == office.people["周局长"].id


@pytest.mark.clause("A18", "B16", "C7")
def test_an_edit_after_the_approval_voids_it(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, case = approved(session, office)
        seen = reply.digest
        service.draft(session, NOW, office.people["老李"], case, text=TEXT.replace("15", "20"))
        assert (reply.state, case.status) == ("draft", "in_progress")
        with pytest.raises(Conflict):
            service.release(session, NOW, office.people["周局长"], reply.id, digest=seen)
        service.submit(session, NOW, office.people["老李"], reply.id)
        assert (reply.step, reply.state) == ("first", "in_review")
        for digest in (seen, reply.digest):
            with pytest.raises(Conflict):
                service.release(session, NOW, office.people["周局长"], reply.id, digest=digest)
        assert session.exec(select(Delivery)).all() == []


def test_autosave_never_takes_a_text_out_of_review(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, case = approved(session, office)
        with pytest.raises(Conflict, match="已经送审"):
            service.draft(session, NOW, office.people["老李"], case, text="别的", reopen=False)
        assert reply.state == "approved"


def test_inserting_an_answer_does_not_take_a_text_out_of_review_either(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, case = approved(session, office)
        with pytest.raises(Conflict, match="已经送审"):
            service.insert_answer(session, NOW, office.people["老李"], case, a_published_answer(session).id)
        assert reply.state == "approved"


@pytest.mark.clause("E9", "E27")
@pytest.mark.parametrize(
    ("name", "code"),
    [("老李", "wrong_role"), ("小陈", "wrong_role"), ("外包小吴", "contractor"), ("周局长", "wrong_role")],
)
def test_who_may_not_give_the_first_review(office: TheOffice, name: str, code: str) -> None:
    with office.db.writing() as session:
        reply, _ = submitted(session, office)
        person = office.people[name]
        if name == "外包小吴":  # not even with the role, whoever gave it
            person = type(person)(person.id, name, person.department_id, office.people["王科长"].roles, True)
        with pytest.raises(NotAllowed) as refusal:
            service.give_opinion(
                session, NOW, person, reply.id, verdict="approve", digest=reply.digest, gates=list(GATES)
            )
        assert refusal.value.code == code


@pytest.mark.clause("E9")
def test_whoever_wrote_in_it_once_reviews_it_never(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office, status=Status.IN_PROGRESS)
        wang = office.people["王科长"]
        wang_also_clerk = type(wang)(
            wang.id, wang.name, wang.department_id, wang.roles | office.people["小陈"].roles
        )
        service.draft(session, NOW, wang_also_clerk, case, text="您好！", basis=BASIS)
    with office.db.writing() as session:
        case = session.merge(case)
        reply = service.draft(session, NOW, office.people["老李"], case, text=TEXT)
        service.submit(session, NOW, office.people["老李"], reply.id)
        with pytest.raises(NotAllowed) as refusal:
            approve(session, office, reply, "王科长")
        assert refusal.value.code == "author"
        assert reply.id not in [found.reply.id for found in queries.waiting_for(session, wang)]


@pytest.mark.clause("A18", "C8")
def test_an_approval_needs_all_five_gates(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, _ = submitted(session, office)
        with pytest.raises(Invalid, match="保密"):
            service.give_opinion(
                session,
                NOW,
                office.people["王科长"],
                reply.id,
                verdict="approve",
                digest=reply.digest,
                gates=["political", "legal", "policy", "wording"],
            )


@pytest.mark.clause("C13")
def test_a_reply_is_sent_back_with_a_reason_and_the_very_text_does_not_come_again(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, case = submitted(session, office)
        wang = office.people["王科长"]
        with pytest.raises(Invalid, match="理由"):
            service.give_opinion(session, NOW, wang, reply.id, verdict="send_back", digest=reply.digest)
        service.give_opinion(
            session,
            NOW,
            wang,
            reply.id,
            verdict="send_back",
            digest=reply.digest,
            code="privacy",
            note="电话",
        )
        assert (reply.state, case.status) == ("sent_back", "in_progress")
        assert "退回了您的答复" in notices.inbox(session, office.people["老李"].id)[0].text
        with pytest.raises(Conflict, match="一个字也没有改"):
            service.submit(session, NOW, office.people["老李"], reply.id)
        service.draft(session, NOW, office.people["老李"], case, text=TEXT + "不收费。")
        service.submit(session, NOW, office.people["老李"], reply.id)
        assert reply.step == "first"


def test_an_issuer_may_send_back_what_three_people_approved(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, case = approved(session, office)
        service.give_opinion(
            session,
            NOW,
            office.people["郑书记"],
            reply.id,
            verdict="send_back",
            digest=reply.digest,
            code="undecided",
        )
        assert (reply.state, case.status) == ("sent_back", "in_progress")


@pytest.mark.clause("E10")
def test_raising_the_level_begins_the_stricter_route_anew(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, case = submitted(session, office)
        approve(session, office, reply, "王科长")
        before = reply.digest
        service.raise_level(session, NOW, office.people["赵敏"], reply.id, to="important")
        assert (case.sensitivity, reply.route, reply.step) == ("important", "important", "first")
        assert reply.digest != before
        with pytest.raises(Invalid, match="也要写审核意见"):
            approve(session, office, reply, "王科长")
        approve(session, office, reply, *REVIEWERS, note="已核对")
        zheng, zhou = office.people["郑书记"], office.people["周局长"]
        department = session.get_one(Department, case.department_id)
        department.principal_id = zheng.id
        session.add(department)
        session.flush()
        with pytest.raises(NotAllowed, match="主要领导"):
            service.release(session, NOW, zhou, reply.id, digest=reply.digest)
        service.release(session, NOW, zheng, reply.id, digest=reply.digest)
        assert reply.state == "released"
        with pytest.raises((Conflict, Invalid)):
            service.raise_level(session, NOW, office.people["赵敏"], reply.id, to="ordinary")


def test_a_case_merged_during_the_review_changes_the_addressees_and_voids_the_approvals(
    office: TheOffice,
) -> None:
    with office.db.writing() as session:
        reply, case = approved(session, office)
        repeat = a_case(session, office, sender="oTESTopenid0000000000000002")
        cases.act(session, NOW, office.people["小陈"], repeat.number, Action.MERGE, master=case.number)
        with pytest.raises(Conflict, match="有改动"):
            service.release(session, NOW, office.people["周局长"], reply.id, digest=reply.digest)
        stands = queries.standing(session, reply, case)
        assert (stands.step, len(stands.targets)) == ("first", 2)


@pytest.mark.clause("E16")
def test_merged_cases_get_a_delivery_each(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office, status=Status.IN_PROGRESS)
        repeat = a_case(session, office, sender="oTESTopenid0000000000000002")
        cases.act(session, NOW, office.people["小陈"], repeat.number, Action.MERGE, master=case.number)
        reply = service.draft(session, NOW, office.people["老李"], case, text=TEXT, basis=BASIS)
        service.submit(session, NOW, office.people["老李"], reply.id)
        approve(session, office, reply, *REVIEWERS)
        service.release(session, NOW, office.people["周局长"], reply.id, digest=reply.digest)
        rows = queries.deliveries_of(session, case.id)
        assert {row.case_id for row in rows} == {case.id, repeat.id}
        assert len({row.requester_id for row in rows}) == 2


# ------------------------------------------------------------------ lists


def test_what_waits_for_whom(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, _ = submitted(session, office)

        def waits_for() -> set[str]:
            found = (name for name, person in office.people.items())
            return {n for n in found if queries.count_waiting_for(session, office.people[n])}

        assert waits_for() == {"王科长", "赵敏", "孙主任"}
        approve(session, office, reply, "王科长")
        assert waits_for() == {"赵敏", "孙主任"}
        approve(session, office, reply, "赵敏")
        assert waits_for() == {"孙主任", "周局长", "郑书记"}
        approve(session, office, reply, "孙主任")
        assert waits_for() == {"周局长", "郑书记"}
        assert [found.reply.id for found in queries.waiting_for(session, office.people["周局长"])] == [
            reply.id
        ]


def test_a_reply_of_another_department_is_not_there_for_a_handler(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, _ = submitted(session, office)
        with pytest.raises(NotFound):
            service.submit(session, NOW, office.people["刘洋"], reply.id)


# ------------------------------------------------------------------ how it is delivered


@pytest.mark.parametrize(
    ("platform", "kind", "state"),
    [
        ("wechat", "text", "ready"),
        ("weibo", "comment", "ready"),
        ("corrections", "correction", "by_hand"),
        ("hotline", "work_order", "by_hand"),
        ("website", "letter", "on_page"),
    ],
)
def test_each_platform_delivers_in_its_way(office: TheOffice, platform: str, kind: str, state: str) -> None:
    with office.db.writing() as session:
        _, case = released(session, office, platform=platform, kind=kind)
        assert only_delivery(session, case).state == state


@pytest.mark.clause("D7")
def test_a_reply_released_after_the_window_closed_is_on_the_page_and_never_called_sent(
    office: TheOffice,
) -> None:
    with office.db.writing() as session:
        reply, case = approved(session, office)
        tuesday = NOW + 4 * 24 * 60 * MINUTE
        service.release(session, tuesday, office.people["周局长"], reply.id, digest=reply.digest)
        row = only_delivery(session, case)
        assert (row.state, row.fallback, row.error_code) == ("failed", "page", "closed")
        assert "查询页" in row.error_words


def test_a_correction_passes_all_reviews_and_stands_in_for_the_first(office: TheOffice) -> None:
    with office.db.writing() as session:
        first, case = released(session, office)
        replied_at = case.replied_at
        li = office.people["老李"]
        with pytest.raises(NotAllowed, match="更正"):
            service.draft(session, NOW, li, case, text="改")
        second = service.correct(session, NOW, li, case, TEXT.replace("15", "20"))
        assert (second.corrects_id, second.basis, case.status) == (first.id, BASIS, "replied")
        service.submit(session, NOW, li, second.id)
        assert case.status == "in_review"
        approve(session, office, second, *REVIEWERS)
        service.release(session, NOW + MINUTE, office.people["周局长"], second.id, digest=second.digest)
        assert (first.state, second.state, case.replied_at) == ("superseded", "released", replied_at)
        new, old = queries.deliveries_of(session, case.id)
        assert (old.state, old.error_code, new.state) == ("failed", "superseded", "ready")


def test_a_case_without_a_reply_has_nothing_to_correct(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office, status=Status.IN_PROGRESS)
        with pytest.raises(NotAllowed, match="还没有答复"):
            service.correct(session, NOW, office.people["老李"], case, TEXT)


def test_only_a_reply_that_exists_is_reviewed(office: TheOffice) -> None:
    with office.db.writing() as session, pytest.raises(NotFound):
        service.withdraw(session, NOW, office.people["小陈"], 4711)
    with office.db.reading() as session:
        assert session.exec(select(Reply)).all() == []


@pytest.mark.clause("A24", "C8")
def test_what_the_citizen_told_about_himself_does_not_go_out_in_the_reply(office: TheOffice) -> None:
    with office.db.writing() as session:
        reply, case = drafted(session, office, text=TEXT + "证件号110101199003077774已核对。")
        found = service.check(session, NOW, reply, case)
        assert [(finding.code, finding.level) for finding in found] == [("personal_data", "block")]


@pytest.mark.clause("A9", "E12")
def test_an_inserted_answer_is_kept_by_version_and_the_reply_is_compared_with_it(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office, status=Status.IN_PROGRESS)
        entry = a_published_answer(session)
        reply = service.insert_answer(session, NOW, office.people["老李"], case, entry.id)
        assert (reply.entry_id, reply.entry_version, reply.text) == (entry.id, 1, TEXT)
        assert reply.basis == "《云泽市居住证管理办法》（云泽示〔2025〕12 号）"
        assert service.check(session, NOW, reply, case) == []
        service.draft(session, NOW, office.people["老李"], case, text=TEXT.replace("15", "20"))
        (finding,) = service.check(session, NOW, reply, case)
        assert (finding.code, finding.level) == ("differs", "warn")
        assert "15" in finding.what and "20" in finding.what
        service.repair(session, NOW, office.people["老李"], case, finding.key)
        assert reply.text == TEXT
        service.submit(session, NOW, office.people["老李"], reply.id)
        approve(session, office, reply, *REVIEWERS)
        service.release(session, NOW, office.people["周局长"], reply.id, digest=reply.digest)
        used = session.exec(select(AnswerUse)).one()
        assert (used.entry_id, used.version, used.reply_id) == (entry.id, 1, reply.id)
