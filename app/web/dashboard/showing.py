"""How do cases look on the desk? From rows of the database to the shapes the components take."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.calendar import queries as calendars
from app.calendar.workdays import Calendar, day_of, working_days_between
from app.cases import steps
from app.cases.deadlines import LABELS as TYPE_LABELS
from app.cases.deadlines import PACE_LABELS, MessageType, Pace
from app.cases.models import Case
from app.cases.queries import Page
from app.cases.steps import Step
from app.cases.transitions import INVALID_REASONS, Action, Status
from app.departments import queries as departments
from app.log.models import Event
from app.messages.classify import LONG_NUMBER
from app.web.dashboard.log_words import STEP_LABELS
from app.web.presenting import clock_view, due_instant
from connectors.registry import short_label

SENSITIVITIES = {"ordinary": "一般", "important": "重要", "sensitive": "敏感"}
_EXCERPT = 48
_TELEPHONE = 11  # digits; of a shorter number less is shown


def platform_label(key: str) -> str:
    """What a platform is called in a list."""
    return short_label(key)


def type_label(value: str) -> str:
    return TYPE_LABELS.get(MessageType(value), value)


def days_left(now: datetime, case: Case, calendar: Calendar) -> int:
    """Working days until the due day; negative when overdue."""
    today, due = day_of(now), case.due_on
    return (
        working_days_between(today, due, calendar)
        if due >= today
        else -working_days_between(due, today, calendar)
    )


def clocks_of(
    case: Case, now: datetime, calendar: Calendar, *, large: bool = False, left: int | None = None
) -> list[dict[str, Any]]:
    """The two clocks, the sooner first; windows without end are left out. Done cases have none.

    ``left``: how many replies the platform still carries within its window, where it counts them.
    """
    if not case.open:
        return []
    law = clock_view(
        now,
        "法定时限" if large else "法定",
        case.due_at,
        case.received_at,
        0 if case.pace != Pace.ORDINARY else days_left(now, case, calendar),
        case.due_provisional,
    )
    if case.window_closes_at is None:
        return [dict(law)]
    name = f"{platform_label(case.platform)}窗口" if large else "窗口"
    name += f"，还可发 {left} 条" if left is not None else ""
    window = clock_view(now, name, case.window_closes_at, case.received_at)
    return [dict(law), dict(window)]


def queue_rows(
    session: Session,
    cases: Iterable[Case],
    now: datetime,
    *,
    here: str = "",
    details: dict[int, str] | None = None,
) -> list[dict[str, Any]]:
    """Rows for `ui.queue`; numbers in excerpts are masked: a list needs no telephone number."""
    cases = list(cases)
    calendar = calendars.calendar(session)
    names = departments.names(session, {case.department_id for case in cases})
    return [
        {
            "number": case.number,
            "short_number": case.number,
            "title": case.title,
            "href": f"/desk/cases/{case.number}",
            "excerpt": excerpt(case.text, case.title),
            "tags": _tags(case),
            "platform": platform_label(case.platform),
            "received_at": case.received_at,
            "department": names.get(case.department_id or 0),
            "status": case.status,
            "detail": (details or {}).get(case.id) or step_line(case, now),
            "clocks": clocks_of(case, now, calendar),
            "is_here": case.number == here,
        }
        for case in cases
    ]


def step_line(case: Case, now: datetime) -> str | None:
    """起草送审 10-12 11:30 前: what is done next, and by when; nothing once it is the case that is due."""
    if not case.open or not case.step or case.step_due_at is None or case.status == Status.WAITING_CITIZEN:
        return None
    by = "已到时间" if now >= case.step_due_at else f"{due_instant(case.step_due_at, now)} 前"
    return f"{steps.LABELS[Step(case.step)]} {by}"


def step_rows(case: Case, times: Mapping[Step, datetime], now: datetime) -> list[dict[str, Any]]:
    """Every step with its time, for the case's page: done, next, or ahead."""
    order = list(Step)
    here = order.index(Step(case.step)) if case.step else len(order)
    return [
        {
            "label": steps.LABELS[step],
            "at": due_instant(times[step], now),
            "state": "done" if place < here else "next" if place == here else "ahead",
            "is_late": place == here and now >= times[step],
        }
        for place, step in enumerate(order)
    ]


def masked(text: str) -> str:
    """The text with long numbers shown in part, as 138****0000; seeing one whole leaves a record."""
    return LONG_NUMBER.sub(_in_part, text)


def _in_part(found: re.Match[str]) -> str:
    first, last = (3, 4) if len(found[0]) >= _TELEPHONE else (2, 2)
    return f"{found[0][:first]}****{found[0][-last:]}"


def _tags(case: Case) -> list[str]:
    tags = []
    if case.pace != Pace.ORDINARY:
        tags.append(PACE_LABELS[Pace(case.pace)])
    if case.sensitivity != "ordinary":
        tags.append(SENSITIVITIES[case.sensitivity])
    if case.supervised:
        tags.append("督办")
    if case.returns:
        tags.append(f"退回 {case.returns} 次")
    if case.reopened:
        tags.append("重办")
    return tags


def excerpt(text: str, title: str) -> str:
    """The words after the title, on one line."""
    rest = " ".join(masked(text).split())
    begins = masked(title).removesuffix("……")
    if rest.startswith(begins):
        rest = rest[len(begins) :].lstrip("。，？！?! ")
    return rest if len(rest) <= _EXCERPT else rest[:_EXCERPT] + "……"


def pager(page: Page, href: str) -> dict[str, Any]:
    """For `ui.keyset_pager`. ``href`` ends where the cursor is to be added."""
    last = page.first + len(page.items) - 1 if page.items else 0
    return {
        "first": page.first,
        "last": last,
        "total": page.total,
        "measure": "件",
        "previous_href": f"{href}before={page.previous}" if page.previous else None,
        "next_href": f"{href}after={page.next}" if page.next else None,
        "next_count": min(len(page.items), page.total - last),
    }


def timeline(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The log of a case, newest first."""
    return [
        {
            "verb": STEP_LABELS.get(event.action, event.action),
            "object": event.data.get("department") if event.action in {"assign", "transfer"} else None,
            "who": event.actor_name or ("系统" if event.action != "take_in" else None),
            "at": event.at,
            "note": _note(event),
            "is_now": position == 0,
        }
        for position, event in enumerate(events)
    ]


def _note(event: Event) -> str | None:
    reason = "；依据：".join(
        part for part in (event.data.get("reason", ""), event.data.get("basis", "")) if part
    )
    return INVALID_REASONS.get(reason, reason) or event.data.get("note") or None


def said_next(case: Case, actions: list[Action]) -> dict[str, str]:
    """接下来: what must be done next, in one sentence (design §1.5)."""
    kind, title, text = _NEXT.get(case.status, ("info", "这件已经办完", ""))
    return {"kind": kind, "title": title, "text": text if actions else ""}


_NEXT = {
    "new": ("info", "接下来：受理，并交给承办单位", "看清诉求类型和地点，时限随类型算。"),
    "accepted": ("info", "接下来：交办，或从问答库直接答复", "有把握的答案可以直接插入送审，不必交办。"),
    "assigned": ("info", "接下来：等承办单位签收", "不属本单位职责的，签收前写明依据退回。"),
    "in_progress": ("info", "接下来：写完答复，送审", "三位审核人各审一次，改动一个字就从初审重来。"),
    "waiting_citizen": (
        "soon",
        "接下来：等来信人补充，时限暂停",
        "来信人再来信会自动接上；也可以记下电话里说的。",
    ),
    "in_review": ("info", "接下来：等审核和签发", "第一位审核人处理前，起草人可以撤回。"),
    "replied": ("good", "接下来：看送达情况，然后办结", "写明办理结果；满七日无异议会自动办结。"),
    "closed": ("good", "已办结", "公开审核员会决定公开稿；来信人可以评价，没解决的可以重办一次。"),
    "declined": ("info", "不予受理", ""),
    "invalid": ("info", "已标为无效", ""),
    "merged": ("info", "已并案", "主办件的答复会同时发给这位来信人。"),
}
