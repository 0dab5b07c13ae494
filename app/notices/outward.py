"""What is said outside the house, in how many bytes, and what follows a failed try?

The intent protocol: ready → intent (committed before the call) → done, failed or unknown. Nobody's words
leave: a line has the kind, the case's number, what to do and the link, all of them ours.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from app.notices.kinds import KINDS, SHANGHAI, URGENT, family


class SendingState(StrEnum):
    """Where one notice on its way to one target stands."""

    READY = "ready"  # 等待外发
    INTENT = "intent"  # 正在外发
    DONE = "done"  # 已外发
    FAILED = "failed"  # 没有发出
    UNKNOWN = "unknown"  # 结果不明
    UNNEEDED = "unneeded"  # 已读，不用发
    SETTLED = "settled"  # 已核对


STATE_LABELS: Mapping[str, str] = {
    SendingState.READY: "等待外发",
    SendingState.INTENT: "正在外发",
    SendingState.DONE: "已外发",
    SendingState.FAILED: "没有发出",
    SendingState.UNKNOWN: "结果不明",
    SendingState.UNNEEDED: "已读，不用发",
    SendingState.SETTLED: "已核对",
}
NEEDS_A_PERSON = (SendingState.FAILED, SendingState.UNKNOWN)

WAITS: Sequence[timedelta] = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
)
"""How long to wait after the 1st, 2nd … try; a reminder older than that is in the inbox anyway."""
LEASE = timedelta(seconds=110)
"""Longer than any call (30 s) and a sender that was merely slow."""
START_BEFORE = timedelta(seconds=15)
"""A sender that stood still for longer between its intent and its call does not call any more."""
OPENS_AT = time(7, 30)

WHAT_TO_DO: Mapping[str, str] = {
    "overdue": "已超期，请马上办理",
    "alert": "请马上研判",
    "unattended": "请马上到岗或安排人",
    "not_delivered": "请核对送达",
    "supervise": "请按督办要求办理",
    "reminder": "请按时限办理",
    "due_soon": "快到期，请尽快答复",
    "new": "请受理",
    "unassigned": "请交办",
    "duty": "请看值班表",
    "assigned": "请签收办理",
    "return": "请处理退回",
    "review": "请审核",
    "sent_back": "请修改后再送审",
    "verify": "请核实并回复",
    "co_sign": "请会签",
    "extension": "请看延期",
    "rating": "请看评价",
    "disclosure": "请审核公开稿",
    "account": "请看账号接入",
    "answer": "请看问答库",
    "staff": "请看人员设置",
}
OTHERWISE = "请登录查看"
MOST_LINES = 10
"""More than these are counted by kind."""
ALONE = "提醒"


@dataclass(frozen=True)
class Item:
    """One notice as it may be told outside. ``address`` lies within /desk/; ``number`` is the case's."""

    kind: str
    number: str
    address: str


@dataclass(frozen=True)
class Follow:
    """What is done after a failed try."""

    state: SendingState
    after: timedelta | None = None
    trouble: bool = False  # somebody must look at the target's settings


AT_ONCE: Mapping[str, Follow] = {
    "final": Follow(SendingState.FAILED),
    "window": Follow(SendingState.FAILED),
    "human": Follow(SendingState.FAILED, trouble=True),
    "stop": Follow(SendingState.FAILED, trouble=True),
    "refresh": Follow(SendingState.FAILED, trouble=True),
    "unknown": Follow(SendingState.UNKNOWN),
}


def follow(error_class: str, tries: int, rest: timedelta) -> Follow:
    """What follows an error of this class (`connectors.errors`) at try number ``tries`` (from 1); ``rest`` is
    how long the messenger wants to be left alone at least."""
    if error_class != "back_off":
        return AT_ONCE[error_class]
    if tries > len(WAITS):
        return Follow(SendingState.FAILED)
    return Follow(SendingState.READY, after=max(WAITS[tries - 1], rest))


def written(items: Iterable[Item], link_base: str, fits: Callable[[str], bool]) -> str:
    """The message for these notices: a line each where that is short enough, else a line a kind with its
    count, urgent ones first. Notices that say the same are said once."""
    told = sorted(dict.fromkeys(items), key=_rank)
    lines = [_line(item, link_base) for item in told]
    text = "\n".join([_head(len(told)), *lines])
    if len(told) <= MOST_LINES and fits(text):
        return text
    counts: dict[str, int] = {}
    for item in told:
        counts[family(item.kind)] = counts.get(family(item.kind), 0) + 1
    short = [f"· {_label(kind)} {count} 件，{_deed(kind)}" for kind, count in counts.items()]
    return "\n".join([_head(len(told)), *short, f"{link_base}/desk/"])


def subject(count: int) -> str:
    """The subject of a mail."""
    return _head(count)


def next_opening(now: datetime, is_working_day: Callable[[date], bool]) -> datetime:
    """When ordinary notices may leave again: 7:30 of the next working day (Shanghai), today's if it is ahead."""
    local = now.astimezone(SHANGHAI)
    day = local.date() if local.time() < OPENS_AT else local.date() + timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return datetime.combine(day, OPENS_AT, tzinfo=SHANGHAI).astimezone(now.tzinfo)


def is_wanted(kind: str, kinds: Sequence[str]) -> bool:
    """Whether a target that takes ``kinds`` (none named: all) takes this one."""
    return not kinds or kind in kinds or family(kind) in kinds


def _rank(item: Item) -> tuple[bool, int]:
    order = list(KINDS)
    kind = family(item.kind)
    return kind not in URGENT, order.index(kind) if kind in KINDS else len(order)


def _head(count: int) -> str:
    return f"【回应】{count} 条{ALONE}"


def _line(item: Item, link_base: str) -> str:
    kind = family(item.kind)
    number = f" {item.number}" if item.number else ""
    return f"· {_label(kind)}{number}，{_deed(kind)}：{link_base}{item.address or '/desk/'}"


def _label(kind: str) -> str:
    return KINDS.get(kind, "其他")


def _deed(kind: str) -> str:
    return WHAT_TO_DO.get(kind, OTHERWISE)
