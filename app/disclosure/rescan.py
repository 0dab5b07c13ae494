"""What do newer rules find in what is public already: nothing new, something to look at, or a leak?

Published texts are scanned again whenever the rules change (reliability §2.3). What may never stay readable is
taken down at once; what else is found more often than when a person last decided is put before a person.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.disclosure.decision import HARD_KINDS
from app.redaction.masking import Redaction


@dataclass(frozen=True)
class Verdict:
    """What a scan of one public case came to."""

    readable: Mapping[str, int]
    """Kinds that are readable in it, each with how often; kept for the comparison with the next scan."""
    leaks: tuple[str, ...]
    """Kinds that may never stay readable."""
    news: tuple[str, ...]
    """Kinds that are readable more often than before."""


def judge(redactions: Iterable[Redaction], before: Mapping[str, int] | None, *, excepted: bool) -> Verdict:
    """Compare what the rules of today find with what they found before (None: never scanned).

    The first scan tells what a person knowingly left; only what is hard is new then. ``excepted``: published
    under one of the two legal exceptions (E14), which may name people.
    """
    readable = Counter(hit.kind for redaction in redactions for hit in redaction.masked)
    leaks = () if excepted else tuple(kind for kind in HARD_KINDS if readable[kind])
    known = readable if before is None else before
    news = tuple(sorted(kind for kind, times in readable.items() if times > known.get(kind, 0)))
    return Verdict(dict(sorted(readable.items())), leaks, () if excepted else news)
