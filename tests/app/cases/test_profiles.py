"""Time limits as data: what each profile gives each kind of message, and what an office may set itself."""

from datetime import datetime
from typing import Any

import pytest

from app.base.errors import Invalid
from app.calendar.workdays import SHANGHAI, Calendar
from app.cases.deadlines import LABELS, Clock, MessageType, Pace, Unit, due_at
from app.cases.profiles import PROFILES, limit_of, shares_for, values_of, with_values
from app.cases.steps import Step

CALENDAR = Calendar(rest={}, work={}, known_years=frozenset({2026, 2027}), version="test")
DEFAULT = PROFILES["default"]
MONDAY = datetime(2026, 11, 16, 9, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("message_type", "is_complex", "due"),
    [
        pytest.param(MessageType.CORRECTION, False, "2026-11-17", marks=pytest.mark.clause("C1")),  # Tuesday
        pytest.param(MessageType.CORRECTION, True, "2026-11-17", marks=pytest.mark.clause("C1")),  # no longer
        pytest.param(MessageType.CONSULTATION, False, "2026-11-23", marks=pytest.mark.clause("A8")),  # Monday
        pytest.param(MessageType.SUGGESTION, False, "2026-11-25", marks=pytest.mark.clause("A8")),  # Wed
        (MessageType.COMPLAINT, False, "2026-11-25"),
        (MessageType.HELP, False, "2026-11-25"),
        (MessageType.REPORT, False, "2026-11-25"),
        (MessageType.COMMENT, False, "2026-11-25"),
        (MessageType.COMPLAINT, True, "2026-12-07"),  # 15 working days: Monday
    ],
)
def test_the_default_profile_gives_each_kind_of_message_its_days(
    message_type: MessageType, is_complex: bool, due: str
) -> None:
    limit = limit_of(DEFAULT, message_type, complex=is_complex, pace=Pace.ORDINARY)

    assert due_at(Clock(MONDAY, limit), CALENDAR).due_on.isoformat() == due


# fmt: off
PUBLIC_RULES = [
    # profile        咨询 建议 投诉 复杂 最长
    ("default",        5,  7,  7, 15, 30),
    ("wangluo",        5,  5,  7, 15, 15),
    ("yueqing",        2,  5,  5, 15, 15),
    ("huangshan",      5,  5,  5, 10, 15),
    ("shenyang",       3,  3,  3, 10, 10),
    ("hotline",        3, 13, 13, 13, 26),
    ("wuhan",         10, 10, 10, 10, 10),
    ("huaihua",        7,  7,  7, 15, 15),
    ("zurich",         6,  6,  6,  6,  6),
]
# fmt: on


@pytest.mark.parametrize(("key", "asked", "proposed", "complained", "complex_days", "longest"), PUBLIC_RULES)
def test_the_presets_are_the_numbers_of_public_rules(
    key: str, asked: int, proposed: int, complained: int, complex_days: int, longest: int
) -> None:
    profile = PROFILES[key]
    kinds = (MessageType.CONSULTATION, MessageType.SUGGESTION, MessageType.COMPLAINT)
    assert tuple(profile.days[kind] for kind in kinds) == (asked, proposed, complained)
    assert (profile.complex_days, profile.longest_days) == (complex_days, longest)


def test_every_preset_covers_every_type_names_its_source_and_can_be_kept() -> None:
    assert set(PROFILES) == {row[0] for row in PUBLIC_RULES}
    for key, profile in PROFILES.items():
        assert (profile.key, set(profile.days)) == (key, set(MessageType))
        assert set(MessageType) == set(LABELS)
        assert profile.days[MessageType.CORRECTION] == 1
        assert profile.source
        assert with_values(profile, values_of(profile), 0) == profile


def test_what_runs_by_the_hour_does_so_whatever_its_type() -> None:
    for kind in MessageType:
        urgent = limit_of(PROFILES["wuhan"], kind, complex=True, pace=Pace.URGENT)
        assert (urgent.count, urgent.unit, urgent.words) == (2, Unit.HOURS, "2 小时")
    assert limit_of(DEFAULT, MessageType.COMMENT, complex=False, pace=Pace.ALERT).count == 24


def test_calendar_days_only_where_the_rule_says_so_and_never_for_a_correction() -> None:
    huaihua = PROFILES["huaihua"]
    asked = limit_of(huaihua, MessageType.CONSULTATION, complex=False, pace=Pace.ORDINARY)
    corrected = limit_of(huaihua, MessageType.CORRECTION, complex=False, pace=Pace.ORDINARY)

    assert (asked.words, corrected.words) == ("7 个自然日", "1 个工作日")


def test_an_office_sets_its_own_values_beside_the_preset() -> None:
    own = with_values(DEFAULT, {"days_consultation": "3", "closes": "17:00", "ends_at_closing": "1"}, 4)

    assert (own.days[MessageType.CONSULTATION], own.days[MessageType.COMPLAINT]) == (3, 7)
    assert (own.end_of_day, own.version, DEFAULT.end_of_day) == ("17:00", 4, "24:00")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"days_consultation": "x"}, "days_consultation"),
        ({"days_consultation": 0}, "days_consultation"),
        ({"days_correction": 2}, "days_correction"),
        ({"complex_days": 40}, "longest_days"),
        ({"urgent_hours": 241}, "urgent_hours"),
        ({"opens": "9 点"}, "opens"),
        ({"opens": "18:00"}, "closes"),
        ({"share_draft": 50}, "share_accept"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        with_values(DEFAULT, values, 1)
    assert refused.value.field == field


def test_a_day_is_cut_otherwise_than_a_week() -> None:
    day = limit_of(DEFAULT, MessageType.CORRECTION, complex=False, pace=Pace.ORDINARY)
    week = limit_of(DEFAULT, MessageType.CONSULTATION, complex=False, pace=Pace.ORDINARY)

    assert shares_for(DEFAULT, day)[Step.DRAFT] < shares_for(DEFAULT, week)[Step.DRAFT]
