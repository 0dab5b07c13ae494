"""Who runs the office? The first-run page, people and their roles, departments and who answers for what."""

from collections.abc import Callable
from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from app.base.errors import AppError, Invalid
from app.calendar import queries as calendar
from app.cases.deadlines import LABELS as TYPE_LABELS
from app.cases.deadlines import MessageType
from app.cases.profiles import DEFAULT_PROFILE, PROFILES, Profile
from app.departments import queries as department_queries
from app.departments import responsibility
from app.departments import service as departments
from app.staff import queries as staff_queries
from app.staff import service as staff
from app.staff.roles import GRANTABLE, LABELS, Role
from app.staff.scopes import SCOPES
from app.web.access import needs
from app.web.context import current_person, now, reading, render, settings, writing
from app.web.dashboard import desk
from app.web.forms import day_of_form, done_or_again, number_of, page_after, refused

ADMINISTRATORS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)
SEES_STAFF = (*ADMINISTRATORS, Role.AUDIT_ADMIN)
SEES_DEPARTMENTS = (*ADMINISTRATORS, Role.AUDIT_ADMIN, Role.CLERK, Role.SUPERVISOR, Role.DUTY_LEADER)

DONE = {
    "office": "单位信息已保存。接下来：添加人员",
    "person": "已添加。接下来：开一个一次性登录地址交给本人",
    "roles": "角色已改。此人要重新登录",
    "moved": "已调到新单位",
    "disabled": "已停用。登录、登录地址和令牌都已作废",
    "revoked": "令牌已撤销",
    "department": "承办单位已添加",
    "leaders": "分管领导和主要领导已保存",
    "closed": "承办单位已撤销",
    "responsibility": "职责分工已保存，新来的留言按它分派",
    "ended": "这一项职责已停用",
    "rule": "自动交办已保存，对新来的信起作用",
}


# ---------------------------------------------------------------- first run


@desk.get("/setup")
@needs(Role.SYSTEM_ADMIN)
def setup() -> Response | str:
    """The first-run page: name, place, time limits, first departments. Asked once."""
    with reading() as session:
        is_done = staff_queries.office(session) is not None
    return redirect(url_for("desk.departments_list"), 303) if is_done else _setup_page()


@desk.post("/setup")
@needs(Role.SYSTEM_ADMIN)
def set_up() -> Response:
    """Keep what the first-run page asked for."""
    return done_or_again(_set_up, _setup_page, lambda _: url_for("desk.staff_list", done="office"))


def _set_up() -> None:
    profile = request.form.get("profile", "")
    if profile not in PROFILES:
        raise Invalid("请选一套办理时限", field="profile")
    with writing() as session:
        staff.set_up_office(
            session,
            now(),
            current_person(),
            name=request.form.get("name", ""),
            place=request.form.get("place", ""),
            profile=profile,
            departments=request.form.get("departments", "").splitlines(),
        )


def _setup_page(error: AppError | None = None) -> str:
    with reading() as session:
        years = [year.year for year in calendar.years(session)]
    options = [(key, profile.name, _in_words(profile)) for key, profile in PROFILES.items()]
    return render(
        "desk/setup.html",
        error=error,
        values=request.form or {"profile": DEFAULT_PROFILE},
        profiles=options,
        years=years,
    )


def _in_words(profile: Profile) -> str:
    """咨询 5、建议 7、投诉 7 个工作日，复杂的 15 个工作日。依据……"""
    kinds = (
        MessageType.CONSULTATION,
        MessageType.SUGGESTION,
        MessageType.COMPLAINT,
        MessageType.CORRECTION,
    )
    days = "、".join(f"{TYPE_LABELS[kind]} {profile.days[kind]}" for kind in kinds)
    unit = "个自然日" if profile.natural else "个工作日"
    return f"{days} {unit}，复杂的 {profile.complex_days} {unit}。{profile.source}"


# ---------------------------------------------------------------- people


@desk.get("/staff")
@needs(*SEES_STAFF)
def staff_list() -> str:
    """Everybody, with roles; a form to add one."""
    return _staff_page()


@desk.post("/staff")
@needs(*ADMINISTRATORS)
def add_person() -> Response:
    """Add a person, then show their page."""
    return done_or_again(
        _add_person, _staff_page, lambda made: url_for("desk.staff_member", staff_id=made, done="person")
    )


def _add_person() -> int:
    form = request.form
    with writing() as session:
        return staff.add(
            session,
            now(),
            current_person(),
            name=form.get("name", ""),
            department_id=number_of(form.get("department_id")),
            roles=_roles(),
            sign_in=form.get("sign_in", "").strip() or None,
            contractor="contractor" in form,
            contract_ends_on=day_of_form(form.get("contract_ends_on"), "contract_ends_on"),
        ).id


def _staff_page(error: AppError | None = None) -> str:
    with reading() as session:
        people = staff_queries.everybody(session)
        roles = staff_queries.roles_of(session, [row.id for row in people])
        open_ones = department_queries.all(session)
        names = department_queries.names(session, [row.department_id for row in people])
        grants = _may_grant(staff_queries.has_role(session, Role.SECURITY_ADMIN))
    return page_after(
        "desk/staff.html",
        DONE,
        error=error,
        people=people,
        roles={number: _labels(held) for number, held in roles.items()},
        names=names,
        departments=[("", "不属于某个单位"), *((row.id, row.name) for row in open_ones)],
        grantable=_grantable(),
        may_add=current_person().may(*ADMINISTRATORS),
        may_grant=grants,
        values=request.form,
        chosen=request.form.getlist("role"),
        is_at_work={row.id: staff_queries.is_at_work(row, now()) for row in people},
    )


@desk.get("/staff/<int:staff_id>")
@needs(*SEES_STAFF)
def staff_member(staff_id: int) -> str:
    """One person: roles, department, tokens, and the way in."""
    return _member_page(staff_id)


@desk.post("/staff/<int:staff_id>/roles")
@needs(*ADMINISTRATORS)
def set_roles(staff_id: int) -> Response:
    """Give exactly the ticked roles."""

    def do() -> None:
        with writing() as session:
            staff.set_roles(session, now(), current_person(), staff_id, _roles())

    return _about_member(staff_id, do, "roles")


@desk.post("/staff/<int:staff_id>/department")
@needs(Role.SYSTEM_ADMIN)
def move_person(staff_id: int) -> Response:
    """Let the person work in another department."""

    def do() -> None:
        with writing() as session:
            to = number_of(request.form.get("department_id")) or 0
            staff.move(session, now(), current_person(), staff_id, to)

    return _about_member(staff_id, do, "moved")


@desk.post("/staff/<int:staff_id>/link")
@needs(*ADMINISTRATORS)
def make_link(staff_id: int) -> Response | str:
    """A one-time sign-in address, shown on the answer itself: it must not travel in an address."""

    def do() -> str:
        with writing() as session:
            return staff.sign_in_link(session, now(), current_person(), staff_id)

    token, again = refused(do, lambda error: _member_page(staff_id, error))
    return again or _member_page(staff_id, link=f"{settings().public_url}/desk/first/{token}")


@desk.get("/staff/<int:staff_id>/disable")
@needs(*ADMINISTRATORS)
def ask_disable(staff_id: int) -> str:
    """Asked once more before somebody is off-boarded."""
    with reading() as session:
        member = staff.require(session, staff_id)
    return render("desk/staff_disable.html", member=member)


@desk.post("/staff/<int:staff_id>/disable")
@needs(*ADMINISTRATORS)
def disable_person(staff_id: int) -> Response:
    """Off-board a person."""

    def do() -> None:
        with writing() as session:
            staff.disable(session, now(), current_person(), staff_id)

    return _about_member(staff_id, do, "disabled")


@desk.post("/staff/<int:staff_id>/tokens")
@needs(*ADMINISTRATORS)
def add_token(staff_id: int) -> Response | str:
    """A key for a program, shown once on the answer itself."""

    def do() -> str:
        with writing() as session:
            wanted, label = request.form.getlist("scope"), request.form.get("label", "")
            return staff.add_token(session, now(), current_person(), staff_id, wanted, label)

    token, again = refused(do, lambda error: _member_page(staff_id, error))
    return again or _member_page(staff_id, token=token)


@desk.post("/staff/<int:staff_id>/tokens/<int:token_id>/revoke")
@needs(*ADMINISTRATORS)
def revoke_token(staff_id: int, token_id: int) -> Response:
    """End a program's key."""

    def do() -> None:
        with writing() as session:
            staff.revoke_token(session, now(), current_person(), token_id)

    return _about_member(staff_id, do, "revoked")


def _about_member(staff_id: int, do: Callable[[], Any], done: str) -> Response:
    return done_or_again(
        do,
        lambda error: _member_page(staff_id, error),
        lambda _: url_for("desk.staff_member", staff_id=staff_id, done=done),
    )


def _member_page(
    staff_id: int, error: AppError | None = None, *, link: str | None = None, token: str | None = None
) -> str:
    with reading() as session:
        member = staff_queries.member(session, staff_id) or staff.require(session, staff_id)
        held = staff_queries.roles_of(session, [staff_id])[staff_id]
        open_ones = department_queries.all(session)
        names = department_queries.names(session, [member.department_id])
        tokens = staff_queries.tokens(session, staff_id)
        grants = _may_grant(staff_queries.has_role(session, Role.SECURITY_ADMIN))
    person = current_person()
    return page_after(
        "desk/staff_member.html",
        DONE,
        error=error,
        member=member,
        department=names.get(member.department_id or 0, "不属于某个单位"),
        role_words=_labels(held),
        chosen=[role.value for role in held],
        grantable=_grantable(),
        departments=[(row.id, row.name) for row in open_ones],
        tokens=tokens,
        scopes=list(SCOPES.items()),
        link=link,
        token=token,
        is_at_work=staff_queries.is_at_work(member, now()),
        may_change=person.may(*ADMINISTRATORS) and person.id != staff_id and member.disabled_at is None,
        may_move=person.may(Role.SYSTEM_ADMIN) and member.disabled_at is None,
        may_grant=grants and person.id != staff_id,
        may_link=(grants or not held) and person.id != staff_id,
    )


def _may_grant(has_security_admin: bool) -> bool:
    person = current_person()
    return person.may(Role.SECURITY_ADMIN) or (person.may(Role.SYSTEM_ADMIN) and not has_security_admin)


# ---------------------------------------------------------------- departments


@desk.get("/departments")
@needs(*SEES_DEPARTMENTS)
def departments_list() -> str:
    """Departments, the responsibility table, and a box to try it with a message."""
    return _departments_page()


@desk.post("/departments")
@needs(Role.SYSTEM_ADMIN)
def add_department() -> Response:
    """Add a handling department."""

    def do() -> int:
        with writing() as session:
            name, short = request.form.get("name", ""), request.form.get("short", "")
            return departments.add(session, now(), current_person(), name=name, short=short).id

    return done_or_again(
        do, _departments_page, lambda made: url_for("desk.department", department_id=made, done="department")
    )


def _departments_page(error: AppError | None = None) -> str:
    text = request.args.get("text", "").strip()[:2000]
    with reading() as session:
        rows = department_queries.all(session)
        names = {row.id: row.name for row in rows}
        table = department_queries.responsibilities(session)
        people = {row.id: len(staff_queries.people(session, department_id=row.id)) for row in rows}
        suggested = departments.suggest(session, text, "") if text else None
        trainings = {kind: department_queries.trainings(session, kind) for kind in _LEARNED}
        rule = department_queries.assignment_rule(session)
        ended = department_queries.history(session)
    return page_after(
        "desk/departments.html",
        DONE,
        error=error,
        departments=rows,
        people=people,
        table=table,
        names=names,
        may_change=current_person().may(Role.SYSTEM_ADMIN),
        text=text,
        matches=responsibility.match(text, table, names=names) if text else [],
        suggested=suggested,
        ended=ended,
        trainings=[(_LEARNED[kind], rows) for kind, rows in trainings.items()],
        rule=rule,
        values=request.form,
    )


_LEARNED = {"category": "类别", "department": "承办单位"}


@desk.post("/departments/assignment-rule")
@needs(Role.SYSTEM_ADMIN)
def set_assignment_rule() -> Response:
    """From which confidence on new cases are assigned without a person; empty: never."""

    def do() -> None:
        written = request.form.get("least_confidence", "").strip().removesuffix("%")
        try:
            least = float(written) / 100 if written else None
        except ValueError:
            raise Invalid("把握要写数字，如 95", field="least_confidence") from None
        with writing() as session:
            departments.set_assignment_rule(session, now(), current_person(), least)

    return done_or_again(do, _departments_page, lambda _: url_for("desk.departments_list", done="rule"))


@desk.get("/departments/<int:department_id>")
@needs(*SEES_DEPARTMENTS)
def department(department_id: int) -> str:
    """One department: leaders, handlers, what it is responsible for."""
    return _department_page(department_id)


@desk.post("/departments/<int:department_id>/leaders")
@needs(Role.SYSTEM_ADMIN)
def set_leaders(department_id: int) -> Response:
    """Name the leaders with whom the ladder of reminders ends (C26, B22)."""

    def do() -> None:
        with writing() as session:
            departments.set_leaders(
                session,
                now(),
                current_person(),
                department_id,
                deputy_leader_id=number_of(request.form.get("deputy_leader_id")),
                principal_id=number_of(request.form.get("principal_id")),
            )

    return _about_department(department_id, do, "leaders")


@desk.post("/departments/<int:department_id>/responsibilities")
@needs(Role.SYSTEM_ADMIN)
def add_responsibility(department_id: int) -> Response:
    """Add a row of the responsibility table, or a new version of one."""

    def do() -> None:
        form = request.form
        with writing() as session:
            departments.add_responsibility(
                session,
                now(),
                current_person(),
                category=form.get("category", ""),
                place=form.get("place", ""),
                keywords=_listed(form.get("keywords", "")),
                department_id=department_id,
                assisting=[one for one in map(number_of, form.getlist("assisting")) if one],
                handler_id=number_of(form.get("handler_id")),
                reason=form.get("reason", ""),
            )

    return _about_department(department_id, do, "responsibility")


@desk.post("/departments/<int:department_id>/responsibilities/<int:row_id>/end")
@needs(Role.SYSTEM_ADMIN)
def end_responsibility(department_id: int, row_id: int) -> Response:
    """Take a row out of force."""

    def do() -> None:
        with writing() as session:
            departments.end_responsibility(session, now(), current_person(), row_id)

    return _about_department(department_id, do, "ended")


@desk.post("/departments/<int:department_id>/close")
@needs(Role.SYSTEM_ADMIN)
def close_department(department_id: int) -> Response:
    """A department works no more; refused while people or responsibilities are left in it."""

    def do() -> None:
        with writing() as session:
            departments.close(session, now(), current_person(), department_id)

    return done_or_again(
        do,
        lambda error: _department_page(department_id, error),
        lambda _: url_for("desk.departments_list", done="closed"),
    )


def _about_department(department_id: int, do: Callable[[], Any], done: str) -> Response:
    return done_or_again(
        do,
        lambda error: _department_page(department_id, error),
        lambda _: url_for("desk.department", department_id=department_id, done=done),
    )


def _department_page(department_id: int, error: AppError | None = None) -> str:
    with reading() as session:
        found = departments.require_open(session, department_id)
        everybody = staff_queries.people(session)
        handlers = staff_queries.people(session, role=Role.HANDLER, department_id=department_id)
        table = department_queries.responsibilities(session, department_id)
        people = staff_queries.people(session, department_id=department_id)
        others = [row for row in department_queries.all(session) if row.id != department_id]
    nobody = ("", "还没有指定")
    return page_after(
        "desk/department.html",
        DONE,
        error=error,
        department=found,
        people=people,
        table=table,
        others=[("", "不用协办"), *((row.id, row.short or row.name) for row in others)],
        other_names={row.id: row.short or row.name for row in others},
        leaders=[nobody, *((row.id, row.name) for row in everybody)],
        handlers=[nobody, *((row.id, row.name) for row in handlers)],
        names={row.id: row.name for row in everybody},
        may_change=current_person().may(Role.SYSTEM_ADMIN),
        values=request.form,
    )


# ---------------------------------------------------------------- within


def _grantable() -> list[tuple[str, str]]:
    return [(role.value, LABELS[role]) for role in GRANTABLE]


def _labels(held: frozenset[Role]) -> str:
    return "、".join(LABELS[role] for role in Role if role in held)


def _roles() -> frozenset[Role]:
    return frozenset(role for role in GRANTABLE if role.value in request.form.getlist("role"))


def _listed(text: str) -> list[str]:
    """Words separated by spaces, commas or lines, as people write them."""
    for mark in "，、；,;":
        text = text.replace(mark, " ")
    return text.split()
