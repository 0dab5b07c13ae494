"""Every number on a public page is one of the open data: read from the page, worked out again from the files."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable

import pytest
from flask.testing import FlaskClient
from lxml import html

from app.cases import service as cases
from app.opendata import service as opendata
from tests.closing import a_closed_case
from tests.conftest import NOW, TheOffice
from tests.factories import a_case
from tests.web import canaries

Row = dict[str, str]
LETTERS = 60
THIS = f"{NOW:%Y-%m}"


@pytest.fixture
def full(client: FlaskClient, sqlite_office: TheOffice) -> FlaskClient:
    """Letters of two platforms and departments: public, withheld, withdrawn, waiting, open, some of them rated."""
    own = sqlite_office.departments["人力资源和社会保障局"].id
    with sqlite_office.db.writing() as session:
        planted = canaries.plant(session, sqlite_office, [*range(40), *range(200, 220)], NOW)
        for number in range(3):
            other = a_closed_case(
                session, sqlite_office, text=canaries.words_with_marks(900 + number), department_id=own
            )
            planted[other.number] = 900 + number
        canaries.decide(session, sqlite_office, NOW, planted)
        a_closed_case(session, sqlite_office)
        for _ in range(6):
            cases.rate(session, NOW, a_closed_case(session, sqlite_office), score="5", solved=True)
        for _ in range(2):
            a_case(session, sqlite_office)
    return client


def table(client: FlaskClient, address: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(client.get(address).text, newline="")))


def page(client: FlaskClient, address: str) -> html.HtmlElement:
    return html.fromstring(client.get(address).text)


def text(node: html.HtmlElement) -> str:
    return " ".join(node.text_content().split())


def told(cell: str) -> str:
    """What stands in a file as a page writes it: 1487 → 1,487 · empty → —."""
    return "—" if cell == "" else f"{int(cell):,}" if cell.isdecimal() else cell


def cells(section: html.HtmlElement) -> list[list[str]]:
    return [[text(cell) for cell in row.xpath("./td|./th")] for row in section.xpath(".//tbody/tr")]


def under(root: html.HtmlElement, heading: str) -> html.HtmlElement:
    (found,) = root.xpath(f"//section[.//h2[normalize-space()='{heading}']]")
    return found


def _the_list_counts_what_the_file_holds(full: FlaskClient) -> None:
    rows, shown = table(full, "/data/cases.csv"), page(full, "/cases")
    assert 30 < len(rows) < LETTERS
    assert f"共 {len(rows)} 件" in text(shown)
    columns = {
        "department": "department",
        "group": "category_group",
        "type": "message_type",
        "platform": "platform",
    }
    for name, column in columns.items():
        assert _options(shown, name) == _counted(row[column] for row in rows), name
    assert _options(shown, "month") == _counted(row["received_on"][:7] for row in rows)
    for month, number in _counted(row["closed_on"][:7] for row in rows).items():
        assert f"共 {number} 件" in text(page(full, f"/cases?closed={month}"))


def _options(shown: html.HtmlElement, name: str) -> dict[str, int]:
    found = shown.xpath(f"//select[@name='{name}']/option[@value!='']")
    return {one.get("value"): int(re.search(r"（([\d,]+)）$", text(one))[1]) for one in found}  # type: ignore[index]


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(value for value in values if value))


def _the_page_of_open_data_counts_what_each_file_holds(full: FlaskClient) -> None:
    shown = page(full, "/data")
    for name, dataset in opendata.DATASETS.items():
        (block,) = shown.xpath(f"//article[.//a[@href='/data/{name}.csv']]")
        assert f"行数{len(table(full, f'/data/{name}.csv')):,}" in text(block), dataset.title
    months = cells(under(shown, "公开办件按月下载"))
    assert len(months) == len({row["closed_on"][:7] for row in table(full, "/data/cases.csv")})
    for month, rows, *_ in months:
        assert int(rows) == len(table(full, f"/data/cases/{month}.csv"))
    assert cells(under(shown, "对得上的数")) == _closed(full)


def _closed(full: FlaskClient) -> list[list[str]]:
    keys = (
        "month",
        "closed",
        "published",
        "withheld_privacy",
        "withheld_secret",
        "withheld_other",
        "withdrawn",
        "undecided",
    )
    return [[told(row[key]) for key in keys] for row in reversed(table(full, "/data/statistics.csv"))]


def _every_figure_of_the_statistics_stands_in_a_file(full: FlaskClient) -> None:
    shown = page(full, f"/statistics?month={THIS}")
    months = {row["month"]: row for row in table(full, "/data/statistics.csv")}
    this = months[THIS]
    assert cells(under(shown, "公开与不公开")) == _closed(full)
    said = text(shown.xpath("//header[@class='opening']")[0])
    assert (
        f"收到 {told(this['received'])} 件；应答复的 {told(this['due'])} 件里，已答复 {told(this['replied'])} 件"
        in said
    )
    if this["on_time_rate"]:
        assert f"按时率 {this['on_time_rate']}%" in said
    divided = table(full, "/data/breakdown.csv")
    for by, title in (("department", "承办单位"), ("message_type", "类型"), ("platform", "来源")):
        groups = {row["group"]: row for row in divided if (row["by"], row["month"]) == (by, THIS)}
        listed = cells(under(shown, f"{THIS} 按{title}"))
        assert {row[0] for row in listed} == {name for name, row in groups.items() if row["received"] != "0"}
        assert listed == [[row[0], *_as_listed(groups[row[0]])] for row in listed]
    drawn = cells(under(shown, "各月收到与办结"))
    for month, received, closed in drawn:
        assert [received, closed] == [_drawn(months[month]["received"]), _drawn(months[month]["closed"])]


def _as_listed(row: Row) -> list[str]:
    def share(value: str) -> str:
        return f"{value}%" if value else "—"

    counts = [told(row[key]) for key in ("received", "due", "replied")]
    return [
        *counts, share(row["reply_rate"]), share(row["on_time_rate"]), row["average_working_days"] or "—",
        share(row["satisfaction"]),
    ]  # fmt: skip


def _drawn(value: str) -> str:
    return value if value.isdecimal() else "—"


def _published_cases_are_counted_alike_in_files_and_statistics(full: FlaskClient) -> None:
    rows = Counter(row["closed_on"][:7] for row in table(full, "/data/cases.csv"))
    for month in table(full, "/data/statistics.csv"):
        number = rows[month["month"]]
        assert month["published"] == (str(number) if number == 0 or number >= 5 else "<5")


def _a_case_page_says_the_days_of_its_row(full: FlaskClient) -> None:
    row = next(row for row in table(full, "/data/cases.csv") if row["working_days"])
    shown = text(page(full, f"/cases/{row['number']}"))
    told = full.get(f"/cases/{row['number']}.json").json
    assert told is not None
    allowed = sum(1 for day in told["deadline_days"] if day["counts"])
    assert f"用了 {row['working_days']} 个工作日" in shown and f"应在 {allowed} 个工作日内答复" in shown


@pytest.mark.clause("D21")
def test_every_number_on_a_public_page_is_one_of_the_open_data(
    full: FlaskClient, sqlite_office: TheOffice
) -> None:
    _the_list_counts_what_the_file_holds(full)
    _the_page_of_open_data_counts_what_each_file_holds(full)
    _every_figure_of_the_statistics_stands_in_a_file(full)
    _published_cases_are_counted_alike_in_files_and_statistics(full)
    _a_case_page_says_the_days_of_its_row(full)
    number = table(full, "/data/cases.csv")[0]["number"]
    with sqlite_office.db.writing() as session:
        opendata.withdraw(session, NOW, None, number, reason="privacy")
    _the_list_counts_what_the_file_holds(full)
    _the_page_of_open_data_counts_what_each_file_holds(full)
    _every_figure_of_the_statistics_stands_in_a_file(full)
    _published_cases_are_counted_alike_in_files_and_statistics(full)
