"""脱敏试一试: what would the rules of today hide in this text? Nothing typed here is kept."""

from dataclasses import asdict
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from app.base.errors import AppError, Invalid
from app.departments import queries as departments
from app.redaction import queries
from app.redaction.masking import FLAG_LABELS, RULE_VERSION, TOKENS, Action, Redaction
from app.redaction.numbers import Kind
from app.redaction.service import redact
from app.staff.roles import Role
from app.web.access import needs
from app.web.context import reading, render
from app.web.dashboard import desk
from app.web.forms import refused

MAY_TRY = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.DISCLOSER)
LONGEST = 20_000
SPEAKERS = (("citizen", "群众的来信"), ("office", "单位的答复"))


@desk.get("/redaction")
@needs(*MAY_TRY)
def redaction_page() -> str:
    """An empty box, and which rules were in force since when."""
    return _page()


@desk.post("/redaction")
@needs(*MAY_TRY)
def try_redaction() -> str | Response:
    """What the rules hide, keep and flag in the text; it is neither stored nor written down."""
    text = request.form.get("text", "").replace("\x00", "").replace("\r\n", "\n")
    by = request.form.get("by", "citizen")
    done, again = refused(lambda: _tried(text, by), lambda error: _page(text[:LONGEST], by, error=error))
    return again or _page(text, by, done)


def _tried(text: str, by: str) -> Redaction:
    if by not in dict(SPEAKERS):
        raise Invalid("请选这段文字是谁写的", field="by")
    if not text.strip():
        raise Invalid("先粘贴一段文字", field="text")
    if len(text) > LONGEST:
        raise Invalid(f"文字太长，最多 {LONGEST} 字。请分段试", field="text")
    with reading() as session:
        places = departments.office_places(session)
    return redact(text, by=by, places=places)


def _page(
    text: str = "", by: str = "citizen", done: Redaction | None = None, error: AppError | None = None
) -> str:
    with reading() as session:
        versions = queries.versions(session)
    return render(
        "desk/redaction.html",
        text=text,
        by=by,
        speakers=SPEAKERS,
        done=done,
        hits=[_shown(hit, text) for hit in map(asdict, done.hits)] if done else [],
        flags=[FLAG_LABELS[flag] for flag in done.flags] if done else [],
        rule_version=RULE_VERSION,
        versions=versions,
        error=error,
    )


def _shown(hit: dict[str, Any], text: str) -> dict[str, Any]:
    return {
        "text": text[hit["start"] : hit["end"]],
        "kind": TOKENS[Kind(hit["kind"])],
        "cue": hit["value_cue"],
        "kept": hit["action"] == Action.KEPT,
    }
