"""Which department is a matter suggested to, and with which reason?"""

from dataclasses import dataclass, field

import pytest

from app.departments.responsibility import is_clear, match

POLICE, INSURANCE, CITY, HOUSING, EAST = 1, 2, 3, 4, 5
NAMES = {POLICE: "户政科", INSURANCE: "人社局", CITY: "城管局", HOUSING: "住建局", EAST: "城东办"}


@dataclass
class Row:
    """A row of the table, as the rule sees it."""

    id: int
    category: str
    department_id: int
    keywords: list[str] = field(default_factory=list)
    place: str = ""
    handler_id: int | None = None
    reason: str = ""
    version: int = 1


TABLE = [
    Row(1, "居住证", POLICE, ["居住证", "居住登记", "落户"], reason="户政科职责清单第 3 项"),
    Row(2, "社会保险", INSURANCE, ["社保", "社保卡", "养老金", "补贴"], handler_id=7),
    Row(3, "路灯照明", CITY, ["路灯", "不亮"]),
    Row(4, "路灯照明", EAST, ["路灯", "不亮"], place="城东区"),
    Row(5, "住房保障", HOUSING, ["公租房", "补贴"]),
]


@pytest.mark.parametrize(
    ("text", "category", "place", "first", "reason"),
    [
        ("租房能办居住证吗", "", "", POLICE, "提到“居住证”；户政科职责清单第 3 项"),
        ("租房能办居住证吗", "居住证", "", POLICE, "“居住证”归户政科管；提到“居住证”；户政科职责清单第 3 项"),
        ("路灯不亮", "", "云门区", CITY, "提到“路灯”“不亮”"),
        ("路灯不亮", "", "城东区", EAST, "提到“路灯”“不亮”；地点在城东区"),
        ("城东区这条街的路灯不亮", "", "", EAST, "提到“路灯”“不亮”；地点在城东区"),
        ("社保卡丢了", "", "", INSURANCE, "提到“社保卡”"),
        ("我的卡丢了", "社会保险", "", INSURANCE, "“社会保险”归人社局管"),
        ("公租房补贴什么时候发", "", "", HOUSING, "提到“公租房”“补贴”"),
    ],
)
def test_the_best_row_comes_first_with_its_reason(
    text: str, category: str, place: str, first: int, reason: str
) -> None:
    found = match(text, TABLE, category=category, place=place, names=NAMES)
    assert (found[0].department_id, found[0].reason) == (first, reason)


def test_a_matter_nobody_claims_is_suggested_to_nobody() -> None:
    assert match("今天天气真好", TABLE, names=NAMES) == []
    assert match("", TABLE) == []
    assert match("居住证", []) == []


def test_a_row_for_another_place_does_not_count() -> None:
    assert EAST not in {one.department_id for one in match("路灯不亮", TABLE, place="云门区")}


def test_each_department_is_suggested_once_by_its_best_row() -> None:
    table = [*TABLE, Row(6, "户籍", POLICE, ["落户", "户口"])]
    found = match("落户要带户口本吗", table, names=NAMES)
    assert [one.department_id for one in found] == [POLICE]
    assert found[0].row_id == 6


def test_a_word_that_two_departments_claim_tells_less() -> None:
    shared = {one.department_id: one.score for one in match("补贴", TABLE)}
    own = match("养老金", TABLE)[0].score
    assert shared[INSURANCE] == shared[HOUSING] < own


def test_the_row_names_who_handles_it_and_its_version() -> None:
    found = match("养老金", TABLE)[0]
    assert (found.handler_id, found.row_id, found.row_version) == (7, 2, 1)


@pytest.mark.parametrize(
    ("text", "category", "clear"),
    [
        ("租房能办居住证吗", "居住证", True),
        ("租房能办居住证吗", "", False),
        ("路灯不亮", "路灯照明", False),
        ("今天天气真好", "", False),
    ],
)
def test_only_a_known_category_far_ahead_is_clear(text: str, category: str, clear: bool) -> None:
    """A word alone is a hint; two departments level are for a person to decide."""
    assert (
        is_clear(match(text, [*TABLE, Row(9, "路灯照明", HOUSING, ["路灯", "不亮"])], category=category))
        is clear
    )
