"""舆情: what was noticed, one alert with its steps, the papers it needs, the words and contacts of the office."""

from collections.abc import Callable
from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from app.alerts import papers, queries, service, steps
from app.alerts.models import Alert, AlertPaper, AlertStep
from app.alerts.papers import Kind
from app.alerts.signals import WORDS
from app.alerts.steps import Level, Stage
from app.base.errors import AppError, Invalid
from app.staff import queries as staff
from app.staff.roles import Role
from app.web import forms
from app.web.access import needs
from app.web.context import current_person, now, reading, render, tell, writing
from app.web.dashboard import desk
from app.web.forms import number_of
from app.web.presenting import instant

_SEES = (Role.CLERK, Role.HANDLER, Role.REVIEWER, Role.ISSUER, Role.SUPERVISOR, Role.DUTY_LEADER)
_KEEPS = (Role.DUTY_LEADER, Role.SYSTEM_ADMIN)
_STATES = {"late": ("stop", "已超时", "is-over"), "major": ("warn", "重大", "is-over")}


@desk.get("/alerts")
@needs(*_SEES)
def alerts_list() -> str:
    """One view of the alerts, newest first; each view's number is the number of its rows."""
    return _list_page()


def _list_page(error: AppError | None = None) -> str:
    person, at, view = current_person(), now(), request.args.get("view", "open")
    with reading() as session:
        page = queries.listed(session, person, view, at, before=number_of(request.args.get("before")))
        names = staff.names(session, [alert.responsible_id for alert, _ in page.rows])
        views = [
            {
                "href": url_for("desk.alerts_list", view=key),
                "label": label,
                "count": queries.count(session, person, key, at),
                "is_current": key == view,
            }
            for key, label in queries.VIEWS.items()
        ]
        return render(
            "desk/alerts.html",
            views=views,
            view=view,
            rows=[_row(alert, case.number, case.title, names, at) for alert, case in page.rows],
            total=page.total,
            older=url_for("desk.alerts_list", view=view, before=page.older) if page.older else None,
            may_keep=person.may(*_KEEPS),
            error=error,
            typed=request.form,
        )


def _row(alert: Alert, number: str, title: str, names: dict[int, str], at: Any) -> dict[str, Any]:
    is_late = alert.settled_at is None and alert.due_at is not None and alert.due_at <= at
    state = (
        ("check", "已了结", "is-good")
        if alert.settled_at
        else ("ring", steps.WAITS_FOR[alert.stage], "is-active")
    )
    state = _STATES["late"] if is_late else state
    due = (
        f" · {instant(alert.due_at, at)} 前{steps.WAITS_FOR[alert.stage][1:]}"
        if alert.due_at and not alert.settled_at
        else ""
    )
    level = f"{steps.LEVEL_LABELS[alert.level]} · " if alert.level else ""
    responsible = f" · {names[alert.responsible_id]}" if alert.responsible_id in names else ""
    return {
        "title": f"{title}：{alert.words}",
        "href": url_for("desk.alert", alert_id=alert.id),
        "state": {"icon": state[0], "word": state[1], "colour": state[2]},
        "note": f"{level}{number} · {instant(alert.raised_at, at)} 预警{due}{responsible}",
    }


@desk.post("/alerts")
@needs(*_SEES)
def raise_alert() -> Response:
    """A person noticed something: an alert on a case."""

    def raise_it() -> int:
        number, words = request.form.get("number", "").strip().upper(), request.form.get("words", "")
        with writing() as session:
            return service.raise_by_hand(session, now(), current_person(), number, words).id

    made, refused = forms.refused(raise_it, _list_page)
    return refused or redirect(url_for("desk.alert", alert_id=made), 303)


@desk.get("/alerts/<int:alert_id>")
@needs(*_SEES)
def alert(alert_id: int) -> str:
    """One alert: where it stands, what was done when, what can be done now."""
    return _alert_page(alert_id)


def _alert_page(alert_id: int, error: AppError | None = None) -> str:
    person, at = current_person(), now()
    with reading() as session:
        found, case = queries.visible(session, person, alert_id)
        done, written = queries.steps_of(session, alert_id), queries.papers_of(session, alert_id)
        contacts = queries.contacts(session)
        units = {one.id: one.unit for one in contacts}
        ids = [found.responsible_id, *(one.by_id for one in done), *(one.issued_by for one in written)]
        names = staff.names(session, ids)
        reported = any(one.kind in papers.REPORTS for one in written)
        return render(
            "desk/alert.html",
            alert=found,
            case=case,
            state=steps.WAITS_FOR[found.stage],
            is_late=found.settled_at is None and found.due_at is not None and found.due_at <= at,
            level=steps.LEVEL_LABELS.get(found.level, "还没有研判"),
            responsible=names.get(found.responsible_id or 0, ""),
            timeline=[_step(one, names, at) for one in reversed(done)],
            papers=[_paper_row(one, units, at) for one in written],
            report_due=(found.major_at + steps.REPORT_WITHIN) if found.major_at and not reported else None,
            next_step=steps.AFTER.get(found.stage),
            step_labels=steps.LABELS,
            levels=[(level.value, steps.LEVEL_LABELS[level]) for level in Level],
            people=[(str(one.id), one.name) for one in staff.people(session)],
            kinds=[
                (kind.value, papers.TITLES[kind])
                for kind in Kind
                if papers.problem(kind, is_major=found.major_at is not None, reported=reported) is None
            ],
            contacts=[(str(one.id), f"{one.sphere} · {one.unit}") for one in contacts],
            hows=[(one.unit, service.how_to_reach(session, one)) for one in contacts],
            error=error,
            typed=request.form,
        )


def _step(step: AlertStep, names: dict[int, str], at: Any) -> dict[str, Any]:
    late = step.due_at is not None and step.at > step.due_at
    return {
        "verb": steps.LABELS[step.step],
        "object": f"（应在 {instant(step.due_at, at)} 前，已超时）" if late else None,
        "who": names.get(step.by_id or 0) or "系统",
        "note": step.note,
        "at": step.at,
        "is_now": False,
    }


def _paper_row(paper: AlertPaper, units: dict[int, str], at: Any) -> dict[str, Any]:
    waits = paper.acknowledged_at is None
    late = waits and paper.acknowledge_by is not None and paper.acknowledge_by <= at
    return {
        "id": paper.id,
        "number": papers.number(paper.kind, paper.year, paper.serial),
        "label": papers.LABELS[paper.kind],
        "unit": units.get(paper.contact_id, ""),
        "issued_at": paper.issued_at,
        "was_late": paper.kind == Kind.REPORT and paper.issued_at > paper.due_at,
        "waits": waits,
        "is_late": late,
        "acknowledged": None if waits else f"{instant(paper.acknowledged_at, at)} {paper.acknowledged_note}",
    }


@desk.post("/alerts/<int:alert_id>/<deed>")
@needs(*_SEES)
def work_on_alert(alert_id: int, deed: str) -> Response:
    """研判, 处置, 回应, 了结, or a paper: what one form of the page asks for."""

    def do() -> str:
        if deed not in DEEDS:
            raise Invalid("没有这个操作。请回到舆情页面")
        return DEEDS[deed](alert_id)

    words, refused = forms.refused(do, lambda error: _alert_page(alert_id, error))
    if refused:
        return refused
    tell("good", words)
    return redirect(url_for("desk.alert", alert_id=alert_id), 303)


def _assess(alert_id: int) -> str:
    form = request.form
    with writing() as session:
        service.assess(
            session, now(), current_person(), alert_id, level=form.get("level", ""),
            responsible_id=number_of(form.get("responsible_id")), note=form.get("note", ""),
        )  # fmt: skip
    return "已记下研判"


def _advance(step: Stage) -> Callable[[int], str]:
    def do(alert_id: int) -> str:
        with writing() as session:
            note = request.form.get("note", "")
            service.advance(session, now(), current_person(), alert_id, step=step, note=note)
        return f"已记下{steps.LABELS[step]}"

    return do


def _settle(alert_id: int) -> str:
    with writing() as session:
        service.settle(session, now(), current_person(), alert_id, request.form.get("note", ""))
    return "已了结"


def _issue(alert_id: int) -> str:
    form = request.form
    with writing() as session:
        made = service.issue_paper(
            session, now(), current_person(), alert_id, kind=form.get("kind", ""),
            contact_id=number_of(form.get("contact_id")) or 0, facts=form.get("facts", ""),
            judgement=form.get("judgement", ""), measures=form.get("measures", ""),
        )  # fmt: skip
    return f"已写好 {papers.number(made.kind, made.year, made.serial)}，打印后送出，对方签收了请记下"


DEEDS: dict[str, Callable[[int], str]] = {
    "assess": _assess,
    "handled": _advance(Stage.HANDLED),
    "responded": _advance(Stage.RESPONDED),
    "settle": _settle,
    "papers": _issue,
}


@desk.post("/alerts/papers/<int:paper_id>/acknowledge")
@needs(*_SEES)
def acknowledge_paper(paper_id: int) -> Response:
    """The other end has it."""
    with reading() as session:
        _, found, _ = queries.paper(session, current_person(), paper_id)
        alert_id = found.id

    def do() -> None:
        with writing() as session:
            service.acknowledge(session, now(), current_person(), paper_id, request.form.get("note", ""))

    _, refused = forms.refused(do, lambda error: _alert_page(alert_id, error))
    if refused:
        return refused
    tell("good", "已记下签收")
    return redirect(url_for("desk.alert", alert_id=alert_id), 303)


@desk.get("/alerts/papers/<int:paper_id>")
@needs(*_SEES)
def alert_paper(paper_id: int) -> str:
    """重大舆情报告 or 转送单 on A4."""
    with reading() as session:
        paper, found, case = queries.paper(session, current_person(), paper_id)
        office = staff.office(session)
        units = {one.id: one.unit for one in queries.contacts(session)}
        names = staff.names(session, [paper.issued_by, found.responsible_id])
        return render(
            "desk/alert_paper.html",
            heading=papers.TITLES[paper.kind],
            number=papers.number(paper.kind, paper.year, paper.serial),
            addressee=units.get(paper.contact_id) or None,
            paper=paper,
            alert=found,
            case=case,
            level=steps.LEVEL_LABELS.get(found.level, ""),
            is_report=paper.kind in papers.REPORTS,
            names=names,
            signed={"unit": office.name if office else "", "on": paper.issued_at},
            back_href=url_for("desk.alert", alert_id=found.id),
        )


# ------------------------------------------------------------------ words and contacts


@desk.get("/alerts/words")
@needs(*_KEEPS)
def alert_words() -> str:
    """The words that are watched for, and whom to tell outside."""
    return _words_page()


def _words_page(error: AppError | None = None) -> str:
    with reading() as session:
        watched = queries.words(session)
        shipped = {(topic, word) for topic, words in WORDS.items() for word in words}
        off = [
            (row.topic, row.word)
            for row in queries.own_words(session)
            if not row.watched and (row.topic, row.word) in shipped
        ]
        contacts = [
            {"id": one.id, "unit": one.unit, "sphere": one.sphere, "how": service.how_to_reach(session, one)}
            for one in queries.contacts(session)
        ]
    return render(
        "desk/alert_words.html",
        watched=watched,
        off=off,
        contacts=contacts,
        spheres=[(one, one) for one in papers.SPHERES],
        error=error,
        typed=request.form,
    )


def _kept(do: Callable[[], None], words: str) -> Response:
    _, refused = forms.refused(do, _words_page)
    if refused:
        return refused
    tell("good", words)
    return redirect(url_for("desk.alert_words"), 303)


@desk.post("/alerts/words")
@needs(*_KEEPS)
def set_alert_word() -> Response:
    """Watch for a word, or no longer."""

    def do() -> None:
        form = request.form
        with writing() as session:
            service.set_word(
                session, now(), current_person(), topic=form.get("topic", ""), word=form.get("word", ""),
                watched=form.get("watched") != "no",
            )  # fmt: skip

    return _kept(do, "已保存，从今后的来信起算")


@desk.post("/alerts/contacts")
@needs(*_KEEPS)
def add_alert_contact() -> Response:
    """Add a unit to the directory."""

    def do() -> None:
        form = request.form
        with writing() as session:
            service.add_contact(
                session, now(), current_person(), unit=form.get("unit", ""), sphere=form.get("sphere", ""),
                how=form.get("how", ""),
            )  # fmt: skip

    return _kept(do, "已加入通讯录")


@desk.post("/alerts/contacts/<int:contact_id>/end")
@needs(*_KEEPS)
def end_alert_contact(contact_id: int) -> Response:
    """Take a unit out of the directory."""

    def do() -> None:
        with writing() as session:
            service.end_contact(session, now(), current_person(), contact_id)

    return _kept(do, "已从通讯录去掉")
