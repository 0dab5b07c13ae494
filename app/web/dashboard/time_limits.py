"""时限与催办: which days count, how much time there is, who is reminded, who gets more time, and on which paper."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response

from app.base.errors import AppError, Invalid
from app.calendar import queries as calendars
from app.calendar import service as calendar_service
from app.calendar.models import CalendarDay
from app.calendar.service import Preview
from app.calendar.workdays import Kind, weekday
from app.cases import profiles, queries, reminders, service
from app.cases.deadlines import MessageType, due_on
from app.cases.numbers import slip_number
from app.cases.reminders import PAPER_LABELS, RECIPIENT_LABELS, Paper
from app.cases.steps import Step
from app.cases.transitions import Action
from app.departments import queries as departments
from app.staff import queries as staff
from app.staff.roles import Role
from app.web import forms
from app.web.access import needs
from app.web.context import current_person, now, reading, render, tell, writing
from app.web.dashboard import desk
from app.web.dashboard.showing import clocks_of, masked
from app.web.forms import day_of_form
from app.web.presenting import end_of, sentence_date

_SEES = (Role.SYSTEM_ADMIN, Role.CLERK, Role.SUPERVISOR, Role.DUTY_LEADER)
_MOST_SHOWN = 200
_BLANK_ROWS = 2
TABS = (
    ("/desk/time-limits", "时限方案"),
    ("/desk/time-limits/calendar", "工作日历"),
    ("/desk/time-limits/ladder", "催办"),
)


def _tabs(here: str) -> list[dict[str, Any]]:
    return [{"href": href, "label": label, "is_current": href == here} for href, label in TABS]


def _may_change() -> bool:
    return current_person().may(Role.SYSTEM_ADMIN)


# ------------------------------------------------------------------ the calendar


@desk.get("/time-limits/calendar")
@needs(*_SEES)
def calendar() -> str:
    """Years known, with their notices and versions; the days that leave the weekly rule; what may be set."""
    return _calendar_page()


def _calendar_page(error: AppError | None = None) -> str:
    with reading() as session:
        known = calendars.years(session)
        chosen = forms.number_of(request.args.get("year")) or (known[-1].year if known else now().year)
        year = next((one for one in known if one.year == chosen), None)
        return render(
            "desk/calendar.html",
            tabs=_tabs("/desk/time-limits/calendar"),
            years=[
                {
                    "href": f"/desk/time-limits/calendar?year={one.year}",
                    "label": f"{one.year} 年",
                    "is_current": one.year == chosen,
                }
                for one in known
            ],
            year=year,
            chosen=chosen,
            versions=calendars.versions(session, chosen),
            days=[_day_row(one) for one in calendars.days(session, year)] if year else [],
            names=staff.names(session, [one.loaded_by for one in calendars.versions(session, chosen)]),
            missing=[one for one in (now().year, now().year + 1) if one not in {row.year for row in known}],
            may_change=_may_change(),
            error=error,
            typed=request.form,
        )


def _day_row(day: CalendarDay) -> dict[str, Any]:
    return {
        "on": day.on,
        "weekday": weekday(day.on),
        "name": day.name,
        "counts": day.kind == Kind.WORK,
        "local": day.local,
    }


@desk.post("/time-limits/calendar/preview")
@needs(Role.SYSTEM_ADMIN)
def preview_calendar() -> Response | str:
    """What a notice would change: the days, and the due dates that move. Nothing is saved yet."""
    return _previewed(lambda: _preview_notice(_notice_text()))


def _preview_notice(text: str) -> str:
    with reading() as session:
        preview = calendar_service.preview(session, _notice(text))
        return _preview_page(
            preview, service.preview_moves(session, preview), {"notice": text}, "/desk/time-limits/calendar"
        )


@desk.post("/time-limits/calendar")
@needs(Role.SYSTEM_ADMIN)
def load_calendar() -> Response:
    """Save the notice that was just looked at; open cases are worked out anew."""

    def load() -> None:
        with writing() as session:
            year, moved = service.load_arrangement(
                session, now(), current_person(), _notice(request.form.get("notice", ""))
            )
        tell("good", f"已装入 {year.year} 年第 {year.version} 版", f"{len(moved)} 件的时限重新算过")

    return _saved(load)


@desk.post("/time-limits/calendar/days/preview")
@needs(Role.SYSTEM_ADMIN)
def preview_local_day() -> Response | str:
    """What a day of the office's own would change. Nothing is saved yet."""

    def show() -> str:
        on, kind, name = _local_day()
        if kind is not None and not name:
            raise Invalid("请写明为什么，如：机房检修", field="name")
        with reading() as session:
            preview = calendar_service.preview_local_day(session, on, kind, name)
            kept = {"on": on.isoformat(), "kind": request.form.get("kind", ""), "name": name}
            return _preview_page(
                preview, service.preview_moves(session, preview), kept, "/desk/time-limits/calendar/days"
            )

    return _previewed(show)


@desk.post("/time-limits/calendar/days")
@needs(Role.SYSTEM_ADMIN)
def set_local_day() -> Response:
    """Save the day that was just looked at."""

    def save() -> None:
        on, kind, name = _local_day()
        with writing() as session:
            _, moved = service.set_local_day(session, now(), current_person(), on, kind, name)
        tell("good", "已保存", f"{len(moved)} 件的时限重新算过")

    return _saved(save)


def _previewed(show: Callable[[], str]) -> Response | str:
    page, refused = forms.refused(show, _calendar_page)
    return refused or str(page)


def _saved(save: Callable[[], None]) -> Response:
    _, refused = forms.refused(save, _calendar_page)
    return refused or redirect("/desk/time-limits/calendar", 303)


def _preview_page(preview: Preview, moves: list[service.Moved], kept: dict[str, str], action: str) -> str:
    return render(
        "desk/calendar_preview.html",
        changes=preview.changes,
        moves=moves[:_MOST_SHOWN],
        total=len(moves),
        earlier=sum(one.is_earlier for one in moves),
        kept=kept,
        action=action,
    )


def _notice_text() -> str:
    file = request.files.get("file")
    if file is None or not file.filename:
        return request.form.get("notice", "")
    data: bytes = file.read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("这个文件不是 UTF-8 的文本", field="file") from None


def _notice(text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        raise Invalid("这不是放假安排的 JSON：要有 year 和 days", field="file") from None
    if not isinstance(data, dict):
        raise Invalid("这不是放假安排的 JSON：要有 year 和 days", field="file")
    return data


def _local_day() -> tuple[date, Kind | None, str]:
    on = day_of_form(request.form.get("on"), "on")
    kind = request.form.get("kind", "")
    if on is None:
        raise Invalid("请选日期", field="on")
    if kind not in {*Kind, "as_announced"}:
        raise Invalid("请选上班、不上班或按国务院安排", field="kind")
    return on, None if kind == "as_announced" else Kind(kind), request.form.get("name", "").strip()


# ------------------------------------------------------------------ profiles


@desk.get("/time-limits")
@needs(*_SEES)
def time_limits() -> str:
    """The office's deadline profile: its values, its versions, and the form to set them."""
    return _limits_page()


def _limits_page(error: AppError | None = None) -> str:
    with reading() as session:
        office = staff.office(session)
        key = office.profile if office else profiles.DEFAULT_PROFILE
        rules = queries.profile(session, key)
        versions = queries.profile_versions(session, key)
        values = profiles.values_of(rules)
        return render(
            "desk/time_limits.html",
            tabs=_tabs("/desk/time-limits"),
            profile=rules,
            unit="自然日" if rules.natural else "工作日",
            values={**values, **request.form},
            names=profiles.NAMES,
            day_fields=[f"days_{kind.value}" for kind in MessageType] + ["complex_days", "longest_days"],
            other_fields=list(profiles.NUMBER_FIELDS),
            share_fields=[f"share_{step.value}" for step in Step],
            one_day_fields=[f"one_day_share_{step.value}" for step in Step],
            versions=versions,
            people=staff.names(session, [one.set_by for one in versions]),
            may_change=_may_change(),
            error=error,
            typed=request.form,
        )


@desk.post("/time-limits")
@needs(Role.SYSTEM_ADMIN)
def set_time_limits() -> Response:
    """A new version of the office's values; it holds for letters that come from now on."""

    def save() -> None:
        values = {name: request.form[name] for name in profiles.NAMES if name in request.form}
        values["ends_at_closing"] = request.form.get("ends_at_closing", "")
        with writing() as session:
            office = staff.office(session)
            key = office.profile if office else profiles.DEFAULT_PROFILE
            service.set_profile(
                session, now(), current_person(), key, values, reason=request.form.get("reason", "")
            )
        tell("good", "已保存为新的一版", "从今后的来信起算，在办的不变")

    _, refused = forms.refused(save, _limits_page)
    return refused or redirect("/desk/time-limits", 303)


# ------------------------------------------------------------------ the ladder


@desk.get("/time-limits/ladder")
@needs(*_SEES)
def ladder() -> str:
    """The rungs in force, its versions, and the form to set them."""
    return _ladder_page()


def _ladder_page(error: AppError | None = None) -> str:
    with reading() as session:
        versions = queries.ladder_versions(session)
        rows = reminders.rows_of(queries.ladder(session))
        typed = _typed_rungs() if request.form else rows
        return render(
            "desk/ladder.html",
            tabs=_tabs("/desk/time-limits/ladder"),
            rungs=rows,
            typed=[*typed, *({} for _ in range(_BLANK_ROWS))],
            recipients=[(str(key), label) for key, label in RECIPIENT_LABELS.items()],
            recipient_labels=RECIPIENT_LABELS,
            papers=[(str(key), label) for key, label in PAPER_LABELS.items()],
            paper_labels=PAPER_LABELS,
            versions=versions,
            people=staff.names(session, [one.set_by for one in versions]),
            may_change=_may_change(),
            error=error,
        )


@desk.post("/time-limits/ladder")
@needs(Role.SYSTEM_ADMIN)
def set_ladder() -> Response:
    """A new version of the ladder; every open case is looked at again with it."""

    def save() -> None:
        with writing() as session:
            made = service.set_ladder(session, now(), current_person(), _typed_rungs())
        tell("good", f"已保存为第 {made.version} 版", "在办的从现在起按它提醒，已提醒过的不再提醒")

    _, refused = forms.refused(save, _ladder_page)
    return refused or redirect("/desk/time-limits/ladder", 303)


def _typed_rungs() -> list[dict[str, Any]]:
    """The rows of the form that say anything; a row without a name is left out."""
    fields = ("key", "label", "to", "offset", "at", "paper")
    count = len(request.form.getlist("label"))
    columns = {field: request.form.getlist(field)[:count] for field in fields}
    rows: list[dict[str, Any]] = [
        {field: values[place] if place < len(values) else "" for field, values in columns.items()}
        for place in range(count)
    ]
    for place, row in enumerate(rows):
        row["copies"] = request.form.getlist(f"copies_{place}")
        row["by_hour"] = f"by_hour_{place}" in request.form
        row["key"] = row["key"] or f"rung_{place + 1}"
    return [row for row in rows if row["label"].strip()]


# ------------------------------------------------------------------ more time


@desk.get("/extensions")
@needs(Role.SUPERVISOR)
def extensions() -> str:
    """延期: what waits for a supervisor's decision, the case that is due first on top."""
    return _extensions_page()


def _extensions_page(error: AppError | None = None) -> str:
    person, at = current_person(), now()
    with reading() as session:
        found = queries.waiting_extensions(session, person)
        day_calendar = calendars.calendar(session)
        return render(
            "desk/extensions.html",
            rows=[
                {
                    "extension": extension,
                    "case": case,
                    "title": masked(case.title),
                    "clocks": clocks_of(case, at, day_calendar),
                    "is_own": extension.asked_by == person.id,
                }
                for extension, case in found
            ],
            names=staff.names(session, [extension.asked_by for extension, _ in found]),
            departments=departments.names(session, {case.department_id for _, case in found}),
            error=error,
        )


@desk.post("/extensions/<number>")
@needs(Role.SUPERVISOR)
def decide_extension(number: str) -> Response:
    """Grant or refuse; the citizen sees what was granted, with its reason, on the progress page."""
    granted = request.form.get("verdict") == "grant"
    action = Action.GRANT_EXTENSION if granted else Action.REFUSE_EXTENSION

    def decide() -> None:
        with writing() as session:
            note = request.form.get("note", "")
            service.act(session, now(), current_person(), number, action, note=note)
        tell("good", "已批准延期" if granted else "没有批准延期", "申请人会收到提醒")

    _, refused = forms.refused(decide, _extensions_page)
    return refused or redirect("/desk/extensions", 303)


# ------------------------------------------------------------------ numbered papers


@desk.get("/slips/<kind>/<int:year>/<int:serial>")
def slip(kind: str, year: int, serial: int) -> str:
    """催办单, 督办单 on paper: A4, with its number, to whom, by when, copies."""
    with reading() as session:
        paper, case = queries.slip(session, current_person(), kind, year, serial)
        office = staff.office(session)
        names = staff.names(session, [paper.to_id, paper.issued_by, *paper.copies])
        department = departments.names(session, {paper.department_id}).get(paper.department_id or 0, "")
        return render(
            "desk/slip.html",
            heading=f"{PAPER_LABELS[Paper(paper.kind)]}",
            number=slip_number(paper.kind, paper.year, paper.serial),
            addressee=department or names.get(paper.to_id or 0) or "值班人员",
            to=names.get(paper.to_id or 0, ""),
            paper=paper,
            due=f"{sentence_date(due_on(paper.due_at), paper.issued_at)} {end_of(paper.due_at)}",
            case=case,
            signed={"unit": office.name if office else "", "on": paper.issued_at},
            copies_to="、".join(names[one] for one in paper.copies if one in names) or None,
            back_href=f"/desk/cases/{case.number}",
        )
