"""What did a search find, and may it be shown? Answers in force, with how sure we are and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kb.documents import Hit
from kb.models import AnswerEntry, EntryVersion
from kb.ranking import Level
from kb.states import EntryKind

# An automatic acknowledgement is no answer to anything.
SUGGESTED = frozenset({EntryKind.ANSWER.value, EntryKind.CLARIFICATION.value})
REFUTING = frozenset({EntryKind.CLARIFICATION.value})


@dataclass(frozen=True)
class Match:
    """One answer found, as it is in force now. ``terms``: the words of the search it holds, folded.

    ``likely``: the confidence there would be if nothing else were nearly as good.
    """

    entry: AnswerEntry
    version: EntryVersion
    level: Level
    confidence: float
    likely: float
    reasons: tuple[str, ...]
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What a search found, best first. ``rebuilding``: the index is being made, so nothing was looked at."""

    matches: tuple[Match, ...] = ()
    rebuilding: bool = False
    did_you_mean: str | None = None

    @property
    def sure(self) -> bool:
        """Whether we speak of an answer."""
        return bool(self.matches) and self.matches[0].level == Level.HIGH


def clarifications_first(matches: Iterable[Match]) -> tuple[Match, ...]:
    """The matches with 澄清 before other answers that are found as surely: a rumour is met where it is asked (A5).

    One that hardly fits is not put before anything.
    """
    places = {level: place for place, level in enumerate((Level.HIGH, Level.MEDIUM, Level.LOW))}

    def place(one: Match) -> tuple[int, bool]:
        return places[one.level], not (is_clarification(one.entry) and one.level != Level.LOW)

    return tuple(sorted(matches, key=place))


def is_clarification(entry: AnswerEntry) -> bool:
    """Whether an entry refutes something that goes round."""
    return entry.kind == EntryKind.CLARIFICATION


def is_suggested(entry: AnswerEntry, version: EntryVersion, today: date) -> bool:
    """Whether a published entry may be offered on ``today``: an answer, begun and not yet run out."""
    begun = version.valid_from <= today
    return entry.kind in SUGGESTED and begun and (version.valid_until is None or today <= version.valid_until)


# Below this share of right answers a hit only costs the reader time.
_WORTH_READING = 0.02


def is_worth_reading(hit: Hit) -> bool:
    """Single characters in common are no likeness, unless a whole phrasing is nearly the same."""
    return hit.level != Level.LOW or bool(hit.matched_terms and hit.likely >= _WORTH_READING)
