"""口径维护: what is looked at again, what contradicts, what follows a change; documents; neighbouring libraries."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from app.answers import service as answers
from app.base.errors import AppError, Invalid
from app.consistency import queries as conflicts
from app.consistency import service as consistency
from app.federation import queries as libraries
from app.federation import service as federation
from app.staff.roles import Role
from app.upkeep import figures, queries, service
from app.upkeep.following import KIND_LABELS, Kind
from app.web.access import needs
from app.web.context import current_person, now, reading, render, tell, writing
from app.web.dashboard import desk
from app.web.dashboard.answers import READERS, conflict_rows
from app.web.forms import day_of_form, refused
from kb import queries as library
from kb.federation import LEVEL_LABELS, Level
from kb.states import RECHECK_LABELS, SIGNIFICANCE_LABELS, Significance

FIGURES_OVER = timedelta(days=90)
SETTLERS = (Role.EDITOR, Role.HANDLER)
CORRECTORS = (Role.CLERK, Role.HANDLER)
_DOCUMENTS = 50


def _done(
    do: Callable[[Session], Any], said: tuple[str, str], then: str, page: Callable[[AppError], str]
) -> BaseResponse | Response:
    def act() -> None:
        with writing() as session:
            do(session)

    _, again = refused(act, page)
    if again is not None:
        return again
    tell("good", *said)
    return redirect(then, 303)


# ------------------------------------------------------------------ what has to be done


@desk.get("/answers/upkeep")
@needs(*READERS)
def upkeep_page() -> str:
    """Everything that keeps the library of one voice, with its figures."""
    person, at = current_person(), now()
    with reading() as session:
        told = queries.figures(session, at - FIGURES_OVER)
        rows = queries.open_follow_ups(session)
        numbers = queries.case_numbers(session, [row.case_id for row in rows])
        entries = conflicts.shown(session, {row.entry_id for row in rows})
        return render(
            "desk/answer_upkeep.html",
            figures=figures.told(told),
            formula=figures.FORMULA,
            coverage=[
                [one.category or "没有分类", one.letters, one.drawn, one.answers] for one in told.coverage
            ],
            rechecks=queries.open_rechecks(session),
            labels=RECHECK_LABELS,
            conflicts=conflict_rows(session, conflicts.open_conflicts(session)),
            follow_ups=[
                {
                    "id": row.id,
                    "kind": KIND_LABELS[Kind(row.kind)],
                    "is_reply": row.kind == Kind.REPLY and person.may(*CORRECTORS),
                    "case": numbers.get(row.case_id or 0),
                    "entry_id": row.entry_id,
                    "question": entries[row.entry_id][1].question if row.entry_id in entries else "",
                    "used": row.used_version,
                    "version": row.version,
                    "significance": SIGNIFICANCE_LABELS[Significance(row.significance)],
                    "what": row.what,
                    "may": person.may(*SETTLERS, *CORRECTORS),
                }
                for row in rows
            ],
            may_settle=person.may(*SETTLERS),
        )


def _upkeep_again(error: AppError) -> str:
    tell("over", "没有处理", error.message)
    return str(upkeep_page())


@desk.post("/answers/rechecks/<int:recheck_id>/settle")
@needs(*SETTLERS)
def settle_recheck(recheck_id: int) -> BaseResponse | Response:
    """已核对, with what came of it."""

    def do(session: Session) -> None:
        answers.settle_recheck(session, now(), current_person(), recheck_id, request.form.get("note", ""))

    return _done(do, ("已记下核对结果", ""), "/desk/answers/upkeep", _upkeep_again)


@desk.post("/answers/conflicts/<int:conflict_id>/settle")
@needs(*SETTLERS)
def settle_conflict(conflict_id: int) -> BaseResponse | Response:
    """不用改, and why both may stand."""

    def do(session: Session) -> None:
        note = request.form.get("note", "")
        consistency.settle_conflict(session, now(), current_person(), conflict_id, note)

    return _done(do, ("已记下", "两条有一条改动后会再对照"), "/desk/answers/upkeep#conflicts", _upkeep_again)


@desk.post("/answers/follow_ups/<int:follow_up_id>/correct")
@needs(*CORRECTORS)
def correct_follow_up(follow_up_id: int) -> BaseResponse | Response:
    """起草更正 of a reply that said the old wording."""
    made: dict[str, int] = {}

    def do(session: Session) -> None:
        made["case"] = service.draft_correction(session, now(), current_person(), follow_up_id).case_id

    def act() -> None:
        with writing() as session:
            do(session)

    _, again = refused(act, _upkeep_again)
    if again is not None:
        return again
    with reading() as session:
        number = queries.case_numbers(session, [made["case"]])[made["case"]]
    tell("good", "已建好更正稿", "改好后送审，三审和签发后发给来信人")
    return redirect(f"/desk/cases/{number}#draft-title", 303)


@desk.post("/answers/follow_ups/<int:follow_up_id>/dismiss")
@needs(*SETTLERS, *CORRECTORS)
def dismiss_follow_up(follow_up_id: int) -> BaseResponse | Response:
    """不用改, and why."""

    def do(session: Session) -> None:
        service.dismiss(session, now(), current_person(), follow_up_id, request.form.get("note", ""))

    return _done(do, ("已记下", ""), "/desk/answers/upkeep#follow", _upkeep_again)


# ------------------------------------------------------------------ documents


@desk.get("/answers/documents")
@needs(*READERS)
def documents() -> str:
    """Every document that answers rest on, with how many in force do."""
    search = request.args.get("q", "").replace("\x00", "").strip()[:100]
    after = request.args.get("after", "")
    if after and (not after.isdecimal() or len(after) > 9):
        raise Invalid("这个翻页地址不对。请回到第一页", field="after")
    with reading() as session:
        found = library.documents(session, search, after=int(after or 0), limit=_DOCUMENTS + 1)
    rows = [
        [
            {"text": document.title or document.number, "href": f"/desk/answers/documents/{document.id}"},
            document.number,
            f"{document.repealed_on} 起废止" if document.repealed_on else "在用",
            times,
        ]
        for document, times in found[:_DOCUMENTS]
    ]
    following = {"q": search, "after": str(found[_DOCUMENTS - 1][0].id)} if len(found) > _DOCUMENTS else None
    older = f"/desk/answers/documents?{urlencode(following)}" if following else None
    return render("desk/answer_documents.html", rows=rows, search=search, older=older)


@desk.get("/answers/documents/<int:document_id>")
@needs(*READERS)
def document(document_id: int) -> str:
    """One document: which answers rest on it, whether it still holds."""
    return _document_page(document_id)


def _document_page(document_id: int, error: AppError | None = None) -> str:
    with reading() as session:
        return render(
            "desk/answer_document.html",
            document=answers.document(session, document_id),
            entries=library.citing(session, document_id),
            may_write=current_person().may(Role.EDITOR),
            error=error,
        )


@desk.post("/answers/documents/<int:document_id>/repeal")
@needs(Role.EDITOR)
def repeal_document(document_id: int) -> BaseResponse | Response:
    """废止 from a day on."""

    def do(session: Session) -> None:
        on = day_of_form(request.form.get("on"), "on")
        if on is None:
            raise Invalid("请写明哪天起废止", field="on")
        replaced_by = request.form.get("replaced_by", "")
        answers.repeal(session, now(), current_person(), document_id, on=on, replaced_by=replaced_by)

    there = f"/desk/answers/documents/{document_id}"
    said = ("已登记废止", "引用它的答案都列入复核，已通知承办单位")
    return _done(do, said, there, lambda error: _document_page(document_id, error))


@desk.post("/answers/documents/<int:document_id>/reinstate")
@needs(Role.EDITOR)
def reinstate_document(document_id: int) -> BaseResponse | Response:
    """It holds after all."""

    def do(session: Session) -> None:
        answers.reinstate(session, now(), current_person(), document_id)

    there = f"/desk/answers/documents/{document_id}"
    return _done(do, ("已恢复", ""), there, lambda error: _document_page(document_id, error))


# ------------------------------------------------------------------ neighbouring libraries


@desk.get("/answers/federation")
@needs(*federation.MANAGERS, Role.AUDIT_ADMIN)
def federation_page() -> str:
    """Libraries whose answers come here, and what we are to them."""
    return _federation_page()


def _federation_page(error: AppError | None = None) -> str:
    with reading() as session:
        counts, own = libraries.counts(session), federation.ourselves(session)
        return render(
            "desk/answer_federation.html",
            libraries=[
                {"row": row, "level": LEVEL_LABELS[Level(row.level)], "count": counts.get(row.library, 0)}
                for row in libraries.libraries(session)
            ],
            own=own,
            own_level=LEVEL_LABELS[Level(own["level"])],
            levels=[(level.value, label) for level, label in LEVEL_LABELS.items()],
            typed=request.form,
            error=error,
        )


@desk.post("/answers/federation")
@needs(*federation.MANAGERS)
def add_library() -> BaseResponse | Response:
    """对接: ask who is there, compare the fingerprint, keep."""
    form = request.form

    def act() -> None:
        told = federation.introduce(form.get("url", ""))
        with writing() as session:
            federation.add(
                session,
                now(),
                current_person(),
                url=form.get("url", ""),
                told=told,
                level=form.get("level", ""),
                fingerprint=form.get("fingerprint", ""),
            )

    _, again = refused(act, _federation_page)
    if again is not None:
        return again
    tell("good", "已对接", "十分钟内开始取来，也可以用 huiying federation pull 马上取")
    return redirect("/desk/answers/federation", 303)


@desk.post("/answers/federation/<int:library_id>/refuse")
@needs(*federation.MANAGERS)
def refuse_library(library_id: int) -> BaseResponse | Response:
    """停止对接: nothing more comes, and what came is taken out of force."""

    def do(session: Session) -> None:
        federation.refuse(session, now(), current_person(), library_id)

    return _done(do, ("已停止对接", "从它取来的答案都已停用"), "/desk/answers/federation", _federation_page)


@desk.post("/answers/federation/level")
@needs(*federation.MANAGERS)
def own_level() -> BaseResponse | Response:
    """What our own library counts as."""

    def do(session: Session) -> None:
        federation.set_level(session, now(), current_person(), request.form.get("level", ""))

    return _done(do, ("已保存", ""), "/desk/answers/federation", _federation_page)
