"""队列 and 办件详情: find a case, read its whole story, do what the table allows."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, make_response, redirect, request, stream_with_context
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from app.alerts import queries as alerts
from app.alerts import service as alerts_service
from app.base.errors import Invalid, NotFound
from app.base.keyset import LARGEST_ID
from app.calendar import queries as calendars
from app.cases import queries, service
from app.cases.deadlines import LABELS as TYPE_LABELS
from app.cases.deadlines import PACE_LABELS
from app.cases.models import Case
from app.cases.numbers import slip_number
from app.cases.reminders import PAPER_LABELS
from app.cases.transitions import (
    ACTION_LABELS,
    BY_REPLY,
    INVALID_REASONS,
    OUTCOME_LABELS,
    STATUS_LABELS,
    Action,
    Status,
    actions_for,
)
from app.departments import queries as departments
from app.finding import service as finding
from app.log import service as log
from app.messages import queries as messages
from app.messages.classify import letter_of
from app.messages.models import Message, Requester
from app.messages.pseudonym import shown
from app.opendata.formats import safe_cell
from app.staff import queries as staff
from app.staff.roles import Person
from app.web.context import current_person, now, reading, render, services, tell, writing
from app.web.dashboard import attachments, desk
from app.web.dashboard.comments import comments_context
from app.web.dashboard.replies import reply_context
from app.web.dashboard.showing import (
    SENSITIVITIES,
    clocks_of,
    masked,
    pager,
    platform_label,
    queue_rows,
    said_next,
    step_rows,
    timeline,
    type_label,
)
from app.web.forms import day_of_form
from app.web.presenting import instant, ruler_view
from connectors.registry import PLATFORMS

_EXPORT_PAGE = 500
# Views shown as tabs; the others are reached from the numbers that open them.
_TABS = ("mine", "new", "accepted", "at_department", "in_review", "replied", "open", "all")


def _filters() -> queries.QueueFilters:
    department = request.args.get("department", "")
    if department and not (department.isdecimal() and int(department) <= LARGEST_ID):
        raise Invalid("没有这个承办单位", field="department")
    return queries.QueueFilters(
        view=request.args.get("view", "open"),
        search=request.args.get("q", "").strip()[:100],
        platform=request.args.get("platform", ""),
        message_type=request.args.get("type", ""),
        department_id=int(department) if department else None,
        status=request.args.get("status", ""),
        due_on=day_of_form(request.args.get("due"), "due"),
        received_on=day_of_form(request.args.get("received"), "received"),
        closed_on=day_of_form(request.args.get("closed"), "closed"),
    )


def _address(**changes: str) -> str:
    kept = {name: value for name, value in request.args.items() if name not in {"after", "before"} and value}
    return "/desk/cases?" + urlencode({**kept, **changes})


@desk.get("/cases")
def queue() -> str:
    """The queue with saved views, search and filters, all in the address."""
    person, filters = current_person(), _filters()
    with reading() as session:
        page = queries.queue(
            session,
            person,
            filters,
            now(),
            after=request.args.get("after"),
            before=request.args.get("before"),
        )
        tabs = dict.fromkeys((*_TABS, filters.view))
        counts = queries.counts(session, person, now(), tuple(tabs))
        return render(
            "desk/queue.html",
            views=[
                {
                    "href": f"/desk/cases?view={key}",
                    "label": queries.VIEW[key].label,
                    "count": counts[key],
                    "is_current": key == filters.view,
                }
                for key in tabs
            ],
            filters=filters,
            selects=_selects(departments.all(session), filters),
            dates=[{"name": "due", "label": "到期日", "value": filters.due_on}],
            kept={"view": filters.view}
            | {
                name: day.isoformat()
                for name, day in (("received", filters.received_on), ("closed", filters.closed_on))
                if day
            },
            rows=queue_rows(session, page.items, now()),
            pager=pager(page, _address() + "&"),
            export_href="/desk/cases.csv?" + _address().partition("?")[2],
        )


def _selects(all_departments: list[Any], filters: queries.QueueFilters) -> list[dict[str, Any]]:
    return [
        {
            "name": "platform",
            "label": "平台",
            "value": filters.platform,
            "options": [("", "全部平台"), *((key, platform_label(key)) for key in PLATFORMS)],
        },
        {
            "name": "type",
            "label": "类型",
            "value": filters.message_type,
            "options": [("", "全部类型"), *((str(key), label) for key, label in TYPE_LABELS.items())],
        },
        {
            "name": "department",
            "label": "承办单位",
            "value": str(filters.department_id or ""),
            "options": [
                ("", "全部承办单位"),
                *((str(row.id), row.short or row.name) for row in all_departments),
            ],
        },
        {
            "name": "status",
            "label": "状态",
            "value": filters.status,
            "options": [("", "全部状态"), *((str(key), label) for key, label in STATUS_LABELS.items())],
        },
    ]


_COLUMNS = ("办件编号", "状态", "平台", "类型", "类别", "地点", "承办单位", "收到时间", "到期日", "标题")


@desk.get("/cases.csv")
def export() -> Response:
    """What is on screen as CSV, without the letters themselves; every export is logged (B19)."""
    person, filters, at = current_person(), _filters(), now()
    with writing() as session:
        page = queries.queue(session, person, filters, at, limit=1)
        log.record(
            session, at, person, "export", subject_type="cases", subject_id=filters.view, rows=page.total
        )
    response = Response(
        stream_with_context(_lines(person, filters, at)), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f"attachment; filename=cases-{filters.view}.csv"
    return response


def _lines(person: Person, filters: queries.QueueFilters, at: Any) -> Iterator[str]:
    yield "\ufeff" + _csv([_COLUMNS])
    after: str | None = None
    with reading() as session:
        names = {row.id: row.name for row in departments.all(session)}
        while True:
            page = queries.queue(session, person, filters, at, after=after, limit=_EXPORT_PAGE)
            yield _csv(
                (
                    case.number,
                    STATUS_LABELS[Status(case.status)],
                    platform_label(case.platform),
                    type_label(case.message_type),
                    case.category,
                    case.place,
                    names.get(case.department_id or 0, ""),
                    case.received_at.isoformat(timespec="seconds"),
                    case.due_on.isoformat(),
                    case.title,
                )
                for case in page.items
            )
            after = page.next
            session.expunge_all()
            if after is None:
                return


def _csv(rows: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([safe_cell(cell) for cell in row] for row in rows)
    return buffer.getvalue()


# ------------------------------------------------------------------ one case


@desk.get("/cases/<number>")
def case(number: str) -> str:
    """The whole story of one case."""
    return _case_page(number)


def _case_page(number: str, *, errors: list[dict[str, Any]] | None = None, typed: Any = None) -> str:
    person, at = current_person(), now()
    with reading() as session:
        found = queries.visible_case(session, person, number)
        story = queries.case_story(session, person, found)
        calendar = calendars.calendar(session)
        actions = actions_for(Status(found.status), person.roles)
        rules = service.profile_of(session, found)
        returns = [one for one in story.returns if one.accepted is None]
        ids = {
            found.handler_id,
            *(one.asked_by for one in story.extensions),
            *(one.by_id for one in story.actions),
            *(one.by_id for one in story.returns),
            *(one.to_id for one in story.slips),
            *(one.added_by for one in story.attachments),
        }
        names = staff.names(session, ids)
        department_rows = departments.all(session)
        suggestions = (
            finding.suggest(
                session, services().answers, letter_of(found.title, found.text), limit=3, case_id=found.id
            )
            if found.open
            else []
        )
        answering = reply_context(session, person, found, at)
        context = {
            "case": found,
            "story": story,
            "errors": errors or [],
            "typed": typed or {},
            "platform": platform_label(found.platform),
            "type_label": type_label(found.message_type),
            "sensitivity": SENSITIVITIES[found.sensitivity],
            "text": masked(found.text),
            "files": [
                attachments.shown(found.number, one) for one in story.attachments if one.added_by is None
            ],
            "later": [(one, masked(one.text)) for one in story.messages[1:]],
            "has_numbers": any(masked(text) != text for text in _letters(found, story.messages)),
            "has_contact": bool(story.requester and story.requester.contact_sealed),
            "ended_reason": INVALID_REASONS.get(found.ended_reason, found.ended_reason),
            "requester": shown(story.requester.pseudonym) if story.requester else "",
            "clocks": clocks_of(found, at, calendar, large=True, left=answering["left_in_window"]),
            "site": _site(story.messages, at),
            "ruler": ruler_view(
                found.due_days,
                at,
                found.received_at,
                found.due_on,
                found.window_closes_at if found.open else None,
                window_name=f"{platform_label(found.platform)}窗口",
            ),
            "said_next": said_next(found, actions),
            "limit": service.limit_of(rules, found).words,
            "steps": step_rows(found, service.step_times(found, rules, calendar), at),
            "return_until": service.return_until(session, found),
            "return_open": returns[-1] if returns else None,
            "papers": PAPER_LABELS,
            "slip_number": slip_number,
            "paces": [(str(key), label) for key, label in PACE_LABELS.items()],
            "actions": [action for action in actions if action not in BY_REPLY],
            "action_labels": ACTION_LABELS,
            "timeline": timeline(story.events),
            "department": next((row for row in department_rows if row.id == found.department_id), None),
            "departments": [(str(row.id), row.short or row.name) for row in department_rows],
            "names": names,
            "routed_to": departments.names(
                session, {found.routing.get("department_id"), *found.routing.get("assisting", [])}
            ),
            "types": [(str(key), label) for key, label in TYPE_LABELS.items()],
            "sensitivities": list(SENSITIVITIES.items()),
            "invalid_reasons": list(INVALID_REASONS.items()),
            "outcomes": [(str(key), label) for key, label in OUTCOME_LABELS.items()],
            "may_join": _may_join(person, found, [other for other, _ in story.repeats]),
            "repeats": [
                {"case": other, "why": likeness.why, "platform": platform_label(other.platform)}
                for other, likeness in story.repeats
            ],
            "suggestions": [
                _suggestion(found.number, hit, place) for place, hit in enumerate(suggestions, 1)
            ],
            "alerts": alerts.of_case(session, found.id),
            "extension": queries.open_extension(session, found.id),
            **answering,
            **comments_context(session, person, found, story.messages),
            "photos": attachments.photos(person, found, story.attachments, names),
        }
        return render("desk/case.html", **context)


def _site(received: list[Message], at: datetime) -> list[tuple[str, str | None]]:
    """Which website a fault was found on (找错), and what the national system says beside it."""
    said = received[0].extra if received and received[0].kind == "correction" else {}
    times = {name: _time(said[name], at) for name in ("passed_on_at", "due_at") if said.get(name)}
    rows = [(label, times.get(name, said.get(name))) for name, label in _SITE.items()]
    return rows if any(words for _, words in rows) else []


def _time(written: str, at: datetime) -> str:
    """A time as a person reads it; one that is none stands as it was written there."""
    try:
        return instant(datetime.fromisoformat(written), at)
    except (ValueError, TypeError):
        return written


_SITE = {
    "site_name": "网站",
    "site_code": "网站标识码",
    "category": "问题类型",
    "category_there": "原系统写的类型",
    "page": "问题所在",
    "passed_on_at": "转办时间",
    "due_at": "原系统的时限",
    "status": "原系统的状态",
}


def _may_join(person: Person, master: Case, alike: list[Case]) -> list[str]:
    """The numbers of those that this person may merge into ``master`` with one click."""
    if not master.open or master.master_id:
        return []
    return [
        other.number for other in alike if Action.MERGE in actions_for(Status(other.status), person.roles)
    ]


@desk.post("/cases/<number>/repeats")
def join_repeats(number: str) -> BaseResponse:
    """Merge what is about the same matter into this case: all of them or none."""
    members = request.form.getlist("member")[:_MOST_JOINED]
    if not members:
        raise Invalid("没有选要并入的件", field="member")
    with writing() as session:
        for member in members:
            service.act(session, now(), current_person(), member, Action.MERGE, master=number)
    tell("good", f"已并入 {len(members)} 件", "本件的答复会送到每一位来信人")
    return redirect(f"/desk/cases/{number}", 303)


_MOST_JOINED = 20
_CONFIDENCE = {"高": "high", "中": "middle", "低": "low"}


def _suggestion(number: str, hit: Any, place: int) -> dict[str, Any]:
    return {
        "confidence": _CONFIDENCE[hit.level],
        "title": hit.question,
        "href": f"/desk/answers/{hit.entry_id}",
        "excerpt": hit.text[:70] + ("……" if len(hit.text) > 70 else ""),
        "reasons": hit.reasons,
        "owner": hit.owner,
        "version": hit.version,
        "valid_until": hit.valid_until,
        "expires_soon": False,
        "number": place,
        "insert_action": f"/desk/cases/{number}/reply/insert",
        "fields": {"entry": hit.entry_id},
        "reject_action": f"/desk/cases/{number}/suggestions/{hit.key}/reject",
        "compare_href": None,
        "is_inserted": False,
    }


@desk.post("/cases/<number>/actions/<action>")
def act(number: str, action: str) -> BaseResponse | tuple[str, int]:
    """One action of the transition table; what was typed comes back with the reason if it is refused."""
    if action not in set(Action):
        raise NotFound("没有这个操作")
    details = {name: value for name, value in request.form.items() if name not in {"csrf_token", "version"}}
    version = request.form.get("version", "")
    with writing() as session:
        service.act(
            session,
            now(),
            current_person(),
            number,
            Action(action),
            version=int(version) if version.isdecimal() else None,
            **details,
        )
    tell("good", f"已{ACTION_LABELS[Action(action)]}", _AFTER.get(action, ""))
    return redirect(f"/desk/cases/{number}", 303)


_AFTER = {
    "assign": "承办单位的经办人会收到提醒",
    "ask_citizen": "时限已暂停，来信人再来信会自动接上",
    "return": "由受理员决定交给谁办",
    "refuse_return": "原承办单位会收到提醒，时限不变",
    "close": "公开审核员会决定公开稿",
}


@desk.post("/cases/<number>/inquiries/<int:inquiry_id>")
def answer_inquiry(number: str, inquiry_id: int) -> BaseResponse:
    """Another department answers a co-sign or verify request."""
    with writing() as session:
        service.answer_inquiry(
            session,
            now(),
            current_person(),
            number,
            inquiry_id,
            request.form.get("answer", ""),
            agrees=request.form.get("agrees", "yes") == "yes",
        )
    tell("good", "已答复")
    return redirect(f"/desk/cases/{number}", 303)


@desk.post("/cases/<number>/alerts/<int:alert_id>")
def settle_alert(number: str, alert_id: int) -> BaseResponse:
    """Somebody looked at an alert."""
    with writing() as session:
        alerts_service.settle(session, now(), current_person(), alert_id, request.form.get("note", ""))
    tell("good", "已记下处理情况")
    return redirect(f"/desk/cases/{number}", 303)


def _letters(case: Case, received: list[Message]) -> list[str]:
    """The citizen's words: the letter, and what was added to it later."""
    return [case.text, *(one.text for one in received[1:])]


def _all_words(session: Session, case: Case) -> str:
    return "\n\n".join(_letters(case, messages.of_case(session, case.id)))


def _contact(session: Session, case: Case) -> str:
    """How the citizen asked to be reached; sealed in the database."""
    requester = session.get(Requester, case.requester_id) if case.requester_id else None
    if requester is None or not requester.contact_sealed:
        raise NotFound("来信人没有留联系方式")
    contact: str = session.info["keys"].unseal(requester.contact_sealed, "requester")
    return contact


# What may be seen whole: its heading, the words of the log, and where it comes from.
_REVEALED: dict[str, tuple[str, str, Callable[[Session, Case], str]]] = {
    "numbers": ("完整来信", "看完整来信", _all_words),
    "code": ("查询码", "看查询码", queries.lookup_code),
    "contact": ("联系方式", "看联系方式", _contact),
}


@desk.post("/cases/<number>/reveal/<what>")
def reveal(number: str, what: str) -> Response:
    """The letter with its full numbers, the look-up code, how to reach the citizen; each look is logged."""
    if what not in _REVEALED:
        raise NotFound("没有这一项")
    heading, words, shown_whole = _REVEALED[what]
    person, at = current_person(), now()
    with writing() as session:
        found = queries.visible_case(session, person, number)
        text = shown_whole(session, found)
        log.record(
            session,
            at,
            person,
            "reveal",
            subject_type="case",
            subject_id=found.number,
            case_id=found.id,
            note=words,
        )
    response = make_response(render("desk/reveal.html", case=found, what=what, heading=heading, text=text))
    response.headers["Cache-Control"] = "no-store"
    return response
