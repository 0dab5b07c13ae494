"""What does a view have at hand? The running parts, the person, the time, and `render`."""

import ipaddress
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import current_app, flash, g, get_flashed_messages, render_template, request
from sqlmodel import Session

from app.base import clock
from app.base.config import Settings
from app.base.db import Database
from app.base.errors import NotAllowed
from app.staff.addresses import UNKNOWN
from app.staff.roles import Person

if TYPE_CHECKING:
    from app.finding.index import AnswerIndex
    from app.finding.searches import Searches
    from app.messages.intake import Intake
    from app.web.webhooks import Receivers
    from app.web.webhooks.receipts import Receipts


@dataclass(frozen=True)
class Services:
    """What `create_app` put together."""

    settings: Settings
    db: Database
    intake: "Intake"
    receivers: "Receivers"
    receipts: "Receipts"
    answers: "AnswerIndex"
    searches: "Searches"
    extra: dict[str, Any] = field(default_factory=dict)


def services() -> Services:
    """The parts of the running app."""
    found: Services = current_app.extensions["huiying"]
    return found


def settings() -> Settings:
    return services().settings


def reading() -> AbstractContextManager[Session]:
    """A session in which nothing can be written."""
    return services().db.reading()


def writing() -> AbstractContextManager[Session]:
    """One transaction; a view calls one service function inside it."""
    return services().db.writing()


def now() -> datetime:
    """The instant of this request (UTC): the same for everything the request does."""
    if "now" not in g:
        g.now = clock.now()
    instant: datetime = g.now
    return instant


def current_person() -> Person:
    """Who is signed in. Raises `NotAllowed` behind a door that lets anyone in."""
    person: Person | None = g.get("person")
    if person is None:
        raise NotAllowed("请先登录")
    return person


def client_address() -> str:
    """Whose connection this is. A forwarded address counts only from a trusted proxy, from the right."""
    address = request.remote_addr or "0.0.0.0"
    hops = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if hops and not _is_trusted(address):
        # Somebody came through a proxy nobody declared: certainly not this machine's own browser.
        return UNKNOWN if _is_own(address) else address
    while hops and _is_trusted(address):
        address = hops.pop()
        if _parsed(address) is None:
            return UNKNOWN
    return address


def _is_trusted(address: str) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(
        parsed in ipaddress.ip_network(text, strict=False) for text in settings().trusted_proxies
    )


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_loopback() -> bool:
    """Whether the request comes from this machine itself."""
    return _is_own(client_address())


def _is_own(address: str) -> bool:
    parsed = _parsed(address)
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool(parsed and (mapped or parsed).is_loopback)


def tell(kind: str, title: str, text: str = "", href: str = "", link: str = "") -> None:
    """Say on the next page what was done. kind: good | soon | over | info. Never a citizen's words."""
    flash({"kind": kind, "title": title, "text": text, "href": href, "link": link})  # type: ignore[arg-type]


def told() -> list[Any]:
    """What the last action has to say, once."""
    return list(get_flashed_messages())


def render(template: str, **context: Any) -> str:
    """A page with what every page of its door needs (rail, person, time)."""
    around = current_app.extensions["huiying_around"].get(request.blueprint, dict)
    return render_template(template, **{"now": now(), **around(), **context})
