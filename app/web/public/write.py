"""我要写信: the fewest fields, told before sending what becomes public, no sign-in, no app, no follow (D22)."""

import secrets
from datetime import timedelta

from flask import Response, make_response, request

from app.base.errors import AppError, Invalid, Unavailable
from app.cases import queries, service
from app.cases.models import Case
from app.official_accounts import queries as accounts
from app.staff import service as staff
from app.staff.addresses import limit_key
from app.web import forms
from app.web.context import client_address, now, render, writing
from app.web.public import public
from connectors.contract import IncomingMessage

_LONGEST = 2_000
_LETTERS_AN_HOUR = 10


@public.get("/write")
def write() -> str:
    """The form; the words of a search that found nothing come along."""
    typed = {"text": request.args.get("text", "")[:_LONGEST], "public": "yes"}
    return render("public/write.html", place="write", typed=typed, errors=[], key=secrets.token_urlsafe(12))


@public.post("/write")
def send_letter() -> Response:
    """Take the letter in: number, look-up code and the expected date at once. Sent twice it is one letter."""
    found, refused = forms.refused(_receive, _again)
    if refused:
        return refused
    case, code = found
    response = make_response(render("public/written.html", place="write", case=case, code=code))
    response.headers["Cache-Control"] = "no-store"
    return response


def _receive() -> tuple[Case, str]:
    text = request.form.get("text", "").strip()
    if len(text) < 5:
        raise Invalid("请写明要说的事，至少 5 个字", field="text")
    if len(text) > _LONGEST:
        raise Invalid(f"最多 {_LONGEST} 字，现在有 {len(text)} 字", field="text")
    if "\x00" in "".join(request.form.values()):
        raise Invalid("内容里有无法显示的字符，请删去后再试", field="text")
    key = request.form.get("key", "")[:40] or secrets.token_urlsafe(12)
    limit = limit_key(client_address())
    with writing() as session:
        account = next(iter(accounts.all_open(session, platform="website")), None)
        if account is None:
            raise Unavailable("网上写信还没有开通，请拨打 12345")
        staff.check_attempts(
            session, now(), "write", limit, limit=_LETTERS_AN_HOUR, within=timedelta(hours=1)
        )
        case, is_new = service.receive_letter(
            session,
            now(),
            account,
            IncomingMessage(
                platform="website",
                external_id=f"form:{key}",
                kind="letter",
                sender=None,
                text=text,
                title=request.form.get("title", "").strip()[:60],
                contact=request.form.get("contact", "").strip()[:60] or None,
                public_consent=request.form.get("public", "") == "yes",
                page_url=request.form.get("page_url", "").strip()[:500] or None,
            ),
        )
        if is_new:
            staff.count_attempt(session, now(), "write", limit)
        return case, queries.lookup_code(session, case)


def _again(error: AppError) -> str:
    typed = {name: value[:_LONGEST] for name, value in request.form.items()}
    return render(
        "public/write.html",
        place="write",
        typed=typed,
        errors=[{"field": error.field, "message": error.message}],
        key=request.form.get("key", "")[:40],
    )
