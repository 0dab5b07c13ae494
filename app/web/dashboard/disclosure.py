"""公开审核: may anyone read this? One case a screen, the original left, the public text right."""

from collections.abc import Callable
from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response

from app.base.errors import AppError
from app.disclosure import decision, queries
from app.disclosure import service as disclosure
from app.disclosure.decision import State
from app.disclosure.queries import Listed, Page
from app.opendata import queries as opendata_queries
from app.opendata import service as opendata
from app.opendata.models import PublishedCase
from app.redaction.masking import TOKENS, Action
from app.redaction.numbers import Kind
from app.staff import queries as staff
from app.staff.roles import Role
from app.web.access import needs
from app.web.context import current_person, now, reading, render, tell, writing
from app.web.dashboard import desk
from app.web.dashboard.disclosure_requests import LEAK_KINDS, reason_label
from app.web.dashboard.redaction import MAY_TRY
from app.web.dashboard.showing import platform_label, type_label
from app.web.forms import refused

LOOKS = (Role.DISCLOSER, Role.DUTY_LEADER)
_LIST = "/desk/disclosures"
_ICONS = {
    State.WAITING: ("ring", ""),
    State.PUBLISHED: ("check", "is-good"),
    State.WITHHELD: ("lock", ""),
    State.WITHDRAWN: ("back", "is-soon"),
}
_WORDS = ("title", "summary", "message", "reply")


@desk.get("/disclosures")
@needs(*LOOKS)
def disclosures() -> str:
    """What waits for a decision, and what was decided, each with its count."""
    state = request.args.get("state", State.WAITING.value)
    with reading() as session:
        page = queries.listed(session, state, after=_number("after"), before=_number("before"))
        counts = queries.counts(session)
        names = staff.names(session, [row.disclosure.decided_by for row in page.items])
        asked = queries.requests(session) if state == State.WAITING else []
    return render(
        "desk/disclosures.html",
        requests=[_asked(row) for row in asked],
        state=state,
        views=[
            {"label": label, "count": counts[key], "href": f"{_LIST}?state={key}", "is_current": key == state}
            for key, label in decision.STATE_LABELS.items()
        ],
        rows=[_row(row, names) for row in page.items],
        pager=_pager(page, state),
        may_try=current_person().may(*MAY_TRY),
    )


@desk.get("/disclosures/<int:disclosure_id>")
@needs(*LOOKS)
def disclosure_page(disclosure_id: int) -> str:
    """One decision."""
    return _page(disclosure_id)


@desk.post("/disclosures/<int:disclosure_id>/edit")
@needs(Role.DISCLOSER)
def edit_disclosure(disclosure_id: int) -> Response:
    """Keep the officer's wording, then show it as it would be read."""

    def do() -> None:
        with writing() as session:
            disclosure.edit(session, now(), current_person(), disclosure_id, **_texts())
        tell("info", "改动已保存，还没有公开", "请把右边公开后的文字重新看一遍")

    return _then(do, disclosure_id, f"{_LIST}/{disclosure_id}")


@desk.post("/disclosures/<int:disclosure_id>/hits")
@needs(Role.DISCLOSER)
def choose_hits(disclosure_id: int) -> Response:
    """Hide or keep what was found in the letter, hit by hit."""
    kept = {
        int(name.removeprefix("hit-"))
        for name, value in request.form.items()
        if name.startswith("hit-") and value == "keep" and name[4:].isascii() and name[4:].isdecimal()
    }

    def do() -> None:
        with writing() as session:
            disclosure.choose(session, now(), current_person(), disclosure_id, kept)
        tell("info", "来信已按您的选择重新写好，还没有公开", "请把公开后的文字重新看一遍")

    return _then(do, disclosure_id, f"{_LIST}/{disclosure_id}")


@desk.post("/disclosures/<int:disclosure_id>/correct")
@needs(Role.DISCLOSER)
def correct_disclosure(disclosure_id: int) -> Response:
    """Bring a public case back to be worded better; it stays public until then."""

    def do() -> None:
        with writing() as session:
            disclosure.correct(session, now(), current_person(), disclosure_id)

    return _then(do, disclosure_id, f"{_LIST}/{disclosure_id}")


@desk.post("/disclosures/<int:disclosure_id>/publish")
@needs(Role.DISCLOSER)
def publish_disclosure(disclosure_id: int) -> Response:
    """Make exactly what was on the screen public, then go to the next one."""

    def do() -> None:
        form = request.form
        publish = opendata.publish_alike if form.get("alike") else _only
        with writing() as session:
            shown = publish(
                session,
                now(),
                current_person(),
                disclosure_id,
                digest=form.get("digest", ""),
                considered=form.getlist("considered"),
                exception=form.get("exception", ""),
                legal_basis=form.get("legal_basis", "")[:500],
                note=form.get("note", "")[:500],
                **_texts(),
            )
        many = f"已公开 {len(shown)} 件" if len(shown) > 1 else "已公开"
        tell("good", many, "页面、下载、订阅和检索里都有了", f"/cases/{shown[0].number}", "看公开页")

    return _then(do, disclosure_id)


@desk.post("/disclosures/<int:disclosure_id>/withhold")
@needs(Role.DISCLOSER)
def withhold_disclosure(disclosure_id: int) -> Response:
    """Not shown, with a coded reason; counted in public."""

    def do() -> None:
        with writing() as session:
            opendata.withhold(session, now(), current_person(), disclosure_id, **_reasons())
        tell("good", "已记为不予公开", "只有原因计入公开的统计")

    return _then(do, disclosure_id)


@desk.post("/disclosures/<int:disclosure_id>/withdraw")
@needs(*LOOKS)
def withdraw_disclosure(disclosure_id: int) -> Response:
    """Take it down everywhere, now."""

    def do() -> None:
        with writing() as session:
            number = queries.get(session, disclosure_id).case.number
            opendata.withdraw(
                session,
                now(),
                current_person(),
                number,
                reason=request.form.get("reason", ""),
                note=request.form.get("note", "")[:500],
            )
        tell("good", "已撤下", "页面、下载、订阅和检索里都没有了，只留编号、时间和原因")

    return _then(do, disclosure_id, f"{_LIST}/{disclosure_id}")


@desk.post("/disclosures/<int:disclosure_id>/reconsider")
@needs(Role.DISCLOSER)
def reconsider_disclosure(disclosure_id: int) -> Response:
    """Look once more at what was withheld."""

    def do() -> None:
        with writing() as session:
            disclosure.reconsider(session, now(), current_person(), disclosure_id)

    return _then(do, disclosure_id, f"{_LIST}/{disclosure_id}")


# ------------------------------------------------------------------ inside


def _only(*given: Any, **decided_on: Any) -> list[PublishedCase]:
    """`publish` for one case, in the shape of `publish_alike`."""
    return [opendata.publish(*given, **decided_on)]


def _asked(row: queries.Asked) -> dict[str, Any]:
    kind = decision.RequestKind(row.request.kind)
    return {
        "href": f"{_LIST}/requests/{row.request.id}",
        "label": decision.REQUEST_LABELS[kind],
        "is_leak": kind is decision.RequestKind.LEAK,
        "title": row.case.title,
        "number": row.case.number,
        "own": row.request.own,
        "asked_at": row.request.asked_at,
    }


def _then(do: Callable[[], None], disclosure_id: int, href: str = "") -> Response:
    """Do it and go on: to ``href``, else to the next one that waits, else to the list."""
    _, again = refused(do, lambda error: _page(disclosure_id, error))
    if again:
        return again
    if not href:
        with reading() as session:
            following = queries.next_waiting(session, disclosure_id)
        href = f"{_LIST}/{following}" if following else _LIST
    return redirect(href, 303)


def _texts() -> dict[str, str]:
    return {name: request.form.get(name, "").replace("\x00", "") for name in _WORDS}


def _reasons() -> dict[str, str]:
    return {name: request.form.get(name, "")[:500] for name in ("reason", "legal_basis", "note")}


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else None


def _row(row: Listed, names: dict[int, str]) -> list[Any]:
    icon, colour = _ICONS[State(row.disclosure.state)]
    flags = [decision.FLAG_LABELS.get(flag, flag) for flag in row.disclosure.flags]
    return [
        {
            "text": row.disclosure.title or row.case.title,
            "href": f"{_LIST}/{row.disclosure.id}",
            "note": "；".join(flags),
        },
        {"text": row.case.number, "is_code": True},
        f"{type_label(row.case.message_type)} · {platform_label(row.case.platform)}",
        {"icon": icon, "colour": colour, "word": decision.STATE_LABELS[State(row.disclosure.state)]},
        row.case.closed_at,
        names.get(row.disclosure.decided_by or 0, ""),
    ]


def _pager(page: Page, state: str) -> dict[str, Any]:
    last = page.first + len(page.items) - 1 if page.items else 0
    href = f"{_LIST}?state={state}&"
    return {
        "first": page.first,
        "last": last,
        "total": page.total,
        "measure": "件",
        "previous_href": f"{href}before={page.previous}" if page.previous else None,
        "next_href": f"{href}after={page.next}" if page.next else None,
        "next_count": min(queries.PAGE, page.total - last),
    }


def _page(disclosure_id: int, error: AppError | None = None) -> str:
    with reading() as session:
        listed = queries.get(session, disclosure_id)
        originals = disclosure.originals(session, listed.case)
        following = queries.next_waiting(session, disclosure_id)
        names = staff.names(session, [listed.disclosure.decided_by, listed.disclosure.withdrawn_by])
        is_public = opendata_queries.is_public(session, listed.case.number)
        alike = len(queries.alike(session, disclosure_id))
        leaks = opendata_queries.leaks_of(session, listed.case.id)
        may_decide = disclosure.may_decide(session, current_person(), listed.disclosure)
    found = listed.disclosure
    return render(
        "desk/disclosure.html",
        found=found,
        case=listed.case,
        state=State(found.state),
        shape=_ICONS[State(found.state)],
        state_label=decision.STATE_LABELS[State(found.state)],
        originals=originals,
        hits=[
            _hit(number, hit, originals)
            for number, hit in enumerate(hit for hit in found.hits if hit["field"] == "message")
        ],
        may_choose=may_decide and found.state == State.WAITING and bool(found.message),
        flags=[(flag, decision.FLAG_LABELS.get(flag, flag)) for flag in found.flags],
        reasons=[(key, row.label) for key, row in decision.REASONS.items()],
        reason_label=reason_label(found.reason),
        withdrawals=list(decision.WITHDRAWALS.items()),
        exceptions=[("", "没有，个人信息都隐去"), *decision.EXCEPTIONS.items()],
        type_name=type_label(listed.case.message_type),
        platform_name=platform_label(listed.case.platform),
        next_href=f"{_LIST}/{following}" if following else None,
        decided_by=names.get(found.decided_by or 0, "系统"),
        withdrawn_by=names.get(found.withdrawn_by or 0, "系统"),
        is_public=is_public,
        alike=alike,
        leaks=leaks,
        leak_kinds=LEAK_KINDS,
        may_decide=may_decide,
        has_handled=current_person().may(Role.DISCLOSER) and not may_decide,
        typed=request.form if error else {},
        error=error,
    )


def _hit(number: int, hit: dict[str, Any], originals: dict[str, str]) -> dict[str, Any]:
    """One row of what was found: its kind, the words (cut from the case), the cue, hidden or kept."""
    return {
        "id": number,
        "start": hit["start"],
        "end": hit["end"],
        "kind": TOKENS[Kind(hit["kind"])],
        "text": originals[hit["field"]][hit["start"] : hit["end"]],
        "cue": hit["value_cue"],
        "keep": hit["action"] == Action.KEPT,
    }
