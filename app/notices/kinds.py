"""Of which kinds are notices, and when is it too late in the evening to send them out?"""

from datetime import datetime, time
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


def may_go_out(kind: str, now: datetime, *, is_working_day: bool = True, on_duty: bool = False) -> bool:
    """Whether a notice may leave the house now (mail, messenger): on working days from 7:30 to 21:30 in
    Shanghai; at any time if it is urgent, or for whoever is on duty. The inbox shows everything at once."""
    clock = now.astimezone(SHANGHAI).time()
    return kind in URGENT or on_duty or (is_working_day and QUIET_UNTIL <= clock < QUIET_FROM)


def family(kind: str) -> str:
    """The kind of `KINDS` that this one is told with."""
    first = kind.partition("_")[0]
    return first if kind not in KINDS and first in KINDS else kind
