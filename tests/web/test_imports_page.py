"""导入, 收件 and 操作记录: a file twice adds nothing, what is no such file is refused, what came stays visible."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlmodel import col, func, select
from werkzeug.test import TestResponse

from app.base.errors import Invalid
from app.cases import service
from app.cases.models import Case
from app.cases.transitions import Action
from app.log.models import Event
from app.messages import service as messages
from app.messages.models import Arrival, ImportRun, Message
from tests.app.replies.acting import TEXT as REPLY
from tests.app.replies.acting import delivery_of, released
from tests.conftest import NOW, TheOffice

SignedIn = Callable[[str], FlaskClient]
HEAD = "工单编号,诉求标题,诉求内容,联系电话,受理时间,是否公开"
ROWS = (
    "YZ1,停水,柳荫社区停水三天了没有人来修,13900000138,2026-10-08 09:00,是",
    "YZ2,,小区路灯坏了什么时候修？,13900000139,2026-10-09 09:00,否",
    "YZ3,空的,,13900000140,2026-10-09 09:30,是",
)
FILE = "\n".join((HEAD, *ROWS)).encode()


def bring(office: TheOffice, data: bytes = FILE, name: str = "工单.csv") -> ImportRun:
    with office.db.writing() as session:
        account = office.accounts["hotline"]
        return service.import_file(session, NOW, office.people["小陈"], account, name, data)


def tally(office: TheOffice) -> int:
    with office.db.reading() as session:
        return session.exec(select(func.count()).select_from(Case)).one()


# ------------------------------------------------------------------ a file


def test_each_row_becomes_a_case_or_is_refused_with_its_reason(office: TheOffice) -> None:
    run = bring(office)
    assert (run.added, run.known, run.refused) == (2, 0, 1)
    assert [row["outcome"] for row in run.report] == ["added", "added", "refused"]
    assert all(row["words"] for row in run.report)
    with office.db.reading() as session:
        first, second = session.exec(select(Case).order_by(col(Case.id))).all()
        logged = session.exec(select(Event).where(Event.action == "import")).one()
    assert (first.title, first.public_consent, second.title, second.public_consent) == (
        "停水", True, "小区路灯坏了什么时候修？", False,
    )  # fmt: skip
    # The clock began when the citizen called: Thursday 8 October, 09:00.
    assert first.received_at.isoformat() == "2026-10-08T01:00:00+00:00"
    assert logged.data == {"added": 2, "known": 0, "refused": 1}


def test_the_same_file_again_adds_nothing_and_says_where_each_row_is(office: TheOffice) -> None:
    first = bring(office)
    again = bring(office, name="工单（2）.csv")
    assert (again.added, again.known, again.refused) == (0, 2, 1)
    assert [row["number"] for row in again.report] == [row["number"] for row in first.report]
    assert tally(office) == 2


def test_a_row_is_a_case_of_its_own_also_where_its_caller_is_being_asked_something(office: TheOffice) -> None:
    bring(office, "\n".join((HEAD, ROWS[0])).encode())
    with office.db.writing() as session:
        case = session.exec(select(Case)).one()
        for action, details in ((Action.ACCEPT, {}), (Action.ASK_CITIZEN, {"question": "哪一栋？"})):
            service.act(session, NOW, office.people["小陈"], case.number, action, **details)
    run = bring(office, "\n".join((HEAD, ROWS[0].replace("YZ1", "YZ9").replace("停水", "停电"))).encode())
    assert (run.added, tally(office)) == (1, 2)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("工单.csv", b""),
        ("工单.csv", "姓名,年龄\n张三,9".encode()),
        ("工单.xlsx", b"PK\x03\x04 no workbook"),
        ("工单.pdf", b"%PDF-1.7"),
        ("工单.csv", b"\xff\xfe\x00\xd8"),
    ],
)
def test_what_is_no_such_file_is_refused_in_words_and_leaves_nothing(
    office: TheOffice, name: str, data: bytes
) -> None:
    with pytest.raises(Invalid) as refused:
        bring(office, data, name)
    assert refused.value.field == "file" and refused.value.message
    with office.db.reading() as session:
        assert session.exec(select(ImportRun)).all() == []
    assert tally(office) == 0


def test_an_account_that_is_read_from_its_platform_takes_no_file(office: TheOffice) -> None:
    with office.db.writing() as session, pytest.raises(Invalid) as refused:
        service.import_file(session, NOW, None, office.accounts["wechat"], "x.csv", FILE)
    assert refused.value.field == "account"


# ------------------------------------------------------------------ its page


def _send(browser: FlaskClient, office: TheOffice, data: bytes = FILE, **change: object) -> TestResponse:
    form = {"account": office.accounts["hotline"].key, "file": (io.BytesIO(data), "工单.csv"), **change}
    return browser.post("/desk/imports", data={name: value for name, value in form.items() if value})


def test_the_clerk_brings_a_file_and_reads_its_report(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    browser = signed_in("小陈")
    assert "还没有导入过" in browser.get("/desk/imports").get_data(as_text=True)
    answer = _send(browser, sqlite_office)
    assert answer.status_code == 303
    report = browser.get(answer.headers["Location"]).get_data(as_text=True)
    assert "新收 2 行" in report and report.count("/desk/cases/2026") == 2
    assert "13900000138" not in report
    assert "工单.csv" in browser.get("/desk/imports").get_data(as_text=True)


@pytest.mark.parametrize("change", [{"file": None}, {"account": "nobody"}, {"account": None}])
def test_a_form_without_file_or_account_is_refused(
    signed_in: SignedIn, sqlite_office: TheOffice, change: dict[str, object]
) -> None:
    assert _send(signed_in("小陈"), sqlite_office, **change).status_code == 400


def test_only_clerks_bring_files(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    for who in ("老李", "系统管理员", "督办老何"):
        assert signed_in(who).get("/desk/imports").status_code == 403
        assert _send(signed_in(who), sqlite_office).status_code == 403
    assert signed_in("小陈").get("/desk/imports/99").status_code == 404
    assert tally(sqlite_office) == 0


# ------------------------------------------------------------------ what platforms sent


def test_what_could_not_be_read_is_shown_by_its_error_and_put_back_in_line(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        account = sqlite_office.accounts["wechat"]
        for number in range(55):
            messages.keep_arrival(
                session, NOW + timedelta(seconds=number), account, str(number), b"<xml>13900000138"
            )
    service.take_in_arrivals(sqlite_office.db, NOW)
    browser = signed_in("小陈")
    text = browser.get("/desk/arrivals?state=failed").get_data(as_text=True)
    assert "PayloadError" in text and "13900000138" not in text
    assert "内容和平台说明的格式不一样" in text  # what it means to whoever reads no English
    assert (
        '<a href="/desk/deliveries" aria-current="page"' in text
    )  # it belongs to 收发记录, which leads to it
    assert '<a href="/desk/arrivals">看收件</a>' in browser.get("/desk/deliveries").get_data(as_text=True)
    assert "before=6" in text
    assert browser.get("/desk/arrivals?state=failed&before=6").status_code == 200
    assert browser.post("/desk/arrivals/55/again").status_code == 303
    with sqlite_office.db.reading() as session:
        assert session.get_one(Arrival, 55).state == "waiting"
    for query in ("state=lost", "before=x"):
        assert browser.get(f"/desk/arrivals?{query}").status_code == 400
    assert signed_in("老李").get("/desk/arrivals").status_code == 403


def test_the_log_is_for_the_audit_administrator_alone(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    bring(sqlite_office)
    text = signed_in("审计管理员").get("/desk/log").get_data(as_text=True)
    assert "收到来信" in text and "13900000138" not in text
    assert signed_in("审计管理员").get("/desk/log?before=x").status_code == 400
    for who in ("小陈", "系统管理员", "安全管理员"):
        assert signed_in(who).get("/desk/log").status_code == 403


# ------------------------------------------------------------------ pasted, and carried back

NOTICE = "留言编号：JC7\n网站标识码：4403000004\n问题描述：首页的电话\n打不通\n\n留言编号：JC8\n问题描述：\n"


def paste(browser: FlaskClient, office: TheOffice, text: str, go: str = "") -> TestResponse:
    key = office.accounts["corrections"].key
    return browser.post("/desk/imports/paste", data={"account": key, "text": text, "go": go})


def test_what_is_pasted_is_shown_first_and_taken_in_only_on_a_second_word(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    browser = signed_in("小陈")
    page = paste(browser, sqlite_office, NOTICE).get_data(as_text=True)
    assert "首页的电话\n打不通" in page and "没有填写“问题描述”" in page and tally(sqlite_office) == 0
    for added in (1, 0):
        assert paste(browser, sqlite_office, NOTICE, "yes").status_code == 303
        with sqlite_office.db.reading() as session:
            last = session.exec(select(ImportRun).order_by(col(ImportRun.id).desc())).first()
        assert last is not None and (last.added, last.refused, tally(sqlite_office)) == (added, 1, 1)


@pytest.mark.parametrize("text", ["", "  ", "你好", "<script>alert(1)</script>", "问题描述：" * 3])
def test_a_paste_that_is_no_item_comes_back_with_the_reason(
    signed_in: SignedIn, sqlite_office: TheOffice, text: str
) -> None:
    page = paste(signed_in("小陈"), sqlite_office, text)
    assert page.status_code == 400 and 'role="alert"' in page.get_data(as_text=True)
    assert "<script>alert" not in page.get_data(as_text=True)


def the_table(browser: FlaskClient, key: str, entered: str = "") -> list[tuple[Any, ...]]:
    answer = browser.get(f"/desk/imports/replies.xlsx?account={key}&entered={entered}")
    assert answer.status_code == 200
    return list(load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))


def test_replies_are_carried_back_from_a_table_and_marked_with_who_and_when(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        _, case = released(session, sqlite_office, platform="corrections", kind="correction")
    browser, key = signed_in("小陈"), sqlite_office.accounts["corrections"].key
    head, row = the_table(browser, key, "no")
    assert (head[0], row[3], row[5:8], row[8]) == ("留言编号", REPLY, ("待人工录入", None, None), case.number)
    page = browser.get(f"/desk/imports/replies?account={key}").get_data(as_text=True)
    assert REPLY in page and "data-copy" in page
    number = delivery_of(sqlite_office, case).id
    sent = {"account": key, "delivery": [number]}
    assert browser.post("/desk/imports/replies", data=sent).status_code == 303
    assert len(the_table(browser, key, "no")) == 1
    _, row = the_table(browser, key, "yes")
    assert row[5:7] == ("已人工录入", "小陈") and row[7]
    # Once more, or nothing ticked: refused in words.
    assert browser.post("/desk/imports/replies", data=sent).status_code == 409
    assert browser.post("/desk/imports/replies", data={"account": key}).status_code == 400
    assert signed_in("系统管理员").get(f"/desk/imports/replies?account={key}").status_code == 403


def test_a_citizen_s_formula_stays_a_text_in_the_table(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    evil = "=SUM(1,1) 居住证怎么办？"
    with sqlite_office.db.writing() as session:
        _, case = released(session, sqlite_office, platform="corrections", kind="correction")
        session.exec(select(Message).where(Message.case_id == case.id)).one().text = evil
    book = signed_in("小陈").get(
        f"/desk/imports/replies.xlsx?account={sqlite_office.accounts['corrections'].key}"
    )
    cell = load_workbook(io.BytesIO(book.data)).active["C2"]
    assert (cell.value, cell.data_type) == (evil, "s")
