"""Which figures do we quote, how is each worked out, and what may be said of it in public?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.statistics.indicators import (
    BY_KEY,
    COUNTED,
    INDICATORS,
    PARTS_OF_CLOSED,
    Counts,
    adds_up,
    figure,
    public_figures,
    shown,
)
from app.statistics.suppression import SMALLEST

MONTH = Counts(
    received=30, valid=28, due=25, replied=20, on_time=18, overdue=2, working_days=50, rated=10, satisfied=9,
    closed=15, published=10, withheld_privacy=3, withheld_other=1, withdrawn=1,
)  # fmt: skip


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("reply_rate", 80.0),  # 20 of 25
        ("on_time_rate", 81.8),  # 18 of 20 answered and 2 overdue
        ("average_working_days", 2.5),  # 50 days for 20
        ("satisfaction", 90.0),  # 9 of 10
        ("received", 30),
    ],
)
def test_a_figure_is_its_formula(key: str, expected: float) -> None:
    assert figure(BY_KEY[key], MONTH) == expected


def test_what_is_still_in_time_does_not_lower_the_rate() -> None:
    only_open = Counts(received=5, valid=5, due=5)
    assert figure(BY_KEY["on_time_rate"], only_open) is None
    assert shown(BY_KEY["on_time_rate"], None) == "—"


def outside(counts: Counts, beside: tuple[str, ...] = ()) -> dict[str, object]:
    small = {key for key in COUNTED if 0 < getattr(counts, key) < SMALLEST}
    return dict(public_figures(counts, small, beside))


@pytest.mark.parametrize(("count", "public"), [(0, 0), (1, "<5"), (4, "<5"), (5, 5), (1487, 1487)])
def test_small_counts_are_not_told_in_public(count: int, public: object) -> None:
    assert outside(Counts(received=count))["received"] == public


def test_a_share_of_fewer_than_five_is_not_told_in_public() -> None:
    few = Counts(due=4, replied=3, on_time=3)
    assert figure(BY_KEY["reply_rate"], few) == 75.0
    assert outside(few)["reply_rate"] is None


@pytest.mark.parametrize(
    ("counts", "rate"),
    [
        # 2 overdue are told as <5: 1 to 4 would make 85.7 … 75.0 %, so that the share would tell which.
        (Counts(due=30, replied=20, on_time=18, overdue=2), None),
        # 1400 of 1451 … 1454 is 96.5 … 96.3 %: 96 % whichever it is.
        (Counts(due=1500, replied=1450, on_time=1400, overdue=2), 96.0),
        (Counts(due=1500, replied=1450, on_time=1400, overdue=0), 96.6),
    ],
)
def test_a_share_does_not_give_a_hidden_count_away(counts: Counts, rate: float | None) -> None:
    assert outside(counts)["on_time_rate"] == rate


def test_a_share_of_what_is_left_out_is_left_out() -> None:
    counts = Counts(due=30, replied=20, on_time=18)
    assert outside(counts, beside=("replied",))["reply_rate"] is None


@given(
    st.builds(
        Counts, **{name: st.integers(0, 50) for name in ("received", "due", "replied", "rated", "satisfied")}
    )
)
def test_inside_and_outside_tell_the_same_or_outside_less(counts: Counts) -> None:
    told = outside(counts)
    for indicator in INDICATORS:
        inside = figure(indicator, counts)
        whole = float(round(inside)) if inside is not None else None
        assert told[indicator.key] in (inside, whole, "<5", None)


@pytest.mark.clause("C4")
def test_closed_is_shown_plus_not_shown_with_a_reason() -> None:
    assert adds_up(MONTH)
    assert not adds_up(Counts(closed=2, published=1))
    assert set(PARTS_OF_CLOSED) <= set(BY_KEY)


def test_every_indicator_says_its_formula() -> None:
    assert all(row.formula and row.label for row in INDICATORS)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [("received", 1487, "1,487"), ("on_time_rate", 97.1, "97.1%"), ("average_working_days", 2.8, "2.8 个工作日"),
     ("closed", "<5", "<5")],
)  # fmt: skip
def test_a_figure_in_words(key: str, value: float, words: str) -> None:
    assert shown(BY_KEY[key], value) == words
