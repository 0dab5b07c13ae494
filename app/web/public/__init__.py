"""The door of the public: read, ask, follow, without signing in and without scripts."""

from typing import Any

from flask import Blueprint

public = Blueprint("public", __name__, template_folder="templates")


def around() -> dict[str, Any]:
    """What every public page shows beside its own content: the office's name and footer."""
    from app.web.public.frame import frame

    return frame()


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
