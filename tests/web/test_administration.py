"""The first-run page, people, departments and accounts, through the pages."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.base.db import Database
from app.departments import queries as departments
from app.departments import service as departments_service
from app.official_accounts import queries as accounts
from app.official_accounts import service as accounts_service
from app.staff import queries, service
from app.staff.roles import Role
from tests.conftest import NOW, WECHAT, TheOffice, make_app

SignedIn = Callable[[str], FlaskClient]


def follow(client: FlaskClient, answer, *, to: str) -> str:  # type: ignore[no-untyped-def]
    """The page after a step that went well."""
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"].startswith(to)
    return client.get(answer.headers["Location"]).text


# ------------------------------------------------------------------ first run


@pytest.fixture
def first_administrator(sqlite_db: Database, tmp_path: Path, at_now: object) -> FlaskClient:
    """A new installation with one person, signed in."""
    with sqlite_db.writing() as session:
        made = service.add(
            session, NOW, None, name="陈晓", department_id=None, roles=frozenset({Role.SYSTEM_ADMIN})
        )
        token = service.sign_in_link(session, NOW, None, made.id)
        opened = service.use_link(session, NOW, token, address="127.0.0.1", browser="tests")
    client = make_app(sqlite_db, tmp_path).test_client()
    client.set_cookie("huiying", opened.token, domain="localhost")
    return client


def test_the_first_run_page_asks_for_office_time_limits_and_departments(
    first_administrator: FlaskClient, sqlite_db: Database
) -> None:
    page = first_administrator.get("/desk/setup").text
    assert all(
        words in page for words in ("单位名称", "回应默认", "咨询 5、建议 7、投诉 7、找错 1 个工作日", "2026")
    )

    empty = first_administrator.post("/desk/setup", data={"name": " ", "profile": "default"})
    assert (empty.status_code, "请填写单位名称" in empty.text) == (400, True)
    unknown = first_administrator.post(
        "/desk/setup", data={"name": "云泽", "profile": "never", "departments": "教育局"}
    )
    assert (unknown.status_code, "教育局" in unknown.text) == (400, True), "what was written is still there"

    form = {
        "name": "云泽市政务服务办公室",
        "place": "云泽市",
        "profile": "wangluo",
        "departments": "教育局\r\n\r\n公安局户政科\r\n",
    }
    page = follow(first_administrator, first_administrator.post("/desk/setup", data=form), to="/desk/staff")
    assert "单位信息已保存" in page
    with sqlite_db.reading() as session:
        office = queries.office(session)
        assert office is not None
        assert (office.name, office.profile) == ("云泽市政务服务办公室", "wangluo")
        assert [row.name for row in departments.all(session)] == ["教育局", "公安局户政科"]
    assert first_administrator.get("/desk/setup").status_code == 303, "asked once"
    assert first_administrator.post("/desk/setup", data=form).status_code == 409


def test_only_the_system_administrator_sees_the_first_run_page(signed_in: SignedIn) -> None:
    assert signed_in("小陈").get("/desk/setup").status_code == 403


# ------------------------------------------------------------------ people


def test_a_person_is_added_given_roles_and_let_in(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    system, security = signed_in("系统管理员"), signed_in("安全管理员")
    assert "角色由安全管理员授予" in system.get("/desk/staff").text

    own = str(sqlite_office.departments["公安局户政科"].id)
    added = system.post("/desk/staff", data={"name": "新来的小周", "department_id": own})
    assert "已添加" in follow(system, added, to="/desk/staff/")
    place = added.headers["Location"].partition("?")[0]

    given = security.post(f"{place}/roles", data={"role": ["handler", "editor"]})
    page = follow(security, given, to=place)
    assert re.search(r'value="handler" checked', page)
    assert not re.search(r'value="issuer" checked', page)

    link = security.post(f"{place}/link")
    (address,) = re.findall(r"http://localhost(/desk/first/[\w-]+)", link.text)
    assert "新来的小周，请设一个密码" in security.get(address).text
    assert address not in security.get(place).text, "shown once"


def test_what_was_written_stays_when_a_person_is_refused(signed_in: SignedIn) -> None:
    page = signed_in("安全管理员").post(
        "/desk/staff", data={"name": "小吴二", "role": ["issuer"], "contractor": "1", "sign_in": "wuer"}
    )
    assert page.status_code == 400
    assert "外包人员不能担任签发人" in page.text
    assert 'value="小吴二"' in page.text
    assert re.search(r'value="issuer" checked', page.text)


@pytest.mark.parametrize(
    ("name", "may"),
    [("系统管理员", True), ("安全管理员", True), ("审计管理员", True), ("小陈", False), ("周局长", False)],
)
def test_the_list_of_people_is_for_administrators(signed_in: SignedIn, name: str, may: bool) -> None:
    assert signed_in(name).get("/desk/staff").status_code == (200 if may else 403)


def test_the_audit_administrator_looks_and_changes_nothing(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    audit, to = signed_in("审计管理员"), sqlite_office.people["老李"].id
    assert "这一页您只能看" in audit.get("/desk/staff").text
    page = audit.get(f"/desk/staff/{to}").text
    assert "保存角色" not in page
    assert "停用" not in page
    for step in ("roles", "department", "link", "disable", "tokens"):
        assert audit.post(f"/desk/staff/{to}/{step}", data={"role": "issuer"}).status_code == 403, step


def test_the_system_administrator_cannot_take_over_an_issuer(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    system, to = signed_in("系统管理员"), sqlite_office.people["周局长"].id
    assert "开一次性登录地址" not in system.get(f"/desk/staff/{to}").text
    assert system.post(f"/desk/staff/{to}/link").status_code == 403
    assert system.post(f"/desk/staff/{to}/roles", data={"role": "issuer"}).status_code == 403


def test_a_person_is_disabled_after_being_asked_once_more(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    li, security = signed_in("老李"), signed_in("安全管理员")
    place = f"/desk/staff/{sqlite_office.people['老李'].id}"
    assert "停用老李？" in security.get(f"{place}/disable").text
    page = follow(security, security.post(f"{place}/disable"), to=place)
    assert "已停用" in page
    assert li.get("/desk/sessions").status_code == 303
    assert security.post(f"{place}/disable").status_code == 404


def test_a_programs_token_is_shown_once(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    security = signed_in("安全管理员")
    place = f"/desk/staff/{sqlite_office.people['小陈'].id}"
    made = security.post(f"{place}/tokens", data={"scope": ["messages.write"], "label": "政府网站信箱"})
    (token,) = re.findall(r"hy_[\w-]{40,}", made.text)
    with sqlite_office.db.reading() as session:
        found = service.person_for_token(session, NOW, token)
    assert found is not None
    assert found[1] == {"messages.write"}
    page = security.get(place).text
    assert "政府网站信箱" in page
    assert token not in page
    (revoke,) = re.findall(r'action="([^"]+/revoke)"', page)
    assert "令牌已撤销" in follow(security, security.post(revoke), to=place)
    none = security.post(f"{place}/tokens", data={"label": "没有权限的"})
    assert none.status_code == 400


def test_a_person_moves_to_another_department(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    system, to = signed_in("系统管理员"), sqlite_office.departments["城市管理局"].id
    place = f"/desk/staff/{sqlite_office.people['老李'].id}"
    page = follow(system, system.post(f"{place}/department", data={"department_id": str(to)}), to=place)
    assert "已调到新单位" in page
    assert system.post(f"{place}/department", data={"department_id": "x"}).status_code == 404


@pytest.mark.parametrize(
    "address", ["/desk/staff/999999", "/desk/departments/999999", "/desk/accounts/999999"]
)
def test_what_does_not_exist_is_not_found(signed_in: SignedIn, address: str) -> None:
    assert signed_in("系统管理员").get(address).status_code == 404


# ------------------------------------------------------------------ departments


def test_a_department_is_added_and_given_its_matters(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    system = signed_in("系统管理员")
    added = system.post("/desk/departments", data={"name": "教育局", "short": "教育局"})
    assert "承办单位已添加" in follow(system, added, to="/desk/departments/")
    place = added.headers["Location"].partition("?")[0]
    row = {"category": "入学", "keywords": "入学、幼儿园，转学 学区", "reason": "教育局三定方案"}
    page = follow(system, system.post(f"{place}/responsibilities", data=row), to=place)
    assert "入学、幼儿园、转学、学区" in page
    tried = system.get("/desk/departments", query_string={"text": "孩子转学要什么材料"}).text
    assert "提到“转学”；教育局三定方案" in tried
    assert "没有一项职责对得上" in system.get("/desk/departments", query_string={"text": "今天天气真好"}).text
    (end,) = re.findall(r'action="([^"]+/end)"', page)
    assert "这一项职责已停用" in follow(system, system.post(end), to=place)
    assert "承办单位已撤销" in follow(system, system.post(f"{place}/close"), to="/desk/departments")


def test_a_department_with_people_is_not_closed(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    place = f"/desk/departments/{sqlite_office.departments['公安局户政科'].id}"
    page = signed_in("系统管理员").post(f"{place}/close")
    assert page.status_code == 409
    assert "还有 2 人、1 项职责" in page.text


def test_clerks_see_departments_and_change_nothing(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    clerk, own = signed_in("小陈"), sqlite_office.departments["公安局户政科"].id
    assert "居住证和户口由户政科办" in clerk.get("/desk/departments").text
    assert "保存这一项" not in clerk.get(f"/desk/departments/{own}").text
    assert clerk.post("/desk/departments", data={"name": "x"}).status_code == 403
    assert clerk.post(f"/desk/departments/{own}/leaders", data={}).status_code == 403
    assert signed_in("老李").get("/desk/departments").status_code == 403


@pytest.mark.clause("B22")
def test_the_leaders_of_a_department_are_named(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    system = signed_in("系统管理员")
    own = sqlite_office.departments["公安局户政科"].id
    deputy, principal = sqlite_office.people["周局长"].id, sqlite_office.people["郑书记"].id
    data = {"deputy_leader_id": str(deputy), "principal_id": str(principal)}
    follow(system, system.post(f"/desk/departments/{own}/leaders", data=data), to="/desk/departments/")
    with sqlite_office.db.reading() as session:
        found = departments_service.require_open(session, own)
    assert (found.deputy_leader_id, found.principal_id) == (deputy, principal)


# ------------------------------------------------------------------ accounts


def new_account(office: TheOffice, **changes: str) -> dict[str, str]:
    return {
        "platform": "wechat",
        "name": "云泽户政",
        "department_id": str(office.departments["公安局户政科"].id),
        "responsible_id": str(office.people["老李"].id),
        **WECHAT,
        **changes,
    }


def test_an_account_is_registered_from_the_page(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    system = signed_in("系统管理员")
    assert "微信公众号" in system.get("/desk/accounts/new").text
    assert "EncodingAESKey" in system.get("/desk/accounts/new?platform=wechat").text
    made = system.post("/desk/accounts/new", data=new_account(sqlite_office, opened_on="2026-10-09"))
    page = follow(system, made, to="/desk/accounts/")
    assert "最晚 2026-10-19 备案" in page
    assert re.search(r"http://localhost/webhooks/wechat/[\w-]{32}", page)
    assert all(secret not in page for secret in (WECHAT["app_secret"], WECHAT["token"], WECHAT["aes_key"]))
    assert WECHAT["app_id"] in page


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"responsible_id": ""}, 400, "没有专人负责的账号不能登记"),
        ({"app_id": "nonsense"}, 400, "格式不对"),
        ({"opened_on": "tomorrow"}, 400, "日期写成"),
        ({"platform": "telegram"}, 404, "没有这个平台"),
    ],
)
def test_a_refused_account_keeps_what_was_written_but_no_secret(
    signed_in: SignedIn, sqlite_office: TheOffice, changes: dict[str, str], status: int, words: str
) -> None:
    page = signed_in("系统管理员").post("/desk/accounts/new", data=new_account(sqlite_office, **changes))
    assert page.status_code == status
    assert words in page.text
    assert WECHAT["app_secret"] not in page.text


@pytest.mark.clause("A1")
def test_the_page_refuses_a_second_account_on_a_platform(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    system = signed_in("系统管理员")
    assert system.post("/desk/accounts/new", data=new_account(sqlite_office)).status_code == 303
    page = system.post("/desk/accounts/new", data=new_account(sqlite_office, name="第二个"))
    assert (page.status_code, "同一平台只开一个" in page.text) == (409, True)


@pytest.mark.clause("D20")
def test_a_silent_account_is_unknown_not_fine(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    page = signed_in("小陈").get("/desk/accounts").text
    assert page.count("接通没接通不知道") == 5
    with sqlite_office.db.writing() as session:
        accounts_service.note_arrival(session, NOW, sqlite_office.accounts["wechat"].id)
    page = signed_in("小陈").get("/desk/accounts").text
    assert page.count("接通没接通不知道") == 4
    assert "正常" in page


@pytest.mark.clause("B7")
def test_an_account_whose_responsible_person_left_asks_for_another(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    system = signed_in("系统管理员")
    with sqlite_office.db.writing() as session:
        service.disable(session, NOW, None, sqlite_office.people["小陈"].id)
    assert system.get("/desk/accounts").text.count("已离岗，请另指定") == 5
    place = f"/desk/accounts/{sqlite_office.accounts['wechat'].id}"
    assert "负责人已离岗" in system.get(place).text
    to = {"responsible_id": str(sqlite_office.people["小林"].id)}
    assert "负责人已改" in follow(system, system.post(f"{place}/responsible", data=to), to=place)
    assert "负责人已离岗" not in system.get(place).text


def test_the_duty_leader_stops_and_resumes_sending(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    leader, clerk = signed_in("值班长老徐"), signed_in("小陈")
    assert "停发全部 5 个账号？" in leader.get("/desk/accounts/stop").text
    page = follow(leader, leader.post("/desk/accounts/stop"), to="/desk/accounts")
    assert page.count("照常收留言，答复先不送出") == 5
    assert "已紧急停发" in clerk.get("/desk/accounts").text, "everybody sees it on every page"
    assert "恢复前请核对" in leader.get("/desk/accounts/stop").text
    follow(leader, leader.post("/desk/accounts/resume"), to="/desk/accounts")
    assert "已紧急停发" not in clerk.get("/desk/accounts").text


def test_one_account_alone_can_be_stopped(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    leader, place = signed_in("值班长老徐"), f"/desk/accounts/{sqlite_office.accounts['weibo'].id}"
    follow(leader, leader.post(f"{place}/stop"), to=place)
    assert "停发其余 4 个账号？" in leader.get("/desk/accounts/stop").text
    follow(leader, leader.post(f"{place}/resume"), to=place)
    with sqlite_office.db.reading() as session:
        assert accounts.stopped(session) is None


def test_clerks_neither_stop_nor_see_the_address(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    clerk, account = signed_in("小陈"), sqlite_office.accounts["wechat"]
    page = clerk.get(f"/desk/accounts/{account.id}").text
    assert account.key not in page
    assert "停发这个账号" not in page
    for step in ("stop", "settings", "responsible", "test", "close", "registrations"):
        assert clerk.post(f"/desk/accounts/{account.id}/{step}").status_code == 403, step
    assert clerk.post("/desk/accounts/stop").status_code == 403


def test_a_self_test_stands_on_the_page(app: Flask, signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    asked: list[str] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, stream=httpx.ByteStream(b'{"errcode":40164,"errmsg":"invalid ip"}'))

    app.extensions["huiying"].extra["transport"] = httpx.MockTransport(refuse)
    system, place = signed_in("系统管理员"), f"/desk/accounts/{sqlite_office.accounts['wechat'].id}"
    assert "还没有做过" in system.get(place).text
    page = follow(system, system.post(f"{place}/test"), to=place)
    assert asked == ["/cgi-bin/stable_token"]
    assert "不通过" in page
    assert "40164" in page
    assert "还没有收到过" in page


@pytest.mark.clause("B2")
def test_a_filing_is_noted_with_its_receipt(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    system, place = signed_in("系统管理员"), f"/desk/accounts/{sqlite_office.accounts['wechat'].id}"
    page = system.get(place).text
    assert "还剩 7 个工作日备案" in page
    (action,) = re.findall(rf'action="({place}/registrations/\d+)"', page)
    page = follow(system, system.post(action, data={"note": "云备〔2026〕12 号"}), to=place)
    assert "已备案" in page
    assert "云备〔2026〕12 号" in page
    changed = system.post(f"{place}/registrations", data={"kind": "change", "occurred_on": "2026-10-09"})
    assert "最晚 2026-10-15 备案" in follow(system, changed, to=place)


def test_settings_change_without_showing_or_losing_a_secret(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    system, number = signed_in("系统管理员"), sqlite_office.accounts["wechat"].id
    place = f"/desk/accounts/{number}"
    page = system.get(place).text
    assert "已经填过，不显示；不改就留空" in page
    data = {
        "app_id": WECHAT["app_id"],
        "original_id": WECHAT["original_id"],
        "mode": "compatible",
        "token": "",
    }
    assert "设置已保存" in follow(system, system.post(f"{place}/settings", data=data), to=place)
    with sqlite_office.db.reading() as session:
        kept = accounts_service.settings_of(session, accounts.get(session, number))
    assert (kept["mode"], kept["token"], kept["app_secret"]) == (
        "compatible",
        WECHAT["token"],
        WECHAT["app_secret"],
    )


@pytest.mark.clause("B3")
def test_a_cancelled_account_takes_nothing_more(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    system, account = signed_in("系统管理员"), sqlite_office.accounts["wechat"]
    place = f"/desk/accounts/{account.id}"
    assert "注销这个账号？" in system.get(f"{place}/close").text
    page = follow(system, system.post(f"{place}/close"), to=place)
    assert "最晚 2026-10-15 备案" in page
    assert "保存设置" not in page
    assert system.get(f"/webhooks/wechat/{account.key}").status_code == 404


def test_from_which_confidence_on_cases_are_assigned_by_themselves(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    browser = signed_in("系统管理员")
    assert "现在不自动交办" in browser.get("/desk/departments").text
    done = browser.post("/desk/departments/assignment-rule", data={"least_confidence": "95"})
    assert "把握在 95.0% 以上" in follow(browser, done, to="/desk/departments")
    for wrong in ("30", "许多"):
        again = browser.post("/desk/departments/assignment-rule", data={"least_confidence": wrong})
        assert again.status_code == 400
    off = browser.post("/desk/departments/assignment-rule", data={"least_confidence": ""})
    assert "现在不自动交办" in follow(browser, off, to="/desk/departments")
    assert signed_in("小陈").post("/desk/departments/assignment-rule").status_code == 403
