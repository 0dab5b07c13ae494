"""The desk's pages for replies: write, review, release, see what did not arrive."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlmodel import select

from app.cases.models import Case
from app.cases.transitions import Status
from app.replies import queries, service
from app.replies.models import Delivery, Reply
from kb.review import GATES
from tests.app.replies.acting import BASIS, REVIEWERS, TEXT, a_published_answer, approve, released, submitted
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

Browser = Callable[[str], FlaskClient]


@pytest.fixture
def case(sqlite_office: TheOffice) -> Case:
    """A case the department is working on."""
    with sqlite_office.db.writing() as session:
        return a_case(session, sqlite_office, status=Status.IN_PROGRESS)


def the_reply(office: TheOffice) -> Reply:
    with office.db.reading() as session:
        return session.exec(select(Reply).order_by(Reply.id.desc())).first()  # type: ignore[attr-defined, return-value]


def text_of(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page)


# ------------------------------------------------------------------ writing


def test_the_draft_saves_itself_and_says_what_is_wrong_with_it(
    sqlite_office: TheOffice, signed_in: Browser, case: Case
) -> None:
    answer = signed_in("老李").post(
        f"/desk/cases/{case.number}/reply/autosave",
        data={"text": "居住证的事我们将尽快办理。", "basis": BASIS, "writer": ""},
    )
    assert answer.status_code == 200
    said = answer.get_json()
    assert {"platform": "微信消息", "used": len("居住证的事我们将尽快办理。".encode())} in said["counts"]
    assert "空话" in said["findings"][0]["title"]
    assert len(said["digest"]) == 64 and said["saved_at"]
    assert the_reply(sqlite_office).text == "居住证的事我们将尽快办理。"


def test_the_case_page_shows_the_draft_with_its_counters(signed_in: Browser, case: Case) -> None:
    browser = signed_in("老李")
    browser.post(f"/desk/cases/{case.number}/reply/save", data={"text": TEXT, "basis": BASIS})
    page = browser.get(f"/desk/cases/{case.number}").text
    assert 'data-autosave="' in page and "2048 字节" in page and TEXT in page
    assert "三审" not in page


def test_a_draft_with_a_warning_comes_back_with_the_reason_and_loses_no_word(
    sqlite_office: TheOffice, signed_in: Browser, case: Case
) -> None:
    browser = signed_in("老李")
    answer = browser.post(
        f"/desk/cases/{case.number}/reply/submit", data={"text": TEXT + "我们将尽快办理。", "basis": BASIS}
    )
    assert answer.status_code == 400
    assert "还不能送审" in answer.text and "我们将尽快办理。" in answer.text
    reply = the_reply(sqlite_office)
    assert reply.state == "draft"
    with sqlite_office.db.reading() as session:
        (finding,) = service.check(session, NOW, reply, session.get_one(Case, case.id))
    answer = browser.post(
        f"/desk/cases/{case.number}/reply/submit",
        data={"text": reply.text, "basis": BASIS, f"reason-{finding.key}": "窗口已经约好"},
    )
    assert answer.status_code == 303
    assert the_reply(sqlite_office).state == "in_review"


def test_autosave_from_an_old_tab_does_not_take_the_text_out_of_review(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        _, case = submitted(session, sqlite_office)
    browser = signed_in("老李")
    answer = browser.post(f"/desk/cases/{case.number}/reply/autosave", data={"text": "别的"})
    assert (answer.status_code, the_reply(sqlite_office).state) == (409, "in_review")
    page = browser.get(f"/desk/cases/{case.number}").text
    assert "data-autosave" not in page and "初审" in page and "修改文字" in page
    answer = browser.post(f"/desk/cases/{case.number}/reply/edit", data={"text": "别的", "basis": BASIS})
    assert (answer.status_code, the_reply(sqlite_office).state) == (303, "draft")


def test_a_reply_is_withdrawn_from_the_case_page(sqlite_office: TheOffice, signed_in: Browser) -> None:
    with sqlite_office.db.writing() as session:
        _, case = submitted(session, sqlite_office)
    answer = signed_in("老李").post(f"/desk/cases/{case.number}/reply/withdraw")
    assert (answer.status_code, the_reply(sqlite_office).state) == (303, "draft")


def test_a_handler_of_another_department_finds_no_such_case(signed_in: Browser, case: Case) -> None:
    browser = signed_in("刘洋")
    for way in ("autosave", "save", "submit", "insert", "correct"):
        answer = browser.post(f"/desk/cases/{case.number}/reply/{way}", data={"text": "别的", "entry": "1"})
        assert answer.status_code == 404, way


def test_words_that_could_not_be_saved_are_shown_again(
    sqlite_office: TheOffice, signed_in: Browser, case: Case
) -> None:
    signed_in("小陈").post(f"/desk/cases/{case.number}/reply/save", data={"text": "小陈写的", "writer": ""})
    answer = signed_in("小林").post(
        f"/desk/cases/{case.number}/reply/save",
        data={"text": "小林写了很久", "writer": str(sqlite_office.people["老李"].id)},
    )
    assert answer.status_code == 409
    assert "小陈刚改过这份草稿" in answer.text and "小林写了很久" in answer.text


def test_a_short_form_is_offered_where_weibo_cannot_carry_the_text(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        case = a_case(session, sqlite_office, status=Status.ACCEPTED, platform="weibo", kind="comment")
    browser, base = signed_in("小陈"), f"/desk/cases/{case.number}/reply"
    browser.post(f"{base}/save", data={"text": TEXT * 4, "basis": BASIS})
    page = browser.get(f"/desk/cases/{case.number}").text
    assert "微博评论：答复超" in page and "拟一段短版" in page
    answer = browser.post(f"{base}/short", data={"text": TEXT * 4, "basis": BASIS, "form": "weibo"})
    assert answer.status_code == 303
    assert f"/progress?number={case.number}" in the_reply(sqlite_office).short_texts["weibo"]
    assert browser.post(f"{base}/submit", data={"text": TEXT * 4, "basis": BASIS}).status_code == 303


# ------------------------------------------------------------------ reviewing


def form(reply: Reply, **fields: object) -> dict[str, object]:
    return {"digest": reply.digest, "gate": list(GATES), **fields}


@pytest.mark.clause("A18", "E9", "B15")
def test_three_reviewers_and_an_issuer_take_it_through_their_pages(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        reply, case = submitted(session, sqlite_office)
    for name, step in zip(REVIEWERS, ("初审", "复审", "终审"), strict=True):
        browser = signed_in(name)
        listed = browser.get("/desk/reviews").text
        assert f"/desk/reviews/{reply.id}" in listed and step in listed
        page = browser.get(f"/desk/reviews/{reply.id}").text
        assert f"我的{step}" in page and TEXT in page and "data-gates" in page
        answer = browser.post(f"/desk/reviews/{reply.id}/approve", data=form(reply))
        assert answer.status_code == 303
    page = signed_in("周局长").get(f"/desk/reviews/{reply.id}").text
    assert "我的签发" in page
    answer = signed_in("周局长").post(f"/desk/reviews/{reply.id}/release", data=form(reply))
    assert answer.status_code == 303
    with sqlite_office.db.reading() as session:
        assert session.get_one(Case, case.id).status == "replied"
        assert session.exec(select(Delivery)).one().text == TEXT
    page = signed_in("老李").get(f"/desk/cases/{case.number}").text
    assert "周局长签发" in page and "送达" in page and "更正答复" in page


def test_an_issuer_gives_the_final_review_and_releases_in_one_step(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        reply, _ = submitted(session, sqlite_office)
        approve(session, sqlite_office, reply, "王科长", "赵敏")
    browser = signed_in("周局长")
    assert "终审并签发" in browser.get(f"/desk/reviews/{reply.id}").text
    assert browser.post(f"/desk/reviews/{reply.id}/approve_release", data=form(reply)).status_code == 303
    assert the_reply(sqlite_office).state == "released"
    assert "终审并签发" not in signed_in("孙主任").get(f"/desk/reviews/{reply.id}").text


TICKED = 'value="political" data-gate data-key="1" checked'


@pytest.mark.parametrize(
    ("fields", "words", "status", "is_kept"),
    [
        ({"gate": ["political"]}, "还有关口没有勾选", 400, True),
        ({"digest": "0" * 64}, "有改动", 409, False),  # what was ticked was another text
    ],
)
def test_a_refused_approval_keeps_what_was_said_of_this_very_text(
    sqlite_office: TheOffice,
    signed_in: Browser,
    fields: dict[str, object],
    words: str,
    status: int,
    is_kept: bool,
) -> None:
    with sqlite_office.db.writing() as session:
        reply, _ = submitted(session, sqlite_office)
    given = form(reply, note="看过了") | fields
    answer = signed_in("王科长").post(f"/desk/reviews/{reply.id}/approve", data=given)
    assert answer.status_code == status
    assert words in answer.text and "看过了" in answer.text
    assert (TICKED in answer.text) is is_kept
    assert the_reply(sqlite_office).step == "first"


def test_whoever_comes_second_to_the_same_step_is_told(sqlite_office: TheOffice, signed_in: Browser) -> None:
    with sqlite_office.db.writing() as session:
        reply, _ = submitted(session, sqlite_office)
    late = signed_in("赵敏")
    assert 'name="step" value="first"' in late.get(f"/desk/reviews/{reply.id}").text
    signed_in("王科长").post(f"/desk/reviews/{reply.id}/approve", data=form(reply, step="first"))
    answer = late.post(f"/desk/reviews/{reply.id}/approve", data=form(reply, step="first"))
    assert answer.status_code == 409 and "现在等的是复审" in answer.text
    assert the_reply(sqlite_office).step == "second"


def test_inserting_an_answer_keeps_the_words_not_yet_saved(
    sqlite_office: TheOffice, signed_in: Browser, case: Case
) -> None:
    with sqlite_office.db.writing() as session:
        entry = a_published_answer(session)
    browser = signed_in("老李")
    browser.post(
        f"/desk/cases/{case.number}/reply/insert", data={"entry": entry.id, "text": "您好，李先生："}
    )
    assert the_reply(sqlite_office).text == f"您好，李先生：\n{TEXT}"
    page = browser.get(f"/desk/cases/{case.number}").text
    assert "用了问答库第 1 版" in page and "《云泽市居住证管理办法》（云泽示〔2025〕12 号）" in page


@pytest.mark.clause("C13")
def test_a_reviewer_sends_it_back_and_the_author_sees_why(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        reply, case = submitted(session, sqlite_office)
    browser = signed_in("王科长")
    refused = browser.post(f"/desk/reviews/{reply.id}/send_back", data=form(reply))
    assert refused.status_code == 400 and "理由" in refused.text
    data = form(reply, code="opinion", note="请写办理时限")
    assert browser.post(f"/desk/reviews/{reply.id}/send_back", data=data).status_code == 303
    page = signed_in("老李").get(f"/desk/cases/{case.number}").text
    assert "个人观点" in page and "请写办理时限" in page and "退回修改" in page


@pytest.mark.clause("E9", "E27")
@pytest.mark.parametrize("name", ["老李", "小陈", "外包小吴"])
def test_who_may_not_review_sees_no_form_and_is_refused(
    sqlite_office: TheOffice, signed_in: Browser, name: str
) -> None:
    with sqlite_office.db.writing() as session:
        reply, _ = submitted(session, sqlite_office)
    browser = signed_in(name)
    assert "data-gates" not in browser.get(f"/desk/reviews/{reply.id}").text
    answer = browser.post(f"/desk/reviews/{reply.id}/approve", data=form(reply))
    assert answer.status_code == 403
    assert the_reply(sqlite_office).step == "first"


@pytest.mark.clause("E10")
def test_a_reviewer_raises_the_level(sqlite_office: TheOffice, signed_in: Browser) -> None:
    with sqlite_office.db.writing() as session:
        reply, _ = submitted(session, sqlite_office)
    answer = signed_in("王科长").post(f"/desk/reviews/{reply.id}/raise_level", data={"to": "important"})
    assert (answer.status_code, the_reply(sqlite_office).route) == (303, "important")


def test_the_number_beside_reviews_is_the_length_of_its_list(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        for number in range(3):
            submitted(session, sqlite_office, sender=f"oTESTopenid000000000000001{number}")
    page = text_of(signed_in("王科长").get("/desk/reviews").text)
    assert re.search(r"审核，3 件", page) and "3 件" in page


# ------------------------------------------------------------------ deliveries


def a_delivery(office: TheOffice, state: str, **values: object) -> Delivery:
    with office.db.writing() as session:
        _, case = released(session, office)
        (row,) = queries.deliveries_of(session, case.id)
        for name, value in {"state": state, **values}.items():
            setattr(row, name, value)
        session.add(row)
    return row


def now_is(office: TheOffice, row: Delivery) -> str:
    with office.db.reading() as session:
        return session.get_one(Delivery, row.id).state


def test_an_unknown_outcome_is_shown_to_a_person_who_settles_it(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    row = a_delivery(sqlite_office, "unknown", error_words="发送后 30 秒没有回音")
    browser = signed_in("小陈")
    page = browser.get("/desk/deliveries?view=not_delivered").text
    assert "发送后 30 秒没有回音" in page and "没收到，再发一次" in page and TEXT in page
    answer = browser.post(f"/desk/deliveries/{row.id}/settle", data={"arrived": "yes", "note": "公众号后台"})
    assert (answer.status_code, now_is(sqlite_office, row)) == (303, "done")
    again = browser.post(f"/desk/deliveries/{row.id}/settle", data={"arrived": "no"})
    assert (again.status_code, now_is(sqlite_office, row)) == (409, "done")


def test_what_must_be_entered_by_hand_is_entered(sqlite_office: TheOffice, signed_in: Browser) -> None:
    row = a_delivery(sqlite_office, "by_hand")
    answer = signed_in("小陈").post(f"/desk/deliveries/{row.id}/enter", data={"note": "找错平台"})
    assert (answer.status_code, now_is(sqlite_office, row)) == (303, "entered")
    page = signed_in("小陈").get("/desk/deliveries?state=entered").text
    assert "小陈处理" in page and "找错平台" in page


def test_a_failed_delivery_is_sent_again(sqlite_office: TheOffice, signed_in: Browser) -> None:
    row = a_delivery(sqlite_office, "failed", error_class="final", error_code="40003", fallback="page")
    browser = signed_in("小陈")
    assert "查询页看到答复" in browser.get("/desk/deliveries").text
    answer = browser.post(f"/desk/deliveries/{row.id}/retry")
    assert (answer.status_code, now_is(sqlite_office, row)) == (303, "ready")


def test_a_reviewer_sees_deliveries_and_changes_none(sqlite_office: TheOffice, signed_in: Browser) -> None:
    row = a_delivery(sqlite_office, "unknown")
    browser = signed_in("王科长")
    assert "再发一次" not in browser.get("/desk/deliveries?view=not_delivered").text
    answer = browser.post(f"/desk/deliveries/{row.id}/settle", data={"arrived": "yes"})
    assert (answer.status_code, now_is(sqlite_office, row)) == (403, "unknown")


def test_older_deliveries_are_on_the_next_page(sqlite_office: TheOffice, signed_in: Browser) -> None:
    with sqlite_office.db.writing() as session:
        for number in range(queries.PAGE + 1):
            released(
                session, sqlite_office, sender=f"oTESTopenid00000000000002{number:02}", now=NOW + timedelta(0)
            )
    browser = signed_in("小陈")
    first = browser.get("/desk/deliveries").text
    assert first.count('id="delivery-') == queries.PAGE
    older = re.search(r"/desk/deliveries\?[^\"]*before=\d+", first)
    assert older is not None
    assert browser.get(older.group().replace("&amp;", "&")).text.count('id="delivery-') == 1
