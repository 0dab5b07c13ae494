"""我要写信: the fewest fields, told before sending what becomes public, no sign-in, no app, no follow (D22)."""

import secrets
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, g, make_response, request
from sqlmodel import Session

from app.base.errors import AppError, Invalid, NotFound, Unavailable
from app.cases import queries, service
from app.cases.models import Case
from app.messages import media
from app.messages import queries as messages
from app.messages import service as messages_service
from app.messages.attachments import Prepared, Refused, picture_of
from app.official_accounts import queries as accounts
from app.official_accounts import service as accounts_service
from app.staff import service as staff
from app.staff.addresses import limit_key
from app.web import forms
from app.web.context import client_address, now, reading, render, writing
from app.web.framing import framed_by
from app.web.public import public
from connectors.contract import IncomingMessage
from connectors.website.connector import WebsiteConnector

_LONGEST = 2_000
_LETTERS_AN_HOUR = 10
_MOST_PHOTOS = 3


embedded = Blueprint("embedded", __name__, template_folder="templates")
"""The same form inside a page of the office's own site. It asks for no cookie: a browser would not send one
from a frame, and a letter that anybody may write needs none."""


@embedded.before_request
def _only_where_the_office_says() -> None:
    g.embed_on = _origins()
    if not g.embed_on:
        raise NotFound("写信表单没有开放嵌入")


@embedded.after_request
def _in_their_frames(response: Response) -> Response:
    if origins := g.get("embed_on"):
        response.headers["Content-Security-Policy"] = framed_by(origins)
        response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
        response.headers["Cache-Control"] = "no-store"
    return response


def _origins() -> tuple[str, ...]:
    with reading() as session:
        account = next(iter(accounts.all_open(session, platform="website")), None)
        connector = accounts_service.connector_for(session, account) if account else None
    return connector.embed_on if isinstance(connector, WebsiteConnector) else ()


@embedded.get("/write/embedded")
def write_embedded() -> str:
    """The form for a frame."""
    return write()


@embedded.post("/write/embedded")
def send_letter_embedded() -> Response:
    """A letter out of a frame: the same as any other."""
    return send_letter()


@public.get("/write")
def write() -> str:
    """The form; the words of a search that found nothing come along."""
    typed = {"text": request.args.get("text", "")[:_LONGEST], "public": "yes"}
    return _page("public/write.html", typed=typed, errors=[], key=secrets.token_urlsafe(12))


def _page(template: str, **context: Any) -> str:
    is_embedded = request.blueprint == "embedded"
    return render(template, place="write", embedded=is_embedded, most_photos=_MOST_PHOTOS, **context)


@public.post("/write")
def send_letter() -> Response:
    """Take the letter in: number, look-up code and the expected date at once. Sent twice it is one letter."""
    found, refused = forms.refused(_receive, _again)
    if refused:
        return refused
    case, code = found
    response = make_response(_page("public/written.html", case=case, code=code))
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
    with reading() as session:
        _check_not_too_many(session, limit)  # before pictures are unpacked, which costs the server something
    photos = _photos()
    with writing() as session:
        account = next(iter(accounts.all_open(session, platform="website")), None)
        if account is None:
            raise Unavailable("网上写信还没有开通，请拨打 12345")
        _check_not_too_many(session, limit)
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
            _keep_photos(session, case, photos)
        return case, queries.lookup_code(session, case)


def _check_not_too_many(session: Session, limit: str) -> None:
    staff.check_attempts(session, now(), "write", limit, limit=_LETTERS_AN_HOUR, within=timedelta(hours=1))


def _photos() -> list[tuple[str, Prepared]]:
    """The photos that were chosen, drawn anew without place or camera. Refused before anything is kept where
    one is none, too large, or cannot be drawn."""
    given = [one for one in request.files.getlist("photos") if one.filename]
    if len(given) > _MOST_PHOTOS:
        raise Invalid(f"照片最多 {_MOST_PHOTOS} 张，这里有 {len(given)} 张", field="photos")
    photos = []
    for place, one in enumerate(given, 1):
        try:
            photos.append((one.filename or "", picture_of(one.read())))
        except Refused as refused:
            words = media.REASONS[refused.reason]
            raise Invalid(f"第 {place} 张没有收：{words}。请换一张照片", field="photos") from None
    return photos


def _keep_photos(session: Session, case: Case, photos: list[tuple[str, Prepared]]) -> None:
    if not photos:
        return
    first = messages.of_case(session, case.id)[0]
    for name, file in photos:
        messages_service.keep_file(session, now(), first.id, kind="image", file=file, file_name=name)


def _again(error: AppError) -> str:
    typed = {name: value[:_LONGEST] for name, value in request.form.items()}
    return _page(
        "public/write.html",
        typed=typed,
        errors=[{"field": error.field, "message": error.message}],
        key=request.form.get("key", "")[:40],
    )
