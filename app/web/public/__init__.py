"""The door of the public: read, ask, follow, without signing in and without scripts."""

from typing import Any

from flask import Blueprint, Response, request

public = Blueprint("public", __name__, template_folder="templates")


def around() -> dict[str, Any]:
    """What every public page shows beside its own content: the office's name and footer."""
    from app.web.public.frame import frame

    return frame()


@public.after_request
def asked_again(response: Response) -> Response:
    """No copy between us and a reader lives longer than a withdrawal may take: it is asked for again, each time."""
    response.headers.setdefault("Cache-Control", "no-cache")
    return response


# What a script of any site may do with open data; a condition or a part of a file is asked for beforehand.
_FROM_ANYWHERE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since, If-Range, Range",
    "Access-Control-Max-Age": "86400",
}


@public.after_request
def asked_from_anywhere(response: Response) -> Response:
    """A browser's question before the question (CORS), and what was wrong with one, in words its script can read."""
    if request.method == "OPTIONS":
        response.headers.update(_FROM_ANYWHERE)
    elif response.mimetype == "application/problem+json":
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response


# The pages hang themselves on the blueprint above; imported last, since they need it.
from app.web.public import (  # noqa: E402
    accounts,
    answers,
    cases,
    data,
    federation,
    progress,
    requests,
    sitemaps,
    statistics,
    write,
)

__all__ = [
    "accounts",
    "answers",
    "cases",
    "data",
    "federation",
    "progress",
    "requests",
    "sitemaps",
    "statistics",
    "write",
]
