"""Through which steps does an alert go, and how soon is each due? Hours around the clock, nights and holidays too.

预警 → 研判 → 处置 → 回应 (B18). Sources of the hours: 国办发〔2016〕61 号 (other matters: answered within
48 hours) and 国办发〔2016〕80 号 (major ones: authoritative words within 5 hours); the report within 4 hours
as 国家突发公共事件总体应急预案 3.2. How soon a warning is judged and handled is a suggestion.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum


class Stage(StrEnum):
    """The last step that was done."""

    WARNED = "warned"  # 预警
    ASSESSED = "assessed"  # 研判
    HANDLED = "handled"  # 处置
    RESPONDED = "responded"  # 回应
    SETTLED = "settled"  # 了结


class Level(StrEnum):
    """How grave it is, as a person judged."""

    ORDINARY = "ordinary"  # 一般
    SERIOUS = "serious"  # 较大
    MAJOR = "major"  # 重大


LABELS: Mapping[str, str] = {
    Stage.WARNED: "预警",
    Stage.ASSESSED: "研判",
    Stage.HANDLED: "处置",
    Stage.RESPONDED: "回应",
    Stage.SETTLED: "了结",
}
WAITS_FOR: Mapping[str, str] = {
    Stage.WARNED: "待研判",
    Stage.ASSESSED: "待处置",
    Stage.HANDLED: "待回应",
    Stage.RESPONDED: "待了结",
    Stage.SETTLED: "已了结",
}
LEVEL_LABELS: Mapping[str, str] = {Level.ORDINARY: "一般", Level.SERIOUS: "较大", Level.MAJOR: "重大"}
AFTER: Mapping[str, Stage] = {
    Stage.ASSESSED: Stage.HANDLED,
    Stage.HANDLED: Stage.RESPONDED,
    Stage.RESPONDED: Stage.SETTLED,
}
"""What follows a judged alert, step by step; settling may come at any time."""

HOUR = timedelta(hours=1)
ASSESS_WITHIN = 2 * HOUR
REPORT_WITHIN = 4 * HOUR
ACKNOWLEDGE_WITHIN = 2 * HOUR
# From the warning on, by the level a person gave; the last step has no clock.
WITHIN: Mapping[tuple[Stage, str], timedelta] = {
    (Stage.HANDLED, Level.ORDINARY): 24 * HOUR,
    (Stage.HANDLED, Level.SERIOUS): 12 * HOUR,
    (Stage.HANDLED, Level.MAJOR): 4 * HOUR,
    (Stage.RESPONDED, Level.ORDINARY): 48 * HOUR,
    (Stage.RESPONDED, Level.SERIOUS): 24 * HOUR,
    (Stage.RESPONDED, Level.MAJOR): 5 * HOUR,
}


def due_at(raised_at: datetime, stage: str, level: str, major_at: datetime | None = None) -> datetime | None:
    """By when the step after ``stage`` must be done; None where none has a clock.

    A major one counts from the moment when it was found to be one.
    """
    if stage == Stage.WARNED:
        return raised_at + ASSESS_WITHIN
    following = AFTER.get(stage)
    within = WITHIN.get((following, level)) if following else None
    return (major_at or raised_at) + within if within else None


def problem(stage: str, step: str) -> str | None:
    """Why this step cannot follow, as a sentence; None when it can."""
    if stage == Stage.SETTLED:
        return "这条舆情已经了结"
    if step == Stage.SETTLED or AFTER.get(stage) == step:
        return None
    if stage == Stage.WARNED:
        return "先研判，再处置和回应"
    return f"现在{WAITS_FOR[stage]}，不能直接记“{LABELS.get(step, step)}”"
