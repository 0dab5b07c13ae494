"""What is a delivery's state, when is it tried again, and what follows each failure? 送达

The intent protocol: ready → intent (committed before the call) → done, failed or unknown. An intent whose
time has run out is unknown: the platform may have it, so a person looks; nothing sends it again by itself.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    READY = "ready"  # 等待发送
    INTENT = "intent"  # 正在发送
    DONE = "done"  # 已送达
    FAILED = "failed"  # 没有送到
    UNKNOWN = "unknown"  # 结果不明
    BY_HAND = "by_hand"  # 待人工录入
    ENTERED = "entered"  # 已人工录入
    ON_PAGE = "on_page"  # 查询页可见
    ELSEWHERE = "elsewhere"  # 平台上已有人答复


STATE_LABELS: Mapping[str, str] = {
    DeliveryState.READY: "等待发送",
    DeliveryState.INTENT: "正在发送",
    DeliveryState.DONE: "已送达",
    DeliveryState.FAILED: "没有送到",
    DeliveryState.UNKNOWN: "结果不明",
    DeliveryState.BY_HAND: "待人工录入",
    DeliveryState.ENTERED: "已人工录入",
    DeliveryState.ON_PAGE: "查询页可见",
    DeliveryState.ELSEWHERE: "平台上已有人答复",
}

NEEDS_A_PERSON = (DeliveryState.UNKNOWN, DeliveryState.FAILED, DeliveryState.BY_HAND)
"""What the deliveries screen puts first, in this order."""

FIRST_STATE: Mapping[str, DeliveryState] = {
    "api": DeliveryState.READY,
    "by_hand": DeliveryState.BY_HAND,
    "page": DeliveryState.ON_PAGE,
}
"""By what `connectors.registry` says of how a platform delivers."""

WAITS: Sequence[timedelta] = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=3),
)
"""How long to wait after the 1st, 2nd … try."""
MOST_TRIES = len(WAITS) + 1
WIDEST_SPREAD = timedelta(seconds=30)
LONGEST_ASKED = timedelta(hours=6)
"""A platform that asks for more is tried all the same: its window may close meanwhile."""

LONGEST_CALL = timedelta(seconds=20)
"""A token and one send, each bounded by the connectors to 10 seconds."""
GRACE = timedelta(seconds=70)
"""How much longer a sender that was merely slow may live (at least 60 seconds)."""
LEASE = LONGEST_CALL + GRACE
START_BEFORE = timedelta(seconds=15)
"""A sender that was stopped for longer than this between its intent and its call does not call any more."""

PAGE = "page"
"""The fallback: the coded progress page shows the reply."""

WINDOW_WORDS: Mapping[str, str] = {
    "closed": "平台窗口已关闭，答复改放在查询页，凭查询码查看",
    "used_up": "平台允许的条数已用完，答复改放在查询页，凭查询码查看",
    "unsubscribed": "对方已取消关注，平台不能送达。答复改放在查询页，凭查询码查看",
}
APPROVAL_VOID = "approval_void"
SUPERSEDED = "superseded"
OURS: Mapping[str, str] = {
    APPROVAL_VOID: "这条文字和审核通过的不一致，已停止发送。请负责人核对后重新送审",
    SUPERSEDED: "还没有发出就已更正，由更正后的答复代替",
    "account_closed": "账号已关停，不能发送。请改用电话，或请对方在查询页查看",
    "no_recipient": "没有留言人在平台上的标识，不能发送。请改用电话，或请对方在查询页查看",
    "settings": "账号的接入设置不完整，不能发送。请系统管理员核对后再发",
    "not_offered": "这个平台不能由系统发送。请到平台后台人工答复",
    "elsewhere": "这条留言下面已经有本账号的答复，没有再发。全文在查询页可以看到",
    "gone": "这条留言在平台上已经删除，没有发。答复在查询页凭查询码查看",
    "interrupted": "发送途中系统中断，对方可能已经收到。系统不会自动重发，请先在平台后台核对",
    "closed_step": "账号已关停，没有做。请到平台后台操作",
    "settings_step": "账号的接入设置不完整，没有做。请系统管理员核对以后再做",
    "not_offered_step": "这个平台不能由系统做这一步。请到平台后台操作",
    "interrupted_step": "执行途中系统中断，可能已经做成。请先在平台后台核对，再记下结果",
}
"""Reasons that are ours and not a platform's."""


@dataclass(frozen=True)
class Follow:
    """What is done after a failed try."""

    state: DeliveryState
    after: timedelta | None = None  # next try; None: none
    refreshed: bool = False  # the account's token must be fetched anew before the next try
    fallback: str = ""
    trouble: bool = False  # the account needs an administrator


NO_MORE = Follow(DeliveryState.FAILED, fallback=PAGE)
# What stands in the table of connectors.errors.ERROR_CLASSES, without `refresh` and `back_off`,
# which depend on what was tried before.
AT_ONCE: Mapping[str, Follow] = {
    "final": NO_MORE,
    "window": NO_MORE,
    "human": NO_MORE,
    "stop": Follow(DeliveryState.FAILED, fallback=PAGE, trouble=True),
    "unknown": Follow(DeliveryState.UNKNOWN),
}


ANSWERED_ELSEWHERE = frozenset({"88005", "elsewhere"})
"""Codes that say: below this comment stands a reply of our account already. Ours was not sent (platforms §1.8)."""


def follow(error_class: str, *, tries: int, refreshed: bool, code: str = "") -> Follow:
    """What follows an error of this class (and the platform's ``code``) at try number ``tries`` (from 1);
    ``refreshed``: already once."""
    if code in ANSWERED_ELSEWHERE:
        return Follow(DeliveryState.ELSEWHERE, fallback=PAGE)
    if error_class == "refresh":
        again = Follow(DeliveryState.READY, after=timedelta(0), refreshed=True)
        return AT_ONCE["stop"] if refreshed else again
    if error_class == "back_off":
        return Follow(DeliveryState.READY, after=WAITS[tries - 1]) if tries < MOST_TRIES else NO_MORE
    return AT_ONCE[error_class]


def put_off(wait: timedelta, asked: timedelta | None, key: str) -> timedelta:
    """How long to wait really: at least as long as the platform ``asked``, and each a little longer than the
    other, so that those that failed together do not come back together. The same for the same ``key``."""
    share = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) / 2**32
    spread = wait + share * min(wait / 5, WIDEST_SPREAD)
    return max(spread, min(asked or timedelta(0), LONGEST_ASKED))


REPEAT_WITHIN = timedelta(days=7)
"""For how long the same words count as said before. Weibo does not say; a needless ending costs nothing."""


def ending_for(endings: Sequence[str], gone_out: Sequence[str]) -> str:
    """Which ending goes with words that went out with ``gone_out`` (oldest first; empty: without any).

    None where that is new, else the first new one in the order in which they were approved; where all were
    used, the one used longest ago: then the platform may refuse, and a person sees it.
    """
    last = {ending: place for place, ending in enumerate(gone_out)}
    return min(("", *endings), key=lambda ending: last.get(ending, -1))


def before_the_call(error_class: str) -> str:
    """The class of an error that came before anything could reach the citizen: never unknown."""
    return "back_off" if error_class == "unknown" else error_class


def may_start(waited: timedelta) -> bool:
    """Whether the call may still begin so long after its intent was committed."""
    return waited < START_BEFORE


def window_problem(
    now: datetime,
    *,
    lasts: timedelta | None,
    replies: int | None,
    opened_at: datetime | None,
    sent: int,
    unsubscribed_at: datetime | None,
) -> str | None:
    """Why the platform would not carry a reply now (a key of `WINDOW_WORDS`), or None.

    ``lasts`` and ``replies`` are the platform's (None: no limit). Only the citizen's acts open the window;
    one that never opened is closed. Source: WeChat, customer-service message, 48 hours and 5 messages.
    """
    if unsubscribed_at is not None and (opened_at is None or opened_at <= unsubscribed_at):
        return "unsubscribed"
    if lasts is not None and (opened_at is None or now >= opened_at + lasts):
        return "closed"
    if replies is not None and sent >= replies:
        return "used_up"
    return None


# What a person may do with a delivery, by its state.
SETTLE, ENTER, RETRY = "settle", "enter", "retry"
BY_PERSON: Mapping[str, tuple[str, ...]] = {
    DeliveryState.UNKNOWN: (SETTLE,),
    DeliveryState.BY_HAND: (ENTER,),
    DeliveryState.FAILED: (RETRY, ENTER),
}
NEVER_AGAIN = frozenset({APPROVAL_VOID, SUPERSEDED})
"""Failures after which this very row may not be sent: the text needs a new approval."""


def choices(state: str, error_code: str) -> tuple[str, ...]:
    """What a person can do with a delivery now."""
    return () if error_code in NEVER_AGAIN else BY_PERSON.get(state, ())
