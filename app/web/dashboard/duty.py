"""值班表 and 单位设置: who is on duty, where nobody is, and what the office chose for itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from app.base.clock import SHANGHAI
from app.base.errors import AppError, Invalid
from app.cases.profiles import PROFILES
from app.duty import queries, service
from app.duty.roster import DUTIES
from app.staff import queries as staff
from app.staff import service as staff_service
from app.staff.roles import Role
from app.web import forms
from app.web.access import needs
from app.web.context import current_person, now, reading, render, tell, writing
from app.web.dashboard import desk
from app.web.dashboard.rail import KEYS_COOKIE

_SEES = (
    Role.CLERK,
    Role.HANDLER,
    Role.REVIEWER,
    Role.ISSUER,
    Role.SUPERVISOR,
    Role.DUTY_LEADER,
    Role.SYSTEM_ADMIN,
)
_ARRANGES = (Role.DUTY_LEADER, Role.SYSTEM_ADMIN)
_DAYS = 14


@desk.get("/duty")
@needs(*_SEES)
def duty() -> str:
    """Two weeks of the roster, gaps first (C27)."""
    return _duty_page()


def _duty_page(error: AppError | None = None) -> str:
    person, at = current_person(), now()
    with reading() as session:
        shifts = queries.between(session, at - timedelta(hours=24), at + timedelta(days=_DAYS))
        names = staff.names(session, {shift.staff_id for shift in shifts})
        return render(
            "desk/duty.html",
            shifts=[
                {
                    "row": shift,
                    "name": names.get(shift.staff_id, ""),
                    "duty": DUTIES[shift.duty],
                    "is_now": shift.starts_at <= at < shift.ends_at,
                    "is_mine": shift.staff_id == person.id,
                    "is_ahead": shift.starts_at > at,
                }
                for shift in shifts
            ],
            gaps=[
                {"duty": DUTIES[gap.duty], "starts_at": gap.starts_at, "ends_at": gap.ends_at}
                for gap in queries.gaps(session, at)
            ],
            people=[(str(row.id), row.name) for row in staff.people(session)],
            duties=list(DUTIES.items()),
            may_arrange=person.may(*_ARRANGES),
            error=error,
            typed=request.form,
        )


def _instant(field: str) -> datetime:
    try:
        local = datetime.fromisoformat(request.form.get(field, ""))
    except ValueError:
        raise Invalid("请选日期和时间", field=field) from None
    return (local if local.tzinfo else local.replace(tzinfo=SHANGHAI)).astimezone(UTC)


def _done(do: Any, words: str) -> BaseResponse | Response:
    def change() -> None:
        with writing() as session:
            do(session)

    _, refused = forms.refused(change, _duty_page)
    if refused:
        return refused
    tell("good", words)
    return redirect("/desk/duty", 303)


@desk.post("/duty")
@needs(*_ARRANGES)
def add_shift() -> BaseResponse | Response:
    """Put a person on the roster."""

    def add(session: Session) -> None:
        staff_id = request.form.get("staff_id", "")
        if not staff_id.isdecimal():
            raise Invalid("请选值班的人", field="staff_id")
        service.add_shift(
            session,
            now(),
            current_person(),
            staff_id=int(staff_id),
            duty=request.form.get("duty", ""),
            starts_at=_instant("starts_at"),
            ends_at=_instant("ends_at"),
        )

    return _done(add, "已排班")


@desk.post("/duty/<int:shift_id>/take")
@needs(*_SEES)
def take_over(shift_id: int) -> BaseResponse | Response:
    """接班, with the note for the next one."""
    note = request.form.get("note", "")
    return _done(
        lambda session: service.take_over(session, now(), current_person(), shift_id, note), "已接班"
    )


@desk.post("/duty/<int:shift_id>/remove")
@needs(*_ARRANGES)
def remove_shift(shift_id: int) -> BaseResponse | Response:
    """Take a shift that has not begun off the roster."""
    return _done(
        lambda session: service.remove_shift(session, now(), current_person(), shift_id), "已取消这个班"
    )


@desk.post("/keys")
def switch_keys() -> BaseResponse:
    """Switch single-letter keys off or on in this browser (WCAG 2.1.4)."""
    off = request.form.get("keys") == "off"
    tell("good", "单键已关掉" if off else "单键已打开")
    response = redirect("/desk/sessions#keys", 303)
    response.set_cookie(
        KEYS_COOKIE, "off" if off else "on", max_age=365 * 86400, httponly=True, samesite="Lax", path="/desk"
    )
    return response


@desk.get("/office")
@needs(Role.SYSTEM_ADMIN)
def office() -> BaseResponse | str:
    """What the first-run page asked for, to be changed."""
    with reading() as session:
        if staff.office(session) is None:
            return redirect("/desk/setup", 303)
    return _office_page()


def _office_page(error: AppError | None = None) -> str:
    with reading() as session:
        found = staff.office(session)
    return render(
        "desk/office.html",
        found=found,
        profiles=[(key, profile.name, profile.source) for key, profile in PROFILES.items()],
        error=error,
        typed=request.form,
    )


@desk.post("/office")
@needs(Role.SYSTEM_ADMIN)
def change_office() -> BaseResponse | Response:
    """Keep the changes; a new profile holds for letters that come from now on."""

    def change() -> None:
        profile = request.form.get("profile", "")
        if profile not in PROFILES:
            raise Invalid("请选一套办理时限", field="profile")
        with writing() as session:
            staff_service.change_office(
                session,
                now(),
                current_person(),
                name=request.form.get("name", "")[:60],
                place=request.form.get("place", "")[:30],
                profile=profile,
            )

    _, refused = forms.refused(change, _office_page)
    if refused:
        return refused
    tell("good", "已保存", "新的时限方案从今后的来信起算")
    return redirect("/desk/office", 303)
