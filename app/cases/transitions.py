"""What can be done with a case, by whom, and where does it lead? One table; the buttons are drawn from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.base.errors import NotAllowed
from app.staff.roles import LABELS as ROLE_LABELS
from app.staff.roles import Role as R


class Status(StrEnum):
    """Where a case stands. Overdue is no status: it is `deadlines.urgency`."""

    NEW = "new"  # 待受理
    ACCEPTED = "accepted"  # 已受理
    ASSIGNED = "assigned"  # 已交办
    IN_PROGRESS = "in_progress"  # 办理中
    WAITING_CITIZEN = "waiting_citizen"  # 待补充
    IN_REVIEW = "in_review"  # 审核中
    REPLIED = "replied"  # 已答复
    CLOSED = "closed"  # 已办结
    DECLINED = "declined"  # 不予受理
    INVALID = "invalid"  # 无效
    MERGED = "merged"  # 已并案


class Action(StrEnum):
    """The office's verbs."""

    ACCEPT = "accept"  # 受理
    DECLINE = "decline"  # 不予受理
    MARK_INVALID = "mark_invalid"  # 标为无效
    MERGE = "merge"  # 并案
    ASSIGN = "assign"  # 交办
    TRANSFER = "transfer"  # 转办
    ACKNOWLEDGE = "acknowledge"  # 签收
    RETURN = "return"  # 退回
    REFUSE_RETURN = "refuse_return"  # 不同意退回
    ASK_CITIZEN = "ask_citizen"  # 请来信人补充
    RESUME = "resume"  # 恢复办理
    CO_SIGN = "co_sign"  # 会签
    VERIFY = "verify"  # 核实
    ASSIST = "assist"  # 协办
    RECORD_ACTION = "record_action"  # 记线下处理
    SUBMIT_REPLY = "submit_reply"  # 送审
    SEND_BACK = "send_back"  # 退回修改
    WITHDRAW_REPLY = "withdraw_reply"  # 撤回送审
    RELEASE_REPLY = "release_reply"  # 签发
    CORRECT = "correct"  # 更正答复
    CLOSE = "close"  # 办结
    REOPEN = "reopen"  # 重办
    REMIND = "remind"  # 催办
    SUPERVISE = "supervise"  # 督办
    REQUEST_EXTENSION = "request_extension"  # 申请延期
    GRANT_EXTENSION = "grant_extension"  # 批准延期
    REFUSE_EXTENSION = "refuse_extension"  # 不批准延期


STATUS_LABELS = {
    Status.NEW: "待受理",
    Status.ACCEPTED: "已受理",
    Status.ASSIGNED: "已交办",
    Status.IN_PROGRESS: "办理中",
    Status.WAITING_CITIZEN: "待补充",
    Status.IN_REVIEW: "审核中",
    Status.REPLIED: "已答复",
    Status.CLOSED: "已办结",
    Status.DECLINED: "不予受理",
    Status.INVALID: "无效",
    Status.MERGED: "已并案",
}
ACTION_LABELS = {
    Action.ACCEPT: "受理",
    Action.DECLINE: "不予受理",
    Action.MARK_INVALID: "标为无效",
    Action.MERGE: "并案",
    Action.ASSIGN: "交办",
    Action.TRANSFER: "转办",
    Action.ACKNOWLEDGE: "签收",
    Action.RETURN: "退回",
    Action.REFUSE_RETURN: "不同意退回",
    Action.ASK_CITIZEN: "请来信人补充",
    Action.RESUME: "恢复办理",
    Action.CO_SIGN: "会签",
    Action.VERIFY: "核实",
    Action.ASSIST: "协办",
    Action.RECORD_ACTION: "记线下处理",
    Action.SUBMIT_REPLY: "送审",
    Action.SEND_BACK: "退回修改",
    Action.WITHDRAW_REPLY: "撤回送审",
    Action.RELEASE_REPLY: "签发",
    Action.CORRECT: "更正答复",
    Action.CLOSE: "办结",
    Action.REOPEN: "重办",
    Action.REMIND: "催办",
    Action.SUPERVISE: "督办",
    Action.REQUEST_EXTENSION: "申请延期",
    Action.GRANT_EXTENSION: "批准延期",
    Action.REFUSE_EXTENSION: "不批准延期",
}
# Reached by the way of a reply (`app/replies`), never by a button of their own on the case.
BY_REPLY = frozenset(
    {Action.SUBMIT_REPLY, Action.SEND_BACK, Action.WITHDRAW_REPLY, Action.RELEASE_REPLY, Action.CORRECT}
)


class Outcome(StrEnum):
    """办理结果, apart from the words of the reply (A8)."""

    SOLVED = "solved"
    PARTLY = "partly"
    EXPLAINED = "explained"
    NOT_OURS = "not_ours"
    CANNOT = "cannot"


OUTCOME_LABELS = {
    Outcome.SOLVED: "解决",
    Outcome.PARTLY: "部分解决",
    Outcome.EXPLAINED: "解释说明",
    Outcome.NOT_OURS: "不属职责",
    Outcome.CANNOT: "无法办理",
}
# 有效、无效留言 (E18): why a message is no valid one.
INVALID_REASONS = {
    "advert": "广告",
    "duplicate": "重复",
    "abuse": "辱骂",
    "empty": "没有内容",
    "test": "测试",
}

STAYS: Status | None = None


@dataclass(frozen=True)
class Transition:
    """One row: who may do ``action`` in which statuses, and the status after it (None: unchanged)."""

    action: Action
    sources: frozenset[Status]
    target: Status | None
    roles: frozenset[R]


def row(action: Action, sources: set[Status], target: Status | None, *roles: R) -> Transition:
    return Transition(action, frozenset(sources), target, frozenset(roles))


S, A = Status, Action
AT_DEPARTMENT = {S.ASSIGNED, S.IN_PROGRESS}
WORKING = {S.ACCEPTED, S.ASSIGNED, S.IN_PROGRESS}
OPEN = {S.NEW, *WORKING, S.WAITING_CITIZEN, S.IN_REVIEW}

# fmt: off
TRANSITIONS = (
    row(A.ACCEPT,            {S.NEW},                         S.ACCEPTED,        R.CLERK, R.DUTY_LEADER),
    row(A.DECLINE,           {S.NEW, S.ACCEPTED},             S.DECLINED,        R.CLERK),
    row(A.MARK_INVALID,      {S.NEW, S.ACCEPTED},             S.INVALID,         R.CLERK),
    row(A.MERGE,             {S.NEW, S.ACCEPTED},             S.MERGED,          R.CLERK),
    row(A.ASSIGN,            {S.NEW, S.ACCEPTED},             S.ASSIGNED,        R.CLERK, R.DUTY_LEADER, R.SYSTEM),
    row(A.TRANSFER,          {S.ASSIGNED, S.IN_PROGRESS},     S.ASSIGNED,        R.CLERK, R.DUTY_LEADER),
    row(A.ACKNOWLEDGE,       {S.ASSIGNED},                    S.IN_PROGRESS,     R.HANDLER),
    row(A.RETURN,            {S.ASSIGNED},                    S.ACCEPTED,        R.HANDLER),
    row(A.REFUSE_RETURN,     {S.ACCEPTED},                    S.ASSIGNED,        R.CLERK, R.DUTY_LEADER),
    row(A.ASK_CITIZEN,       {S.ACCEPTED, S.IN_PROGRESS},     S.WAITING_CITIZEN, R.CLERK, R.HANDLER),
    row(A.RESUME,            {S.WAITING_CITIZEN},             S.IN_PROGRESS,     R.CLERK, R.HANDLER, R.SYSTEM),
    row(A.CO_SIGN,           {S.ACCEPTED, S.IN_PROGRESS},     STAYS,             R.CLERK, R.HANDLER),
    row(A.VERIFY,            {S.ACCEPTED, S.IN_PROGRESS},     STAYS,             R.CLERK, R.HANDLER),
    row(A.ASSIST,            {S.ACCEPTED, S.ASSIGNED, S.IN_PROGRESS},
                                                              STAYS,             R.CLERK, R.HANDLER),
    row(A.RECORD_ACTION,     {S.ACCEPTED, S.IN_PROGRESS, S.IN_REVIEW, S.REPLIED},
                                                              STAYS,             R.CLERK, R.HANDLER),
    row(A.SUBMIT_REPLY,      {S.ACCEPTED, S.IN_PROGRESS},     S.IN_REVIEW,       R.CLERK, R.HANDLER),
    row(A.SEND_BACK,         {S.IN_REVIEW},                   S.IN_PROGRESS,     R.REVIEWER, R.ISSUER),
    row(A.WITHDRAW_REPLY,    {S.IN_REVIEW},                   S.IN_PROGRESS,     R.CLERK, R.HANDLER, R.SYSTEM),
    row(A.RELEASE_REPLY,     {S.IN_REVIEW},                   S.REPLIED,         R.ISSUER),
    row(A.CORRECT,           {S.REPLIED, S.CLOSED},           S.IN_REVIEW,       R.CLERK, R.HANDLER),
    row(A.CLOSE,             {S.REPLIED},                     S.CLOSED,          R.CLERK, R.SYSTEM),
    row(A.REOPEN,            {S.REPLIED, S.CLOSED},           S.ASSIGNED,        R.CLERK, R.SUPERVISOR, R.SYSTEM),
    row(A.REMIND,            AT_DEPARTMENT,                   STAYS,             R.CLERK, R.SUPERVISOR, R.SYSTEM),
    row(A.SUPERVISE,         OPEN - {S.NEW},                  STAYS,             R.SUPERVISOR),
    row(A.REQUEST_EXTENSION, {S.IN_PROGRESS},                 STAYS,             R.HANDLER),
    row(A.GRANT_EXTENSION,   {S.IN_PROGRESS},                 STAYS,             R.SUPERVISOR),
    row(A.REFUSE_EXTENSION,  {S.IN_PROGRESS},                 STAYS,             R.SUPERVISOR),
)
# fmt: on
BY_ACTION = {transition.action: transition for transition in TRANSITIONS}
FINAL = frozenset(Status) - {source for transition in TRANSITIONS for source in transition.sources}
# What the queue holds: not yet answered.
OPEN_STATUSES = frozenset(OPEN)


# What a notice asks for is still to be done in these statuses; once a case has left them, nobody need read it.
ASKED_IN: Mapping[str, frozenset[Status]] = {
    "new": frozenset({S.NEW}),
    "unassigned": frozenset({S.NEW, S.ACCEPTED}),
    "returned": frozenset({S.ACCEPTED}),
    "assigned": frozenset(AT_DEPARTMENT),
    "sent_back": frozenset({S.ACCEPTED, S.IN_PROGRESS}),
    "reminder": OPEN_STATUSES,
}

# What a clerk answers without a department never is 办理中: there is nobody who could be working on it.
WITHOUT_DEPARTMENT = {Status.IN_PROGRESS: Status.ACCEPTED}


def next_status(
    status: Status, action: Action, roles: frozenset[R], *, has_department: bool = True
) -> Status:
    """Where ``action`` leads from ``status``. Raises `NotAllowed` with the reason in words."""
    transition = BY_ACTION[action]
    if status not in transition.sources:
        raise NotAllowed(
            f"这件现在是“{STATUS_LABELS[status]}”，不能{ACTION_LABELS[action]}。请刷新后看看现在能做什么",
            code="wrong_status",
        )
    if transition.roles.isdisjoint(roles):
        who = "、".join(ROLE_LABELS[role] for role in R if role in transition.roles and role is not R.SYSTEM)
        raise NotAllowed(f"{ACTION_LABELS[action]}要由{who}来做", code="wrong_role")
    target = transition.target or status
    return target if has_department else WITHOUT_DEPARTMENT.get(target, target)


def actions_for(status: Status, roles: frozenset[R]) -> list[Action]:
    """What a person with ``roles`` may do now, in the order of the table."""
    return [
        transition.action
        for transition in TRANSITIONS
        if status in transition.sources and not transition.roles.isdisjoint(roles)
    ]
