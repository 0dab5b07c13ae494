"""Which stretches of a text should be marked as what was searched for? Meaning words only."""

import re
from collections.abc import Iterable

from kb.analysis import SAME_WORDS, fold_with_origins

Span = tuple[int, int]

# Ways of asking: they are in every question and mark nothing.
_ASKING = {
    "怎么",
    "怎么办",
    "原因",
    "能",
    "是否",
    "有没有",
    "会",
    "要",
    "哪些",
    "多少钱",
    "多久",
    "在哪",
    "一直",
}


def spans_of(text: str, terms: Iterable[str]) -> list[Span]:
    """Where ``terms`` (folded, as a search hit names them) stand in ``text``, in its own characters.

    All ways of saying the same are found: 孩子 also marks 小孩. Ascending, without overlaps.
    """
    wanted = _written(terms)
    if not wanted:
        return []
    folded, origins = fold_with_origins(text)
    pattern = re.compile("|".join(map(re.escape, sorted(wanted, key=lambda word: (-len(word), word)))))
    return [(origins[hit.start()], origins[hit.end() - 1] + 1) for hit in pattern.finditer(folded)]


def _written(terms: Iterable[str]) -> set[str]:
    """The terms with every word that was folded into one of them."""
    kept = {term for term in terms if term not in _ASKING}
    return kept | {word for word, same in SAME_WORDS.items() if same in kept}
