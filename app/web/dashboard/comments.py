"""精选、取消精选、删除: what is done to a comment below an article beside answering it, on the page of its case."""

from typing import Any

from flask import redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response

from app.base.errors import AppError, NotFound
from app.cases import queries as cases
from app.cases.models import Case
from app.messages.models import Message
from app.official_accounts import service as accounts_service
from app.official_accounts.models import OfficialAccount
from app.replies import moderating, queries, service
from app.replies.models import Moderation
from app.replies.moderating import DEEDS, REASONS, STATE_LABELS
from app.staff import queries as staff
from app.staff.roles import Person
from app.web.context import current_person, now, reading, render, tell, writing
from app.web.dashboard import desk
from app.web.dashboard.showing import masked
from app.web.forms import refused


def comments_context(session: Session, person: Person, case: Case, received: list[Message]) -> dict[str, Any]:
    """What the case page shows of its comments at the platform: how each stands, and what this person may do."""
    done = queries.moderations_of(session, case.id)
    people = {one for row in done for one in (row.asked_by, row.settled_by) if one is not None}
    names = staff.names(session, list(people))
    accounts = {one: session.get_one(OfficialAccount, one) for one in {row.account_id for row in done}}
    shown = []
    for message in received:
        comment = queries.comment_of(session, message)
        if comment.offered:
            shown.append(
                {"id": message.id, "stands": _stands(comment), "deeds": moderating.choices(person, comment)}
            )
    return {
        "comments": shown,
        "moderations": [moderation_row(one, case, accounts[one.account_id], person, names) for one in done],
    }


def _stands(comment: moderating.Comment) -> str:
    if comment.is_gone:
        return "在平台上已删除"
    return "精选，所有读者可见" if comment.is_featured else "不是精选，只有留言人自己可见"


def moderations_open(session: Session, person: Person, limit: int = 50) -> list[dict[str, Any]]:
    """Steps that need a person, for the lists where people look."""
    found = queries.moderations_open(session, person, now(), limit)
    names = staff.names(session, [row.asked_by for row, _, _ in found])
    return [moderation_row(row, case, account, person, names) for row, case, account in found]


def moderation_row(
    one: Moderation, case: Case, account: OfficialAccount, person: Person, names: dict[int, str]
) -> dict[str, Any]:
    """One step as `desk/moderation_part.html` shows it."""
    held = accounts_service.breaker_of(account).holds(now())
    waits = moderating.waits_for(account.stopped_at is not None, account.closed_at is not None, held)
    return {
        "row": one,
        "case": case,
        "waits": waits if one.state == "ready" else "",
        "settled_by": names.get(one.settled_by or 0, ""),
        "drop": moderating.drop_label(person, one.action, one.state, one.settled_by is not None),
        "label": DEEDS[one.action].label,
        "state": STATE_LABELS[one.state],
        "by": names.get(one.asked_by, ""),
        "why": moderating.reason_words(one.reason, one.note),
        "may_settle": one.state == "unknown" and moderating.not_theirs(person, one.action) is None,
    }


@desk.get("/cases/<number>/comments/<int:message_id>/<action>")
def ask_moderate(number: str, message_id: int, action: str) -> str:
    """Asked once more, with the reason, before what cannot be undone."""
    return _asked(number, message_id, action)


def _asked(number: str, message_id: int, action: str, error: AppError | None = None) -> str:
    person = current_person()
    with reading() as session:
        case = cases.visible_case(session, person, number)
        message = session.get(Message, message_id)
        deed = DEEDS.get(action)
        if message is None or message.case_id != case.id or deed is None or not deed.is_final:
            raise NotFound("没有这一步")
        refusal = moderating.problem(person, queries.comment_of(session, message), action)
        if refusal is not None and error is None:
            raise refusal
        return render(
            "desk/comment_delete.html",
            case=case,
            message=message,
            words=masked(message.text),
            deed=deed,
            reasons=[("", "请选择"), *REASONS.items()],
            typed=request.form,
            error=error,
        )


@desk.post("/cases/<number>/comments/<int:message_id>/<action>")
def moderate(number: str, message_id: int, action: str) -> Response:
    """Decide it; the platform is asked by a job, outside of this request."""
    if action not in DEEDS:
        raise NotFound("没有这个操作")

    def do() -> None:
        with writing() as session:
            case = cases.visible_case(session, current_person(), number)
            reason, note = (request.form.get(name, "") for name in ("reason", "note"))
            service.moderate(
                session, now(), current_person(), case, message_id, action, reason=reason, note=note
            )

    if DEEDS[action].is_final:
        _, page = refused(do, lambda error: _asked(number, message_id, action, error))
        if page is not None:
            return page
    else:
        do()
    tell("good", f"已交给平台执行：{DEEDS[action].label}", "几秒后刷新本页看结果")
    return redirect(f"/desk/cases/{number}#comments", 303)


@desk.post("/cases/<number>/moderations/<int:moderation_id>/drop")
def drop_moderation(number: str, moderation_id: int) -> Response:
    """撤回 what waits, or put aside what failed."""
    with writing() as session:
        row = service.drop_moderation(session, now(), current_person(), moderation_id)
    tell("good", "已撤回，平台上没有动" if row.state == moderating.DROPPED else "已记下：不再做")
    return redirect(f"/desk/cases/{number}#comments", 303)


@desk.post("/cases/<number>/moderations/<int:moderation_id>")
def settle_moderation(number: str, moderation_id: int) -> Response:
    """结果不明: somebody looked at the platform."""
    done = request.form.get("done") == "yes"
    with writing() as session:
        service.settle_moderation(session, now(), current_person(), moderation_id, done=done)
    tell("good", "已记下：平台上已做成" if done else "已排队再做一次")
    return redirect(f"/desk/cases/{number}#comments", 303)
