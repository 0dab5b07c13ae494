"""How does a form that was refused come back? With the words still in it and the reason at the field."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import Response, make_response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app.base.errors import AppError, Invalid
from app.web.context import render, tell
from app.web.errors import status_of


def refused(do: Callable[[], Any], again: Callable[[AppError], str]) -> tuple[Any, Response | None]:
    """Run ``do``; if it is refused, render the form once more through ``again(error)``.

    Returns (result, None) or (None, the page with its 4xx status). The only place where a door catches
    an `AppError` itself.
    """
    try:
        return do(), None
    except AppError as error:
        response = make_response(again(error), status_of(error))
        return None, response


def done_or_again(
    do: Callable[[], Any], again: Callable[[AppError], str], then: Callable[[Any], str]
) -> BaseResponse:
    """Do it and go on with a GET; when refused, show the page once more with the reason."""
    result, page = refused(do, again)
    return page or redirect(then(result), 303)


def telling(address: str, title: str, text: str = "") -> Callable[[Any], str]:
    """For `done_or_again`: go on at ``address``, where it is said what was done."""

    def then(_: Any) -> str:
        tell("good", title, text)
        return address

    return then


def page_after(
    template: str, done_words: Mapping[str, str], *, error: AppError | None, **context: Any
) -> str:
    """A page with the reason of a refusal, or with what the address says was just done."""
    done = done_words.get(request.args.get("done", ""))
    notices = [{"kind": "good", "title": done}] if done else []
    if error is not None:
        notices = [{"kind": "over", "title": error.message}]
    return render(template, error=error, notices=notices, **context)


def number_of(text: str | None) -> int | None:
    """A row's number from a form; None for anything else."""
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


def day_of_form(text: str | None, field: str) -> date | None:
    """A day from a form, None where it was left empty. Raises `Invalid` at ``field``."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("日期写成 2026-10-09 的样子", field=field) from None
