"""In which points does a text depart from the answers it should agree with?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kb import consistency
from kb.facts import FACT_LABELS, Fact


@dataclass(frozen=True)
class Agreed:
    """An answer that a text should agree with. ``was_used``: the reply keeps it; else it is about the same."""

    entry_id: int
    version: int
    question: str
    text: str
    basis: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    must_keep: Sequence[str] = ()
    was_used: bool = False


@dataclass(frozen=True)
class Point:
    """One point in which a text departs from an answer; ``said`` is empty where it leaves out what must stay."""

    agreed: Agreed
    kind: str
    library: str
    said: str

    @property
    def label(self) -> str:
        """What the point is about, in a clerk's word."""
        return FACT_LABELS[Fact(self.kind)]


def points(text: str, answers: Iterable[Agreed]) -> list[Point]:
    """Every point in which ``text`` departs from ``answers``, the used one first, each once.

    What must be kept is asked of the answer that was used; one that is only about the same may not impose it.
    """
    found: dict[tuple[str, str], Point] = {}
    for agreed in sorted(answers, key=lambda one: not one.was_used):
        if not text.strip():
            break
        keep = agreed.must_keep if agreed.was_used else ()
        for one in consistency.differences(text, agreed.text, basis=agreed.basis, must_keep=keep):
            found.setdefault(
                (one.kind.value, one.reply or one.library),
                Point(agreed, one.kind.value, one.library, one.reply),
            )
    return list(found.values())
