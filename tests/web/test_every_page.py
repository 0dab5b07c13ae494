"""Every page of every door in a real browser, at a desk's and at a phone's width: no barrier that axe can
find, no sideways scrolling, nothing the content policy had to stop."""

import re
import threading
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from app.base import clock
from app.staff import service as staff
from tests.conftest import NOW, TheOffice, make_app, open_office
from tests.live import browser, needs_browser
from tests.web.stages import at_every_stage

WIDTHS = [pytest.param(1440, id="desk"), pytest.param(390, id="phone")]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Whose page it is, by the beginning of its address; the first that fits. Everything else is the clerk's.
WHOSE = (
    (r"/desk/cases/[^/]+/comments/", "值班长老徐"),
    ("/desk/reviews", "王科长"),
    ("/desk/disclosures", "公开员小方"),
    ("/desk/setup", "系统管理员"),
    ("/desk/office", "系统管理员"),
    ("/desk/time-limits", "系统管理员"),
    ("/desk/extensions", "督办老何"),
    ("/desk/redaction", "系统管理员"),
    ("/desk/staff", "系统管理员"),
    ("/desk/departments", "系统管理员"),
    ("/desk/accounts", "系统管理员"),
    ("/desk/log", "审计管理员"),
    ("/desk/answers", "编辑小叶"),
    ("/desk/duty", "值班长老徐"),
    ("/desk/board", "值班长老徐"),
    ("/desk/alerts", "值班长老徐"),
    ("/desk/notice-targets", "系统管理员"),
    ("/desk", "小陈"),
)
# No pages: files and machine-readable twins.
FILES = (
    ".csv",
    ".zip",
    ".ttl",
    ".xlsx",
    ".json",
    ".jsonl",
    ".jsonld",
    ".atom",
    ".xml",
    "/metrics",
    "/healthz",
    "/readyz",
    "/changes",
    "/library",
    ".svg",
    ".txt",
)


@pytest.fixture
def running(sqlite_db: Any, tmp_path: Path) -> Iterator[tuple[Flask, TheOffice, str, list[str]]]:
    """The office with a case at every stage, served on a port of its own; and addresses of single pages."""
    office = open_office(sqlite_db)
    single = at_every_stage(office)
    (tmp_path / "data").mkdir()
    app = make_app(office.db, tmp_path / "data")
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    clock.move(NOW - clock.now())
    thread.start()
    try:
        yield app, office, f"http://127.0.0.1:{server.server_port}", single
    finally:
        server.shutdown()
        thread.join(10)
        clock.move(NOW - NOW)


def _pages(app: Flask) -> list[str]:
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and not rule.arguments
        and not rule.rule.endswith(FILES)
        and not rule.rule.startswith(("/static", "/api", "/open311"))
    )


def _whose(path: str) -> str | None:
    return next((name for start, name in WHOSE if re.match(start, path) and path != "/desk/login"), None)


@needs_browser
@pytest.mark.clause("C18")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_can_be_used_by_everybody(
    running: tuple[Flask, TheOffice, str, list[str]], width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    app, office, address, single = running
    axe, problems = Axe(), []
    # Page after page in the window of whoever they are for: opening a window takes longer than most pages.
    by_person = groupby(sorted([*_pages(app), *single], key=lambda path: _whose(path) or ""), key=_whose)
    with browser() as chromium:
        for name, paths in by_person:
            context = chromium.new_context(locale="zh-CN", viewport={"width": width, "height": 900})
            if name:
                context.add_cookies([_signed_in(office, name, address)])
            page = context.new_page()
            stopped: list[str] = []
            page.on("console", lambda said, kept=stopped: kept.append(said.text))
            for path in paths:
                answer = page.goto(address + path)
                assert answer.status < 500, path
                found = axe.run(page, options={"runOnly": TAGS, "resultTypes": ["violations"]})
                problems += [
                    f"{path}: {one['id']} ({len(one['nodes'])})" for one in found.response["violations"]
                ]
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    problems.append(f"{path}: scrolls sideways")
                problems += [f"{path}: {words}" for words in stopped if "Content Security" in words]
                stopped.clear()
            context.close()
    assert problems == []


def _signed_in(office: TheOffice, name: str, address: str) -> dict[str, Any]:
    with office.db.writing() as session:
        link = staff.sign_in_link(session, clock.now(), None, office.people[name].id)
        opened = staff.use_link(session, clock.now(), link, address="127.0.0.1", browser="tests")
    return {"name": "huiying", "value": opened.token, "url": address}
