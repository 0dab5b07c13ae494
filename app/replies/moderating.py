"""What may be done to a comment beside answering it, by whom, and for which reason? 精选、删除

Beside a reply these are all that stands in public below an article, so each is a person's decision, recorded
before it is carried out (`service.moderating`) by the intent protocol of `sending`. A comment is taken away for
one of the `REASONS` alone; that it criticises is none of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.base.errors import AppError, Conflict, Invalid, NotAllowed
from app.replies.sending import DeliveryState
from app.staff.roles import LABELS, Person, Role

LONGEST_NOTE = 200


@dataclass(frozen=True)
class Deed:
    """One thing that may be done. ``action``: a connector's name for it (`connectors.contract.Moderator`);
    ``is_final``: cannot be undone, so it is asked once more and wants a reason."""

    action: str
    label: str
    roles: tuple[Role, ...]
    effect: str
    is_final: bool = False


DEEDS: Mapping[str, Deed] = {
    deed.action: deed
    for deed in (
        Deed("feature", "设为精选", (Role.CLERK, Role.DUTY_LEADER), "所有读者都能看到这条留言和我们的答复"),
        Deed(
            "unfeature", "取消精选", (Role.CLERK, Role.DUTY_LEADER), "只有留言人自己能看到，我们的答复也一样"
        ),
        Deed(
            "delete",
            "删除留言",
            (Role.DUTY_LEADER, Role.ISSUER),
            "谁也看不到，不能恢复；办件照常办，答复改在查询页看",
            is_final=True,
        ),
    )
}
"""The other actions of a connector (taking our reply back, closing an article) are not offered here: a reply
that stands is changed by a correction, and what an article allows is decided where it is published."""

REASONS: Mapping[str, str] = {
    "illegal": "违反法律法规",
    "privacy": "泄露他人个人信息",
    "insult": "辱骂、人身攻击",
    "rumour": "经核实的虚假信息",
    "advertising": "商业广告、诈骗链接",
    "flooding": "同一内容反复刷屏",
    "asked": "留言人要求删除",
    "other": "其他（请写明）",
}

DROPPED = "dropped"
"""撤回: decided, and taken back before it was called."""
STATE_LABELS: Mapping[str, str] = {
    DeliveryState.READY: "等待平台执行",
    DeliveryState.INTENT: "平台正在执行",
    DeliveryState.DONE: "已做成",
    DeliveryState.FAILED: "没有做成",
    DeliveryState.UNKNOWN: "结果不明",
    DROPPED: "已撤回，没有做",
}
OPEN = (DeliveryState.READY, DeliveryState.INTENT, DeliveryState.UNKNOWN)
"""While one of these stands, nothing else is done to the comment."""

LOG_LABELS: Mapping[str, str] = {
    "ask_feature": "决定把留言设为精选",
    "ask_unfeature": "决定取消留言精选",
    "ask_delete": "决定删除留言",
    "comment_feature": "留言已设为精选",
    "comment_unfeature": "留言已取消精选",
    "comment_delete": "留言已在平台删除",
    "not_moderated": "留言操作没有做成",
    "settle_moderation": "核对留言操作的结果",
    "drop_moderation": "撤回留言操作",
}
"""What the steps are called in the log of a case."""


@dataclass(frozen=True)
class Comment:
    """A comment as the rule looks at it. ``offered``: what its platform can be asked to do; ``busy``: something
    was asked for and its end is not known yet."""

    offered: frozenset[str]
    is_gone: bool = False
    is_featured: bool = False
    busy: str = ""  # the state of what was asked for
    is_stopped: bool = False
    is_closed: bool = False


def choices(person: Person, comment: Comment) -> list[Deed]:
    """What this person may do to the comment now."""
    return [deed for deed in DEEDS.values() if problem(person, comment, deed.action) is None]


def problem(person: Person, comment: Comment, action: str) -> AppError | None:
    """Why this person may not do this to the comment now, in words; None when they may."""
    deed = DEEDS.get(action)
    if deed is None or action not in comment.offered:
        return NotAllowed("这个平台不能由系统做这一步。请到平台后台操作", code="not_offered")
    if refusal := not_theirs(person, action):
        return refusal
    if comment.is_gone:
        return Conflict("这条留言在平台上已经删除", code="gone")
    if comment.busy:
        now_is = STATE_LABELS[comment.busy]
        return Conflict(f"上一步操作{now_is}，有了结果再做", code="busy")
    if comment.is_closed or comment.is_stopped:
        return Conflict("这个账号已停发或已注销，现在不能操作平台上的留言", code="stopped")
    if action == "feature" and comment.is_featured:
        return Conflict("这条留言已经是精选", code="done")
    if action == "unfeature" and not comment.is_featured:
        return Conflict("这条留言不是精选", code="done")
    return None


def not_theirs(person: Person, action: str) -> NotAllowed | None:
    """Why it is not this person's to decide, whatever the comment; None when it is."""
    deed = DEEDS[action]
    if not person.contractor and person.may(*deed.roles):
        return None
    who = "、".join(LABELS[role] for role in deed.roles)
    return NotAllowed(f"{deed.label}由本单位的{who}来做", code="wrong_role")


DROPS: Mapping[str, str] = {DeliveryState.READY: "撤回，不做了", DeliveryState.FAILED: "知道了，不再做"}
"""What can still be dropped, and what that is called: what has not been called, and what failed for good."""


def drop_label(person: Person, action: str, state: str, settled: bool) -> str:
    """What dropping this step is called, for whoever may decide it; empty where it cannot be dropped."""
    if settled and state == DeliveryState.FAILED:
        return ""
    return DROPS.get(state, "") if not_theirs(person, action) is None else ""


def waits_for(stopped: bool, closed: bool, held: bool) -> str:
    """Why a decided step is not carried out now, in words; empty where nothing holds it."""
    if closed:
        return "这个账号已注销，不会再做"
    if stopped:
        return "这个账号已紧急停发，恢复以后才做。不想等就撤回"
    return "这个账号连续发送失败，暂停一会儿再试。不想等就撤回" if held else ""


def check_reason(action: str, reason: str, note: str) -> None:
    """What cannot be undone wants one of `REASONS`, and words with 其他. Raises `Invalid`."""
    if not DEEDS[action].is_final:
        return
    if reason not in REASONS:
        raise Invalid("请选择删除的理由。批评、投诉不是理由", field="reason")
    if reason == "other" and not note.strip():
        raise Invalid("理由选“其他”时，请写明", field="note")


def reason_words(reason: str, note: str) -> str:
    """理由 as the log and the page say it."""
    return "；".join(part for part in (REASONS.get(reason, ""), note.strip()) if part)
