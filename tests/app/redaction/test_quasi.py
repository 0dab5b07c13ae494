"""Place, subject, week and channel together never point to fewer than five."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.redaction.quasi import NOTHING, K, Quasi, generalised, month_of, quasi_identifiers, too_small


def case(
    community: str = "石桥社区", category: str = "噪音", day: int = 16, channel: str = "wechat"
) -> Quasi:
    return quasi_identifiers(
        community=community, category=category, received_on=date(2026, 11, day), channel=channel
    )


def test_the_week_is_that_of_the_calendar_of_the_office() -> None:
    assert case(day=16) == Quasi("石桥社区", "噪音", "2026-W47", "wechat")
    assert (
        quasi_identifiers(community="", category="", received_on=date(2027, 1, 1), channel="").week
        == "2026-W53"
    )


@pytest.mark.parametrize(
    ("week", "month"), [("2026-W47", "2026-11"), ("2026-W53", "2026-12"), ("2026-11", "2026-11"), ("", "")]
)
def test_a_week_belongs_to_the_month_of_its_thursday(week: str, month: str) -> None:
    assert month_of(week) == month


@pytest.mark.clause("E14")
def test_five_alike_are_told_as_they_are_and_four_are_not() -> None:
    assert too_small([case()] * K) == {}
    assert too_small([case()] * (K - 1)) == {case(): K - 1}
    assert generalised([case()] * K) == [case()] * K
    assert generalised([case()] * (K - 1)) == [NOTHING] * (K - 1)


def test_a_row_gives_up_no_more_than_it_must() -> None:
    spread_over_weeks = [case(day=day) for day in (2, 9, 16, 23, 24)]
    spread_over_places = [case(community=f"社区{number}", channel="weibo") for number in range(K)]

    assert generalised(spread_over_weeks) == [Quasi("石桥社区", "噪音", "2026-11", "wechat")] * K
    assert generalised(spread_over_places) == [Quasi("", "噪音", "2026-11", "weibo")] * K


@given(
    st.lists(
        st.builds(
            case,
            st.sampled_from("甲乙丙"),
            st.sampled_from("水电"),
            st.integers(1, 28),
            st.sampled_from("wd"),
        )
    )
)
def test_whatever_the_rows_nobody_stands_alone(rows: list[Quasi]) -> None:
    told = generalised(rows)

    assert len(told) == len(rows)
    assert too_small(told) == {}
