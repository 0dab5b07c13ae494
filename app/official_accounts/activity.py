"""Is this account alive? Silence is unknown, not fine (B8, D20)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.official_accounts.silence import MISSED

SILENT_AFTER = timedelta(days=7)
"""004 第18条 sets seven days as the longest gap between pushes; nothing in for as long is worth a look."""
ASLEEP_AFTER = timedelta(days=14)


@dataclass(frozen=True)
class Activity:
    """How an account is: ``key``, the words for the screen, and how loud (good, soon, over, unknown)."""

    key: str
    label: str
    words: str
    tone: str


def activity(
    now: datetime,
    *,
    created_at: datetime,
    last_arrival_at: datetime | None,
    trouble: str = "",
    stopped_at: datetime | None = None,
    closed_at: datetime | None = None,
    held_until: datetime | None = None,
    missed: float = 0.0,
) -> Activity:
    """What to say of an account, worst first: closed, stopped, in trouble, sending held, never heard of,
    silent, alive. ``missed``: how many messages its history says should have come since the last one."""
    if closed_at is not None:
        return Activity("closed", "已注销", "不再收发", "unknown")
    if stopped_at is not None:
        return Activity("stopped", "已停发", "照常收留言，答复先不送出", "over")
    if trouble:
        return Activity("trouble", "有故障", trouble, "over")
    if held_until is not None and now < held_until:
        return Activity("held", "暂停发送", "连续几次没有发出，过一会儿自动再试", "over")
    if last_arrival_at is None:
        waited = now - created_at
        words = "还没有收到过留言，接通没接通不知道。请做一次自检"
        return Activity("never", "不明", words, "over" if waited >= SILENT_AFTER else "soon")
    silence = now - last_arrival_at
    if silence >= ASLEEP_AFTER:
        return Activity(
            "asleep", "久无动静", f"{silence.days} 天没有留言。不知道是没人写，还是接入断了", "over"
        )
    if missed >= MISSED:
        words = f"{_duration(silence)}没有留言，按以往该有 {missed:.0f} 条左右。不知道是没人写，还是接入断了"
        return Activity("quiet", "不明", f"{words}。请做一次自检", "over")
    if silence >= SILENT_AFTER:
        return Activity("silent", "不明", f"{silence.days} 天没有留言。不知道是没人写，还是接入断了", "soon")
    return Activity("alive", "正常", "", "good")


def _duration(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24} 天" if hours >= 48 else f"{max(hours, 1)} 小时"
