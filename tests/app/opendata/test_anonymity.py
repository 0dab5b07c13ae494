"""Nobody stands alone in what the public rows of a week say of place, matter and platform."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from app.opendata.anonymity import K, Quasi, coarsened
from app.opendata.models import PublishedCase
from app.opendata.service import withdraw
from tests.closing import published
from tests.conftest import NOW, TheOffice

WEEK = "2026-W41"


def cell(place: str = "城东区", category: str = "居住证", platform: str = "wechat") -> Quasi:
    return Quasi(place, category, WEEK, platform)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([cell()] * 4, ("城东区", "居住证", "wechat")),
        ([cell("城西区")] * 4, ("", "居住证", "wechat")),
        ([cell(platform="weibo")] * 4, ("城东区", "居住证", "")),
        ([cell("城西区", platform="weibo")] * 4, ("", "居住证", "")),
        ([cell("城西区", "公积金")] * 4, ("", "", "wechat")),
        ([cell("城西区", "公积金", "weibo")] * 4, ("", "", "")),
        ([cell()] * 3, ("", "", "")),
    ],
)
def test_a_row_says_what_five_of_its_week_share(others: list[Quasi], said: tuple[str, str, str]) -> None:
    week = {"one": cell(), **{f"other {number}": other for number, other in enumerate(others)}}
    told = coarsened(week)["one"]
    assert (told.community, told.category, told.channel) == said


def test_the_sixth_is_not_the_one_who_is_left_over() -> None:
    week = {str(number): cell() for number in range(5)} | {"sixth": cell("城西区")}
    told = coarsened(week)
    assert told["0"] == cell()
    assert (told["sixth"].community, told["sixth"].category, told["sixth"].channel) == ("", "", "")


@given(st.lists(st.builds(cell, st.sampled_from("甲乙丙"), st.sampled_from("水电气"), st.sampled_from("wb"))))
def test_whatever_the_week_every_combination_is_that_of_five(rows: list[Quasi]) -> None:
    told = coarsened({str(number): row for number, row in enumerate(rows)})
    cells = Counter((one.community, one.category, one.channel) for one in told.values())
    assert all(number >= K for said, number in cells.items() if said != ("", "", ""))


@pytest.mark.clause("E14")
def test_what_a_row_says_follows_publications_and_withdrawals_at_once(office: TheOffice) -> None:
    def said() -> list[str]:
        with office.db.reading() as session:
            return [row.platform for row in session.exec(select(PublishedCase).order_by(PublishedCase.id))]

    with office.db.writing() as session:
        for minute in range(4):
            published(session, office, now=NOW + timedelta(minutes=minute))
    assert said() == [""] * 4
    with office.db.writing() as session:
        last = published(session, office, now=NOW + timedelta(minutes=9)).number
    assert said() == ["wechat"] * 5
    with office.db.writing() as session:
        withdraw(session, NOW, None, last, reason="requested")
    assert said() == [""] * 5
