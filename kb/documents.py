"""What does a search index take in, and what does it give back?"""

from dataclasses import dataclass

from kb.ranking import ANSWERED, Level


@dataclass(frozen=True, slots=True)
class Document:
    """Something that answers a question: a library entry, or a published case."""

    key: str
    question: str
    phrasings: tuple[str, ...] = ()
    text: str = ""
    # By which a search can be narrowed, such as the kind of the entry.
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that may answer; ``confidence`` is the measured share of such hits that did (0 to 1)."""

    key: str
    score: float
    confidence: float
    level: Level
    # The confidence there would be without other candidates: how alike they are, not which is the one.
    likely: float
    reasons: tuple[str, ...]
    matched_terms: tuple[str, ...]

    @property
    def answers(self) -> bool:
        """Say whether we are sure enough to speak of an answer."""
        return self.confidence >= ANSWERED
