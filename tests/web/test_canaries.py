"""Planted marks are in no output, feed, search index, log, cache or file; readers never see half a state."""

import csv
import io
import json
import logging
import threading
import zipfile
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.opendata import service as opendata
from app.opendata.anonymity import K
from tests.closing import DISCLOSER, published
from tests.conftest import NOW, TheOffice
from tests.web import canaries

PLANTED = 200


@pytest.mark.clause("E14")
def test_no_planted_mark_is_readable_anywhere(
    client: FlaskClient, sqlite_office: TheOffice, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with sqlite_office.db.writing() as session:
        planted = canaries.plant(session, sqlite_office, range(PLANTED), NOW)
    decided = 0
    while decided < PLANTED:
        with sqlite_office.db.writing() as session:
            decided += canaries.decide(session, sqlite_office, NOW, planted)
    opendata.follow_public_cases(sqlite_office.db, NOW)
    with sqlite_office.db.reading() as session:
        for name, text in canaries.everything_public(client, session, pages=30):
            assert not canaries.MARKS.search(canaries.read(text)), name
    assert "公开办件" in client.get(f"/cases?q={canaries.mark(0)}").text
    files = dict(canaries.kept_files(sqlite_office.db.folder / "index"))
    assert files, "the index is there"
    for name, data in files.items():
        assert not canaries.MARKS.search(canaries.read(data.decode("utf-8", "ignore"))), name
    assert not canaries.MARKS.search(canaries.read(caplog.text))
    _is_k_anonymous(client)
    _all_shapes_agree(client)


def _is_k_anonymous(client: FlaskClient) -> None:
    rows = csv.DictReader(io.StringIO(client.get("/data/cases.csv").text, newline=""))
    cells = Counter(
        (
            row["place"],
            row["category"],
            row["category_group"],
            row["platform"],
            date.fromisoformat(row["received_on"]).isocalendar()[:2],
        )
        for row in rows
    )
    small = {cell: number for cell, number in cells.items() if number < K and any(cell[:4])}
    assert cells and small == {}


def _all_shapes_agree(client: FlaskClient) -> None:
    lines = [json.loads(line) for line in client.get("/data/cases.jsonl").text.splitlines()]
    asked = client.get("/data/cases/rows.json?$limit=1000").json
    assert asked is not None
    by_number = {row["number"]: row for row in lines}
    assert {row["number"]: row for row in asked["items"]} == by_number
    followed: dict[str, object] = {}
    told = client.get("/data/cases/changes?limit=1000").json
    assert told is not None and not told["has_more"]
    for item in told["items"]:
        followed.pop(item["key"], None)
        if item["kind"] != "withdrawn" and item["data"]:
            followed[item["key"]] = item["data"]
    assert followed == by_number
    rows = list(csv.DictReader(io.StringIO(client.get("/data/cases.csv").text, newline="")))
    assert [row["number"] for row in rows] == [row["number"] for row in lines]
    months = client.get("/data.json").json
    assert months is not None
    cases = next(one for one in months["datasets"] if one["name"] == "cases")
    assert sum(month["rows"] for month in cases["months"]) == len(lines)


def test_a_withdrawn_text_leaves_the_files_of_the_index(sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        kept = published(session, sqlite_office, text="路灯坏了，什么时候修？").number
        gone = published(session, sqlite_office, text="乒乓球台裂了，什么时候修？").number
    folder = sqlite_office.db.folder / "index" / "cases"
    opendata.follow_public_cases(sqlite_office.db, NOW)
    assert any("乒乓" in data.decode("utf-8", "ignore") for _, data in canaries.kept_files(folder))
    with sqlite_office.db.writing() as session:
        opendata.withdraw(session, NOW, None, gone, reason="privacy")
    assert opendata.follow_public_cases(sqlite_office.db, NOW) == 1
    assert not any("乒乓" in data.decode("utf-8", "ignore") for _, data in canaries.kept_files(folder))
    assert opendata.follow_public_cases(sqlite_office.db, NOW) == 0
    with sqlite_office.db.reading() as session:
        assert opendata.CaseIndex(folder).search(session, "路灯") == [kept]


def test_of_a_large_index_the_job_purges_what_a_search_only_passes_over(
    sqlite_office: TheOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opendata.CaseIndex, "PURGED_AT_ONCE", 0)
    with sqlite_office.db.writing() as session:
        published(session, sqlite_office, text="路灯坏了，什么时候修？")
        gone = published(session, sqlite_office, text="乒乓球台裂了，什么时候修？").number
    folder = sqlite_office.db.folder / "index" / "cases"
    opendata.follow_public_cases(sqlite_office.db, NOW)
    with sqlite_office.db.writing() as session:
        opendata.withdraw(session, NOW, None, gone, reason="privacy")
    with sqlite_office.db.reading() as session:
        assert gone not in (opendata.CaseIndex(folder).search(session, "乒乓球台裂了") or [])
    assert opendata.follow_public_cases(sqlite_office.db, NOW) == 1
    assert not any("乒乓" in data.decode("utf-8", "ignore") for _, data in canaries.kept_files(folder))
    assert opendata.follow_public_cases(sqlite_office.db, NOW) == 0


def test_readers_who_poll_while_much_changes_never_see_half_of_it(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    officer, done = sqlite_office.people[DISCLOSER], threading.Event()
    problems: list[str] = []

    def change() -> None:
        try:
            for step in range(6):
                with sqlite_office.db.writing() as session:
                    pair = [
                        published(session, sqlite_office, now=NOW + timedelta(minutes=step)).number
                        for _ in range(2)
                    ]
                with sqlite_office.db.writing() as session:
                    for number in pair if step % 2 else []:
                        opendata.withdraw(session, NOW, officer, number, reason="requested")
        except Exception as error:  # told by the test, not lost in a thread
            problems.append(repr(error))
        finally:
            done.set()

    writer = threading.Thread(target=change)
    writer.start()
    polls = 0
    while not done.is_set() or polls < 3:
        polls += 1
        problems += _torn(client.get("/data/snapshot.zip").data)
        whole = client.get("/data/cases.csv")
        if len(whole.data) != int(whole.headers["Content-Length"]) or not whole.text.endswith("\r\n"):
            problems.append("cases.csv is cut off")
        if (whole.text.count("\r\n") - 1) % 2:
            problems.append("half a pair")
    writer.join(30)
    assert problems == []
    assert len(client.get("/data/cases.jsonl").text.splitlines()) == 6


def _torn(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        lines = [json.loads(line)["number"] for line in archive.read("cases.jsonl").decode().splitlines()]
        table = csv.DictReader(io.StringIO(archive.read("cases.csv").decode(), newline=""))
        rows = {file["name"]: file["rows"] for file in manifest["files"]}
        if [row["number"] for row in table] != lines or rows["cases.csv"] != len(lines) or len(lines) % 2:
            return [f"torn: {len(lines)} of {rows['cases.csv']}"]
    return []
