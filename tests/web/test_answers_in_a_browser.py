"""The editor and the public page of an answer in a real browser, without a script being needed on the latter."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from app.answers import queries as answer_queries
from app.base import clock
from app.staff import service as staff
from kb import queries as library
from tests.app.answers.acting import LOST_CARD, published
from tests.conftest import NOW, TheOffice, make_app, open_office
from tests.live import browser, needs_browser

BASIS = "云泽市社会保障卡管理办法"


@pytest.fixture
def running(sqlite_db: Any, tmp_path: Path) -> Iterator[tuple[Flask, TheOffice, str]]:
    """The office on a port of its own, with form tokens as outside."""
    office = open_office(sqlite_db)
    (tmp_path / "data").mkdir()
    app = make_app(office.db, tmp_path / "data")
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    clock.move(NOW - clock.now())
    thread.start()
    try:
        yield app, office, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        clock.move(NOW - NOW)


@needs_browser
@pytest.mark.clause("C16", "C17")
def test_an_editor_writes_an_answer_is_told_what_does_not_fit_and_a_reader_says_it_helped(
    running: tuple[Flask, TheOffice, str],
) -> None:
    _, office, address = running
    with office.db.writing() as session:
        entry, _ = published(session, office)
        link = staff.sign_in_link(session, NOW, None, office.people["编辑小叶"].id)
        opened = staff.use_link(session, NOW, link, address="127.0.0.1", browser="tests")
    with browser() as chromium:
        context = chromium.new_context(locale="zh-CN")
        context.add_cookies([{"name": "huiying", "value": opened.token, "url": address}])
        page = context.new_page()
        page.goto(f"{address}/desk/answers/new")
        page.fill("[name=question]", "社保卡坏了怎么换")
        page.fill("[name=text]", LOST_CARD["text"])
        page.fill("[name=must_keep]", "带身份证")
        page.locator("[name=basis_title]").first.fill(BASIS)
        page.locator("[name=basis_number]").first.fill("云人社规[2025]6号")
        page.fill("[name=verified_by]", "刘洋")
        page.get_by_text("给某个平台单写一段").click()
        page.fill("[name=form-weibo]", "带身份证到网点补办。" * 20)
        page.click("button[value=submit]")
        page.get_by_role("link", name="微博评论放不下").first.wait_for()
        assert page.input_value("[name=question]") == "社保卡坏了怎么换"
        page.fill("[name=form-weibo]", "带身份证到网点补办。")
        page.click("button[value=submit]")
        page.get_by_text("已送审").first.wait_for()
        page.get_by_role("link", name="引用它的答案").first.click()
        page.get_by_role("link", name="社保卡丢了怎么补办").wait_for()

        reader = chromium.new_context(locale="zh-CN", java_script_enabled=False).new_page()
        reader.goto(f"{address}/answers/{entry.key}")
        reader.get_by_role("link", name="这条有帮助吗").click()
        reader.get_by_role("button", name="有帮助", exact=True).click()
        reader.get_by_role("heading", name="谢谢，已经记下").wait_for()
        assert "FAQPage" in reader.request.get(f"{address}/answers").text()
        assert f"/answers/{entry.key}</loc>" in reader.request.get(f"{address}/sitemap.xml").text()
        assert "社保卡丢了怎么补办" in reader.request.get(f"{address}/answers.atom").text()
    with office.db.reading() as session:
        assert answer_queries.votes(session, entry.id) == (1, 0)
        ((document, _),) = library.documents(session, "社会保障卡")
        assert document.number == "云人社规〔2025〕6 号"
