"""值班表 and 单位设置: who is on duty, where nobody is, and what the office chose for itself."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import Response, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from app.alerts import queries as alerts
from app.base.clock import SHANGHAI
from app.base.errors import AppError, Invalid
from app.calendar.workdays import day_of
from app.cases import queries as cases
from app.cases.profiles import PROFILES
from app.duty import queries, service
from app.duty.models import Shift, Substitution
from app.duty.roster import DUTIES
from app.opendata import queries as public
from app.opendata import service as opendata
from app.opendata.licences import GOVERNMENT, LICENCES
from app.staff import queries as staff
from app.staff import service as staff_service
from app.staff.roles import Person, Role
from app.web import forms
from app.web.access import needs
from app.web.context import current_person, now, reading, render, tell, writing
from app.web.dashboard import desk
from app.web.dashboard.rail import KEYS_COOKIE
from app.web.presenting import instant

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
_DAYS, _FEW_DAYS = 14, 3
_NOTE_COUNTS = timedelta(hours=2)
"""A note left longer before this shift began is no hand-over any more."""


@desk.get("/duty")
@needs(*_SEES)
def duty() -> str:
    """Two weeks of the roster, gaps first (C27)."""
    return _duty_page()


def _duty_page(error: AppError | None = None) -> str:
    person, at = current_person(), now()
    with reading() as session:
        days = _DAYS if request.args.get("days") == str(_DAYS) else _FEW_DAYS
        shifts = queries.between(session, at - timedelta(hours=24), at + timedelta(days=days))
        stand_ins = queries.substitutions(session, [shift.id for shift in shifts])
        asked = queries.asked(session, person.id, at)
        names = staff.names(
            session,
            {shift.staff_id for shift in shifts}
            | {one for row in stand_ins for one in (row.from_id, row.to_id)},
        )
        mine = [shift for shift in queries.on_duty(session, at) if shift.staff_id == person.id]
        return render(
            "desk/duty.html",
            mine=[_own_shift(session, shift) for shift in mine],
            waiting=_waiting(session, person, at) if mine else [],
            asked=[
                {"row": row, "shift": shift, "who": names.get(row.from_id, ""), "duty": DUTIES[shift.duty]}
                for row, shift in asked
            ],
            may_ask=[
                (
                    str(shift.id),
                    f"{instant(shift.starts_at, at)} {DUTIES[shift.duty]} {names.get(shift.staff_id, '')}",
                )
                for shift in shifts
                if shift.ends_at > at and (shift.staff_id == person.id or person.may(*_ARRANGES))
            ],
            spans=[
                {"href": f"/desk/duty?days={one}", "label": f"往后 {one} 天", "is_current": one == days}
                for one in (_FEW_DAYS, _DAYS)
            ],
            monday=(day_of(at) - timedelta(days=day_of(at).weekday())).isoformat(),
            shifts=[
                {
                    "stand_ins": [_stand_in(one, names) for one in stand_ins if one.shift_id == shift.id],
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


def _own_shift(session: Session, shift: Shift) -> dict[str, Any]:
    """The person's running shift, with what the one before left to be known."""
    before = queries.before(session, shift)
    return {
        "row": shift,
        "duty": DUTIES[shift.duty],
        "left": before.note_left if before and before.ends_at >= shift.starts_at - _NOTE_COUNTS else "",
    }


def _waiting(session: Session, person: Person, at: datetime) -> list[dict[str, Any]]:
    """What whoever is on duty has to see to; each number is its list's."""
    counts = cases.counts(session, person, at, ("new", "overdue", "due_today"))
    return [
        {"count": counts["new"], "label": "待受理", "href": "/desk/cases?view=new"},
        {"count": counts["overdue"], "label": "已超期", "href": "/desk/cases?view=overdue"},
        {"count": counts["due_today"], "label": "今日到期", "href": "/desk/cases?view=due_today"},
        {
            "count": alerts.count(session, person, "open", at),
            "label": "舆情没有了结",
            "href": "/desk/alerts?view=open",
        },
    ]


def _stand_in(row: Substitution, names: dict[int, str]) -> str:
    answer = {None: "等答复", True: "同意", False: "没有同意"}[row.agreed]
    return f"{names.get(row.from_id, '')}请{names.get(row.to_id, '')}替班，{answer}：{row.reason}"


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


@desk.post("/duty/<int:shift_id>/leave")
@needs(*_SEES)
def leave_shift(shift_id: int) -> BaseResponse | Response:
    """交班: what the next one must know."""
    note = request.form.get("note", "")
    return _done(
        lambda session: service.leave(session, now(), current_person(), shift_id, note), "已写好交班说明"
    )


@desk.post("/duty/substitutes")
@needs(*_SEES)
def ask_substitute() -> BaseResponse | Response:
    """Ask somebody to take a shift over."""

    def ask(session: Session) -> None:
        form = request.form
        service.ask_substitute(
            session, now(), current_person(), forms.number_of(form.get("shift_id")) or 0,
            to_id=forms.number_of(form.get("to_id")) or 0, reason=form.get("reason", ""),
        )  # fmt: skip

    return _done(ask, "已请对方替班，对方同意后值班表才改")


@desk.post("/duty/substitutes/<int:substitution_id>")
@needs(*_SEES)
def answer_substitute(substitution_id: int) -> BaseResponse | Response:
    """Yes or no to standing in."""
    agrees = request.form.get("agrees") == "yes"
    return _done(
        lambda session: service.answer_substitute(
            session, now(), current_person(), substitution_id, agrees=agrees
        ),
        "已答应替班，这个班现在是您的" if agrees else "已答复不能替班",
    )


@desk.post("/duty/copy")
@needs(*_ARRANGES)
def copy_week() -> BaseResponse | Response:
    """The week from a Monday once more, seven days later."""

    def copy(session: Session) -> None:
        first = forms.day_of_form(request.form.get("monday"), "monday")
        if first is None:
            raise Invalid("请选从哪一天起的一周", field="monday")
        at = datetime.combine(first, time.min, tzinfo=SHANGHAI).astimezone(UTC)
        added, left = service.copy_week(session, now(), current_person(), at)
        tell("good", f"照抄了 {added} 个班" + (f"，{left} 个没抄：人已不在或时间已有班" if left else ""))

    _, refused = forms.refused(lambda: _in_transaction(copy), _duty_page)
    return refused or redirect("/desk/duty", 303)


def _in_transaction(do: Any) -> None:
    with writing() as session:
        do(session)


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
        licences = public.licence_history(session)
    return render(
        "desk/office.html",
        found=found,
        licences=licences,
        choices=[(key, one.title or "本地政府的开放许可", one.terms) for key, one in LICENCES.items()],
        government=GOVERNMENT,
        profiles=[(key, profile.name, profile.source) for key, profile in PROFILES.items()],
        error=error,
        typed=request.form,
    )


@desk.post("/office")
@needs(Role.SYSTEM_ADMIN)
def change_office() -> BaseResponse:
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

    return forms.done_or_again(
        change, _office_page, forms.telling("/desk/office", "已保存", "新的时限方案从今后的来信起算")
    )


@desk.post("/office/licence")
@needs(Role.SYSTEM_ADMIN)
def change_licence() -> BaseResponse:
    """Give the data away under another licence from now on."""

    def change() -> None:
        form = request.form
        with writing() as session:
            opendata.set_licence(
                session,
                now(),
                current_person(),
                form.get("licence", ""),
                title=form.get("licence_title", ""),
                path=form.get("licence_path", ""),
            )

    return forms.done_or_again(
        change,
        _office_page,
        forms.telling("/desk/office#licence", "已保存", "数据开放页和各种说明马上写新的许可"),
    )
