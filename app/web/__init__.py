"""The doors: one per kind of visitor, each with the rule who may enter. Nothing else is reachable."""

import logging
import time
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, g, request
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
# The locks belong to the doors, not to one application: tests make many.
for _each in DOORS:
    _each.blueprint.before_request(_each.may_enter)


class RowNumber(IntegerConverter):
    """A row's number in an address: as large as the databases count, so that a larger one is not found."""

    def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
        super().__init__(map, *args, **{"max": 2**31 - 1, **kwargs})


def register(app: Flask) -> None:
    """Hang every door, with its lock."""
    app.url_map.converters["int"] = RowNumber
    csrf = CSRFProtect()
    app.config.update(
        MAX_CONTENT_LENGTH=UPLOAD_BYTES,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a desk stays open for hours
        WTF_CSRF_SSL_STRICT=False,
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
    errors.register(app)


def _start() -> None:
    g.started = time.perf_counter()
    door = _door()
    if door:
        request.max_content_length = door.bytes


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.headers["Content-Security-Policy"] != CSP and request.blueprint == "embedded":
        del response.headers["X-Frame-Options"]  # it knows nobody or everybody; the policy names who may
    door = _door()
    if door and door.no_store:
        response.headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    took = time.perf_counter() - g.get("started", time.perf_counter())
    seen(request.endpoint, response.status_code, took)
    # The rule, not the path: paths carry webhook keys and sign-in tokens; query strings carry words.
    rule = request.url_rule.rule if request.url_rule else "-"
    fields = {
        "method": request.method,
        "route": rule,
        "status": response.status_code,
        "ms": round(took * 1e3, 1),
    }
    if g.get("person"):
        fields["staff_id"] = g.person.id
    log.info("request", extra={"fields": fields})
    return response


def _door() -> Door | None:
    return next((door for door in DOORS if door.blueprint.name == request.blueprint), None)
