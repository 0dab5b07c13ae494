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


def points(text: str, answers: Iterable[Agreed], short: Iterable[str] = ()) -> list[Point]:
    """Every point in which ``text`` departs from ``answers``, the used one first, each once.

    What must be kept is asked of the answer that was used; one that is only about the same may not impose it.
    ``short``: shorter forms of the text; whether they keep what must be kept is asked where they are written.
    """
    found: dict[tuple[str, str], Point] = {}
    ordered = sorted(answers, key=lambda one: not one.was_used)
    for words, is_whole in ((text, True), *((one, False) for one in short)):
        for agreed in ordered if words.strip() else ():
            keep = agreed.must_keep if agreed.was_used and is_whole else ()
            for one in consistency.differences(words, agreed.text, basis=agreed.basis, must_keep=keep):
                point = Point(agreed, one.kind.value, one.library, one.reply)
                found.setdefault((one.kind.value, one.reply or one.library), point)
    return list(found.values())


def forms_that_depart(
    text: str, forms: Mapping[str, str], basis: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    """(label of a form, in what it says something else than the whole) for the words written for platforms."""
    return [
        (label, one.message_zh.replace("本答复", "这一段").replace("问答库", "口径"))
        for label, words in forms.items()
        if words.strip()
        for one in consistency.differences(words, text, basis=basis)
    ]
