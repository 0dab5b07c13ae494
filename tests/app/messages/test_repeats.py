"""Is this the same matter again? Said with why, never asserted, and never across two places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messages.repeats import HOT_OF, LIKELY, groups, likely_repeats, likeness

WATER = "柳荫社区已经停水三天了，没有人来修"


@pytest.mark.parametrize(
    ("one", "other", "is_likely"),
    [
        (WATER, WATER, True),
        (WATER, "我们柳荫社区停水三天了，没有人来修", True),
        (WATER, "居住证在哪里办？", False),
        (WATER, "柳荫社区的路灯坏了", False),
        ("停水", "停水", True),
        ("停水", "停电", False),
        ("", WATER, False),
        ("？！", "？！", False),
    ],
)
def test_shared_words_make_it_likely(one: str, other: str, is_likely: bool) -> None:
    assert (likeness(one, other) >= LIKELY) is is_likely


@given(st.text(max_size=30), st.text(max_size=30))
def test_likeness_lies_between_nothing_and_all_and_is_the_same_both_ways(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, other) == likeness(other, one)


@pytest.mark.parametrize(
    ("place", "other_place", "found", "why"),
    [
        ("城东街道", "城东街道", True, "同一封信又来一次，同在城东街道"),
        ("城东街道", "", True, "同一封信又来一次"),
        ("", "城西街道", True, "同一封信又来一次"),
        ("城东街道", "城西街道", False, ""),
    ],
)
def test_the_same_words_about_another_place_are_another_matter(
    place: str, other_place: str, found: bool, why: str
) -> None:
    likely = likely_repeats(WATER, place, [(7, WATER, other_place)])
    assert [one.why for one in likely] == ([why] if found else [])


def test_the_most_alike_come_first_and_not_more_than_asked_for() -> None:
    others = [(number, WATER + "，" * number + "快来人" * number, "") for number in range(4)]
    found = likely_repeats(WATER, "", others, limit=3)
    assert [one.case_id for one in found] == [0, 1, 2]
    assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)


def test_what_both_tell_of_is_named() -> None:
    (found,) = likely_repeats("柳荫社区停水三天了，物业不管", "", [(7, "柳荫社区停水三天了，快来修", "")])
    assert found.why.startswith("都说到") and "停水" in found.why


OTHERS = [
    "居住证到期了还能续签吗",
    "南河公园的健身器材锈断了两根",
    "孩子转学需要准备哪些材料",
    "桥头路红绿灯间隔太短，老人走不到对面",
    "医保卡在外地药店刷不出来",
    "北湾镇卫生院周末没有儿科医生",
    "新房验收时发现阳台渗水",
    "公租房排队到第几位可以在网上查吗",
    "图书馆能不能晚上九点再关门",
    "石井巷的流浪狗追人",
    "退休金这个月晚到了一周",
    "花园新村二期的燃气什么时候接通",
]
MARKET = [
    f"西关菜市场夜里卸货扰民\n{more}"
    for more in (
        "孩子没法睡觉",
        "从凌晨两点吵到天亮",
        "货车一直按喇叭",
        "打了电话也没有人来",
        "我们住在对面三楼",
        "老人有心脏病，受不了",
        "已经一个多月了",
        "城管来了就停，走了又吵",
    )
]


def test_the_same_letter_again_is_one_matter_whatever_else_came_between() -> None:
    letter = "我家住在柳荫社区三号楼，自来水从上周五开始一直发黄，打过两次电话都说会来看，到今天没有人来。"
    found = groups([letter, *OTHERS, letter])
    assert found[0] == found[-1]
    assert len(set(found)) == len(OTHERS) + 1


def test_a_matter_that_many_raise_in_words_of_their_own_is_one() -> None:
    assert len(MARKET) == HOT_OF
    found = groups([*OTHERS, *MARKET])
    assert len(set(found[len(OTHERS) :])) == 1
    assert found[0] not in found[len(OTHERS) :]


def test_fewer_are_left_for_a_person_to_join() -> None:
    few = MARKET[: HOT_OF - 3]
    assert len(set(groups([*OTHERS, *few]))) == len(OTHERS) + len(few)


def test_groups_of_nothing_and_of_empty_letters() -> None:
    assert groups([]) == []
    assert groups(["", "？！", ""]) == [0, 1, 2]
