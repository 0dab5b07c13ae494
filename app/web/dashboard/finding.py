"""用语与查找: the office's own synonyms with a box to try them, suggestions that did not fit, words of letters."""

from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app.base.errors import AppError
from app.cases import queries as cases
from app.finding import queries, service
from app.staff.roles import Role
from app.web.access import needs
from app.web.context import current_person, now, reading, render, services, tell, writing
from app.web.dashboard import desk
from app.web.dashboard.answers import READERS
from app.web.forms import refused

_TRIED = 5
_LONGEST = 500


@desk.get("/answers/words")
@needs(*READERS)
def words_page() -> str:
    """The synonyms, and what a search finds with them."""
    return _words_page()


def _words_page(error: AppError | None = None) -> str:
    asked = request.args.get("q", "").replace("\x00", "").strip()[:_LONGEST]
    with reading() as session:
        found = services().answers.search(session, asked, _TRIED) if asked else None
        return render(
            "desk/words.html",
            synonyms=queries.synonyms(session),
            most=service.MOST_SYNONYMS,
            asked=asked,
            used=queries.synonyms_in(session, asked) if asked else [],
            found=found,
            hits=[_tried(match) for match in found.matches] if found else [],
            may_write=current_person().may(Role.EDITOR),
            error=error,
            typed=request.form,
        )


def _tried(match: Any) -> dict[str, Any]:
    return {
        "href": f"/desk/answers/{match.entry.id}",
        "question": match.version.question,
        "level": str(match.level),
        "reasons": match.reasons,
    }


@desk.post("/answers/words")
@needs(Role.EDITOR)
def add_word() -> BaseResponse | tuple[str, int]:
    """One more pair of words that are searched as one."""

    def act() -> None:
        with writing() as session:
            service.set_synonym(
                session,
                now(),
                current_person(),
                request.form.get("word", ""),
                request.form.get("same_as", ""),
            )

    _, again = refused(act, _words_page)
    if again is not None:
        return again
    tell("good", "已加上，马上生效", "可在“试一试”里看结果。")
    return redirect("/desk/answers/words", 303)


@desk.post("/answers/words/drop")
@needs(Role.EDITOR)
def drop_word() -> BaseResponse:
    """Take a pair out."""
    with writing() as session:
        service.drop_synonym(session, now(), current_person(), request.form.get("word", ""))
    tell("good", "已删除", "马上生效。")
    return redirect("/desk/answers/words", 303)


@desk.post("/answers/phrasings/<int:phrasing_id>/drop")
@needs(Role.EDITOR)
def drop_phrasing(phrasing_id: int) -> BaseResponse:
    """Forget a way of asking that was learned from a letter."""
    with writing() as session:
        dropped = service.drop_phrasing(session, now(), current_person(), phrasing_id)
        address = f"/desk/answers/{dropped.entry_id}"
    tell("good", "已删除这种问法", "以后不再按它查到这条答案。")
    return redirect(address, 303)


@desk.post("/answers/searches/<int:search_id>/drop")
@needs(Role.EDITOR)
def drop_search(search_id: int) -> BaseResponse:
    """A search without an answer that needs none."""
    with writing() as session:
        service.drop_search(session, now(), current_person(), search_id)
    tell("good", "已删去", "以后还有人这样搜，会再记下来。")
    return redirect("/desk/answers#searched", 303)


@desk.post("/cases/<number>/suggestions/<key>/reject")
@needs(Role.CLERK, Role.HANDLER)
def reject_suggestion(number: str, key: str) -> BaseResponse:
    """A suggested answer does not fit this letter."""
    person = current_person()
    with writing() as session:
        case = cases.visible_case(session, person, number)
        service.reject(session, now(), person, key, case.id)
    tell("good", "已记下不合适", "这封信不再建议它；以后相近的来信里它会靠后一些。")
    return redirect(f"/desk/cases/{number}", 303)
