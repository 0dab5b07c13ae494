"""Nobody stands alone in what the public rows of a week say of place, matter and platform."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from app.departments.models import Responsibility
from app.opendata.anonymity import K, Quasi, Said, coarsened
from app.opendata.matters import group_of
from app.opendata.models import Change, PublishedCase
from app.opendata.places import Places, path_of
from app.opendata.queries import last_change
from app.opendata.service import withdraw
from tests.closing import published
from tests.conftest import NOW, TheOffice

WEEK = "2026-W41"
NOTHING = Said("", "", "", "")


def cell(place: str = "城东区", category: str = "居住证", platform: str = "wechat") -> Quasi:
    return Quasi(place, category, WEEK, platform)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([cell()] * 4, Said("城东区", "居住证", "户籍证件", "wechat")),
        ([cell("城西区")] * 4, Said("", "居住证", "户籍证件", "wechat")),
        ([cell(platform="weibo")] * 4, Said("城东区", "居住证", "户籍证件", "")),
        ([cell("城西区", platform="weibo")] * 4, Said("", "居住证", "户籍证件", "")),
        ([cell(category="身份证")] * 4, Said("城东区", "", "户籍证件", "wechat")),
        ([cell("城西区", "身份证")] * 4, Said("", "", "户籍证件", "wechat")),
        ([cell("城西区", "身份证", "weibo")] * 4, Said("", "", "户籍证件", "")),
        ([cell(category="公积金")] * 4, Said("城东区", "", "", "wechat")),
        ([cell("城西区", "公积金")] * 4, Said("", "", "", "wechat")),
        ([cell("城西区", "公积金", "weibo")] * 4, NOTHING),
        ([cell()] * 3, NOTHING),
    ],
)
def test_a_row_says_what_five_of_its_week_share(others: list[Quasi], said: Said) -> None:
    week = {"one": cell(), **{f"other {number}": other for number, other in enumerate(others)}}
    assert coarsened(week)["one"] == said


FINE = "城东区城南街道幸福社区"


@pytest.mark.parametrize(
    ("places", "platform", "said"),
    [
        ([FINE] * 5, "wechat", Said(FINE, "居住证", "户籍证件", "wechat")),
        # The one of another community, street or district is told as far as five share it.
        ([*[FINE] * 4, "城东区城南街道平安社区"], "wechat", Said("城东区城南街道", "居住证", "户籍证件", "wechat")),
        ([*[FINE] * 4, "城东区城北街道"], "wechat", Said("城东区", "居住证", "户籍证件", "wechat")),
        ([*[FINE] * 4, "城西区"], "wechat", Said("", "居住证", "户籍证件", "wechat")),
        ([*[FINE] * 4, "城东区城南街道平安社区"], "weibo", Said("城东区城南街道", "居住证", "户籍证件", "")),
        # A community that stands alone is that of the table; a road and an estate are no place.
        ([FINE, *["幸福社区"] * 3, f"{FINE}3号楼"], "wechat", Said(FINE, "居住证", "户籍证件", "wechat")),
        (["幸福路12号"] * 5, "wechat", Said("", "居住证", "户籍证件", "wechat")),
    ],
)  # fmt: skip
def test_a_place_is_told_a_level_less_before_it_is_left_out(
    places: list[str], platform: str, said: Said
) -> None:
    week = {str(number): cell(place) for number, place in enumerate(places[:-1])}
    told = coarsened({**week, "one": cell(places[-1], platform=platform)}, Places([FINE]))
    assert set(told.values()) == {said}


def test_the_sixth_is_not_the_one_who_is_left_over() -> None:
    told = coarsened({str(number): cell() for number in range(5)} | {"sixth": cell("城西区")})
    assert told["0"] == Said("城东区", "居住证", "户籍证件", "wechat")
    assert told["sixth"] == NOTHING


def test_a_matter_of_the_name_of_a_group_hides_among_no_others() -> None:
    others = {str(number): cell(category="入学入托") for number in range(4)}
    told = coarsened({**others, "one": cell(category="教育")})
    assert {one.category for one in told.values()} == {""}
    assert {one.category_group for one in told.values()} == {"教育"}


@pytest.mark.parametrize(
    ("matter", "group"),
    [("居住证", "户籍证件"), ("入学入托", "教育"), ("住房公积金", "住房物业"), ("钓鱼", "其他"), ("", "")],
)
def test_every_matter_has_a_group(matter: str, group: str) -> None:
    assert group_of(matter) == group


WHERE = (
    FINE,
    "城东区城南街道平安社区",
    "城东区城南街道",
    "城东区城北街道",
    "城西区",
    "幸福社区",
    "幸福路12号",
    "",
)
MATTERS = ("居住证", "身份证", "教育", "入学入托", "钓鱼", "")


@given(
    st.lists(
        st.builds(cell, st.sampled_from(WHERE), st.sampled_from(MATTERS), st.sampled_from("wb")),
        max_size=60,
    )
)
def test_whatever_the_week_every_combination_is_that_of_five(rows: list[Quasi]) -> None:
    told = coarsened({str(number): row for number, row in enumerate(rows)}, Places([FINE]))
    assert all(number >= K for said, number in Counter(told.values()).items() if said != NOTHING)
    for number, row in enumerate(rows):
        said = told[str(number)]
        assert said.category in {"", row.category} and said.category_group in {"", group_of(row.category)}
        whole = path_of(FINE if row.community == "幸福社区" else row.community)
        assert path_of(said.place) == whole[: len(path_of(said.place))]


@pytest.mark.clause("E14")
def test_a_place_becomes_coarser_and_finer_with_the_others_of_the_week(office: TheOffice) -> None:
    """The names above a community come from the responsibility table; each change is a line of the feed."""

    def told() -> tuple[set[str], int]:
        with office.db.reading() as session:
            shown = session.exec(select(PublishedCase).where(PublishedCase.number != ""))
            return {row.place for row in shown}, last_change(session, "cases")

    with office.db.writing() as session:
        department = next(iter(office.departments.values()))
        session.add(Responsibility(category="居住证", place=FINE, department_id=department.id))
        session.flush()
        for minute in range(4):
            published(session, office, now=NOW + timedelta(minutes=minute), place="幸福社区")
        other = published(
            session, office, now=NOW + timedelta(minutes=9), place="城东区城南街道平安社区"
        ).number
    places, before = told()
    assert places == {"城东区城南街道"}
    with office.db.writing() as session:
        published(session, office, now=NOW + timedelta(minutes=10), place=f"{FINE}3号楼")
    places, after = told()
    assert places == {FINE, ""}
    with office.db.reading() as session:
        lines = session.exec(select(Change).where(Change.dataset == "cases", col(Change.id) > before)).all()
        assert sorted(line.kind for line in lines) == ["changed"] * 5 + ["created"]
        assert other in {line.key for line in lines} and after == max(line.id for line in lines)


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
