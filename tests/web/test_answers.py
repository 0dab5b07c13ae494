"""问答库 on the desk: write, review, publish, retire; every page shows what the library says."""

import io
import json
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlmodel import select

from app.answers import service
from app.answers.models import AnswerUse
from app.base import clock
from app.cases.transitions import Status
from app.finding.models import UnansweredSearch
from app.log.models import Event
from app.notices.models import Notice
from kb import queries as library
from kb.models import AnswerEntry, EntryVersion
from kb.review import GATES
from tests.app.answers.acting import (
    LOST_CARD,
    PERMIT,
    REVIEWERS,
    approve,
    approved,
    proposed,
    published,
    submitted,
)
from tests.app.replies.acting import released
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

Browser = Callable[[str], FlaskClient]

FORM = {
    "question": "社保卡怎么激活",
    "text": "带身份证到网点激活，当场办好。",
    "short_text": "",
    "must_keep": "带身份证",
    "phrasings": "新社保卡怎么开通\n社保卡激活在哪办",
    "basis_title": ["云泽市社会保障卡管理办法", ""],
    "basis_number": ["云人社规〔2025〕6 号", ""],
    "basis_url": ["", ""],
    "basis_issued_on": ["2025-04-01", ""],
    "verified_by": "刘洋",
    "category": "社会保障",
    "valid_until": "2027-06-30",
    "review_by": "",
    "valid_from": "",
    "significance": "ordinary",
    "kind": "answer",
    "licence": "",
}


def form(office: TheOffice, **changes: object) -> dict:
    return {**FORM, "owner_department_id": str(office.departments["人力资源和社会保障局"].id), **changes}


def newest(office: TheOffice) -> tuple[AnswerEntry, EntryVersion]:
    with office.db.reading() as session:
        version = session.exec(select(EntryVersion).order_by(EntryVersion.id.desc())).first()  # type: ignore[attr-defined]
        assert version is not None
        return session.get_one(AnswerEntry, version.entry_id), version


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


# ------------------------------------------------------------------ writing


def test_an_editor_writes_a_draft_and_reads_it_again(sqlite_office: TheOffice, signed_in: Browser) -> None:
    browser = signed_in("编辑小叶")
    assert browser.get("/desk/answers/new").status_code == 200
    made = browser.post("/desk/answers/new", data=form(sqlite_office, then="keep"))
    assert made.status_code == 303
    entry, version = newest(sqlite_office)
    assert entry.owner_name == "人力资源和社会保障局"
    assert version.phrasings == ["新社保卡怎么开通", "社保卡激活在哪办"]
    assert version.basis == [
        {
            "title": "云泽市社会保障卡管理办法",
            "number": "云人社规〔2025〕6 号",
            "url": "",
            "issued_on": "2025-04-01",
        }
    ]
    assert version.review_by == date(2027, 10, 9)
    shown = words(browser.get(made.location).text)
    assert "带身份证到网点激活" in shown
    assert "草稿" in shown
    again = browser.get(f"/desk/answers/{entry.id}/edit").text
    assert 'value="社保卡怎么激活"' in again
    assert "字节" in again


@pytest.mark.clause("B13")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"basis_title": ["", ""], "basis_number": ["", ""]}, "依据"),
        ({"verified_by": ""}, "核实人"),
        ({"short_text": "到网点激活"}, "必须保留"),
        ({"valid_until": "2026-13-01"}, "有效期止"),
        ({"valid_until": "2026-10-01"}, "有效期止不能早于有效期起"),
        ({"question": " "}, "请填写问题"),
        ({"basis_url": ["javascript:alert(1)", ""]}, "网址"),
        ({"owner_department_id": "999"}, "承办单位"),
        ({"text": "带\x00身份证"}, "无法显示"),
    ],
)
def test_a_refused_form_keeps_every_word_and_nothing_is_stored(
    sqlite_office: TheOffice, signed_in: Browser, changes: dict, said: str
) -> None:
    refused = signed_in("编辑小叶").post(
        "/desk/answers/new", data=form(sqlite_office, then="submit", **changes)
    )
    assert refused.status_code == 400
    assert said in words(refused.text)
    assert "社保卡激活在哪办" in refused.text
    with sqlite_office.db.reading() as session:
        assert session.exec(select(AnswerEntry)).all() == []


def test_somebody_who_was_faster_is_not_overwritten(sqlite_office: TheOffice, signed_in: Browser) -> None:
    with sqlite_office.db.writing() as session:
        version = proposed(session, sqlite_office)
    browser, address = signed_in("编辑小叶"), f"/desk/answers/{version.entry_id}/edit"
    seen = {"seen": version.digest}
    assert browser.post(address, data=form(sqlite_office, **seen)).status_code == 303
    late = browser.post(address, data=form(sqlite_office, text="晚到的说法，带身份证", **seen))
    assert late.status_code == 409
    assert "晚到的说法" in late.text
    assert newest(sqlite_office)[1].text == FORM["text"]


def test_rewriting_what_is_published_begins_the_next_version(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        entry, version = published(session, sqlite_office)
    browser = signed_in("编辑小叶")
    page = browser.get(f"/desk/answers/{entry.id}/edit").text
    assert "在用：第 1 版" in page
    changed = form(sqlite_office, text="带身份证，改为网上办理。", seen=version.digest)
    browser.post(f"/desk/answers/{entry.id}/edit", data=changed)
    shown = browser.get(f"/desk/answers/{entry.id}").text
    assert "<del>" in shown
    assert "<ins>" in shown
    assert newest(sqlite_office)[1].number == 2
    with sqlite_office.db.reading() as session:
        assert library.version_in_force(session, entry.id).number == 1  # type: ignore[union-attr]


def test_what_was_answered_becomes_a_draft_without_the_person(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        _, case = released(session, sqlite_office)
        case.title = "我叫王小明，电话13800138000，租房能办居住证吗"
        session.add(case)
    browser = signed_in("老李")
    page = browser.get(f"/desk/answers/new?from={case.number}").text
    assert "15 个工作日内发证" in page
    assert "13800138000" not in page
    assert "王小明" not in page
    assert "保存并送审" not in page
    kept = browser.post(
        "/desk/answers/new",
        data=form(
            sqlite_office, question="王小明13800138000能办居住证吗", must_keep="", **{"from": case.number}
        ),
    )
    assert kept.status_code == 303
    entry, version = newest(sqlite_office)
    assert "13800138000" not in version.question
    assert entry.state == "draft"
    with sqlite_office.db.reading() as session:
        logged = session.exec(select(Event).where(Event.action == "answer_proposed")).one()
    assert logged.case_id == case.id


# ------------------------------------------------------------------ reviewing


@pytest.mark.clause("A18")
def test_three_people_review_and_a_fourth_publishes(sqlite_office: TheOffice, signed_in: Browser) -> None:
    editor = signed_in("编辑小叶")
    editor.post("/desk/answers/new", data=form(sqlite_office, then="submit"))
    entry, version = newest(sqlite_office)
    base = f"/desk/answers/{entry.id}"
    about = {"version": version.id, "digest": version.digest}
    for step, name in REVIEWERS:
        reviewer = signed_in(name)
        assert "我的" in reviewer.get(f"{base}/review").text
        done = reviewer.post(f"{base}/approve", data={**about, "step": step.value, "gate": list(GATES)})
        assert done.status_code == 303, done.text
    assert editor.post(f"{base}/publish", data=about).status_code == 403
    issuer = signed_in("周局长")
    assert "三审已经完成" in issuer.get(f"{base}/review").text
    assert issuer.post(f"{base}/publish", data=about).status_code == 303
    assert newest(sqlite_office)[0].state == "published"
    with sqlite_office.db.reading() as session:
        actions = [
            event.action for event in session.exec(select(Event).where(Event.subject_type == "answer"))
        ]
    assert actions == ["answer_proposed", "answer_submitted", *["answer_reviewed"] * 3, "answer_published"]
    public = issuer.get(f"/answers/{entry.key}")
    assert FORM["text"] in public.text


@pytest.mark.clause("A18")
def test_a_gate_left_open_stops_the_approval_and_keeps_the_ticks(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        version = submitted(session, sqlite_office)
    refused = signed_in("王科长").post(
        f"/desk/answers/{version.entry_id}/approve",
        data={
            "version": version.id,
            "digest": version.digest,
            "step": "first",
            "gate": ["legal"],
            "note": "先看看",
        },
    )
    assert refused.status_code == 400
    assert "还有关口没有勾选" in refused.text
    assert re.search(r'value="legal"[^>]*checked', refused.text)
    assert "先看看" in refused.text


@pytest.mark.clause("C13")
def test_sending_back_needs_a_reason_and_tells_the_author(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        version = submitted(session, sqlite_office)
    browser, address = signed_in("王科长"), f"/desk/answers/{version.entry_id}/send_back"
    about = {"version": version.id, "digest": version.digest, "step": "first"}
    assert browser.post(address, data=about).status_code == 400
    assert browser.post(address, data={**about, "code": "undecided", "note": "等集体研究"}).status_code == 303
    shown = words(signed_in("编辑小叶").get(f"/desk/answers/{version.entry_id}").text)
    assert "退回修改" in shown
    assert "等集体研究" in shown
    author = sqlite_office.people["编辑小叶"].id
    with sqlite_office.db.reading() as session:
        told = session.exec(select(Notice.kind).where(Notice.staff_id == author)).all()
    assert "answer_sent_back" in told


@pytest.mark.clause("E9")
def test_nobody_reviews_twice_nor_what_changed_meanwhile(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        version = submitted(session, sqlite_office)
        approve(session, sqlite_office, version, *REVIEWERS[0])
    base = f"/desk/answers/{version.entry_id}"
    about = {"version": version.id, "step": "second", "gate": list(GATES)}
    twice = signed_in("王科长").post(f"{base}/approve", data={**about, "digest": version.digest})
    assert twice.status_code == 403
    assert "您已审核过" in signed_in("王科长").get(f"{base}/review").text
    changed = signed_in("赵敏").post(f"{base}/approve", data={**about, "digest": "0" * 64})
    assert changed.status_code == 409


def test_reviewers_are_told_when_it_is_their_turn(sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        version = submitted(session, sqlite_office)
        approve(session, sqlite_office, version, *REVIEWERS[0])
    with sqlite_office.db.reading() as session:
        kinds = {
            name: {n.kind for n in session.exec(select(Notice).where(Notice.staff_id == person.id))}
            for name, person in sqlite_office.people.items()
        }
    assert kinds["王科长"] == {"answer_first"}
    assert kinds["赵敏"] == {"answer_first", "answer_second"}
    assert kinds["编辑小叶"] == set()
    assert kinds["周局长"] == set()


@pytest.mark.parametrize(
    ("name", "address", "status"),
    [
        ("老李", "/desk/answers", 200),
        ("老李", "/desk/answers/{id}", 200),
        ("老李", "/desk/answers/{id}/edit", 403),
        ("老李", "/desk/answers/new", 403),
        ("老李", "/desk/answers/import", 403),
        ("系统管理员", "/desk/answers", 403),
        ("公开员小方", "/desk/answers/{id}", 403),
        ("编辑小叶", "/desk/answers/999", 404),
        ("编辑小叶", "/desk/answers/{id}?version=9", 404),
        ("编辑小叶", "/desk/answers?view=nothing", 400),
        ("编辑小叶", "/desk/answers?after=x", 400),
        ("编辑小叶", "/desk/answers?department=x", 400),
    ],
)
def test_who_may_enter(
    sqlite_office: TheOffice, signed_in: Browser, name: str, address: str, status: int
) -> None:
    with sqlite_office.db.writing() as session:
        number = proposed(session, sqlite_office).entry_id
    assert signed_in(name).get(address.format(id=number)).status_code == status


# ------------------------------------------------------------------ the list


def test_the_counts_of_the_views_equal_their_lists(sqlite_office: TheOffice, signed_in: Browser) -> None:
    with sqlite_office.db.writing() as session:
        proposed(session, sqlite_office, question="草稿")
        submitted(session, sqlite_office, question="在审")
        approved(session, sqlite_office, question="待签发")
        published(session, sqlite_office, question="在用")
        published(session, sqlite_office, question="快到期", valid_until=date(2026, 10, 9))
        gone, _ = published(session, sqlite_office, question="停用的")
        service.retire(session, NOW, sqlite_office.people["编辑小叶"], gone.id, reason="废止")
        back = submitted(session, sqlite_office, question="退回的")
        service.give_opinion(
            session, NOW, sqlite_office.people["王科长"], back.id,
            step="first", verdict="send_back", digest=back.digest, code="opinion",
        )  # fmt: skip
    # Saturday 10 October, a make-up working day
    with clock.at(NOW + timedelta(days=1)):
        browser = signed_in("编辑小叶")
        page = browser.get("/desk/answers").text
        counts = dict(re.findall(r'href="/desk/answers\?view=(\w+)"[^>]*>[^<]*<b>(\d+)</b>', page))
        assert counts == {
            "all": "7", "review": "2", "draft": "1", "sent_back": "1", "published": "2", "stale": "1", "retired": "1"
        }  # fmt: skip
        for view, count in counts.items():
            shown = browser.get(f"/desk/answers?view={view}").text
            rows = re.findall(r'<a class="subject" href="/desk/answers/\d+"', shown)
            assert len(rows) == int(count), view


def test_the_list_is_searched_filtered_leafed_through_and_exported(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        for n in range(27):
            proposed(session, sqlite_office, question=f"第 {n} 个问题", now=NOW + timedelta(minutes=n))
        proposed(session, sqlite_office, PERMIT)
    browser = signed_in("编辑小叶")
    first = browser.get("/desk/answers?category=社会保障")
    assert "第 1–25 条，共 27 条" in first.text
    second = re.search(r'href="(/desk/answers\?[^"]*after=[^"]*)"', first.text)
    assert second is not None
    assert "第 26–27 条，共 27 条" in browser.get(second[1].replace("&amp;", "&")).text
    found = browser.get("/desk/answers?q=居住证").text
    assert "没有租赁合同怎样申领居住证" in found
    assert "第 3 个问题" not in found
    assert browser.get("/desk/answers?q=100%25").status_code == 200
    export = browser.get("/desk/answers.csv?category=社会保障")
    assert export.text.startswith("\ufeff编号")
    assert len(export.text.strip().splitlines()) == 28


@pytest.mark.clause("B11")
def test_editors_see_what_people_searched_in_vain(sqlite_office: TheOffice, signed_in: Browser) -> None:
    with sqlite_office.db.writing() as session:
        session.add(UnansweredSearch(text="隔壁夜里施工找谁", times=12, last_at=NOW))
    page = signed_in("编辑小叶").get("/desk/answers").text
    assert "隔壁夜里施工找谁" in page
    assert "12 次" in page
    form_page = signed_in("编辑小叶").get("/desk/answers/new?question=隔壁夜里施工找谁").text
    assert 'value="隔壁夜里施工找谁"' in form_page


@pytest.mark.clause("B11")
def test_an_editor_takes_a_search_that_needs_no_answer_off_the_list(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        session.add(UnansweredSearch(text="彩票开奖结果", times=3, last_at=NOW))
        session.flush()
        number = session.exec(select(UnansweredSearch.id)).one()
    assert signed_in("小陈").post(f"/desk/answers/searches/{number}/drop").status_code == 403
    editor = signed_in("编辑小叶")
    assert f"/desk/answers/searches/{number}/drop" in editor.get("/desk/answers").text
    assert editor.post(f"/desk/answers/searches/{number}/drop").status_code == 303
    assert "彩票开奖结果" not in editor.get("/desk/answers").text
    assert editor.post(f"/desk/answers/searches/{number}/drop").status_code == 404


# ------------------------------------------------------------------ use and retirement


@pytest.mark.clause("A9")
def test_an_entry_shows_who_used_it_and_where_an_older_version_still_stands(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        entry, _ = published(session, sqlite_office)
        reply, case = released(session, sqlite_office)
        used = {"reply_id": reply.id, "entry_id": entry.id, "version": 1, "case_id": case.id}
        assert service.record_use(session, NOW, **used)
        assert not service.record_use(session, NOW, **used)
        published(session, sqlite_office, entry_id=entry.id, text="新说法，带身份证。")
    shown = signed_in("编辑小叶").get(f"/desk/answers/{entry.id}").text
    assert case.number in shown
    assert "还有人看到旧说法" in shown
    assert "第 1 版 · 1 件答复" in words(shown)


def test_a_released_reply_made_from_an_answer_counts_as_its_use(sqlite_office: TheOffice) -> None:
    from app.replies import service as replies
    from tests.app.replies.acting import approve as approve_reply

    with sqlite_office.db.writing() as session:
        entry, _ = published(session, sqlite_office, PERMIT)
        case = a_case(session, sqlite_office, status=Status.IN_PROGRESS)
        author = sqlite_office.people["老李"]
        reply = replies.insert_answer(session, NOW, author, case, entry.id)
        replies.submit(session, NOW, author, reply.id)
        approve_reply(session, sqlite_office, reply, "王科长", "赵敏", "孙主任")
        replies.release(session, NOW, sqlite_office.people["周局长"], reply.id, digest=reply.digest)
    with sqlite_office.db.reading() as session:
        use = session.exec(select(AnswerUse)).one()
    assert (use.entry_id, use.version, use.case_id) == (entry.id, 1, case.id)


def test_retiring_needs_a_reason(sqlite_office: TheOffice, signed_in: Browser) -> None:
    with sqlite_office.db.writing() as session:
        entry, _ = published(session, sqlite_office)
    browser, address = signed_in("编辑小叶"), f"/desk/answers/{entry.id}/retire"
    assert browser.post(address, data={"reason": " "}).status_code == 400
    assert browser.post(address, data={"reason": "办法废止"}).status_code == 303
    assert newest(sqlite_office)[0].state == "retired"
    assert browser.post(address, data={"reason": "再来一次"}).status_code == 409
    assert signed_in("老李").post(address, data={"reason": "不是编辑"}).status_code == 403


# ------------------------------------------------------------------ importing


def test_a_table_is_imported_as_drafts_with_a_report(sqlite_office: TheOffice, signed_in: Browser) -> None:
    browser = signed_in("编辑小叶")
    assert browser.get("/desk/answers/import").status_code == 200
    rows = [{"question": LOST_CARD["question"], "answer": LOST_CARD["text"]}, {"question": "没有答案的问题"}]
    data = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    report = browser.post("/desk/answers/import", data={"file": (io.BytesIO(data), "答.jsonl")})
    assert report.status_code == 200
    assert "新收 1 行，以前已有 0 行，没收 1 行" in report.text
    assert newest(sqlite_office)[0].state == "draft"
    none = browser.post("/desk/answers/import", data={})
    assert none.status_code == 400
    bad = browser.post("/desk/answers/import", data={"file": (io.BytesIO(b"PK\x03\x04x"), "x.xlsx")})
    assert bad.status_code == 400


# ------------------------------------------------------------------ the case page


def test_the_case_page_suggests_what_is_published(sqlite_office: TheOffice, signed_in: Browser) -> None:
    with sqlite_office.db.writing() as session:
        entry, _ = published(session, sqlite_office, PERMIT)
        case = a_case(session, sqlite_office, status=Status.IN_PROGRESS)
    shown = signed_in("老李").get(f"/desk/cases/{case.number}").text
    assert f'href="/desk/answers/{entry.id}"' in shown
