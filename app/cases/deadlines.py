"""When is a case due, how urgent is it, and what does a pause or an extension do to that?

The documents name one number only (找错: 1 working day, clause C1); the rest is an office's choice
(A8 限时办结), so these are presets, each with the public rule it is taken from. Working days; instants UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.calendar.workdays import MIDNIGHT, SHANGHAI, Calendar, Due, day_of, due_after, working_days_between

LEAST_SHARE_LEFT = 5
"""Less than a fifth of the time left is 黄."""


class MessageType(StrEnum):
    """What a message wants; it decides the deadline."""

    CONSULTATION = "consultation"  # 咨询
    SUGGESTION = "suggestion"  # 建议
    COMPLAINT = "complaint"  # 投诉
    HELP = "help"  # 求助
    CORRECTION = "correction"  # 找错
    REPORT = "report"  # 举报线索
    COMMENT = "comment"  # 留言评论


LABELS: Mapping[MessageType, str] = {
    MessageType.CONSULTATION: "咨询",
    MessageType.SUGGESTION: "建议",
    MessageType.COMPLAINT: "投诉",
    MessageType.HELP: "求助",
    MessageType.CORRECTION: "找错",
    MessageType.REPORT: "举报线索",
    MessageType.COMMENT: "留言评论",
}

CORRECTION_DAYS = 1
"""济南起步区 2024, 第16条 (clause C1): 在1个工作日内答复, the review ladder included."""


class Urgency(StrEnum):
    """绿、黄、红: worked out, never stored."""

    ON_TIME = "on_time"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"


URGENCY_LABELS: Mapping[Urgency, str] = {
    Urgency.ON_TIME: "时限内",
    Urgency.DUE_SOON: "将到期",
    Urgency.OVERDUE: "已超期",
}


@dataclass(frozen=True)
class Profile:
    """A set of time limits, in working days, and the rule it comes from."""

    key: str
    name: str
    working_days: Mapping[MessageType, int]
    complex_days: int
    assign_days: int
    """Until the clerk has given the case to a department."""
    source: str


def _profile(
    key: str,
    name: str,
    consultation: int,
    suggestion: int,
    complaint: int,
    *,
    complex_days: int,
    assign_days: int = 1,
    source: str,
) -> Profile:
    """A preset from the numbers public rules give: what is not named there follows complaints."""
    days = dict.fromkeys(MessageType, complaint)
    days[MessageType.CONSULTATION] = consultation
    days[MessageType.SUGGESTION] = suggestion
    days[MessageType.CORRECTION] = CORRECTION_DAYS
    return Profile(key, name, days, complex_days, assign_days, source)


DEFAULT_PROFILE = "default"

# fmt: off
PROFILES: Mapping[str, Profile] = {profile.key: profile for profile in (
    #                           咨询 建议 投诉
    _profile("default",  "回应默认",            5,  7,  7, complex_days=15,
             source="找错依据济南起步区2024年办法第16条；其余为建议值"),
    _profile("wangluo",  "网络问政",            5,  5,  7, complex_days=15,
             source="网络问政办理规则（公开文本）：最长15个工作日，延期先告知"),
    _profile("yueqing",  "乐清网络问政",        2,  5,  5, complex_days=15,
             source="乐清网络问政平台办理规则：1个工作日内受理"),
    _profile("huangshan", "黄山市长信箱",       5,  5,  5, complex_days=15,
             source="黄山市长信箱办理规定：5个工作日，复杂10个，最长15个"),
    _profile("shenyang", "沈阳市长信箱",        3,  3,  3, complex_days=10,
             source="沈阳市长信箱使用说明"),
    _profile("hotline",  "12345热线（市级部门）", 3, 13, 13, complex_days=13,
             source="某市级部门12345办理规则：即时或3个工作日，其他13个"),
    _profile("wuhan",    "武汉（人民网留言）",  10, 10, 10, complex_days=10,
             source="武汉市人民网留言办理规则：紧急事项立即办理"),
    _profile("huaihua",  "怀化",                7,  7,  7, complex_days=15,
             source="怀化市网民留言办理办法"),
)}
# fmt: on


def due_at(
    received_at: datetime,
    message_type: MessageType,
    profile: Profile,
    calendar: Calendar,
    *,
    complex: bool = False,
    end_of_day: str = MIDNIGHT,
) -> Due:
    """The end of the last working day on which a case may be answered (clauses C1, A8).

    A correction keeps its one day even when it is complex: the document allows no longer one.
    """
    is_longer = complex and message_type is not MessageType.CORRECTION
    n = profile.complex_days if is_longer else profile.working_days[message_type]
    return due_after(received_at, n, calendar, end_of_day=end_of_day)


def assign_due_at(
    received_at: datetime, profile: Profile, calendar: Calendar, *, end_of_day: str = MIDNIGHT
) -> Due:
    """Until when the clerk should have given the case to a department."""
    return due_after(received_at, profile.assign_days, calendar, end_of_day=end_of_day)


def urgency(now: datetime, received_at: datetime, due_at: datetime) -> Urgency:
    """红 from the due instant on; 黄 on the due day or with less than a fifth of the time left; else 绿."""
    if now >= due_at:
        return Urgency.OVERDUE
    is_last_day = day_of(now) >= due_on(due_at)
    is_last_fifth = (due_at - now) * LEAST_SHARE_LEFT < due_at - received_at
    return Urgency.DUE_SOON if is_last_day or is_last_fifth else Urgency.ON_TIME


def due_on(due_at: datetime) -> date:
    """The day in Shanghai that ends with, or holds, the due instant (24:00 still belongs to its day)."""
    return day_of(due_at - timedelta(microseconds=1))


def extended(due_at: datetime, extra_days: int, calendar: Calendar) -> Due:
    """``extra_days`` working days after the present due day, at the same hour (延期)."""
    if extra_days < 0:
        raise ValueError("an extension cannot shorten the time")
    last_moment = due_at - timedelta(microseconds=1)
    return due_after(last_moment, extra_days, calendar, end_of_day=_clock(due_at))


def shifted_by_pause(
    due_at: datetime, paused_from: datetime, resumed_at: datetime, calendar: Calendar
) -> Due:
    """The due instant after waiting for the requester: the working days of the pause are given back.

    Counted like every time limit: the day of the pause is day 0, the day of resuming counts.
    """
    if resumed_at < paused_from:
        raise ValueError("a pause cannot end before it began")
    days = working_days_between(day_of(paused_from), day_of(resumed_at), calendar)
    return extended(due_at, days, calendar)


def sooner(due_at: datetime, window_closes_at: datetime | None) -> datetime:
    """What runs out first sorts the queue: the deadline, or the platform's reply window (A8, D7)."""
    return due_at if window_closes_at is None else min(due_at, window_closes_at)


def _clock(due_at: datetime) -> str:
    """The hour of a due instant in Shanghai; midnight is the end of the day before."""
    local = due_at.astimezone(SHANGHAI).strftime("%H:%M")
    return MIDNIGHT if local == "00:00" else local
