"""Every component renders with its documented shape, keeps the content policy, and reads well for everybody."""

import gzip
import logging
import re
import shutil
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from jinja2 import ChoiceLoader, FileSystemLoader
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from app.web import presenting
from tests.web import parts_data as data

WEB = Path(presenting.__file__).parent
STATIC = WEB / "static"
TEMPLATES = sorted(WEB.rglob("*.html"))
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
)
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

DESK: dict[str, Any] = {
    "rail": data.RAIL,
    "sample": True,
    "stopped": {
        "by": "周敏",
        "at": data.at(10, 9, 10, 40),
        "names": ["云泽发布"],
        "waiting": 7,
        "href": "/desk/stop",
    },
    "notices": [{"kind": "good", "title": "已送审", "text": "初审：户政科 刘洋。他处理前可以撤回。"}],
    "undo": {"text": "已并入主办件 101640", "action": "/desk/undo"},
}
ERROR = {
    "title": "没有找到这件办件",
    "message": "编号可能写错了一位。",
    "safe": "您写的信都还在。",
    "todo": "请对照回执再查一次。",
    "links": [{"href": "/progress", "label": "查进度"}],
    "status": 404,
}
PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "parts": ("desk/parts_demo.html", DESK | {"demo": data.DEMO}),
    "public": (
        "public.html",
        data.OFFICE | {"place": "answers", "sample": True, "demo": data.PUBLIC_DEMO},
    ),
    "door": ("door.html", {"rail": None, "office_name": "云泽市", "sample": True}),
    "paper": ("paper.html", data.PAPER),
    "error": ("error.html", ERROR | data.OFFICE),
    "desk-error": (
        "error.html",
        ERROR | {"base": "desk_base.html", "rail": data.RAIL, "written": "写过的话"},
    ),
}


class Desk:
    """A small site that serves the pages above and remembers what was posted to it."""

    def __init__(self) -> None:
        self.saved: list[dict[str, str]] = []
        self.answer: dict[str, Any] = {"saved_at": "2026-10-09T02:43:00+00:00"}
        self.status = 200
        self.app = Flask("parts", template_folder=str(WEB / "templates"), static_folder=str(STATIC))
        self.app.jinja_loader = ChoiceLoader(
            [FileSystemLoader(WEB / "templates"), FileSystemLoader(Path(__file__).parent / "templates")]
        )
        presenting.register(self.app)
        self.app.jinja_env.globals["may_open"] = lambda href: True
        self.app.context_processor(lambda: {"csrf_token": lambda: "a-token", "now": data.NOW})
        self.app.add_url_rule("/<name>", view_func=self.page)
        self.app.add_url_rule("/desk/save", view_func=self.save, methods=["POST"])
        self.app.after_request(self.with_policy)

    def page(self, name: str) -> ResponseReturnValue:
        """One of PAGES."""
        template, context = PAGES[name]
        return render_template(template, **context)

    def save(self) -> ResponseReturnValue:
        """What the autosave of a draft posts to."""
        self.saved.append(request.form.to_dict())
        return jsonify(self.answer), self.status

    def with_policy(self, response: Any) -> Any:
        """The headers of the product's own doors."""
        response.headers["Content-Security-Policy"] = POLICY
        return response


@pytest.fixture
def desk() -> Desk:
    return Desk()


def rendered(desk: Desk, name: str) -> str:
    """The HTML of one of PAGES."""
    with desk.app.test_request_context():
        return str(desk.page(name))


class Wellformed(HTMLParser):
    """Tags that were opened and not closed, ids used twice, and the fields of every form that posts."""

    VOID = frozenset(["meta", "link", "input", "br", "use", "img", "hr"])

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: list[str] = []
        self.forms: list[tuple[str, set[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note ids, forms and fields."""
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "form" and "form" in self.open:
            self.wrong.append("a form in a form")
        if tag == "form":
            self.forms.append((str(given.get("method", "get")), set()))
        if tag == "input" and self.forms and "form" in self.open:
            self.forms[-1][1].add(str(given.get("name")))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Shapes of a drawing close themselves."""

    def handle_endtag(self, tag: str) -> None:
        """Note what does not match."""
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_well_formed_with_every_id_once(desk: Desk, name: str) -> None:
    seen = Wellformed()
    seen.feed(rendered(desk, name))
    assert (seen.wrong, seen.open) == ([], [])
    assert len(seen.ids) == len(set(seen.ids))


@pytest.mark.parametrize("name", PAGES)
def test_every_form_that_posts_carries_the_token(desk: Desk, name: str) -> None:
    seen = Wellformed()
    seen.feed(rendered(desk, name))
    assert [fields for method, fields in seen.forms if method == "post" and "csrf_token" not in fields] == []


@pytest.mark.parametrize("name", PAGES)
def test_no_page_shows_a_value_that_was_not_given(desk: Desk, name: str) -> None:
    text = re.sub(r"<[^>]+>", " ", rendered(desk, name))
    assert not re.search(r"\bNone\b|\bUndefined\b|<(?:function|built-in)", text)


def test_every_macro_stands_in_the_style_guide_or_on_a_page() -> None:
    parts = (WEB / "templates/parts.html").read_text(encoding="utf-8")
    pages = "".join(
        path.read_text(encoding="utf-8")
        for path in [*(WEB / "templates").rglob("*.html"), *Path(__file__).parent.glob("templates/*.html")]
    )
    macros = re.findall(r"{% macro (\w+)\(", parts)
    used = {
        name for name in macros if len(re.findall(rf"\b{name}\(", pages)) > parts.count(f"#- {name}(") + 1
    }
    assert set(macros) - used == set()


def test_every_public_macro_says_its_shape() -> None:
    parts = (WEB / "templates/parts.html").read_text(encoding="utf-8")
    helpers = {"bolded", "chosen_options", "data_cell", "behind"}
    macros = set(re.findall(r"{% macro (\w+)\(", parts)) - helpers
    assert {name for name in macros if f"#- {name}(" not in parts} == set()


def test_peoples_words_are_escaped_and_keep_their_lines(desk: Desk) -> None:
    with desk.app.test_request_context():
        module = desk.app.jinja_env.get_template("parts.html").module
        words = str(module.words("第一行\n<b>第二行</b>"))  # type: ignore[attr-defined]
        masked = str(module.masked_words("我叫〔姓名〕<script>"))  # type: ignore[attr-defined]
        diff = str(module.diff("<i>5</i>天", "<i>7</i>天"))  # type: ignore[attr-defined]
    assert words == '<div class="words as-written">第一行\n&lt;b&gt;第二行&lt;/b&gt;</div>'
    assert '<span class="masked">〔姓名〕</span>&lt;script&gt;' in masked
    assert "<i>" not in diff


def test_two_forms_of_one_page_may_ask_for_the_same_field(desk: Desk) -> None:
    with desk.app.test_request_context():
        module = desk.app.jinja_env.get_template("parts.html").module
        first, second = (str(module.form_field("note", "说明")) for _ in range(2))  # type: ignore[attr-defined]
    assert 'for="f-note"' in first and 'id="f-note"' in first
    assert 'for="f-note-2"' in second and 'id="f-note-2"' in second and 'name="note"' in second


def test_an_error_page_needs_no_more_than_its_message(desk: Desk) -> None:
    with desk.app.test_request_context():
        page = render_template(
            "error.html", base="desk_base.html", message="这一步您不能做", status=403, rail=None
        )
    assert '<h1 id="what">这一步您不能做</h1>' in page
    assert 'href="/desk/">回到我的工作' in page


def test_one_button_of_the_bottom_bar_is_current_and_numbers_are_read_aloud(desk: Desk) -> None:
    page = rendered(desk, "parts")
    assert page.count('aria-current="page"') == 1
    assert '14<span class="for-readers"> 件</span>' in page


def test_without_a_rail_the_page_stands_alone(desk: Desk) -> None:
    page = rendered(desk, "door")
    assert 'class="desk is-plain"' in page
    assert "退出" not in page


def test_a_draft_is_posted_together_with_the_suggestion_so_that_no_word_is_lost(desk: Desk) -> None:
    button = re.search(r'<button [^>]*formaction="/desk/insert"[^>]*>', rendered(desk, "parts"))
    assert button
    assert 'form="draft"' in button[0] and 'name="version_id" value="2"' in button[0]


# ---------- the content policy, on every template of every door ----------


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(WEB)))
def test_no_template_breaks_the_content_policy(path: Path) -> None:
    text = re.sub(r"{#.*?#}", "", path.read_text(encoding="utf-8"), flags=re.S)
    assert not re.search(r"<style|\sstyle\s*=", text)
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text)
    # Data for search engines is no script: it is never run, and `tojson` leaves no tag open in it.
    scripts = re.sub(r'<script type="application/ld\+json">{{ \w+\|tojson }}</script>', "", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", scripts)
    assert not re.search(r"(?:src|href)=\"https?:", text)
    assert "javascript:" not in text
    assert "|safe" not in text.replace(" ", "") and "autoescape false" not in text


# ---------- the style sheet and the script ----------


def test_colours_stand_in_root_and_nowhere_else() -> None:
    sheet = (STATIC / "huiying.css").read_text(encoding="utf-8")
    outside = re.sub(r":root\s*{[^}]*}", "", re.sub(r"/\*.*?\*/", "", sheet, flags=re.S))
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(", outside) == []


def test_every_token_that_is_used_is_set() -> None:
    sheet = (STATIC / "huiying.css").read_text(encoding="utf-8")
    assert set(re.findall(r"var\((--[\w-]+)\)", sheet)) - set(re.findall(r"(--[\w-]+):", sheet)) == set()


def test_the_sheet_and_the_script_stay_small() -> None:
    assert len(gzip.compress((STATIC / "huiying.css").read_bytes(), 9)) <= 8 * 1024
    assert len((STATIC / "huiying.js").read_bytes()) <= 10 * 1024


def test_the_sheet_uses_nothing_a_chromium_of_2020_cannot_read() -> None:
    sheet = re.sub(r"/\*.*?\*/", "", (STATIC / "huiying.css").read_text(encoding="utf-8"), flags=re.S)
    assert not re.search(
        r"light-dark\(|color-mix\(|:has\(|!important|(?:margin|padding)-(?:left|right)", sheet
    )


def test_every_icon_that_is_drawn_is_in_the_sprite() -> None:
    sprite = (WEB / "templates/sprite.svg").read_text(encoding="utf-8")
    wanted = {
        name
        for path in TEMPLATES
        for name in re.findall(
            r"""\bicon\(["']([\w-]+)["']\)|#i-([a-z]+)\"""", path.read_text(encoding="utf-8")
        )
        for name in name
        if name
    }
    assert wanted - set(re.findall(r'id="i-([a-z]+)"', sprite)) == set()


# ---------- in a browser ----------


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[Desk, str]]:
    """The pages on a port of their own."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    desk = Desk()
    server = make_server("127.0.0.1", 0, desk.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield desk, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium: the machine's own, else the one playwright installed."""
    with sync_playwright() as playwright:
        own = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=own, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(site: tuple[Desk, str], browser: Browser) -> Iterator[Page]:
    """An empty page at 1440 whose console must stay silent."""
    desk, address = site
    desk.saved.clear()
    desk.status, desk.answer = 200, {"saved_at": "2026-10-09T02:43:00+00:00"}
    page = browser.new_page(base_url=address, viewport={"width": 1440, "height": 900})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield page
    page.close()
    assert [c for c in complaints if "503" not in c] == []


@pytest.mark.browser
@pytest.mark.parametrize(
    ("width", "scheme"), [(1440, "light"), (1440, "dark"), (1024, "light"), (390, "light")]
)
@pytest.mark.parametrize("name", PAGES)
def test_no_page_has_a_barrier(page: Page, name: str, width: int, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/{name}")
    found = Axe().run(page, options=AXE).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.browser
@pytest.mark.parametrize("name", [name for name in PAGES if name != "paper"])
def test_pages_reflow_at_320(page: Page, name: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"/{name}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.browser
def test_counters_count_bytes_for_wechat_and_half_widths_for_weibo(page: Page) -> None:
    page.goto("/parts")
    page.fill("#f-body", "您好ab")
    assert page.locator("[data-platform=微信] output").inner_text() == "8 / 2048 字节"
    assert page.locator("[data-platform=微博评论] output").inner_text() == "3 / 140 字"
    page.fill("#f-body", "字" * 141)
    assert page.locator("[data-platform=微博评论] output").inner_text() == "超 1 字"
    assert page.locator("[data-say]").inner_text() == "微博评论超 1 字"


@pytest.mark.browser
def test_a_draft_saves_itself_and_its_findings_come_back(page: Page, site: tuple[Desk, str]) -> None:
    desk, _ = site
    desk.answer |= {
        "digest": "ab" * 32,
        "counts": [{"platform": "微信", "used": 9, "limit": 2048, "over": 0, "unit": "bytes"}],
        "findings": [
            {"is_blocking": True, "title": "天数不一致<b>", "found": "20天", "expected": "15天",
             "repair": {"label": "改为 15", "action": "/desk/repair", "name": "finding", "value": "9"}},
            {"is_blocking": False, "title": "有一句空话", "explain": {"action": "/desk/explain", "name": "8"}},
        ],
    }  # fmt: skip
    page.goto("/parts")
    page.clock.install()
    with page.expect_response("**/desk/save"):
        page.fill("#f-body", "改过的答复")
        page.clock.run_for(1600)
    page.locator("[data-saved]", has_text="10:43 已自动保存").wait_for()
    assert [(draft["csrf_token"], draft["body"]) for draft in desk.saved] == [("a-token", "改过的答复")]
    assert page.locator("[data-findings] strong").all_inner_texts() == ["天数不一致<b>", "有一句空话"]
    assert page.locator("[data-findings] .is-over button").get_attribute("formaction") == "/desk/repair"
    assert page.locator("[data-findings] details input").get_attribute("form") == "draft"
    assert page.locator("[data-digest]").inner_text() == "abab abab abab abab …"


@pytest.mark.browser
def test_what_could_not_be_saved_is_said_and_tried_again(page: Page, site: tuple[Desk, str]) -> None:
    desk, _ = site
    desk.status, desk.answer = 503, {"message": "正在维护，一会儿会自动再存"}
    page.goto("/parts")
    page.clock.install()
    page.fill("#f-body", "不能丢的话")
    with page.expect_response("**/desk/save"):
        page.clock.run_for(2000)
    page.locator("[data-saved]", has_text="没能保存，文字还在。正在维护").wait_for()
    assert page.input_value("#f-body") == "不能丢的话"
    desk.status, desk.answer = 200, {"saved_at": "10:44"}
    with page.expect_response("**/desk/save"):
        page.clock.run_for(16000)
    page.locator("[data-saved]", has_text="10:44 已自动保存").wait_for()


@pytest.mark.browser
def test_the_keys_walk_the_rows_and_stay_silent_while_writing(page: Page) -> None:
    page.goto("/parts")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/desk/cases/7K2M9Q"
    page.keyboard.press("x")
    assert page.is_checked("input[value='20261007-7K2M9Q']")
    assert page.locator("[data-batch-count]").inner_text() == "已勾选 1 件："
    page.keyboard.press("/")
    page.keyboard.type("jx?")
    assert page.input_value("#by-q") == "jx?"
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    assert page.locator("[data-key-list]").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    assert page.evaluate("document.activeElement.id") == "f-body"


@pytest.mark.browser
def test_single_keys_can_be_switched_off(page: Page) -> None:
    page.goto("/parts")
    page.evaluate("document.body.dataset.keysOff = ''")
    page.keyboard.press("?")
    assert not page.locator("[data-key-list]").is_visible()


@pytest.mark.browser
def test_g_then_q_goes_to_the_queue(page: Page) -> None:
    page.goto("/parts")
    page.route("**/desk/queue", lambda route: route.fulfill(body="队列", content_type="text/html"))
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.wait_for_url("**/desk/queue")


@pytest.mark.browser
def test_approving_waits_for_every_gate(page: Page) -> None:
    page.goto("/parts")
    approve = page.get_by_role("button", name="通过")
    assert approve.is_disabled()
    assert page.locator("[data-gates-left]").inner_text() == "还有 1 关没有核，暂时不能通过。"
    page.keyboard.press("a")
    assert page.evaluate("'unanswered' in document.activeElement.dataset")
    page.evaluate("document.querySelectorAll('[data-unanswered]').forEach((finding) => finding.remove())")
    page.keyboard.press("a")
    assert page.evaluate("document.activeElement.value") == "policy"
    page.keyboard.press("Space")
    assert approve.is_enabled()
    assert page.locator("[data-gates-left]").inner_text() == ""
    page.route("**/desk/opinion", lambda route: route.fulfill(body="通过", content_type="text/html"))
    with page.expect_request("**/desk/opinion") as asked:
        page.keyboard.press("a")
    assert "verdict=approve" in str(asked.value.post_data)


@pytest.mark.browser
def test_without_scripts_everything_that_acts_is_there(site: tuple[Desk, str], browser: Browser) -> None:
    _, address = site
    context = browser.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto("/parts")
    assert page.get_by_role("button", name="通过").is_enabled()
    assert page.locator("[data-batch] button").first.is_visible()
    page.get_by_text("转办 T").click()
    assert page.locator("#f-department").is_visible()
    context.close()
