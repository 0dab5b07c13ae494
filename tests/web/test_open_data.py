"""数据开放: files, changes, catalogues and feeds, from the first second, for every site, with the right headers."""

import csv
import hashlib
import io
import json
import zipfile
from base64 import b64encode
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import frictionless
import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from rdflib import Graph

from app.opendata import service as opendata
from app.opendata.datasets import DATASETS
from app.opendata.feed import ATOM, TOMBSTONES
from app.statistics import service as statistics
from tests.app.answers.acting import published as published_answer
from tests.closing import REPLY, published
from tests.conftest import NOW, TheOffice

FILES = [f"/data/{name}.{ending}" for name in DATASETS for ending in ("csv", "jsonl")]
FEEDS = [f"/data/{name}/changes" for name in DATASETS]
OTHERS = [
    "/data.json", "/data/datapackage.json", "/data/catalog.jsonld", "/data/catalog.ttl", "/data/cases.atom",
    "/data/cases.feed.json", "/data/cases.csv-metadata.json", "/data/cases/rows.json",
    "/data/answers/rows.csv", "/statistics.json",
    "/statistics.csv", "/accounts.json", "/accounts.csv", "/cases.json", "/cases.csv",
    "/robots.txt", "/cases/sitemap.xml",
    "/open311/v2/services.json", "/open311/v2/services.xml", "/open311/v2/requests.json", "/open311/v2/requests.xml",
]  # fmt: skip


@pytest.mark.parametrize("address", [*FILES, *FEEDS, *OTHERS])
def test_every_address_answers_from_the_first_second(client: FlaskClient, address: str) -> None:
    with client.get(address) as answer:
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "public, max-age=30"
        assert answer.headers["ETag"]
        assert answer.content_type.endswith("charset=utf-8")


@pytest.mark.parametrize("address", [*FILES, *FEEDS, *OTHERS])
def test_who_has_it_already_gets_304(client: FlaskClient, sqlite_office: TheOffice, address: str) -> None:
    with sqlite_office.db.writing() as session:
        published(session, sqlite_office)
    tag = client.get(address).headers["ETag"]
    with client.get(address, headers={"If-None-Match": tag}) as again:
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("address", [*FILES, "/data/cases/rows.json", "/data/cases/changes", "/cases.json"])
def test_a_script_of_any_site_may_ask_with_a_condition_or_for_a_part(
    client: FlaskClient, address: str
) -> None:
    """If-None-Match and Range are no simple headers: a browser asks first (Fetch, CORS preflight)."""
    asked = {
        "Origin": "https://paper.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "if-none-match,range",
    }
    answer = client.options(address, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert "if-none-match" in allowed and "range" in allowed
    assert "POST" not in answer.headers["Access-Control-Allow-Methods"]
    wrong = client.get("/data/cases/rows.json?nothing=1")
    assert (wrong.status_code, wrong.headers["Access-Control-Allow-Origin"]) == (400, "*")


def test_a_withdrawal_changes_the_etag_and_is_gone_from_every_shape(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        number = published(session, sqlite_office).number
    everywhere = [
        *FILES,
        *FEEDS,
        *OTHERS,
        "/cases",
        "/data",
        f"/cases/{number}",
        f"/open311/v2/requests/{number}.xml",
    ]
    tag = client.get("/data/cases.csv").headers["ETag"]
    month = f"/cases/sitemap/{NOW:%Y-%m}.xml"
    assert month in client.get("/cases/sitemap.xml").text and number in client.get(month).text
    assert REPLY in client.get("/data/cases.csv").text
    with sqlite_office.db.writing() as session:
        opendata.withdraw(session, NOW, None, number, reason="privacy")
    assert client.get("/data/cases.csv", headers={"If-None-Match": tag}).status_code == 200
    for address in everywhere:
        assert REPLY not in client.get(address).text, address
    assert month not in client.get("/cases/sitemap.xml").text and number not in client.get(month).text
    told = client.get("/data/cases/changes").json
    assert told is not None
    assert told["items"][-1] == {
        "kind": "withdrawn", "key": number, "at": "2026-10-09T10:42:00+08:00", "reason": "privacy",
    }  # fmt: skip
    root = ElementTree.fromstring(client.get("/data/cases.atom").data)
    assert root.find(f"{{{TOMBSTONES}}}deleted-entry") is not None
    assert root.find(f"{{{ATOM}}}entry") is None
    assert client.get(f"/open311/v2/requests/{number}.json").status_code == 410


def test_csv_jsonl_and_feed_tell_the_same_rows(client: FlaskClient, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        for text in ('他说"好"，\n第二行？', "=1+1 等于几？", "居住证怎么办"):
            published(session, sqlite_office, text=text)
    rows = list(csv.DictReader(io.StringIO(client.get("/data/cases.csv").get_data(as_text=True), newline="")))
    lines = [json.loads(line) for line in client.get("/data/cases.jsonl").text.split("\n") if line]
    feed = client.get("/data/cases/changes").json
    assert feed is not None
    assert [item["data"] for item in feed["items"]] == lines
    assert len(rows) == 3
    for row, line in zip(rows, lines, strict=True):
        assert row["number"] == line["number"]
        assert row["message"].removeprefix("'") == line["message"].replace("\r\n", "\n")
        assert row["on_time"] == json.dumps(line["on_time"])
    assert all(not row[name].startswith(("=", "+", "-", "@")) for row in rows for name in row)


@pytest.fixture
def given_away(client: FlaskClient, sqlite_office: TheOffice) -> FlaskClient:
    """Something in each data set: cases of two months, one of them withdrawn, an answer, accounts, figures."""
    with sqlite_office.db.writing() as session:
        for number, text in enumerate(
            (*["居住证怎么办"] * 5, '他说"好"，\n第二行？', "=1+1 等于几？", "再问一句")
        ):
            last = published(
                session, sqlite_office, text=text, now=NOW - timedelta(days=20 * (number % 2)), place="城东区"
            ).number
        opendata.withdraw(session, NOW, None, last, reason="requested")
        published_answer(session, sqlite_office)
        opendata.follow_sources(session, NOW)
        statistics.follow_figures(session, NOW)
    return client


@pytest.mark.parametrize("name", DATASETS)
def test_every_row_of_every_set_is_the_same_in_all_forms(given_away: FlaskClient, name: str) -> None:
    """JSON Lines, CSV, the answers to questions page by page, the feed replayed, the snapshot, the months."""
    lines = _lines(given_away.get(f"/data/{name}.jsonl").text)
    key = DATASETS[name].key
    by_key = {line[key]: line for line in lines}
    assert lines and len(by_key) == len(lines)
    table = list(csv.DictReader(io.StringIO(given_away.get(f"/data/{name}.csv").text, newline="")))
    assert [dict(row) for row in table] == [{at: _cell(line[at]) for at in line} for line in lines]
    assert {row[key]: row for row in _asked(given_away, name)} == by_key
    assert _replayed(given_away, name) == by_key
    snapshot = zipfile.ZipFile(io.BytesIO(given_away.get("/data/snapshot.zip").data))
    for ending in ("csv", "jsonl"):
        assert snapshot.read(f"{name}.{ending}") == given_away.get(f"/data/{name}.{ending}").data
    if DATASETS[name].by_month:
        found = given_away.get("/data.json").json["datasets"]  # type: ignore[index]
        (months,) = [one["months"] for one in found if one["name"] == name]
        of_months = [_lines(given_away.get(f"/data/{name}/{month['month']}.jsonl").text) for month in months]
        assert len(months) > 1
        assert {line[key]: line for month in of_months for line in month} == by_key


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.split("\n") if line]


def _cell(value: Any) -> str:
    """A value of JSON as RFC 4180 and a spreadsheet that runs no formulas have it."""
    if value is None or isinstance(value, str):
        told = (value or "").replace("\r\n", "\n")
        return f"'{told}" if told.startswith(("=", "+", "-", "@")) else told
    return json.dumps(value)


def _asked(client: FlaskClient, name: str) -> list[dict[str, Any]]:
    rows, cursor = [], ""
    while cursor is not None:
        found = client.get(f"/data/{name}/rows.json", query_string={"$limit": 2, "$cursor": cursor}).json
        rows, cursor = rows + found["items"], found["next"]  # type: ignore[index]
    return rows


def _replayed(client: FlaskClient, name: str) -> dict[str, dict[str, Any]]:
    kept: dict[str, dict[str, Any]] = {}
    cursor, more = "", True
    while more:
        found = client.get(f"/data/{name}/changes", query_string={"limit": 3, "cursor": cursor}).json
        for item in found["items"]:  # type: ignore[index]
            if item["kind"] == "withdrawn":
                kept.pop(item["key"], None)
            elif item.get("data"):
                kept[item["key"]] = item["data"]
        cursor, more = found["next"], found["has_more"]  # type: ignore[index]
    return kept


def test_excel_gets_the_mark_of_utf_8(client: FlaskClient) -> None:
    assert client.get("/data/cases.csv?bom=1").data.startswith(b"\xef\xbb\xbfnumber,")
    assert client.get("/data/cases.csv").data.startswith(b"number,")


def test_a_part_of_a_file_can_be_asked_for(client: FlaskClient) -> None:
    with client.get("/data/cases.csv", headers={"Range": "bytes=0-5"}) as part:
        assert (part.status_code, part.data) == (206, b"number")
        whole = hashlib.sha256(client.get("/data/cases.csv").data).digest()
        assert part.headers["Repr-Digest"] == f"sha-256=:{b64encode(whole).decode()}:"
    with client.head("/data/cases.csv") as head:
        assert head.status_code == 200 and int(head.headers["Content-Length"]) > 6 and head.data == b""


def test_the_feed_is_followed_by_its_cursor(client: FlaskClient, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        numbers = [published(session, sqlite_office, place=f"{n} 区").number for n in range(4)]
    seen, cursor = [], ""
    while True:
        page = client.get("/data/cases/changes", query_string={"cursor": cursor, "limit": 2}).json
        assert page is not None
        assert page == client.get("/data/cases/changes", query_string={"cursor": cursor, "limit": 2}).json
        seen += [item["key"] for item in page["items"]]
        cursor = page["next"]
        if not page["has_more"]:
            break
    assert seen == numbers
    last = client.get("/data/cases/changes", query_string={"cursor": cursor}).json
    assert last == {"items": [], "next": cursor, "has_more": False}


@pytest.mark.parametrize(
    "question",
    ["cursor=zz", "cursor=%F0%9F%99%82", "limit=0", "limit=1001", "limit=²", "limit=x", "limit=-1"],
)
def test_a_cursor_or_limit_that_means_nothing_is_refused_for_programs(
    client: FlaskClient, question: str
) -> None:
    answer = client.get(f"/data/cases/changes?{question}")
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("name", DATASETS)
def test_the_page_of_a_data_set_explains_every_field(given_away: FlaskClient, name: str) -> None:
    shown = given_away.get(f"/data/{name}").text
    assert f'href="/data/{name}"' in given_away.get("/data").text
    for column in DATASETS[name].columns:
        assert f'<td class="code together">{column.name}</td>' in shown
        assert str(escape(column.description)) in shown and str(escape(column.description_en)) in shown


def test_the_page_of_cases_lists_every_month(given_away: FlaskClient) -> None:
    months = [one["months"] for one in given_away.get("/data.json").json["datasets"] if one["months"]]  # type: ignore[index]
    shown = given_away.get("/data/cases").text
    assert len(months[0]) == 2
    assert all(f"/data/cases/{month['month']}.csv" in shown for month in months[0])


def test_a_data_set_that_does_not_exist(client: FlaskClient) -> None:
    for address in ("/data/people", "/data/people/changes", "/data/people.csv", "/data/people.jsonl"):
        assert client.get(address).status_code == 404


def test_the_package_and_its_files_are_valid_as_they_come_over_the_wire(
    client: FlaskClient, sqlite_office: TheOffice, tmp_path: Path
) -> None:
    with sqlite_office.db.writing() as session:
        published(session, sqlite_office)
    (tmp_path / "datapackage.json").write_bytes(client.get("/data/datapackage.json").data)
    for name in DATASETS:
        (tmp_path / f"{name}.csv").write_bytes(client.get(f"/data/{name}.csv").data)
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["title", "rowNumber", "fieldName", "message"])[:5]


def test_the_catalogue_is_read_by_rdflib(client: FlaskClient) -> None:
    graph = Graph().parse(data=client.get("/data/catalog.jsonld").text, format="json-ld")
    assert len(graph) > 50


def test_the_page_names_rows_time_and_the_digest_of_what_is_downloaded(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        published(session, sqlite_office)
    told = client.get("/data.json").json
    assert told is not None
    cases = next(found for found in told["datasets"] if found["name"] == "cases")
    assert cases["rows"] == 1
    assert cases["sha256_csv"] == hashlib.sha256(client.get("/data/cases.csv").data).hexdigest()
    page = client.get("/data").text
    assert "公开办件" in page and "对得上的数" in page and cases["sha256_csv"][:4] in page


def test_a_digest_is_told_only_of_what_is_there_now(
    client: FlaskClient, sqlite_office: TheOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A set too large to be read for a page: its digests are the job's, and none is told of rows that changed."""
    monkeypatch.setattr(import_module("app.web.public.data"), "DIGESTED_AT_ONCE", -1)
    sqlite_office.db.folder, sqlite_office.db.address = tmp_path / "data", "http://localhost"

    def told() -> tuple[str, list[tuple[int, str]]]:
        found = client.get("/data.json").json
        assert found is not None
        cases = next(one for one in found["datasets"] if one["name"] == "cases")
        return cases["sha256_csv"], [(one["rows"], one["sha256_csv"]) for one in cases["months"]]

    with sqlite_office.db.writing() as session:
        published(session, sqlite_office)
    assert told() == ("", [(1, "")])
    assert statistics.describe_files(sqlite_office.db, NOW) > 0
    month = client.get(f"/data/cases/{NOW:%Y-%m}.csv").data
    whole = client.get("/data/cases.csv").data
    assert told() == (hashlib.sha256(whole).hexdigest(), [(1, hashlib.sha256(month).hexdigest())])
    assert statistics.describe_files(sqlite_office.db, NOW) == 0
    with sqlite_office.db.writing() as session:
        published(session, sqlite_office)
    assert told() == ("", [(2, "")])


def test_open311_answers_by_number_kind_and_day(client: FlaskClient, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        first = published(session, sqlite_office).number
        second = published(session, sqlite_office, message_type="complaint").number

    def numbers(question: str) -> list[str]:
        found = client.get(f"/open311/v2/requests.json?{question}").json
        assert isinstance(found, list)
        return sorted(row["service_request_id"] for row in found)

    assert numbers("") == sorted([first, second])
    assert numbers(f"service_request_id={first},20260101-AAAAAA") == [first]
    assert numbers("service_code=complaint") == [second]
    assert numbers("service_code=nonsense") == []
    day = "start_date=2026-10-08T00:00:00%2B08:00&end_date=2026-10-08T23:59:59%2B08:00"
    assert numbers(day) == sorted([first, second])
    assert numbers("start_date=2026-10-09T00:00:00+08:00") == []
    assert numbers("status=open") == []
    assert numbers("status=open,closed") == sorted([first, second])
    xml = ElementTree.fromstring(client.get(f"/open311/v2/requests/{first}.xml").data)
    assert xml.findtext("request/service_request_id") == first
    assert client.get("/open311/v2/requests/20260101-AAAAAA.xml").status_code == 404


@pytest.mark.parametrize("ending", ["json", "xml"])
def test_open311_says_what_was_wrong_in_its_own_way(client: FlaskClient, ending: str) -> None:
    answer = client.get(f"/open311/v2/requests.{ending}?start_date=yesterday")
    assert answer.status_code == 400
    assert "start_date" in answer.text
    assert answer.content_type.startswith("application/json" if ending == "json" else "text/xml")


@pytest.mark.clause("C4")
def test_statistics_answer_in_three_shapes_with_the_same_figures(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        for _ in range(6):
            published(session, sqlite_office)
    page = client.get("/statistics").text
    assert "收到 6 件；应答复的 6 件里，已答复 6 件，按时率 100.0%。" in page
    told = client.get("/statistics.json").json
    assert told is not None
    assert told["months"][0]["published"] == 6 and told["log_position"] > 0
    (row,) = csv.DictReader(io.StringIO(client.get("/statistics.csv").text))
    assert (row["month"], row["published"], row["on_time_rate"]) == ("2026-10", "6", "100.0")
    assert client.get("/statistics?month=x").status_code == 400
