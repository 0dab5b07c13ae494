"""How much time is there, by type and class, and how is it shared among the steps of a case? As data.

The documents name one number only (找错: 1 working day, clause C1); the rest is an office's choice (A8
限时办结). So these are presets, each with the public rule it is taken from; an office keeps values of its
own beside them, in versions (`ProfileVersion`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from typing import Any

from app.base.errors import Invalid
from app.calendar.workdays import MIDNIGHT
from app.cases.deadlines import LABELS, Limit, MessageType, Pace, Unit
from app.cases.steps import LABELS as STEP_LABELS
from app.cases.steps import ONE_DAY_SHARES, SHARES, Hours, Step

CORRECTION_DAYS = 1
"""济南起步区 2024, 第16条 (clause C1): 在1个工作日内答复, the review ladder included."""

MOST_DAYS = 250
MOST_HOURS = 240


@dataclass(frozen=True)
class Profile:
    """A set of time limits and the rule it comes from. Days are working days unless ``natural``."""

    key: str
    name: str
    source: str
    days: Mapping[MessageType, int]
    complex_days: int
    longest_days: int
    """The longest time there is, all extensions included."""
    natural: bool = False
    """Every day counts, rest days too (自然日)."""
    urgent_hours: int = 24
    alert_hours: int = 24
    assign_days: int = 1
    """Until the clerk has given the case to a department."""
    return_days: int = 1
    """Within how many working days a department may give a case back."""
    return_hours: int = 0
    """The same in hours around the clock; it wins where it is set."""
    co_sign_days: int = 1
    verify_days: int = 1
    assist_days: int = 2
    opens: str = "09:00"
    closes: str = "17:30"
    ends_at_closing: bool = False
    """The due day ends when the office closes, not at 24:00."""
    shares: Mapping[Step, int] = field(default_factory=lambda: SHARES)
    one_day_shares: Mapping[Step, int] = field(default_factory=lambda: ONE_DAY_SHARES)
    version: int = 0
    """0 as shipped; above, the office's own values."""

    @property
    def hours(self) -> Hours:
        """The office's hours on a working day."""
        return Hours(self.opens, self.closes)

    @property
    def end_of_day(self) -> str:
        """When a due day ends."""
        return self.closes if self.ends_at_closing else MIDNIGHT


def limit_of(profile: Profile, message_type: MessageType, *, complex: bool, pace: Pace) -> Limit:
    """The time for a case of this type and class.

    Urgent matters and 舆情 run by the hour, whatever their type. A correction keeps its one day even
    when it is complex: the document allows no longer one (C1).
    """
    if pace is not Pace.ORDINARY:
        return Limit(profile.urgent_hours if pace is Pace.URGENT else profile.alert_hours, Unit.HOURS)
    unit = Unit.DAYS if profile.natural and message_type is not MessageType.CORRECTION else Unit.WORKING_DAYS
    is_longer = complex and message_type is not MessageType.CORRECTION
    return Limit(profile.complex_days if is_longer else profile.days[message_type], unit)


def shares_for(profile: Profile, limit: Limit) -> Mapping[Step, int]:
    """How the time is shared: a day is cut otherwise than a week."""
    is_day = limit.unit is Unit.HOURS or limit.count <= 1
    return profile.one_day_shares if is_day else profile.shares


def _preset(
    key: str, name: str, consultation: int, suggestion: int, complaint: int, *, source: str, **more: Any
) -> Profile:
    """A preset from the numbers public rules give: what is not named there follows complaints."""
    days = dict.fromkeys(MessageType, complaint)
    days[MessageType.CONSULTATION] = consultation
    days[MessageType.SUGGESTION] = suggestion
    days[MessageType.CORRECTION] = CORRECTION_DAYS
    more.setdefault("longest_days", more["complex_days"])
    return Profile(key, name, source, days, **more)


DEFAULT_PROFILE = "default"

# fmt: off
PROFILES: Mapping[str, Profile] = {profile.key: profile for profile in (
    #                           咨询 建议 投诉
    _preset("default",  "回应默认",            5,  7,  7, complex_days=15, longest_days=30,
            source="找错依据济南起步区2024年办法第16条；其余为建议值"),
    _preset("wangluo",  "网络问政",            5,  5,  7, complex_days=15, return_hours=24,
            source="网络问政办理规则（公开文本）：最长15个工作日，延期先告知；不属本单位的24小时内提出"),
    _preset("yueqing",  "乐清网络问政",        2,  5,  5, complex_days=15,
            source="乐清网络问政平台办理规则：1个工作日内受理"),
    _preset("huangshan", "黄山市长信箱",       5,  5,  5, complex_days=10, longest_days=15,
            source="黄山市长信箱办理规定：5个工作日，复杂10个，最长15个"),
    _preset("shenyang", "沈阳市长信箱",        3,  3,  3, complex_days=10,
            source="沈阳市长信箱使用说明"),
    _preset("hotline",  "12345热线（市级部门）", 3, 13, 13, complex_days=13, longest_days=26,
            source="某市级部门12345办理规则：即时或3个工作日，其他13个；延期在到期前申请"),
    _preset("wuhan",    "武汉（人民网留言）",  10, 10, 10, complex_days=10, urgent_hours=2,
            source="武汉市人民网留言办理规则：紧急事项立即办理"),
    _preset("huaihua",  "怀化",                7,  7,  7, complex_days=15, natural=True,
            source="怀化市网民留言办理办法：7日，最长15日（自然日）"),
    _preset("zurich",   "苏黎世（街道报修）",  6,  6,  6, complex_days=6,
            source="苏黎世 FixMyStreet：1个工作日审看，收到后6个工作日答复"),
)}
# fmt: on

_NUMBERS: Mapping[str, tuple[str, int, int]] = {
    "complex_days": ("复杂事项的天数", 1, MOST_DAYS),
    "longest_days": ("最长的天数", 1, MOST_DAYS),
    "urgent_hours": ("紧急事项的小时数", 1, MOST_HOURS),
    "alert_hours": ("舆情的小时数", 1, MOST_HOURS),
    "assign_days": ("交办的工作日数", 1, 30),
    "return_days": ("可以退回的工作日数", 1, 30),
    "return_hours": ("可以退回的小时数", 0, MOST_HOURS),
    "co_sign_days": ("会签的工作日数", 1, 30),
    "verify_days": ("核实的工作日数", 1, 30),
    "assist_days": ("协办的工作日数", 1, 30),
}
"""Field → its name in words, the least and the most it may be."""
NUMBER_FIELDS = tuple(name for name in _NUMBERS if name not in {"complex_days", "longest_days"})


def values_of(profile: Profile) -> dict[str, Any]:
    """The values an office may change, flat, as forms and the database keep them."""
    values: dict[str, Any] = {f"days_{kind.value}": profile.days[kind] for kind in MessageType}
    values |= {name: getattr(profile, name) for name in (*_NUMBERS, "opens", "closes", "ends_at_closing")}
    values |= {f"share_{step.value}": profile.shares[step] for step in Step}
    return values | {f"one_day_share_{step.value}": profile.one_day_shares[step] for step in Step}


NAMES: Mapping[str, str] = {
    **{f"days_{kind.value}": f"{LABELS[kind]}的天数" for kind in MessageType},
    **{name: words for name, (words, _, _) in _NUMBERS.items()},
    "opens": "上班时刻",
    "closes": "下班时刻",
    "ends_at_closing": "到期日算到下班为止",
    **{f"share_{step.value}": f"{STEP_LABELS[step]}的份额" for step in Step},
    **{f"one_day_share_{step.value}": f"一日内办结时{STEP_LABELS[step]}的份额" for step in Step},
}
"""Every value in words, for pages and refusals."""


def with_values(profile: Profile, values: Mapping[str, Any], version: int) -> Profile:
    """``profile`` with an office's own values. Raises `Invalid` at the field that cannot be."""
    unknown = set(values) - set(NAMES)
    if unknown:
        raise Invalid(f"时限方案里没有这一项：{min(unknown)}", field=min(unknown))
    given = {**values_of(profile), **values}
    numbers: dict[str, Any] = {
        name: _whole(given, name, least, most) for name, (_, least, most) in _NUMBERS.items()
    }
    days = {kind: _whole(given, f"days_{kind.value}", 1, MOST_DAYS) for kind in MessageType}
    if days[MessageType.CORRECTION] > CORRECTION_DAYS:
        raise Invalid(
            "找错要在 1 个工作日内答复（济南起步区2024年办法第16条），不能更长", field="days_correction"
        )
    if max(*days.values(), numbers["complex_days"]) > numbers["longest_days"]:
        raise Invalid("最长的天数不能比别的天数短", field="longest_days")
    opens, closes = _hour(given, "opens"), _hour(given, "closes")
    if opens >= closes:
        raise Invalid("下班时刻要晚于上班时刻", field="closes")
    return replace(
        profile,
        days=days,
        opens=opens,
        closes=closes,
        ends_at_closing=str(given["ends_at_closing"]).lower() in {"1", "true", "on", "yes"},
        shares=_shares(given, "share_"),
        one_day_shares=_shares(given, "one_day_share_"),
        version=version,
        **numbers,
    )


def _whole(values: Mapping[str, Any], name: str, least: int, most: int) -> int:
    try:
        number = int(str(values[name]))
    except ValueError:
        raise Invalid(f"{NAMES[name]}要写整数", field=name) from None
    if not least <= number <= most:
        raise Invalid(f"{NAMES[name]}要在 {least} 到 {most} 之间", field=name)
    return number


def _hour(values: Mapping[str, Any], name: str) -> str:
    try:
        return time.fromisoformat(str(values[name])).strftime("%H:%M")
    except ValueError:
        raise Invalid(f"{NAMES[name]}写成 09:00 的样子", field=name) from None


def _shares(values: Mapping[str, Any], prefix: str) -> dict[Step, int]:
    shares = {step: _whole(values, f"{prefix}{step.value}", 0, 100) for step in Step}
    if sum(shares.values()) != 100:
        raise Invalid(
            f"各步的份额加起来要是 100，现在是 {sum(shares.values())}", field=f"{prefix}{Step.ACCEPT.value}"
        )
    return shares
