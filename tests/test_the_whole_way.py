"""One citizen's message, the whole way, with real parts: an encrypted push, the running server, a real
browser, a stand-in that speaks WeChat's protocol, and anybody who looks for the case afterwards."""

import csv
import io
import re
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.answers import service as answers
from app.base import clock
from app.departments import queries as department_queries
from app.departments import service as departments
from app.staff import queries as staff_queries
from app.staff import service as staff
from app.staff.roles import Role
from connectors.sandbox.wechat import WeChatSandbox
from tests.conftest import WECHAT
from tests.live import LiveOffice, add_wechat, browser, eventually, live_office, needs_browser

OPENID = "oTESTopenid0000000000000001"
PHONE = "13900005678"
QUESTION = (
    f"你好，我在城东街道租房刚满半年，房东没签合同，能不能办居住证？我电话{PHONE}，方便的话告诉我一声。"
)
ANSWER = (
    "没有租赁合同的，可以用房东签名的居住证明，或者社区出具的实际居住证明代替。住满半年后，带身份证、一张照片和"
    "上述证明，到居住地派出所申请，15个工作日内发证，不收费。依据《云泽市居住证管理办法》（云泽示〔2025〕12号）第九条。"
)
STAFF = (
    ("小陈", "政务服务办公室", "clerk"),
    ("老李", "公安局户政科", "handler"),
    ("王科长", "政务服务办公室", "reviewer"),
    ("赵敏", "政务服务办公室", "reviewer"),
    ("孙主任", "政务服务办公室", "reviewer"),
    ("周局长", "政务服务办公室", "issuer"),
    ("公开员小方", "政务服务办公室", "discloser"),
    ("编辑小叶", "政务服务办公室", "editor"),
)


class Desk:
    """The browsers of the staff, one context a person."""

    def __init__(self, office: LiveOffice, chromium: Any, links: dict[str, str]) -> None:
        self._office, self._chromium, self._links = office, chromium, links
        self._pages: dict[str, Any] = {}

    def of(self, name: str) -> Any:
        """The page of this person, signed in by the one-time address at first."""
        if name not in self._pages:
            context = self._chromium.new_context(locale="zh-CN", viewport={"width": 1440, "height": 1000})
            context.set_default_timeout(15_000)
            page = context.new_page()
            page.goto(self._links[name])
            page.get_by_label("密码", exact=True).fill("云泽今天下雨-八点四十")
            page.get_by_label("再写一遍").fill("云泽今天下雨-八点四十")
            page.get_by_role("button", name="设好密码并登录").click()
            page.wait_for_url(re.compile(r"/desk/(setup)?$"))
            self._pages[name] = page
        return self._pages[name]

    def go(self, name: str, path: str) -> Any:
        page = self.of(name)
        page.goto(self._office.url + path)
        return page


@pytest.fixture
def way(tmp_path: Path) -> Any:
    """A running office with a WeChat account, staff in all roles, and one reviewed answer."""
    with (
        live_office(tmp_path) as office,
        WeChatSandbox(
            app_id=WECHAT["app_id"],
            app_secret=WECHAT["app_secret"],
            token=WECHAT["token"],
            aes_key=WECHAT["aes_key"],
            original_id=WECHAT["original_id"],
            ledger=tmp_path / "ledger.jsonl",
        ) as sandbox,
    ):
        office.run("departments", "add", "--name", "政务服务办公室")
        made = office.json(
            "staff", "add", "--name", "管理员", "--department", "政务服务办公室", "--role", "system_admin"
        )
        links = {"管理员": made[-1]["sign_in_url"], **_employ(office)}
        sandbox.webhook_url = add_wechat(office, sandbox, "政务服务办公室", "小陈")
        _publish_answer(office)
        office.start()
        with browser() as chromium:
            yield office, sandbox, Desk(office, chromium, links)


def _employ(office: LiveOffice) -> dict[str, str]:
    """The staff, each with a one-time sign-in address."""
    db = office.database()
    links = {}
    with db.writing() as session:
        departments.add(session, clock.now(), None, name="公安局户政科")
        for name, department, role in STAFF:
            place = department_queries.by_name(session, department)
            assert place is not None
            row = staff.add(
                session, clock.now(), None, name=name, department_id=place.id, roles=frozenset({Role(role)})
            )
            token = staff.sign_in_link(session, clock.now(), None, row.id)
            links[name] = f"{office.url}/desk/first/{token}"
    db.close()
    return links


def _publish_answer(office: LiveOffice) -> None:
    """One entry through its three reviews; the editor's pages have tests of their own."""
    db = office.database()
    now = clock.now()
    with db.writing() as session:
        people = {row.name: staff_queries.person(session, row.id) for row in staff_queries.people(session)}
        editor = people["编辑小叶"]
        version = answers.propose(
            session,
            now,
            editor,
            question="没有租赁合同怎样申领居住证",
            phrasings=["租房没签合同能办居住证吗", "房东不给合同怎么办居住证"],
            text=ANSWER,
            basis=[
                {
                    "title": "《云泽市居住证管理办法》",
                    "number": "云泽示〔2025〕12号",
                    "url": "https://www.yunze.example/12",
                    "issued_on": "2025-03-01",
                }
            ],
            verified_by="老李",
            category="居住证",
            owner_name="公安局户政科",
            valid_from=date(2025, 3, 1),
            review_by=date(2099, 1, 1),
        )
        answers.submit(session, now, editor, version.id)
        for name, step in (("王科长", "first"), ("赵敏", "second"), ("孙主任", "final")):
            reviewer = people[name]
            assert reviewer is not None
            answers.give_opinion(
                session,
                now,
                reviewer,
                version.id,
                step=step,
                verdict="approve",
                digest=version.digest,
                gates=("political", "legal", "policy", "secrecy", "wording"),
            )
        answers.publish(session, now, people["周局长"], version.id)
    db.close()


def _approve(desk: Desk, name: str, title: str) -> None:
    page = desk.go(name, "/desk/reviews")
    page.get_by_role("link", name=re.compile(title)).first.click()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name=re.compile("^通过")).click()
    page.wait_for_load_state()


@needs_browser
@pytest.mark.clause("A18")
@pytest.mark.clause("C4")
@pytest.mark.timeout(240)
def test_one_message_travels_the_whole_way(way: tuple[LiveOffice, WeChatSandbox, Desk]) -> None:
    office, sandbox, desk = way

    # The first administrator comes in by the one-time address; the first-run page asks for the office.
    page = desk.go("管理员", "/desk/setup")
    page.get_by_label("单位名称").fill("云泽市政务服务办公室")
    page.get_by_label(re.compile("^地方")).fill("云泽市")
    page.get_by_role("button", name="保存并添加人员").click()
    page.wait_for_url(re.compile("/desk/staff"))

    # 1. An encrypted push arrives and is kept; the platform hears "success".
    outcome = sandbox.push_text(OPENID, QUESTION)
    assert outcome.accepted, outcome

    # 2. It is in the queue with its two clocks; the clerk assigns it.
    rows = eventually(lambda: office.json("cases", "list"), what="the case")
    assert len(rows) == 1 and rows[0]["text"] == QUESTION
    number = rows[0]["number"]
    page = desk.go("小陈", "/desk/")
    page.get_by_role("link", name=re.compile("能不能办居住证")).first.click()
    assert PHONE not in page.content()
    page.locator("summary", has_text="交办").click()
    page.locator("details[open]").get_by_label("承办单位").select_option(label="公安局户政科")
    page.locator("details[open]").get_by_role("button", name="交办").click()
    page.get_by_text("已交办").first.wait_for()

    # 3. The handler signs for it, inserts the suggested answer and edits it.
    page = desk.go("老李", f"/desk/cases/{number}")
    page.get_by_role("button", name="签收").click()
    page.get_by_text("办理中").first.wait_for()
    page.get_by_role("button", name=re.compile("^插入")).first.click()
    page.wait_for_load_state()
    draft = page.get_by_label("答复正文").first
    assert ANSWER in draft.input_value()
    text = "您好！" + draft.input_value().removeprefix("您好！") + "咨询电话12345。"
    draft.fill(text)
    page.get_by_label(re.compile("^依据")).first.fill("《云泽市居住证管理办法》（云泽示〔2025〕12号）第九条")
    page.get_by_role("button", name="送审").click()
    page.get_by_text(re.compile("已送审")).first.wait_for()

    # 4. Three reviewers, five gates each; an edit after the approvals voids them all.
    for name in ("王科长", "赵敏"):
        _approve(desk, name, "居住证")
    page = desk.go("老李", f"/desk/cases/{number}")
    page.locator("summary", has_text="修改文字").click()
    text = text.replace("一张照片", "一张一寸照片")
    page.get_by_label("答复正文").first.fill(text)
    page.get_by_role("button", name="改回草稿").click()
    page.wait_for_load_state()
    page.get_by_role("button", name="送审").click()
    page.get_by_text(re.compile("已送审")).first.wait_for()
    assert sandbox.ledger.seen_by(OPENID, "reply") == []
    for name in ("王科长", "赵敏", "孙主任"):
        _approve(desk, name, "居住证")

    # 5. The issuer releases; the citizen receives exactly that text, once.
    page = desk.go("周局长", "/desk/reviews")
    page.get_by_role("link", name=re.compile("居住证")).first.click()
    page.get_by_role("button", name=re.compile("^签发")).click()
    page.wait_for_load_state()
    eventually(lambda: sandbox.ledger.seen_by(OPENID, "reply"), what="the reply")
    assert sandbox.ledger.seen_by(OPENID, "reply") == [text]

    # 6. The clerk looks up the citizen's code and closes the case.
    page = desk.go("小陈", f"/desk/cases/{number}")
    page.get_by_role("button", name=re.compile("查询码")).click()
    code = page.locator("[data-lookup-code]").inner_text()
    page = desk.go("小陈", f"/desk/cases/{number}")
    page.locator("summary", has_text="办结").click()
    page.locator("details[open]").get_by_label("办理结果").select_option(label="解释说明")
    page.locator("details[open]").get_by_role("button", name="办结").click()
    page.get_by_text("已办结").first.wait_for()

    # 7. The disclosure officer confirms exactly the redacted text.
    eventually(lambda: _waiting_for_disclosure(desk, number), what="the disclosure")
    page = desk.of("公开员小方")
    page.get_by_role("link", name=re.compile("居住证")).first.click()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name=re.compile("^公开这份文字")).click()
    page.wait_for_load_state()

    # 8. Anyone finds it: search, page, CSV, feed; the telephone number is nowhere.
    public = httpx.Client(base_url=office.url)
    listed = public.get("/cases", params={"q": "居住证"}).text
    assert number in listed and PHONE not in listed
    shown = public.get(f"/cases/{number}").text
    assert "〔电话〕" in shown and PHONE not in shown
    assert "一张一寸照片" in shown
    table = public.get("/data/cases.csv").text
    row = next(row for row in csv.DictReader(io.StringIO(table.lstrip("\ufeff"))) if number in row.values())
    assert any("一张一寸照片" in value for value in row.values())
    assert PHONE not in table
    feed = public.get("/data/cases/changes").json()
    assert [item["key"] for item in feed["items"]] == [number]
    assert PHONE not in public.get("/data/cases.jsonl").text
    found = public.get("/answers", params={"q": "租房没合同怎么办居住证"}).text
    assert "<mark>" in found and "房东签名的居住证明" in re.sub("<[^>]+>", "", found)

    # 9. The citizen sees the whole progress with the code, and the same words.
    chromium_page = desk.of("小陈").context.browser.new_page(viewport={"width": 390, "height": 844})
    chromium_page.goto(f"{office.url}/progress")
    chromium_page.get_by_label("编号").fill(number)
    chromium_page.get_by_label("查询码").fill(code)
    chromium_page.get_by_role("button", name="查进度").click()
    chromium_page.get_by_text("已办结").first.wait_for()
    assert "一张一寸照片" in chromium_page.content()

    # 10. Everything is on record, and the record is whole; nothing personal is in the logs.
    assert "True" in office.run("verify-log")
    assert sandbox.ledger.seen_by(OPENID, "reply") == [text]
    logs = office.log_text()
    for secret in (PHONE, OPENID, code, WECHAT["app_secret"], "居住证？"):
        assert secret not in logs


def _waiting_for_disclosure(desk: Desk, number: str) -> bool:
    page = desk.go("公开员小方", "/desk/disclosures")
    return bool(page.get_by_role("link", name=re.compile("居住证")).count())
