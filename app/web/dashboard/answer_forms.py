"""Writing an answer: an empty form, a form from a case, the next version of an entry, a whole table."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import Response, redirect, request
from sqlmodel import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.answers import queries, service
from app.answers.forms import FORMS
from app.base.errors import AppError, Invalid, NotAllowed
from app.cases import queries as cases
from app.cases.models import Case
from app.departments import queries as departments
from app.replies import queries as replies
from app.staff.roles import Role
from app.web.access import needs
from app.web.context import current_person, now, reading, render, settings, tell, writing
from app.web.dashboard import desk
from app.web.dashboard.answers import counts_of, entry_and_newest
from app.web.forms import refused
from kb import queries as library
from kb.models import AnswerEntry, EntryVersion
from kb.states import KIND_LABELS, SIGNIFICANCE_LABELS, EntryKind, Significance


@desk.get("/answers/new")
@needs(*service.PROPOSERS)
def new_entry() -> str:
    """An empty form; from a case, with its question and reply, what points to a person hidden."""
    number = request.args.get("from", "")
    if not number:
        _editors_only()
        return _form(None, {"question": request.args.get("question", "")[:200]}, None)
    with reading() as session:
        case, reply_text, basis = _told(session, number)
        places = departments.office_places(session)
    draft = service.draft_from_case(case, reply_text, basis, places=places)
    return _form(None, draft, None, case=case)


@desk.post("/answers/new")
@needs(*service.PROPOSERS)
def create_entry() -> BaseResponse | Response:
    """Keep a new draft, and submit it where that was asked for."""
    number = request.form.get("from", "")

    def do(session: Session) -> EntryVersion:
        if not number:
            return service.propose(session, now(), current_person(), **_content(request.form))
        case, text, basis = _told(session, number)
        told = {"reply_text": text, "reply_basis": basis}
        return service.propose_from_case(
            session, now(), current_person(), case, **told, **_content(request.form)
        )

    return _kept(None, do)


@desk.get("/answers/<int:entry_id>/edit")
@needs(Role.EDITOR)
def edit_entry(entry_id: int) -> str:
    """The newest version as a form, beside the version in force."""
    with reading() as session:
        entry, newest = entry_and_newest(session, entry_id)
    return _form(entry, _as_content(entry, newest), None, newest=newest)


@desk.post("/answers/<int:entry_id>/edit")
@needs(Role.EDITOR)
def save_entry(entry_id: int) -> BaseResponse | Response:
    """Keep the next draft of an entry, and submit it where that was asked for."""

    def do(session: Session) -> EntryVersion:
        seen = request.form.get("seen", "")
        return service.propose(
            session, now(), current_person(), entry_id=entry_id, seen=seen or None, **_content(request.form)
        )

    return _kept(entry_id, do)


def _kept(entry_id: int | None, do: Callable[[Session], EntryVersion]) -> BaseResponse | Response:
    """Keep the draft for good, then submit; a refusal shows the form with everything that was typed."""
    kept: dict[str, int] = {}
    submits = request.form.get("then") == "submit"

    def act() -> None:
        with writing() as session:
            version = do(session)
            kept["entry"] = version.entry_id
            if submits:
                service.submit(session, now(), current_person(), version.id, address=settings().public_url)

    _, page = refused(act, lambda error: _refused_form(entry_id, error))
    if page is not None:
        return page
    words = (
        ("已送审", "等三位审核人各审一次，然后签发") if submits else ("已存为草稿", "检查依据和核实人后送审")
    )
    tell("good", *words)
    return redirect(f"/desk/answers/{kept['entry']}", 303)


def _refused_form(entry_id: int | None, error: AppError) -> str:
    with reading() as session:
        entry, newest = entry_and_newest(session, entry_id) if entry_id is not None else (None, None)
        number = request.form.get("from", "")
        case = _told(session, number)[0] if number else None
    return _form(entry, _typed(request.form), error, newest=newest, case=case)


def _told(session: Session, number: str) -> tuple[Case, str, str]:
    """A case this person may see, and what its writer was told. Raises `NotFound`, `Invalid`."""
    case = cases.visible_case(session, current_person(), number)
    reply = replies.last_released(session, case.id)
    return case, reply.text if reply else "", reply.basis if reply else ""


def _editors_only() -> None:
    if not current_person().may(Role.EDITOR):
        raise NotAllowed("经办人和受理员请从办件页的“拟一条新答案”进来", code="wrong_role")


def _form(
    entry: AnswerEntry | None,
    values: Mapping[str, Any],
    error: AppError | None,
    *,
    newest: EntryVersion | None = None,
    case: Case | None = None,
) -> str:
    person = current_person()
    with reading() as session:
        in_force = library.version_in_force(session, entry.id) if entry else None
        attachments = [*(values.get("attachments") or []), {}]
        basis = [*values.get("basis", []), {}]  # always one row more than there are documents
        text, short = str(values.get("text") or ""), str(values.get("short_text") or "")
        if entry is not None and entry.origin:
            raise NotAllowed("这一条来自别的问答库，只能看，不能改。要改请另拟一条", code="imported")
        return render(
            "desk/answer_edit.html",
            entry=entry,
            newest=newest,
            in_force=in_force,
            case=case,
            care=service.care_needed(case) if case else [],
            values=values,
            basis=basis,
            attachments=attachments,
            written=[(one.name, one.label) for one in WRITTEN],
            action=f"/desk/answers/{entry.id}/edit" if entry else "/desk/answers/new",
            text_counts=counts_of(text),
            short_counts=counts_of(short),
            owners=[("", "请选择"), *((str(row.id), row.name) for row in departments.all(session))],
            kinds=[(kind.value, label) for kind, label in KIND_LABELS.items()],
            significances=[(value.value, label) for value, label in SIGNIFICANCE_LABELS.items()],
            matters=queries.categories(session),
            may_submit=person.may(Role.EDITOR),
            times=queries.times_used(session, [entry.id]).get(entry.id, 0) if entry else 0,
            errors=[{"field": error.field, "message": error.message}] if error else [],
            wrong={error.field: error.message} if error and error.field else {},
        )


def _as_content(entry: AnswerEntry, version: EntryVersion) -> dict[str, Any]:
    names = (
        "question", "text", "short_text", "phrasings", "must_keep", "basis", "verified_by", "category",
        "is_draft_policy", "licence", "forms", "attachments", "valid_from", "valid_until", "review_by", "significance",
    )  # fmt: skip
    content = {name: getattr(version, name) for name in names}
    return {**content, "kind": entry.kind, "owner_department_id": entry.owner_department_id}


def _typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """What was typed, as it stands, for showing the form again."""
    lists = {name: form.get(name, "").splitlines() for name in ("phrasings", "must_keep")}
    more = {"basis": _basis(form), "forms": _forms(form), "attachments": _attachments(form)}
    return {**form.to_dict(), **lists, **more}


def _forms(form: MultiDict[str, str]) -> dict[str, str]:
    """What was written for single platforms, by the name of the form."""
    written = {one.name: form.get(f"form-{one.name}", "").replace("\r\n", "\n").strip() for one in WRITTEN}
    return {name: words for name, words in written.items() if words}


def _attachments(form: MultiDict[str, str]) -> list[dict[str, str]]:
    columns = [form.getlist(f"attachment_{name}") for name in ATTACHED]
    rows = ([cell.strip() for cell in row] for row in zip(*columns, strict=False))
    return [dict(zip(ATTACHED, row, strict=True)) for row in rows if any(row)]


WRITTEN = tuple(form for form in FORMS if form.name != "website")
"""Forms that may have words of their own; the site shows the whole."""
ATTACHED = ("title", "url", "licence", "source", "map_number")


def _basis(form: MultiDict[str, str]) -> list[dict[str, Any]]:
    columns = [form.getlist(f"basis_{name}") for name in ("title", "number", "url", "issued_on")]
    rows = ([cell.strip() for cell in row] for row in zip(*columns, strict=False))
    return [
        {"title": title, "number": number, "url": url, "issued_on": issued_on or None}
        for title, number, url, issued_on in rows
        if title or number or url
    ]


def _content(form: MultiDict[str, str]) -> dict[str, Any]:
    """The fields of `kb.service.propose`. Raises `Invalid` naming the field of a date that is none."""
    owner = form.get("owner_department_id", "")
    if "\x00" in "".join(form.values()):
        raise Invalid("内容里有无法显示的字符，请删去后再试", field="text")
    return {
        "question": form.get("question", ""),
        "text": form.get("text", "").replace("\r\n", "\n"),
        "short_text": form.get("short_text", "").strip() or None,
        "phrasings": form.get("phrasings", "").splitlines(),
        "must_keep": form.get("must_keep", "").splitlines(),
        "basis": _basis(form),
        "verified_by": form.get("verified_by", "")[:100],
        "category": form.get("category", "")[:100],
        "is_draft_policy": form.get("is_draft_policy") == "1",
        "licence": form.get("licence", "")[:100],
        "forms": _forms(form),
        "attachments": _attachments(form),
        "valid_from": _day(form, "valid_from", "有效期起"),
        "valid_until": _day(form, "valid_until", "有效期止"),
        "review_by": _day(form, "review_by", "复核日期"),
        "significance": form.get("significance", Significance.ORDINARY.value),
        "kind": form.get("kind", EntryKind.ANSWER.value),
        "owner_department_id": int(owner) if owner.isdecimal() else None,
    }


def _day(form: MultiDict[str, str], name: str, label: str) -> date | None:
    written = form.get(name, "").strip()
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Invalid(f"{label}应写作 2026-11-20", field=name) from None


# ------------------------------------------------------------------ importing


@desk.get("/answers/import")
@needs(Role.EDITOR)
def import_page() -> str:
    """The form for a table of questions and answers."""
    return render("desk/answer_import.html", report=None, error=None)


@desk.post("/answers/import")
@needs(Role.EDITOR)
def import_library() -> BaseResponse | Response | str:
    """Take a table in as drafts and say what became of each row."""

    def do() -> list[service.ImportedRow]:
        file = request.files.get("file")
        if file is None or not file.filename:
            raise Invalid("请选一个 .xlsx、.csv 或 .jsonl 文件", field="file")
        with writing() as session:
            return service.import_file(session, now(), current_person(), file.filename, file.read())

    report, page = refused(do, lambda error: render("desk/answer_import.html", report=None, error=error))
    if page is not None:
        return page
    counts = {kind: sum(one.outcome == kind for one in report) for kind in ("added", "known", "refused")}
    return render("desk/answer_import.html", report=report, counts=counts, error=None)
