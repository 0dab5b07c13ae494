"""A question gets the rows it asks for, in a total order, page by page, without gaps; nonsense is refused."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from app.base.errors import Invalid
from app.opendata import asking, queries
from app.opendata.datasets import DATASETS
from app.statistics.service import SOURCES
from tests.closing import published
from tests.conftest import NOW, TheOffice

CASES, ACCOUNTS = DATASETS["cases"], DATASETS["accounts"]
ADDRESS = "https://hy.example"


def walk(office: TheOffice, name: str, asked: Mapping[str, str]) -> list[list[Any]]:
    """Every page of a question, following its cursors."""
    given = queries.WORKED_OUT if name == "cases" else frozenset()
    pages, cursor = [], ""
    with office.db.reading() as session:
        while True:
            question = asking.read(DATASETS[name], {**asked, "$cursor": cursor}, given)
            found = queries.ask(session, NOW, SOURCES[name], question, ADDRESS)
            pages.append(found[: question.limit])
            if len(found) <= question.limit:
                return pages
            cursor = asking.cursor(question, found[question.limit - 1])


@pytest.fixture
def filled(office: TheOffice) -> TheOffice:
    with office.db.writing() as session:
        for number in range(7):
            published(
                session, office, now=NOW + timedelta(days=number % 3), text=f"第{number}封信，问居住证怎么办",
                message_type=("complaint", "consultation")[number % 2], replied_at=None if number == 6 else NOW,
            )  # fmt: skip
    return office


@pytest.mark.parametrize(
    "order", ["", "number", "-received_on", "replied_on,-number", "-on_time,message_type", "-changed_at"]
)
def test_every_order_is_total_and_its_pages_have_no_gaps(filled: TheOffice, order: str) -> None:
    pages = walk(filled, "cases", {"$order": order, "$limit": "2"})
    rows = [row for page in pages for row in page]
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert len({row["number"] for row in rows}) == 7
    question = asking.read(CASES, {"$order": order})
    assert rows == asking.answer(question, rows[::-1]), "the database sorts as the rule does"


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({"message_type": "complaint"}, 4),
        ({"message_type.ne": "complaint"}, 3),
        ({"message_type.in": "complaint,help"}, 4),
        ({"closed_on.gte": "2026-10-10"}, 4),
        ({"closed_on.gt": "2026-10-10", "message_type": "complaint"}, 1),
        ({"on_time": "true"}, 6),
        ({"on_time.ne": "true"}, 1),
        ({"on_time": "false"}, 0),
        ({"on_time": ""}, 1),
        ({"replied_on": ""}, 1),
        ({"published_at.lt": "2026-10-10T00:00:00+08:00"}, 3),
        ({"working_days.gte": "1"}, None),
        ({"number": "20991231-AAAAAA"}, 0),
    ],
)
def test_conditions_hold_in_the_database_as_in_the_rule(
    filled: TheOffice, asked: dict[str, str], number: int | None
) -> None:
    rows = [row for page in walk(filled, "cases", asked) for row in page]
    everything = [row for page in walk(filled, "cases", {}) for row in page]
    assert rows == asking.answer(asking.read(CASES, asked, queries.WORKED_OUT), everything)
    assert number is None or len(rows) == number


def test_small_sets_are_asked_the_same_way(office: TheOffice) -> None:
    pages = walk(office, "accounts", {"state": "open", "$order": "-platform", "$limit": "2"})
    rows = [row for page in pages for row in page]
    assert [row["platform"] for row in rows] == sorted((row["platform"] for row in rows), reverse=True)
    assert len(rows) == 5


@pytest.mark.parametrize(
    "asked",
    [
        {"$select": "number,password"}, {"nonsense": "1"}, {"message": "x"}, {"url": "x"}, {"platform_name": "x"},
        {"received_on": "gestern"}, {"received_on.like": "2026"}, {"on_time": "yes"}, {"working_days": "²"},
        {"published_at.gt": "2026-10-09T00:00:00"}, {"$limit": "0"}, {"$limit": "1001"}, {"$limit": "x"},
        {"$order": "reply"}, {"$order": "number,due_on,closed_on,platform"}, {"$where": "1=1"}, {"$cursor": "zz"},
        {"$cursor": "eyJ4IjoxfQ"}, {"category": "\x00"}, {"category": "长" * 201}, {"working_days": "9" * 10},
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused_and_says_which(asked: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        asking.read(CASES, asked, queries.WORKED_OUT)
    assert refused.value.field


def test_a_cursor_is_good_for_its_order_only() -> None:
    question = asking.read(ACCOUNTS, {"$order": "-opened_on"})
    row = {"opened_on": NOW.date(), "id": "wechat-1"}
    cursor = asking.cursor(question, row)
    assert asking.read(ACCOUNTS, {"$order": "-opened_on", "$cursor": cursor}).after == (
        NOW.date(),
        "wechat-1",
    )
    with pytest.raises(Invalid):
        asking.read(ACCOUNTS, {"$order": "opened_on", "$cursor": cursor})
    with pytest.raises(Invalid):
        asking.read(CASES, {"$cursor": cursor})
