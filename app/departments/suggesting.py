"""Which category and department are suggested for a new case, with what reasons, and may it be assigned?

The responsibility table is the office's own rule and comes first; what was learned fills in the category and
stands in where the table is silent. They must not contradict each other where nobody looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from app.departments.learned import Judgement
from app.departments.responsibility import Match, Row, is_clear

KINDS = ("category", "department")
# Below it a learned label is as likely wrong as right: not shown.
LEAST_SHOWN = 0.5
_AS_GOOD = 0.005


@dataclass(frozen=True)
class Judged:
    """What the model of row ``model_id`` says; ``threshold`` its margin from which 95 % were right."""

    model_id: int
    threshold: float | None
    judgement: Judgement


@dataclass(frozen=True)
class Suggestion:
    """What is shown and kept with the case. ``confidence`` 0 to 1, None where only the table speaks."""

    category: str
    department_id: int | None
    handler_id: int | None
    reason: str
    assisting: list[int] = field(default_factory=list)
    row: int | None = None
    version: int | None = None
    confidence: float | None = None
    second: str = ""
    words: list[str] = field(default_factory=list)
    model: int | None = None
    agreed: bool = False

    def kept(self) -> dict[str, Any]:
        """As it is written beside the case; without what is empty."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "", [], False)}


def known_category(judged: Judged | None) -> str:
    """The learned category, where it is more likely right than wrong."""
    sure = judged is not None and judged.judgement.confidence >= LEAST_SHOWN
    return judged.judgement.label if judged and sure else ""


def suggestion(
    matches: Sequence[Match], rows: Mapping[int, Row], category: Judged | None, department: Judged | None
) -> Suggestion | None:
    """The table's first match and what was learned as one suggestion; None where neither says anything."""
    best = matches[0] if matches else None
    said = category.judgement if category and known_category(category) else None
    learned = _department(department)
    if best is None and said is None and learned is None:
        return None
    row = rows[best.row_id] if best else None
    table_says = best.department_id if best else None
    return Suggestion(
        category=said.label if said else row.category if row else "",
        department_id=table_says or learned,
        handler_id=best.handler_id if best else None,
        reason=best.reason if best else "像以往交给这个单位办的来信" if learned else "",
        assisting=list(getattr(row, "assisting", [])) if row else [],
        row=best.row_id if best else None,
        version=best.row_version if best else None,
        confidence=round(said.confidence, 4) if said else None,
        second=said.second if said else "",
        words=list(said.words) if said else [],
        model=category.model_id if category and said else None,
        agreed=is_clear(matches) and learned in (None, table_says),
    )


def may_assign(found: Suggestion | None, least_confidence: float | None) -> bool:
    """Whether a new case may be assigned without a person: the office allows it, the learned category is
    that sure, and the table names one department clearly that nothing learned contradicts."""
    if found is None or least_confidence is None or found.confidence is None:
        return False
    return found.agreed and found.department_id is not None and found.confidence >= least_confidence


def is_better(macro_f1: float, examples: int, before_f1: float, before_examples: int) -> bool:
    """Whether a training takes the place of the one before: a better F1, or as good a one from more cases."""
    as_good = macro_f1 >= before_f1 - _AS_GOOD
    return macro_f1 > before_f1 or (as_good and examples > before_examples)


def _department(judged: Judged | None) -> int | None:
    sure = judged is not None and judged.judgement.confidence >= LEAST_SHOWN
    return int(judged.judgement.label) if judged and sure else None
