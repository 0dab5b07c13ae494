"""The plan of the sample office: how many cases of each kind, and nothing before its time."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from app.calendar.workdays import Calendar, day_of
from app.sample import plan as planning
from app.sample.material import WRITTEN_FOR, material

WEEKDAYS_ONLY = Calendar(rest={}, work={}, known_years=frozenset(), version="")
SATURDAY = datetime(2026, 11, 21, 9, tzinfo=UTC)
NIGHT = datetime(2026, 11, 22, 16, 20, tzinfo=UTC)  # Monday 23 November, 00:20 in Shanghai


@pytest.fixture(params=[SATURDAY, NIGHT], ids=["Saturday afternoon", "Monday after midnight"])
def now(request: pytest.FixtureRequest) -> datetime:
    loaded_at: datetime = request.param
    return loaded_at


def planned(now: datetime, total: int = planning.TOTAL) -> list[planning.Plan]:
    content = material(day_of(now))
    return planning.plans(content.letters, content.odd, now, WEEKDAYS_ONLY, total)


def test_there_are_four_hundred_cases_and_the_same_ones_each_time(now: datetime) -> None:
    assert len(planned(now)) == planning.TOTAL
    assert planned(now) == planned(now)


def test_every_stage_and_every_platform_is_shown(now: datetime) -> None:
    plans = planned(now)
    assert set(planning.STOPS) | {"declined", "invalid", "merged"} == {plan.stop for plan in plans}
    assert {plan.platform for plan in plans} == {"wechat", "weibo", "website", "hotline", "corrections"}


def test_most_are_closed_and_most_of_these_are_to_be_published(now: datetime) -> None:
    plans = [plan for plan in planned(now) if plan.stop in ("closed", "declined")]
    decided = Counter(plan.disclosure for plan in plans)
    assert decided["publish"] > 240
    assert (decided["withhold"], decided["withdraw"], decided["wait"]) == (15, 3, 10)


def test_nothing_arrives_in_the_future_or_before_the_sixty_days(now: datetime) -> None:
    for plan in planned(now):
        assert now - timedelta(days=planning.DAYS + 1) < plan.arrives_at < now


def test_no_letter_speaks_of_what_has_not_happened_yet(now: datetime) -> None:
    for plan in planned(now):
        if plan.letter.not_before:
            assert day_of(plan.arrives_at) >= plan.letter.not_before


def test_a_merged_case_comes_after_the_one_it_is_merged_into(now: datetime) -> None:
    plans = planned(now)
    masters = {plan.matter: plan for plan in plans if plan.matter and plan.stop != "merged"}
    merged = [plan for plan in plans if plan.stop == "merged"]
    assert len(merged) == planning.MERGED
    for plan in merged:
        assert plan.arrives_at > masters[plan.matter].arrives_at


def test_fewer_cases_keep_their_pairs_together() -> None:
    plans = planned(SATURDAY, 30)
    assert len(plans) == 30
    assert all(count == 2 for count in Counter(plan.matter for plan in plans if plan.matter).values())


def test_a_varied_letter_says_the_same_with_another_number_and_without_a_trace_of_the_first() -> None:
    letter = next(letter for letter in material(WRITTEN_FOR).letters if "13900000138" in letter.text)
    other = planning.varied(letter, 1, Random(1))
    assert "13900000138" not in other.text
    assert all(words in other.text for words in other.personal)
    assert other.reply != letter.reply


def test_dates_move_with_the_day_of_loading() -> None:
    later = material(WRITTEN_FOR + timedelta(days=100))
    here = material(WRITTEN_FOR)
    assert later.answers[0]["valid_from"] - here.answers[0]["valid_from"] == timedelta(days=100)
    moved = [one.not_before - other.not_before for one, other in zip(later.letters, here.letters, strict=True)
             if one.not_before and other.not_before]  # fmt: skip
    assert set(moved) == {timedelta(days=100)}
