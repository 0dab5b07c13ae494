"""How are many notices said in few words, and which may go out at night?"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from app.notices.digest import Line, lines, may_go_out

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class Told:
    kind: str
    text: str
    address: str = "/desk/"


def test_one_notice_keeps_its_words() -> None:
    assert lines([Told("assigned", "20261009-7K2M9Q 交给您办", "/desk/cases/20261009-7K2M9Q")]) == [
        Line("assigned", "交办给您", 1, "20261009-7K2M9Q 交给您办", "/desk/cases/20261009-7K2M9Q")
    ]


def test_several_of_a_kind_are_counted_and_the_newest_leads() -> None:
    found = lines([Told("assigned", "新的", "/desk/b"), Told("assigned", "旧的", "/desk/a")])
    assert [(line.count, line.text, line.address) for line in found] == [
        (2, "交办给您 2 件，最近一件：新的", "/desk/b")
    ]


def test_what_cannot_wait_comes_first() -> None:
    found = lines(
        [Told("assigned", "a"), Told("strange", "b"), Told("not_delivered", "c"), Told("overdue", "d")]
    )
    assert [line.kind for line in found] == ["overdue", "not_delivered", "assigned", "strange"]
    assert found[-1].label == "其他"
    assert lines([]) == []


def test_kinds_of_one_family_share_a_line() -> None:
    (line,) = lines([Told("answer_due", "到了复核日期"), Told("answer_expired", "已过有效期")])
    assert (line.label, line.count) == ("问答库", 2)


@pytest.mark.clause("C27")
@pytest.mark.parametrize(
    ("kind", "hour", "minute", "goes"),
    [
        ("assigned", 7, 29, False),
        ("assigned", 7, 30, True),
        ("assigned", 21, 29, True),
        ("assigned", 21, 30, False),
        ("assigned", 2, 0, False),
        ("overdue", 2, 0, True),
        ("alert", 23, 0, True),
    ],
)
def test_at_night_only_what_is_urgent_leaves_the_house(kind: str, hour: int, minute: int, goes: bool) -> None:
    assert may_go_out(kind, datetime(2026, 10, 9, hour, minute, tzinfo=SHANGHAI)) is goes
