"""我的工作: where a person begins. Every number opens its list, and the list has that many rows."""

from datetime import datetime

from flask import redirect, request
from werkzeug.wrappers import Response

from app.calendar import queries as calendars
from app.calendar.workdays import Calendar
from app.cases import queries as cases
from app.cases.models import Case
from app.notices import queries as notices
from app.notices import service as notices_service
from app.replies import queries as replies
from app.staff.roles import SEES_ALL_CASES, Role
from app.web.access import may_open
from app.web.context import current_person, now, reading, render, writing
from app.web.dashboard import desk
from app.web.dashboard.comments import moderations_open
from app.web.dashboard.showing import clocks_of, queue_rows

_TALLIED = ("overdue", "due_today", "window", "mine", "new", "at_department", "in_review", "open")


@desk.get("/")
def work() -> str:
    """The next case and one button; six tallies; my queue; what I sent for review; what did not arrive."""
    person, at = current_person(), now()
    with reading() as session:
        counts = cases.counts(session, person, at, _TALLIED)
        mine = person.may(Role.HANDLER, Role.CLERK) and counts["mine"] > 0
        view = "mine" if mine else "open"
        page = cases.queue(session, person, cases.QueueFilters(view=view), at, limit=10)
        case = cases.next_for(session, person, at)
        undelivered = replies.count_not_delivered(session, person)
        undelivered += replies.count_moderations_open(session, person, at)
        sent_back = replies.sent_back_to(session, person)
        tallies = [
            _tally(counts["overdue"], "已超期", "overdue", "stop", "over"),
            _tally(counts["due_today"], "今日到期", "due_today", "clock", "soon"),
            _tally(counts["window"], "窗口将关闭", "window", "clock", "soon"),
            {
                "count": len(sent_back),
                "label": "退回给我",
                "href": "/desk/#sent-back",
                "icon": "back",
            },
            {
                "count": replies.count_waiting_for(session, person),
                "label": "待我审核",
                "href": "/desk/reviews",
                "icon": "review",
            },
            {
                "count": undelivered,
                "label": "没有送到",
                "href": "/desk/deliveries?view=not_delivered",
                "icon": "question",
                "state": "over" if undelivered else None,
            },
        ]
        return render(
            "desk/work.html",
            next_item=_next_item(case, at, calendars.calendar(session)) if case else None,
            tallies=[tally for tally in tallies if may_open(str(tally["href"]))],
            counts=counts,
            view=view,
            rows=queue_rows(session, page.items, at),
            page=page,
            sent=replies.sent_for_review_by(session, person),
            sent_back=sent_back,
            not_delivered=replies.not_delivered(session, person, limit=5),
            steps=moderations_open(session, person, limit=5),
            undelivered=undelivered,
            inbox=notices.inbox(session, person.id, limit=8),
            sees_cases=person.may(Role.HANDLER, *SEES_ALL_CASES),
        )


def _tally(count: int, label: str, view: str, icon: str, state: str) -> dict[str, object]:
    return {
        "count": count,
        "label": label,
        "href": f"/desk/cases?view={view}",
        "icon": icon,
        "state": state if count else None,
    }


def _next_item(case: Case, at: datetime, calendar: Calendar) -> dict[str, object]:
    clocks = clocks_of(case, at, calendar)
    closes = case.window_closes_at
    window_first = closes is not None and at < closes < case.due_at
    why = "下一件 · 平台窗口先到" if window_first else "下一件 · 时限先到"
    verb = {"new": "受理并交办", "accepted": "交办", "assigned": "签收", "in_progress": "写答复"}
    return {
        "why": why,
        "title": case.title,
        "href": f"/desk/cases/{case.number}",
        "text": None,
        "clocks": clocks,
        "verb": verb.get(case.status, "打开"),
    }


@desk.post("/notices/<int:notice_id>")
def open_notice(notice_id: int) -> Response:
    """Mark a notice read and go where it leads."""
    with writing() as session:
        notice = notices_service.read(session, now(), current_person(), notice_id)
        address = notice.address
    return redirect(address or request.referrer or "/desk/", 303)
