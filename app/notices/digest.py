"""How are many notices said in few words, and when is it too late in the evening to send them out?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
QUIET_FROM = time(21, 30)
QUIET_UNTIL = time(7, 30)

KINDS = {
    "overdue": "超期",
    "alert": "舆情",
    "unattended": "值班",
    "not_delivered": "没有送到",
    "supervise": "督办",
    "reminder": "催办",
    "due_soon": "快到期",
    "new": "新来信",
    "unassigned": "等交办",
    "duty": "值班表",
    "assigned": "交办给您",
    "return": "退回",
    "review": "待您审核",
    "sent_back": "退回修改",
    "verify": "请您核实",
    "co_sign": "请您会签",
    "extension": "延期",
    "rating": "来信人评价",
    "disclosure": "待公开审核",
    "account": "账号",
    "answer": "问答库",
    "staff": "人员和权限",
}
"""What a notice is about, as the head of its line. `answer_due` is told with `answer`; what is in neither
stands under 其他."""

URGENT = frozenset({"overdue", "alert", "unattended", "not_delivered", "supervise"})
"""These are not held back at night: the office reads 7×24 (C27)."""


class Told(Protocol):
    """One notice."""

    kind: str
    text: str
    address: str


@dataclass(frozen=True)
class Line:
    """Notices of one kind in one line: the only one as it is, several as a count."""

    kind: str
    label: str
    count: int
    text: str
    address: str


def lines(notices: Iterable[Told]) -> list[Line]:
    """One line a kind, urgent ones first, then in the order of `KINDS`.

    A single notice keeps its words and its address; of several the newest leads, so hand them over
    newest first.
    """
    by_kind: dict[str, list[Told]] = {}
    for notice in notices:
        by_kind.setdefault(family(notice.kind), []).append(notice)
    order = {kind: place for place, kind in enumerate(KINDS)}
    ranked = sorted(by_kind, key=lambda kind: (kind not in URGENT, order.get(kind, len(order)), kind))
    return [_line(kind, by_kind[kind]) for kind in ranked]


def may_go_out(kind: str, now: datetime, *, is_working_day: bool = True, on_duty: bool = False) -> bool:
    """Whether a notice may leave the house now (mail, messenger): on working days from 7:30 to 21:30 in
    Shanghai; at any time if it is urgent, or for whoever is on duty. The inbox shows everything at once."""
    clock = now.astimezone(SHANGHAI).time()
    return kind in URGENT or on_duty or (is_working_day and QUIET_UNTIL <= clock < QUIET_FROM)


def family(kind: str) -> str:
    """The kind of `KINDS` that this one is told with."""
    first = kind.partition("_")[0]
    return first if kind not in KINDS and first in KINDS else kind


def _line(kind: str, told: list[Told]) -> Line:
    label = KINDS.get(kind, "其他")
    text = told[0].text if len(told) == 1 else f"{label} {len(told)} 件，最近一件：{told[0].text}"
    return Line(kind, label, len(told), text, told[0].address)
