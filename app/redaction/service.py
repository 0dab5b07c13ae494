"""Propose the public form of a text within a hard time limit; what cannot be checked is not publishable.

All patterns are of bounded length, so the limit is a second fence and not the first (reliability §0.10).
"""

import hashlib
import inspect
import time
from collections.abc import Callable
from datetime import datetime
from functools import cache

from sqlmodel import Session, select

from app.base.errors import Invalid
from app.base.rows import add_once
from app.redaction import (
    accounts,
    addresses,
    features,
    folding,
    fragments,
    generalising,
    letters,
    masking,
    names,
    numbers,
    papers,
    plates,
    reading,
    recurring,
    respelling,
    sensitive,
    tagging,
    telephones,
    vocabulary,
    weighing,
    words,
)
from app.redaction.masking import RULE_VERSION, Redaction
from app.redaction.models import RuleVersion
from app.redaction.tagging import weights_source

TIME_LIMIT_SECONDS = 2.0
LONGEST_TEXT = 100_000
"""Characters; nothing a citizen or an office writes comes near."""

_RULES = (
    folding, respelling, reading, telephones, papers, accounts, plates, fragments, numbers, vocabulary, letters, words,
    names, addresses, features, tagging, weighing, recurring, generalising, sensitive,
    masking,
)  # fmt: skip


class RedactionFailed(Invalid):
    """The text could not be checked; it must not be published."""

    code = "redaction_failed"


def redact(
    text: str,
    *,
    by: str = "citizen",
    public_numbers: frozenset[str] = frozenset(),
    places: frozenset[str] = frozenset(),
    time_limit: float = TIME_LIMIT_SECONDS,
) -> Redaction:
    """The proposal of `masking.redact`, or ``RedactionFailed`` when it takes longer than ``time_limit`` seconds.

    Any other failure of a rule is the same refusal: a text that broke a rule was not checked by it.
    """
    if len(text) > LONGEST_TEXT:
        raise RedactionFailed(
            f"文字超过 {LONGEST_TEXT} 字，不能自动脱敏，因此不能公开。请分段处理", field="text"
        )
    words.prepare()  # read once, outside the time that the text is given
    tagging.weights()
    try:
        return masking.redact(
            text, by=by, public_numbers=public_numbers, places=places, budget=_budget(time_limit)
        )
    except RedactionFailed:
        raise
    except Exception as failure:  # never the text itself in the message or the log
        raise RedactionFailed(
            f"脱敏规则出错（{type(failure).__name__}），这段文字没有检查完，因此不能公开。请人工脱敏",
            field="text",
        ) from None


def record_rules(session: Session, now: datetime, note: str = "") -> RuleVersion:
    """Write down the rules in force, once per version and source; the row that names them."""
    digest = rules_digest()
    same = select(RuleVersion).where(RuleVersion.version == RULE_VERSION, RuleVersion.digest == digest)
    known = session.exec(same).first()
    if known is not None:
        return known
    # Two officers may confirm at the same moment after an upgrade: one of them writes it down.
    made = add_once(session, RuleVersion, version=RULE_VERSION, digest=digest, note=note, created_at=now)
    return made or session.exec(same).one()


def mark_of(rules: RuleVersion) -> str:
    """Version and digest of rules in one word: changes with every change of a rule or a weight."""
    return f"{rules.version}+{rules.digest[:12]}"


@cache
def rules_digest() -> str:
    """SHA-256 of the source of all rules and of the weights."""
    source = "\n".join(inspect.getsource(module) for module in _RULES) + weights_source()
    return hashlib.sha256(source.encode()).hexdigest()


def _budget(time_limit: float) -> Callable[[], None]:
    """Raises once the seconds are used up, in processor time of this thread: no clock that can be moved, and a
    machine that is busy with other work makes no text unpublishable."""
    deadline = time.thread_time() + time_limit

    def check() -> None:
        if time.thread_time() > deadline:
            raise RedactionFailed(
                "这段文字没能在时限内完成脱敏检查，因此不能公开。请分段处理或人工脱敏", field="text"
            )

    return check
