"""申请和泄露: what people ask about public cases, and the leak button with its report."""

from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response

from app.base.errors import AppError
from app.calendar.workdays import day_of
from app.disclosure import decision, queries
from app.disclosure import service as disclosure
from app.disclosure.decision import REQUEST_LABELS, RequestKind
from app.log import queries as log
from app.opendata import queries as opendata_queries
from app.opendata import service as opendata
from app.opendata.models import Leak
from app.redaction.masking import TOKENS
from app.staff import queries as staff
from app.staff import service as staff_service
from app.staff.roles import Role
from app.web.access import needs
from app.web.context import current_person, now, reading, render, services, tell, writing
from app.web.dashboard import desk
from app.web.dashboard.showing import platform_label
from app.web.forms import refused
from app.web.public.reads import FORMS, reads

LOOKS = (Role.DISCLOSER, Role.DUTY_LEADER)
LIST = "/desk/disclosures"
REPORT_WITHIN_HOURS = 4
"""国家网络安全事件报告管理办法: 其他网络运营者 report a grave incident within four hours (reliability §1.5)."""
LEAK_KINDS = [(kind.value, label) for kind, label in TOKENS.items()]


@desk.get("/disclosures/requests/<int:request_id>")
@needs(*LOOKS)
def public_request(request_id: int) -> str:
    """One request, beside what is public."""
    return _page(request_id)


@desk.post("/disclosures/requests/<int:request_id>/grant")
@needs(*LOOKS)
def grant_request(request_id: int) -> Response:
    """One click: taken down, or brought back to be corrected."""

    def do() -> str:
        with writing() as session:
            asked = opendata.grant(
                session, now(), current_person(), request_id, answer=request.form.get("answer", "")[:500]
            )
            found = queries.of_case(session, asked.case_id)
        if asked.kind == RequestKind.CORRECT and found:
            tell("info", "已回到审看", "公开的文字还是原来的，改好、公开以后才换")
            return f"{LIST}/{found.id}"
        tell("good", "已撤下", "页面、下载、订阅和检索里都没有了，只留编号、时间和原因")
        return LIST

    return _then(do, request_id)


@desk.post("/disclosures/requests/<int:request_id>/refuse")
@needs(*LOOKS)
def refuse_request(request_id: int) -> Response:
    """Not done, with the reason the one who asked will read."""

    def do() -> str:
        with writing() as session:
            disclosure.decide_request(
                session,
                now(),
                current_person(),
                request_id,
                granted=False,
                answer=request.form.get("answer", ""),
            )
        tell("good", "已回复申请", "理由写进了进度页")
        return LIST

    return _then(do, request_id)


def _then(do: Any, request_id: int) -> Response:
    href, again = refused(do, lambda error: _page(request_id, error))
    return again or redirect(href, 303)


def _page(request_id: int, error: AppError | None = None) -> str:
    with reading() as session:
        asked = queries.request(session, request_id)
        found = queries.of_case(session, asked.case_id)
        listed = queries.get(session, found.id) if found else None
        number = listed.case.number if listed else ""
        is_public = opendata_queries.is_public(session, number)
        shown = opendata_queries.public_case(session, number) if is_public else None
        names = staff.names(session, [asked.decided_by])
    return render(
        "desk/public_request.html",
        asked=asked,
        label=REQUEST_LABELS[RequestKind(asked.kind)],
        case=listed.case if listed else None,
        found=found,
        shown=shown,
        decided_by=names.get(asked.decided_by or 0, ""),
        leak_kinds=LEAK_KINDS,
        typed=request.form if error else {},
        error=error,
    )


@desk.post("/disclosures/<int:disclosure_id>/leak")
@needs(*LOOKS)
def report_leak(disclosure_id: int) -> Response:
    """The leak button: down at once, who may have read it counted, the report drafted."""
    reads().write_down(services().db, now())
    with writing() as session:
        number = queries.get(session, disclosure_id).case.number
        kinds = [kind for kind in request.form.getlist("kinds") if kind in dict(LEAK_KINDS)]
        found = opendata.report_leak(
            session, now(), current_person(), number, kinds=kinds, note=request.form.get("note", "")[:500]
        )
        request_ids = [
            asked.id
            for asked in queries.requests_of(session, found.case_id)
            if asked.state == "open" and asked.kind != RequestKind.CORRECT
        ]
        for request_id in request_ids:
            disclosure.decide_request(
                session, now(), current_person(), request_id, granted=True, answer="已撤下"
            )
    return redirect(f"{LIST}/leaks/{found.id}", 303)


@desk.get("/disclosures/leaks/<int:leak_id>")
@needs(*LOOKS)
def leak_report(leak_id: int) -> str:
    """The draft of the report, to be completed and printed."""
    with reading() as session:
        found = opendata_queries.leak(session, leak_id)
        since = opendata_queries.reads_since(
            session, day_of(found.published_at or found.found_at), found.number
        )
        names = staff.names(session, [found.found_by])
        office = staff_service.office(session)
        decided = queries.of_case(session, found.case_id)
        case = queries.get(session, decided.id).case if decided else None
        position = log.position(session)
    return render(
        "desk/leak_report.html",
        heading="网络安全事件（个人信息泄露）报告",
        number=None,
        addressee="　　　　网信办",
        back_href=LIST,
        signed={"unit": office.name if office else "", "on": day_of(found.found_at)},
        leak=found,
        kinds="、".join(label for kind, label in LEAK_KINDS if kind in found.kinds) or "待核实",
        found_by=names.get(found.found_by or 0, "系统"),
        reads=_reads(found, since),
        log_position=position,
        report_within=REPORT_WITHIN_HOURS,
        affected=decision.affected(decided.flags, platform_label(case.platform)) if decided and case else [],
    )


def _reads(found: Leak, since: dict[str, int]) -> list[tuple[str, int, int]]:
    """Each form in words: how often it was fetched until it was taken down, and until now."""
    words = {**FORMS, f"case:{found.number}": "这一件的公开页"}
    return [(label, found.reads.get(form, 0), since.get(form, 0)) for form, label in words.items()]


def reason_label(reason: str) -> str:
    """A coded reason in words, whichever list it is from."""
    labels = {
        **decision.WITHDRAWALS,
        **{key: row.label for key, row in decision.REASONS.items()},
        **decision.EXCEPTIONS,
    }
    return labels.get(reason, "")
