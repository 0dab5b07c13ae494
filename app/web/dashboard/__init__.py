"""The door of the staff: the dashboard at `/desk/`, and the entrance before it."""

from typing import Any

from flask import Blueprint

entrance = Blueprint("entrance", __name__, url_prefix="/desk", template_folder="templates")
desk = Blueprint("desk", __name__, url_prefix="/desk", template_folder="templates")


def around() -> dict[str, Any]:
    """What every page of the desk shows beside its own content: the rail with its counts."""
    from app.web.dashboard.rail import rail

    return rail()


# The pages hang themselves on the blueprints above; imported last, since they need them.
from app.web.dashboard import (  # noqa: E402
    accounts,
    administration,
    alerts,
    answer_forms,
    answer_upkeep,
    answers,
    board,
    cases,
    comments,
    disclosure,
    disclosure_requests,
    duty,
    finding,
    imports,
    notice_targets,
    redaction,
    replies,
    sign_in,
    statistics,
    time_limits,
    work,
)

__all__ = [
    "accounts",
    "administration",
    "alerts",
    "answer_forms",
    "answer_upkeep",
    "answers",
    "board",
    "cases",
    "comments",
    "disclosure",
    "disclosure_requests",
    "duty",
    "finding",
    "imports",
    "notice_targets",
    "redaction",
    "replies",
    "sign_in",
    "statistics",
    "time_limits",
    "work",
]
