"""How do staff come in and leave? Sign-in page, one-time address, own sessions, own password."""

from flask import Response, redirect, request, url_for
from flask import session as form_session
from werkzeug.wrappers import Response as AnyResponse

from app.base.errors import AppError, Invalid
from app.staff import queries
from app.staff import service as staff
from app.staff.passwords import SHORTEST
from app.staff.roles import Role
from app.web.access import session_cookie
from app.web.context import (
    client_address,
    current_person,
    now,
    reading,
    render,
    services,
    settings,
    writing,
)
from app.web.dashboard import desk, entrance
from app.web.forms import refused

START = "/desk/"
DONE = {"password": "密码已改。其他地方的登录已经退出", "ended": "已退出那一处登录"}


@entrance.get("/login")
def login() -> str:
    """The sign-in page; it leads back to where the person wanted to go."""
    return _login_page()


@entrance.post("/login")
def sign_in() -> AnyResponse:
    """Name and password; every refusal reads the same."""
    opened, again = refused(
        lambda: staff.sign_in(
            services().db,
            now(),
            request.form.get("name", ""),
            request.form.get("password", ""),
            address=client_address(),
            browser=_browser(),
            replaces=request.cookies.get(session_cookie()),
        ),
        _login_page,
    )
    return again or _welcome(opened, _wanted_place())


@entrance.get("/first/<token>")
def first(token: str) -> str:
    """A one-time address: looking at it does not use it up, so that link checkers do no harm."""
    return _first_page(token)


@entrance.post("/first/<token>")
def choose_password(token: str) -> AnyResponse:
    """Set the password and come in; the address is used up."""
    opened, again = refused(lambda: _come_in(token), lambda error: _first_page(token, error))
    return again or _welcome(opened, START)


@entrance.post("/logout")
def sign_out() -> AnyResponse:
    """End the session row; the cookie opens nothing any more."""
    token = request.cookies.get(session_cookie())
    if token:
        with writing() as session:
            staff.end_session(session, now(), token)
    form_session.clear()
    response = redirect(url_for("entrance.login", done="out"), 303)
    response.delete_cookie(session_cookie(), path="/", secure=_is_https(), httponly=True, samesite="Lax")
    return response


@desk.get("/sessions")
def own_sessions() -> str:
    """Where am I signed in, and since when?"""
    return _sessions_page()


@desk.post("/sessions/<int:session_id>/end")
def end_session(session_id: int) -> AnyResponse:
    """Sign out another browser of one's own."""
    with writing() as session:
        staff.end_own_session(session, now(), current_person(), session_id)
    return redirect(url_for("desk.own_sessions", done="ended"), 303)


@desk.post("/sessions/password")
def change_password() -> AnyResponse:
    """Another password, after the present one; every other browser is signed out."""
    _, again = refused(_change_password, _sessions_page)
    return again or redirect(url_for("desk.own_sessions", done="password"), 303)


# ---------------------------------------------------------------- within


def _login_page(error: AppError | None = None) -> str:
    return render(
        "desk/sign_in.html",
        error=error,
        name=request.form.get("name", ""),
        wanted=_wanted_place(),
        is_out=request.args.get("done") == "out",
    )


def _first_page(token: str, error: AppError | None = None) -> str:
    with reading() as session:
        person = staff.person_for_link(session, now(), token)
        member = queries.member(session, person.id)
    return render(
        "desk/first.html", token=token, error=error, name=person.name, member=member, shortest=SHORTEST
    )


def _sessions_page(error: AppError | None = None) -> str:
    person = current_person()
    with reading() as session:
        found = staff.person_for_session(session, now(), request.cookies.get(session_cookie(), ""))
        rows = queries.sessions(session, person.id, now(), idle=staff.IDLE.total_seconds())
        member = queries.member(session, person.id)
    done = DONE.get(request.args.get("done", ""))
    return render(
        "desk/sessions.html",
        rows=rows,
        here=found[1].id if found else None,
        member=member,
        error=error,
        shortest=SHORTEST,
        notices=[{"kind": "good", "title": done}] if done else [],
    )


def _come_in(token: str) -> staff.OpenedSession:
    """The hash is made before the transaction: it takes a tenth of a second."""
    with reading() as session:
        person = staff.person_for_link(session, now(), token)
        member = queries.member(session, person.id)
    hashed = staff.hash_password(_chosen_password(), (person.name, member.sign_in if member else ""))
    with writing() as session:
        return staff.first_sign_in(
            session, now(), token, hashed, address=client_address(), browser=_browser()
        )


def _change_password() -> None:
    person = current_person()
    staff.confirm_password(services().db, now(), person, request.form.get("current", ""))
    hashed = staff.hash_password(_chosen_password(), (person.name,))
    with writing() as session:
        staff.set_password(
            session, now(), person, password_hash=hashed, keep=request.cookies.get(session_cookie())
        )


def _chosen_password() -> str:
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        raise Invalid("两次写的密码不一样，请再写一遍", field="again")
    return password


def _welcome(opened: staff.OpenedSession, place: str) -> Response:
    """Hand out the cookie, drop what the browser had before, and go on to where the person wanted."""
    form_session.clear()
    response = redirect(_setup_first(opened.staff_id) or place, 303)
    response.set_cookie(
        session_cookie(), opened.token, path="/", secure=_is_https(), httponly=True, samesite="Lax"
    )
    return response  # type: ignore[return-value]


def _setup_first(staff_id: int) -> str | None:
    """Where the first administrator goes before anything else."""
    with reading() as session:
        person = queries.person(session, staff_id)
        is_new = queries.office(session) is None
    return url_for("desk.setup") if is_new and person and person.may(Role.SYSTEM_ADMIN) else None


def _wanted_place() -> str:
    """A place of the desk, never another site's."""
    wanted = request.values.get("next", "")
    is_ours = wanted.startswith(START) and not any(c in wanted for c in "\\\r\n\t")
    return wanted if is_ours else START


def _browser() -> str:
    return request.headers.get("User-Agent", "")


def _is_https() -> bool:
    return settings().public_url.startswith("https:")
