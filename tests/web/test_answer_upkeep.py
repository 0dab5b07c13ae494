"""口径维护 on the screens: documents, contradictions, what follows a change, neighbouring libraries."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.answers import queries as answer_queries
from app.answers import service as answers
from app.cases.models import Case
from app.cases.transitions import Status
from app.consistency import queries as conflicts
from app.consistency import service as consistency
from app.finding import service as finding
from app.replies import service as replies
from app.replies.models import Reply
from app.upkeep import queries, service
from app.upkeep.figures import hours_saved
from kb import queries as library
from tests.app.answers.acting import LOST_CARD, PERMIT, approved, proposed, published
from tests.app.answers.acting import submitted as submitted_entry
from tests.app.replies.acting import released, submitted
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

Enter = Callable[[str], FlaskClient]
LATER = NOW + timedelta(hours=1)
AGAIN = {
    **LOST_CARD,
    "question": "社保卡丢了怎么补办呢",
    "text": "社保卡补办要收取工本费，请带身份证到网点办理。",
}


@pytest.mark.clause("C17")
def test_a_repealed_document_puts_every_answer_that_cites_it_to_review(
    signed_in: Enter, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        entry, _ = published(session, sqlite_office)
        other, _ = published(session, sqlite_office, PERMIT)
        ((document, times),) = library.documents(session, "社会保障卡")
        assert times == 1
    editor = signed_in("编辑小叶")
    assert "云人社规〔2025〕6 号" in editor.get("/desk/answers/documents").get_data(as_text=True)
    page = editor.get(f"/desk/answers/documents/{document.id}").get_data(as_text=True)
    assert "社保卡丢了怎么补办" in page
    there = f"/desk/answers/documents/{document.id}/repeal"
    assert editor.post(there, data={"on": ""}).status_code == 400
    assert editor.post(there, data={"on": "2026-10-01", "replaced_by": "新办法"}).status_code == 303
    page = editor.get(f"/desk/answers/{entry.id}").get_data(as_text=True)
    assert "依据已废止" in page
    assert "由《新办法》代替" in page
    with sqlite_office.db.reading() as session:
        assert [row.reason for row in library.open_rechecks(session, entry.id)] == ["repealed"]
        assert library.open_rechecks(session, other.id) == []
        (recheck, _, _) = queries.open_rechecks(session)[0]
    assert editor.post(f"/desk/answers/rechecks/{recheck.id}/settle", data={"note": ""}).status_code == 400
    settled = editor.post(f"/desk/answers/rechecks/{recheck.id}/settle", data={"note": "新办法同样规定"})
    assert settled.status_code == 303
    with sqlite_office.db.reading() as session:
        assert queries.count_rechecks(session) == 0


@pytest.mark.clause("A9")
def test_answers_that_contradict_each_other_are_shown_side_by_side_until_somebody_says_why(
    signed_in: Enter, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        published(session, sqlite_office)
        published(session, sqlite_office, AGAIN)
        published(session, sqlite_office, PERMIT)
        assert consistency.find_contradictions(session, NOW) == 1
        assert consistency.find_contradictions(session, NOW) == 0
        (conflict,) = conflicts.open_conflicts(session)
    editor = signed_in("编辑小叶")
    page = editor.get("/desk/answers/upkeep").get_data(as_text=True)
    assert "社保卡补办要收取工本费" in page
    there = f"/desk/answers/conflicts/{conflict.id}/settle"
    assert editor.post(there, data={"note": ""}).status_code == 400
    assert editor.post(there, data={"note": "后一条说的是异地"}).status_code == 303
    with sqlite_office.db.writing() as session:
        assert consistency.find_contradictions(session, LATER) == 0
        assert conflicts.count_open_conflicts(session) == 0


@pytest.mark.clause("C21")
def test_a_correction_is_begun_from_the_list_of_what_follows(
    signed_in: Enter, sqlite_office: TheOffice
) -> None:
    office = sqlite_office
    with office.db.writing() as session:
        entry, _ = published(session, office)
        reply, case = released(session, office)
        reply.entry_id, reply.entry_version = entry.id, 1
        session.add(reply)
        answers.record_use(session, NOW, reply_id=reply.id, entry_id=entry.id, version=1, case_id=case.id)
        published(session, office, {**LOST_CARD, "text": "请带身份证办理。"}, entry_id=entry.id, now=LATER)
        service.follow_answers(session, LATER)
        (row,) = queries.open_follow_ups(session)
    clerk = signed_in("小陈")
    assert case.number in clerk.get("/desk/answers/upkeep").get_data(as_text=True)
    answer = clerk.post(f"/desk/answers/follow_ups/{row.id}/correct")
    assert answer.location.endswith(f"/desk/cases/{case.number}#draft-title")
    assert clerk.post(f"/desk/answers/follow_ups/{row.id}/correct").status_code == 404


@pytest.mark.clause("A9")
def test_a_reviewer_accepts_a_difference_with_a_reason_or_does_not_approve(
    signed_in: Enter, sqlite_office: TheOffice
) -> None:
    office = sqlite_office
    with office.db.writing() as session:
        entry, _ = published(session, office, PERMIT)
        reply, case = submitted(session, office)
        office_words = reply.text.replace("15 个工作日", "20 个工作日")
        author = office.people["老李"]
        replies.draft(session, NOW, author, case, text=office_words, entry=(entry.id, 1))
        found = [one for one in replies.check(session, NOW, reply, case) if one.code == "differs"]
        assert [one.what for one in found] == [
            "期限与问答库不一致：草稿写“20 个工作日内”，问答库写“15 个工作日内”。请改正，或写明理由"
        ]
        replies.submit(session, NOW, author, reply.id, dismissals={found[0].key: "旺季放宽"})
        digest = reply.digest
    reviewer = signed_in("王科长")
    page = reviewer.get(f"/desk/reviews/{reply.id}").get_data(as_text=True)
    assert "旺季放宽" in page
    assert "接受口径差异的理由" in page
    form = {
        "digest": digest,
        "step": "first",
        "gate": ["political", "legal", "policy", "secrecy", "wording"],
    }
    assert reviewer.post(f"/desk/reviews/{reply.id}/approve", data=form).status_code == 400
    accepted = {**form, "accept_note": "已与户政科核实"}
    assert reviewer.post(f"/desk/reviews/{reply.id}/approve", data=accepted).status_code == 303
    with office.db.reading() as session:
        (kept,) = conflicts.of_reply(session, reply.id, digest)
        assert (kept.library, kept.said, kept.accepted_note) == (
            "15 个工作日内", "20 个工作日内", "已与户政科核实"
        )  # fmt: skip


@pytest.mark.clause("A9", "C16")
def test_what_must_be_kept_is_put_in_by_one_click_or_left_out_with_one_reason_for_the_reviewer(
    signed_in: Enter, sqlite_office: TheOffice
) -> None:
    office, kept = sqlite_office, ["15 个工作日内发证", "住满半年"]
    with office.db.writing() as session:
        entry, _ = published(session, office, PERMIT, must_keep=kept)
        case = a_case(session, office, status=Status.IN_PROGRESS)
        case.department_id = office.people["老李"].department_id
        text = "可以，到派出所申请居住证，不收费。\n感谢您的来信。"
        author = office.people["老李"]
        reply = replies.draft(session, NOW, author, case, text=text, entry=(entry.id, 1))
        (left,) = [one for one in replies.check(session, NOW, reply, case) if one.left_out]
    handler = signed_in("老李")
    page = handler.get(f"/desk/cases/{case.number}").get_data(as_text=True)
    assert page.count("没有写必须保留的") == 1
    handler.post(f"/desk/cases/{case.number}/reply/repair", data={"text": text, "repair": left.key})
    with office.db.writing() as session:
        reply = session.get_one(Reply, reply.id)
        assert reply.text == (
            "可以，到派出所申请居住证，不收费。\n请注意：15 个工作日内发证；住满半年。\n感谢您的来信。"
        )
        replies.draft(session, NOW, author, session.get_one(Case, case.id), text=text)
        replies.submit(
            session, NOW, author, reply.id, dismissals={left.key: "只问收不收费", "basis": "见所用答案"}
        )
        found = conflicts.of_reply(session, reply.id, reply.digest)
        assert [(one.library, one.said, one.reason) for one in found] == [
            (part, "", "只问收不收费") for part in kept
        ]
    page = signed_in("王科长").get(f"/desk/reviews/{reply.id}").text
    assert "<td>15 个工作日内发证；住满半年</td><td>没有写</td>" in page
    assert page.count("起草人说明：只问收不收费") == 1


@pytest.mark.clause("C16", "D3")
def test_a_form_that_does_not_fit_is_an_error_at_submission_and_never_cut(
    signed_in: Enter, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        version = proposed(session, sqlite_office, {**LOST_CARD, "forms": {"weibo": "带身份证补办。" * 25}})
    editor = signed_in("编辑小叶")
    refused = editor.post(f"/desk/answers/{version.entry_id}/submit", data={"version": version.id})
    assert refused.status_code == 400
    assert "微博评论放不下" in refused.get_data(as_text=True)


@pytest.mark.clause("C23", "C24")
def test_an_attachment_needs_a_licence_and_a_map_its_number(
    signed_in: Enter, sqlite_office: TheOffice
) -> None:
    editor = signed_in("编辑小叶")
    form = {
        "question": "网点在哪里", "text": "见附图。", "verified_by": "刘洋", "basis_title": "通告", "basis_number": "",
        "basis_url": "", "basis_issued_on": "", "attachment_title": "网点分布地图", "attachment_source": "",
        "attachment_url": "https://rsj.yunze.example/map.png", "attachment_licence": "", "attachment_map_number": "",
        "then": "submit",
    }  # fmt: skip
    assert "授权" in editor.post("/desk/answers/new", data=form).get_data(as_text=True)
    with_licence = {**form, "question": "网点都在哪里", "attachment_licence": "市测绘院授权"}
    assert "审图号" in editor.post("/desk/answers/new", data=with_licence).get_data(as_text=True)
    whole = {**with_licence, "question": "网点到底在哪里", "attachment_map_number": "云S（2026）12号"}
    assert editor.post("/desk/answers/new", data=whole).status_code == 303


def test_what_publishing_reaches_is_said_before_it_is_published(
    signed_in: Enter, sqlite_office: TheOffice
) -> None:
    office = sqlite_office
    with office.db.writing() as session:
        entry, _ = published(session, office)
        reply, _ = submitted(session, office)
        reply.entry_id, reply.entry_version = entry.id, 1
        session.add(reply)
        approved(
            session,
            office,
            {**LOST_CARD, "text": "请带身份证办理。"},
            entry_id=entry.id,
            significance="major",
        )
    page = signed_in("周局长").get(f"/desk/answers/{entry.id}/review").get_data(as_text=True)
    assert "审核中的答复 1 件" in page
    assert "原来的审核作废" in page


def test_whoever_manages_libraries_sees_our_own_fingerprint_and_bad_addresses_are_refused(
    signed_in: Enter,
) -> None:
    editor = signed_in("编辑小叶")
    own = editor.get("/federation/v1/library").json
    assert own["id"] in editor.get("/desk/answers/federation").get_data(as_text=True)
    bad = editor.post(
        "/desk/answers/federation", data={"url": "ftp://x", "level": "city", "fingerprint": "12345678"}
    )
    assert bad.status_code == 400
    assert editor.post("/desk/answers/federation/level", data={"level": "district"}).status_code == 303
    assert editor.get("/federation/v1/library").json["level"] == "district"
    assert editor.get("/federation/v1/changes?cursor=x").status_code == 400
    assert signed_in("小陈").get("/desk/answers/federation").status_code == 403


def test_readers_say_whether_an_answer_helped_once_a_day_and_nobody_is_kept(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        entry, _ = published(session, sqlite_office)
    there = f"/answers/{entry.key}/vote"
    assert client.post(there, data={"helpful": "yes"}).status_code == 303
    assert client.post(there, data={"helpful": "no"}).status_code == 303  # the same visitor: not counted
    with sqlite_office.db.reading() as session:
        assert answer_queries.votes(session, entry.id) == (1, 0)
    with sqlite_office.db.writing() as session:
        assert answers.forget_votes(session, NOW) == 0
        assert answers.forget_votes(session, NOW + timedelta(days=2)) >= 1


@pytest.mark.clause("A9", "C16")
def test_a_short_text_that_says_something_else_than_the_whole_is_shown_to_author_and_reviewer(
    signed_in: Enter, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        first, _ = published(session, sqlite_office, PERMIT)
        version = submitted_entry(
            session,
            sqlite_office,
            PERMIT,
            entry_id=first.id,
            short_text="住满半年可申请，20 个工作日内发证。",
            forms={"hotline": "住满六个月就能申请，15 个工作日发证。"},
        )
    for name, address in (
        ("编辑小叶", f"/desk/answers/{first.id}"),
        ("王科长", f"/desk/answers/{first.id}/review"),
    ):
        page = signed_in(name).get(address).text
        assert "短文本与口径说法不一" in page
        assert "期限与口径不一致：口径为15 个工作日内，这一段为20 个工作日内。" in page
        assert "热线话术与口径说法不一" not in page
    assert version.number == 2


@pytest.mark.clause("B11")
def test_the_statistics_page_tells_how_the_library_does_in_the_month_asked_for(
    signed_in: Enter, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        entry, _ = published(session, sqlite_office, PERMIT)
        reply, case = released(session, sqlite_office)
        answers.record_use(session, NOW, reply_id=reply.id, entry_id=entry.id, version=1, case_id=case.id)
        released(session, sqlite_office)
        finding.note_unanswered(session, NOW, "隔壁夜里施工找谁")
    clerk = signed_in("小陈")
    for asked in ("", "?month=2026-10"):
        page = clerk.get(f"/desk/statistics{asked}").text
        assert "50%（1 / 2 件）" in page
        assert "隔壁夜里施工找谁" in page
        assert "/desk/answers/upkeep" in page
    assert "还没有答复" in clerk.get("/desk/statistics?month=2026-09").text
    assert "/desk/answers/upkeep" not in signed_in("审计管理员").get("/desk/statistics").text


@pytest.mark.parametrize(
    ("with_answer", "without", "hours"),
    [([10.0] * 6, [40.0] * 6, 3.0), ([10.0] * 4, [40.0] * 6, None), ([40.0] * 6, [10.0] * 6, 0.0),
     ([10.0] * 6, [9000.0] * 6, 47.0)],
)  # fmt: skip
def test_time_saved_is_the_difference_of_medians_times_the_replies_drawn(
    with_answer: list[float], without: list[float], hours: float | None
) -> None:
    assert hours_saved(with_answer, without) == hours
