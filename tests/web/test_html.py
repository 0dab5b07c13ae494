"""Is every public page HTML by the letter? The Nu Html Checker of the W3C reads them, full and empty.

Only where Java is and the checker (`npm ci` in a copy of tests/npm, found by way of NODE_PATH).
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.opendata import service as opendata
from tests.app.answers.acting import published as published_answer
from tests.closing import published
from tests.conftest import NOW, TheOffice

JAVA = shutil.which("java")
JAR = next(
    (
        jar
        for folder in os.environ.get("NODE_PATH", "").split(os.pathsep)
        if folder and (jar := Path(folder) / "vnu-jar/build/dist/vnu.jar").is_file()
    ),
    None,
)
# Where `.ci/run` fetched the checkers nothing may be skipped; a machine without them skips these by name.
_skip = not (JAVA and JAR) and "NODE_PATH" not in os.environ
pytestmark = pytest.mark.skipif(_skip, reason="no Java, or the Nu Html Checker is not installed")
HOSTILE = "\"><script>alert(1)</script>&amp;<b>路灯坏了'，什么时候修？\x0b\u202e"


def faults(pages: dict[str, str], folder: Path) -> list[str]:
    """What the checker calls an error: address, line and words. One run for all pages."""
    assert JAVA and JAR, "Java and the Nu Html Checker are needed here"
    files = {}
    for number, (address, text) in enumerate(pages.items()):
        path = folder / f"{number}.html"
        path.write_text(text, "utf-8")
        files[path.as_uri()] = address
    command = [
        JAVA,
        "-Xss4m",
        "-XX:TieredStopAtLevel=1",
        "-jar",
        str(JAR),
        "--format",
        "json",
        "--exit-zero-always",
    ]
    done = subprocess.run(
        [*command, *map(str, sorted(folder.glob("*.html")))], capture_output=True, check=True
    )
    told = json.loads(done.stderr)["messages"]
    return [
        f"{files.get(one['url'].replace('file:/', 'file:///', 1), one['url'])}:{one.get('lastLine')}: {one['message']}"
        for one in told
        if one["type"] == "error"
    ]


@pytest.fixture
def addresses(app: Flask, sqlite_office: TheOffice) -> list[str]:
    """Every public page that takes no argument, and single ones: full, withdrawn, searched, refused, not there."""
    with sqlite_office.db.writing() as session:
        shown = published(session, sqlite_office, text=HOSTILE, title=HOSTILE)
        quiet = published(session, sqlite_office, consent=False)
        gone = published(session, sqlite_office)
        opendata.withdraw(session, NOW, None, gone.number, reason="privacy")
        entry, _ = published_answer(session, sqlite_office)
    plain = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint.startswith("public.")
    ]
    return [
        *plain,
        *(f"/cases/{one.number}" for one in (shown, quiet, gone)),
        f"/cases/{shown.number}/request",
        f"/answers/{entry.key}",
        f"/answers/{entry.key}/vote",
        "/answers?q=租房没有合同怎么办居住证",
        "/answers?q=%3Cscript%3E%22",
        "/cases?q=居住证",
        "/cases?q=%3Cscript%3E%22&department=%22%3E",
        "/cases?month=2026-13",
        "/statistics?month=2026-10",
        "/cases/20260101-ABCDEF",
        "/nowhere",
    ]


def test_no_public_page_has_a_fault(client: FlaskClient, addresses: list[str], tmp_path: Path) -> None:
    answers = {address: client.get(address) for address in addresses}
    pages = {address: answer.text for address, answer in answers.items() if answer.mimetype == "text/html"}
    assert len(pages) > 20
    assert faults(pages, tmp_path) == []


def test_the_pages_of_an_office_without_letters_have_none(client: FlaskClient, tmp_path: Path) -> None:
    pages = {
        address: client.get(address).text for address in ("/", "/cases", "/answers", "/statistics", "/data")
    }
    assert faults(pages, tmp_path) == []


def test_the_checker_does_find_a_fault(tmp_path: Path) -> None:
    page = '<!doctype html><html lang="zh-CN"><title>x</title><p><div aria-label="x">x</div></p>'
    assert any("x.html" in one or ":1:" in one for one in faults({"x.html": page}, tmp_path))
