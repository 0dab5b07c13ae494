"""How does a form that was refused come back? With the words still in it and the reason at the field."""

from collections.abc import Callable
from typing import Any

from flask import Response, make_response

from app.base.errors import AppError
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
