"""查进度: number and look-up code in, the plain stages and the reply out. Nothing secret in an address."""

from collections.abc import Callable
from typing import Any

from flask import Response, make_response, request
from sqlmodel import Session

from app.base.errors import AppError
from app.cases import queries, service
from app.cases.models import Case, Extension
from app.cases.stages import ENDS, stages
from app.cases.transitions import OUTCOME_LABELS, Outcome, Status
from app.departments import queries as departments
from app.disclosure import queries as disclosures
from app.disclosure.decision import REQUEST_LABELS, RequestKind
from app.log import queries as log_queries
from app.opendata import queries as opendata
from app.replies import queries as replies
from app.staff.addresses import limit_key
from app.web import forms
from app.web.context import client_address, now, reading, render, services, tell, writing
from app.web.public import public


@public.get("/progress")
def progress() -> str:
    """The form. A number may stand in the address, the code never."""
    return render(
        "public/progress.html", place="progress", number=request.args.get("number", "")[:20], errors=[]
    )


def _follow() -> Case:
    return service.follow(
        services().db,
        now(),
        request.form.get("number", "")[:40],
        request.form.get("code", "")[:20],
        address_key=limit_key(client_address()),
    )


def _again(error: AppError) -> str:
    return render(
        "public/progress.html",
        place="progress",
        number=request.form.get("number", "")[:20],
        errors=[{"field": error.field, "message": error.message}],
    )


def _page(case: Case, error: AppError | None = None) -> str:
    errors = [{"field": error.field, "message": error.message}] if error else []
    with reading() as session:
        story = _story(session, session.get_one(Case, case.id))
        return render("public/followed.html", place="progress", errors=errors, typed=request.form, **story)


@public.post("/progress")
def follow() -> Response:
    """What became of the letter; wrong tries are counted and limited."""
    return _after(lambda case: None)


def _after(do: Callable[[Case], None]) -> Response:
    """Check number and code, ``do`` it, and show the letter's way; a refusal is shown there too."""
    case, refused = forms.refused(_follow, _again)
    if refused:
        return refused
    _, refused = forms.refused(lambda: do(case), lambda error: _page(case, error))
    response = refused or make_response(_page(case))
    response.headers["Cache-Control"] = "no-store"
    return response


def _story(session: Session, case: Case) -> dict[str, Any]:
    master = session.get(Case, case.master_id) if case.master_id else None
    lead = master or case
    events = [(event.action, event.at) for event in reversed(log_queries.of_case(session, lead.id))]
    released = replies.last_released(session, lead.id)
    names = departments.names(session, {lead.department_id})
    extension = _last_extension(session, lead)
    questions = queries.open_inquiries(session, case.id, "ask")
    asked = [row for row in disclosures.requests_of(session, case.id) if row.own]
    return {
        "is_public": opendata.is_public(session, case.number),
        "requests": [(REQUEST_LABELS[RequestKind(row.kind)], row) for row in asked],
        "case": case,
        "number": case.number,
        "code": request.form.get("code", ""),
        "stages": [
            {"label": stage.label, "is_done": stage.is_done, "at": stage.at}
            for stage in stages(Status(lead.status), events)
        ],
        "end": ENDS.get(Status(lead.status)) or ENDS.get(Status(case.status)),
        "reason": lead.ended_reason if lead.status == Status.DECLINED else "",
        "question": questions[-1].question if questions else "",
        "department": names.get(lead.department_id or 0, ""),
        "due_on": lead.due_on,
        "provisional": lead.due_provisional,
        "is_open": lead.open,
        "extension": extension,
        "reply": released,
        "outcome": OUTCOME_LABELS[Outcome(lead.outcome)] if lead.outcome else "",
        "rating": queries.rating_of(session, case.id),
        "may_rate": case.status in {Status.REPLIED, Status.CLOSED},
        "may_reopen": case.status in {Status.REPLIED, Status.CLOSED}
        and not case.reopened
        and case.department_id,
    }


def _last_extension(session: Session, case: Case) -> Extension | None:
    granted = [one for one in queries.extensions(session, case.id) if one.granted]
    return granted[-1] if granted else None


@public.post("/progress/rate")
def rate() -> Response:
    """满意度, once."""

    def do(case: Case) -> None:
        with writing() as session:
            service.rate(
                session,
                now(),
                case,
                score=request.form.get("score", ""),
                solved=request.form.get("solved") == "yes",
            )
        tell("good", "谢谢您的评价", "已经记下，并会计入公开的满意率")

    return _after(do)


@public.post("/progress/answer")
def answer() -> Response:
    """What the office asked the citizen for; the clock runs again."""

    def do(case: Case) -> None:
        with writing() as session:
            current = session.get_one(Case, case.id)
            service.answer_by_requester(session, now(), current, request.form.get("answer", ""))
        tell("good", "已收到您的补充", "办理从现在起继续，时限顺延")

    return _after(do)


@public.post("/progress/reopen")
def reopen() -> Response:
    """没解决, once: the case goes back to its department with a new deadline."""

    def do(case: Case) -> None:
        with writing() as session:
            current = session.get_one(Case, case.id)
            service.reopen_by_requester(session, now(), current, request.form.get("reason", ""))
        tell("good", "已重新交给承办单位", "时限从今天起重新算")

    return _after(do)
