"""How does the text fall into words, and what part of speech is each? One segmenter for all rules."""

import math
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

import rjieba


class Word(NamedTuple):
    """A word of the folded text with its place and jieba's tag (nr name, ns place, v verb …)."""

    start: int
    end: int
    text: str
    tag: str
    is_known: bool
    """In the dictionary; the segmenter put the others together itself and guesses their tag."""


def is_ordinary(text: str) -> bool:
    """Whether ``text`` is one word of the dictionary and neither a name nor a place."""
    if not _segmenter().has_word(text):
        return False
    tagged = _segmenter().tag(text)
    return len(tagged) == 1 and tagged[0][1] not in PROPER_TAGS


def is_frequent(text: str) -> bool:
    """Whether the dictionary counts ``text`` among its frequent words, whatever it tags it."""
    return _segmenter().has_word(text) and _segmenter().suggest_freq(text) >= FREQUENT


@lru_cache(maxsize=65536)
def frequency(text: str) -> int:
    """How often the dictionary's corpus has ``text``, 1 to 7 by its logarithm; 0 when it is no word of it."""
    if not _segmenter().has_word(text):
        return 0
    return min(7, 1 + int(1.5 * math.log10(max(1, _segmenter().suggest_freq(text)))))


FREQUENT = 1000
"""Occurrences in the corpus of the dictionary; 高峰 has more, hardly any full name has."""
PROPER_TAGS = frozenset({"nr", "nrt", "nrfg", "ns", "nsf", "nt", "nz"})


def dictionary_words(plain: str) -> Iterator[tuple[int, int, str, int]]:
    """Every word of two to four characters that the dictionary holds, wherever it stands: from, to, tag, frequency.

    Also where the segmenter cut differently: of 请|杨过|来 it may have made 请杨|过来.
    """
    size = len(plain)
    for at in range(size - 1):
        if not "\u4e00" <= plain[at] <= "\u9fff":
            continue
        for end in range(at + 2, min(at + 5, size + 1)):
            tag, often = _entry(plain[at:end])
            if often:
                yield at, end, tag, often


@lru_cache(maxsize=65536)
def _entry(text: str) -> tuple[str, int]:
    """The tag and the frequency of a word of the dictionary; no frequency when it is none."""
    often = frequency(text)
    tagged = _segmenter().tag(text) if often else []
    return (str(tagged[0][1]) if len(tagged) == 1 else "", often)


@cache
def _segmenter() -> rjieba.Jieba:
    """The dictionary, read once (about 0.1 s and 30 MB)."""
    return rjieba.Jieba()


def prepare() -> None:
    """Read the dictionary now, and not within the time that a text is given."""
    _segmenter()


def cut(plain: str) -> list[str]:
    """The words of ``plain`` in order, as the dictionary cuts them; for counting them, not for judging."""
    return list(_segmenter().cut(plain, True))


def words(plain: str) -> list[Word]:
    """The words of ``plain`` in order, nothing left out."""
    found: list[Word] = []
    segmenter = _segmenter()
    for text, tag in segmenter.tag(plain):
        at = found[-1].end if found else 0
        if text == "道" and found and found[-1].text.endswith("街"):  # 滨江街|道: a 街道 after all
            street = found.pop()
            found.append(Word(street.start, at + 1, street.text + text, "ns", is_known=False))
        elif text == "路路":  # 人民|路路|灯不亮
            found += (Word(at, at + 1, "路", "n", True), Word(at + 1, at + 2, "路", "n", True))
        else:
            found.append(Word(at, at + len(text), text, tag, frequency(text) > 0))
    return found
