"""Who may enter? One rule per door; the finer ones are written where the door is hung."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from app.base.errors import NotAllowed
from app.staff import service as staff
from app.staff.roles import LABELS, Role
from app.web.context import current_person, is_loopback, now, reading, services, settings, writing

View = TypeVar("View", bound=Callable[..., Any])
Rule = Callable[[], Response | None]


def session_cookie() -> str:
    """Name of the cookie: host-bound where the connection is encrypted."""
    return "__Host-huiying" if settings().public_url.startswith("https:") else "huiying"


def anyone() -> Response | None:
    """The public: no sign-in, no app, no follow (D22)."""
    return None


def signed_by_platform() -> Response | None:
    """Platforms: the view checks the signature before anything else is looked at."""
    return None


def staff_only() -> Response | None:
    """Staff with a live session row. Others are led to the sign-in page and back again."""
    found = None
    if token := request.cookies.get(session_cookie()):
        with reading() as session:
            found = staff.person_for_session(session, now(), token)
        if found and staff.needs_touch(found[1], now()):
            with writing() as session:
                staff.touch(session, now(), token)
    if found is None:
        if request.method == "GET":
            return redirect(url_for("entrance.login", next=request.full_path.rstrip("?")), 303)
        raise NotAllowed("登录已过期。写的内容还在这一页，请在新窗口登录后再试", code="signed_out")
    g.person = found[0]
    return None


def token_holder() -> Response | None:
    """Programs with a token in the Authorization header; views name the scope they need."""
    g.scopes = frozenset()
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and token.strip():
        with reading() as session:
            found = staff.person_for_token(session, now(), token.strip())
        if found is None:
            raise NotAllowed("令牌无效或已撤销。请用 huiying tokens add 另做一个", code="bad_token")
        g.person, g.scopes = found
    return None


def operators_machine() -> Response | None:
    """Health and metrics: loopback, or whoever shows the metrics token."""
    if request.endpoint != "operations.metrics" or is_loopback():
        return None
    wanted = services().settings.metrics_token
    if wanted and staff.same_secret(request.headers.get("Authorization", ""), f"Bearer {wanted}"):
        return None
    raise NotAllowed("/metrics 只许本机读取，或带上 HUIYING_METRICS_TOKEN")


def needs(*roles: Role) -> Callable[[View], View]:
    """Let only people with one of ``roles`` through to this view."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_person().may(*roles):
                words = "、".join(LABELS[role] for role in roles)
                raise NotAllowed(f"这一页只对{words}开放。需要时请找系统管理员调整角色", code="wrong_role")
            return view(*args, **kwargs)

        guarded.needs = roles  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return guard


def may_open(href: str) -> bool:
    """Whether the page at ``href`` lets the person who is signed in through its guard: no page shows a link
    to a closed one. What a page finds out only about its row (whose case it is) it says itself."""
    endpoint, _ = current_app.url_map.bind("localhost").match(urlsplit(href).path)
    roles: tuple[Role, ...] = getattr(current_app.view_functions[endpoint], "needs", ())
    return not roles or current_person().may(*roles)


def scope(name: str) -> Callable[[View], View]:
    """Let only tokens with scope ``name`` through to this view."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if g.get("person") is None:
                raise NotAllowed("请在 Authorization 里带上令牌：Bearer …", code="no_token")
            if name not in g.scopes:
                raise NotAllowed(f"这个令牌没有 {name} 权限", code="wrong_scope")
            return view(*args, **kwargs)

        guarded.scope = name  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return guard
