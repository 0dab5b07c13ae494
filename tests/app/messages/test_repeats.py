"""Is this the same matter again? Said with why, never asserted, and never across two places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messages.repeats import LIKELY, likely_repeats, likeness

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
        ("城东街道", "城东街道", True, "用词相近，同在城东街道"),
        ("城东街道", "", True, "用词相近"),
        ("", "城西街道", True, "用词相近"),
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
