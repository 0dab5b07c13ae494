"""The doors: one per kind of visitor, each with the rule who may enter. Nothing else is reachable."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, current_app, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask.wrappers import Request
from flask_wtf.csrf import CSRFProtect
from werkzeug.routing import IntegerConverter, Map

from app.web import access, errors, presenting
from app.web.api import api
from app.web.dashboard import around as around_desk
from app.web.dashboard import desk, entrance
from app.web.framing import framed_by
from app.web.operations import operations, seen
from app.web.public import around as around_public
from app.web.public import public
from app.web.public.write import embedded
from app.web.webhooks import webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("huiying.access")

WEBHOOK_BYTES = 64 * 1024
UPLOAD_BYTES = 10 * 1024 * 1024
CSP = framed_by()
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True)
class Door:
    """A blueprint, who may enter, whether forms carry a CSRF token, and how large a request may be."""

    blueprint: Blueprint
    may_enter: access.Rule
    csrf: bool = True
    bytes: int = UPLOAD_BYTES
    no_store: bool = False


DOORS = (
    Door(webhooks, access.signed_by_platform, csrf=False, bytes=WEBHOOK_BYTES),
    Door(entrance, access.anyone, no_store=True),
    Door(desk, access.staff_only, no_store=True),
    # Programs show a token in a header, which no other site's page can make a browser send.
    Door(api, access.token_holder, csrf=False),
    Door(operations, access.operators_machine),
    Door(public, access.anyone),
    # Shown in other sites' frames, where browsers send no cookie a form could be tied to.
    Door(embedded, access.anyone, csrf=False),
)
_BY_NAME = {door.blueprint.name: door for door in DOORS}
# The locks belong to the doors, not to one application: tests make many.
for _each in DOORS:
    _each.blueprint.before_request(_each.may_enter)


class Framed:
    """Whatever goes out carries `HEADERS`, unless it says otherwise itself. Around Flask, where it costs least."""

    def __init__(self, inner: "WSGIApplication") -> None:
        self._inner = inner
        self._rows = [(name.lower(), (name, value)) for name, value in HEADERS.items()]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            given = {name.lower() for name, _ in headers}
            if environ.get(_SHOWN_ELSEWHERE):
                given.add("x-frame-options")  # it knows nobody or everybody; the policy names who may
            headers += [row for lower, row in self._rows if lower not in given]
            return start_response(status, headers, *more)

        return self._inner(environ, start)


class Sessions(SecureCookieSessionInterface):
    """Flask's cookie for form tokens, at no cost to whoever has none and needs none (platforms, programs)."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if "HTTP_COOKIE" not in request.environ:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session or session.accessed or session.modified:
            super().save_session(app, session, response)


class RowNumber(IntegerConverter):
    """A row's number in an address: as large as the databases count, so that a larger one is not found."""

    def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
        super().__init__(map, *args, **{"max": 2**31 - 1, **kwargs})


def register(app: Flask) -> None:
    """Hang every door, with its lock."""
    app.url_map.converters["int"] = RowNumber
    app.wsgi_app = Framed(app.wsgi_app)  # type: ignore[method-assign]
    app.session_interface = Sessions()
    app.ensure_sync = _as_it_is  # type: ignore[assignment]
    csrf = CSRFProtect()
    app.config.update(
        MAX_CONTENT_LENGTH=UPLOAD_BYTES,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a desk stays open for hours
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_CHECK_DEFAULT=False,  # asked for by `_start`, at the doors that have forms
        SESSION_COOKIE_NAME="huiying_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=app.extensions["huiying"].settings.public_url.startswith("https:"),
    )
    app.before_request(_start)
    for door in DOORS:
        if not door.csrf:
            csrf.exempt(door.blueprint)
        app.register_blueprint(door.blueprint)
    csrf.init_app(app)
    app.extensions["huiying_around"] = {
        "desk": around_desk,
        "entrance": around_public,
        "public": around_public,
        "embedded": around_public,
    }
    app.after_request(_finish)
    presenting.register(app)
    app.jinja_env.globals["may_open"] = access.may_open
    errors.register(app)


def _as_it_is(view: Callable[..., Any]) -> Callable[..., Any]:
    """No view or hook of ours is a coroutine; Flask would find that out seven times a request."""
    return view


def _start() -> None:
    asked = _asked()
    asked.environ[_BEGAN] = time.perf_counter()
    door = _BY_NAME.get(asked.blueprint or "")
    if door:
        asked.max_content_length = door.bytes
        if door.csrf and current_app.config["WTF_CSRF_ENABLED"]:
            current_app.extensions["csrf"].protect(apply_exemptions=True)


def _finish(response: Response) -> Response:
    asked = _asked()
    door, rule = _BY_NAME.get(asked.blueprint or ""), asked.url_rule
    if door and door.blueprint is embedded and "Content-Security-Policy" in response.headers:
        asked.environ[_SHOWN_ELSEWHERE] = True
    if door and door.no_store:
        response.headers.setdefault("Cache-Control", "no-store")
    if asked.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    began = asked.environ.get(_BEGAN)
    took = time.perf_counter() - began if began else 0.0
    seen(asked.endpoint, response.status_code, took)
    # The rule, not the path: paths carry webhook keys and sign-in tokens; query strings carry words.
    fields = {
        "method": asked.method,
        "route": rule.rule if rule else "-",
        "status": response.status_code,
        "ms": round(took * 1e3, 1),
    }
    if person := g.get("person"):
        fields["staff_id"] = person.id
    log.info("request", extra={"fields": fields})
    return response


def _asked() -> Request:
    """The request itself: each look through Flask's stand-in for it costs as much as the look."""
    return request._get_current_object()  # type: ignore[attr-defined,no-any-return]


_BEGAN = "huiying.began"
_SHOWN_ELSEWHERE = "huiying.shown_elsewhere"
