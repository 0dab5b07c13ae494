"""Is this account alive? Silence is unknown, not fine (B8, D20)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

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
) -> Activity:
    """What to say of an account, worst first: closed, stopped, in trouble, never heard of, silent, alive."""
    if closed_at is not None:
        return Activity("closed", "已注销", "不再收发", "unknown")
    if stopped_at is not None:
        return Activity("stopped", "已停发", "照常收留言，答复先不送出", "over")
    if trouble:
        return Activity("trouble", "有故障", trouble, "over")
    if last_arrival_at is None:
        waited = now - created_at
        words = "还没有收到过留言，接通没接通不知道。请做一次自检"
        return Activity("never", "不明", words, "over" if waited >= SILENT_AFTER else "soon")
    silence = now - last_arrival_at
    if silence >= ASLEEP_AFTER:
        return Activity(
            "asleep", "久无动静", f"{silence.days} 天没有留言。不知道是没人写，还是接入断了", "over"
        )
    if silence >= SILENT_AFTER:
        return Activity("silent", "不明", f"{silence.days} 天没有留言。不知道是没人写，还是接入断了", "soon")
    return Activity("alive", "正常", "", "good")
