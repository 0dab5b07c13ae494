"""Which stretches of a text should be marked as what was searched for? Meaning words only."""

import itertools
import re
from collections.abc import Iterable

from kb.analysis import SAME_WORDS, fold, fold_with_origins

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


def spans_of(text: str, terms: Iterable[str], asked: str = "") -> list[Span]:
    """Where ``terms`` (folded, as a search hit names them) stand in ``text``, in its own characters.

    All ways of saying the same are found: 孩子 also marks 小孩. What stands beside a term both in the text and in
    ``asked``, as it was searched, is marked with it: 路灯不亮, not 灯不亮. Ascending, apart from each other.
    """
    wanted = _written(terms)
    if not wanted:
        return []
    folded, origins = fold_with_origins(text)
    pattern = re.compile("|".join(map(re.escape, sorted(wanted, key=lambda word: (-len(word), word)))))
    said = fold(asked)
    spans: list[Span] = []
    for hit in pattern.finditer(folded):
        start, end = _with_its_neighbours(folded, hit.span(), said)
        if spans and start <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return [(origins[start], origins[end - 1] + 1) for start, end in spans]


def _with_its_neighbours(folded: str, span: Span, said: str) -> Span:
    """The longest stretch around a span, without marks, that was searched for as it stands."""
    start, end = span
    word = folded[start:end]
    begins = [at for at in range(len(said)) if said.startswith(word, at)]
    before = max((_alike(folded[:start][::-1], said[:at][::-1]) for at in begins), default=0)
    behind = max((_alike(folded[end:], said[at + len(word) :]) for at in begins), default=0)
    return start - before, end + behind


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike, up to the first that is no letter or number."""
    alike = itertools.takewhile(
        lambda pair: pair[0] == pair[1] and pair[0].isalnum(), zip(one, other, strict=False)
    )
    return sum(1 for _ in alike)


def _written(terms: Iterable[str]) -> set[str]:
    """The terms with every word that was folded into one of them."""
    kept = {term for term in terms if term not in _ASKING}
    return kept | {word for word, same in SAME_WORDS.items() if same in kept}
