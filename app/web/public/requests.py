"""申请更正或撤下: anybody may ask, whoever wrote the letter proves it with the look-up code; it becomes work."""

from datetime import timedelta
from typing import Any

from flask import Response, make_response, request

from app.base.errors import AppError, Invalid
from app.cases import queries as cases
from app.cases import service as handling
from app.disclosure import decision
from app.disclosure import service as disclosure
from app.disclosure.models import PublicRequest
from app.opendata import queries
from app.opendata.models import PublishedCase
from app.staff import service as staff
from app.staff.addresses import limit_key
from app.web import forms
from app.web.context import client_address, now, reading, render, services, tell, writing
from app.web.public import giving, public

REQUESTS_AN_HOUR = 5
KINDS = [(kind.value, label) for kind, label in decision.REQUEST_LABELS.items()]


@public.get("/cases/<number>/request")
def ask_about_case(number: str) -> Response:
    """The form; a case that is gone already says so."""
    shown = _shown(number)
    if shown.withdrawn_at:
        return _gone(shown)
    response = make_response(_form(shown, {"kind": request.args.get("kind", "")}))
    response.headers["Cache-Control"] = f"public, max-age={giving.MAX_AGE}"
    return response


@public.post("/cases/<number>/request")
def send_request(number: str) -> Response:
    """Take it down as work for the disclosure officer; limited per address, wrong codes counted."""
    shown = _shown(number)
    if shown.withdrawn_at:
        return _gone(shown)
    found, refused = forms.refused(
        lambda: _receive(shown.number), lambda error: _form(shown, request.form, error)
    )
    if refused:
        return refused
    tell("good", "申请已收到", _what_follows(found))
    response = make_response(_form(shown, {}, done=True))
    response.headers["Cache-Control"] = "no-store"
    return response


def _what_follows(found: PublicRequest) -> str:
    if found.own:
        return "公开审核员会看。处理结果在“查进度”里，用编号和查询码就能看到"
    return "公开审核员会看。涉及个人信息的，先撤下，再核对"


def _shown(number: str) -> PublishedCase:
    with reading() as session:
        return queries.public_case(session, number)


def _gone(shown: PublishedCase) -> Response:
    reason = decision.WITHDRAWALS.get(shown.reason, "其他")
    return make_response(render("public/withdrawn.html", place="cases", case=shown, reason=reason), 410)


def _receive(number: str) -> PublicRequest:
    words, kind = request.form.get("words", ""), request.form.get("kind", "")
    decision.check_request(kind, words)
    if "\x00" in words:
        raise Invalid("内容里有无法显示的字符，请删去后再试", field="words")
    limit = limit_key(client_address())
    code = request.form.get("code", "").strip()[:20]
    if code:
        handling.follow(services().db, now(), number, code, address_key=limit)
    with writing() as session:
        staff.check_attempts(
            session, now(), "request", limit, limit=REQUESTS_AN_HOUR, within=timedelta(hours=1)
        )
        staff.count_attempt(session, now(), "request", limit)
        case = cases.by_number(session, number)
        if case is None:
            raise Invalid("没有这一件办件")
        return disclosure.ask(session, now(), case, kind, words, own=bool(code))


def _form(shown: PublishedCase, typed: Any, error: AppError | None = None, *, done: bool = False) -> str:
    return render(
        "public/request.html",
        place="cases",
        case=shown,
        kinds=KINDS,
        typed=typed,
        done=done,
        longest=decision.LONGEST_REQUEST,
        wrong={error.field or ("code" if error.code == "wrong_code" else None): error.message}
        if error
        else {},
        errors=[{"field": error.field, "message": error.message}] if error else [],
    )
