"""What does a text say once every disguise of its characters is taken off, and where did each one stand?

Order (reliability §2.3): HTML entities → NFKC → format and combining characters dropped → simplified
characters → a second layer of the same length in which everything that reads as a digit *is* one.
"""

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

import opencc

ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,12});")
DROPPED = frozenset({"Cf", "Mn", "Me"})
"""Zero-width characters, combining marks and variation selectors, keycap frames."""

SPOKEN = {
    "〇零洞": "0",
    "一壹幺弌": "1",
    "二贰两貳": "2",
    "三叁參": "3",
    "四肆": "4",
    "五伍": "5",
    "六陆陸": "6",
    "七柒拐": "7",
    "八捌": "8",
    "九玖勾": "9",
    "OoОо○◯Οο": "0",
    "lI|丨Ⅰ": "1",
}
"""Characters read as a digit: 汉字, radio speech, and look-alikes. Runs are judged later, by length and share."""

DIGITS = str.maketrans({character: digit for row, digit in SPOKEN.items() for character in row})
LOOK_ALIKES = frozenset("OoОо○◯ΟοlI|丨两洞拐勾")
"""Characters that are a digit only in company: a run must consist mostly of others."""


@dataclass(frozen=True)
class Folded:
    """A text without disguise, and the way back to the original."""

    plain: str
    """Decoded, NFKC, without invisible characters, simplified."""
    digits: str
    """The same, position by position, with every digit-like character as an ASCII digit."""
    starts: tuple[int, ...]
    """For each folded character where its original begins; one more entry for the end."""
    ends: tuple[int, ...]
    """For each folded character where its original ends."""

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text behind folded characters ``start`` to ``end``."""
        return self.starts[start], self.ends[end - 1]


def fold(text: str) -> Folded:
    """Take the disguise off ``text``."""
    plain: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for piece, start, end in _pieces(text):
        if not piece and ends:
            ends[-1] = end  # what is invisible goes with the character before it
        for character in piece:
            plain.append(character)
            starts.append(start)
            ends.append(end)
    joined = "".join(plain)
    return Folded(joined, joined.translate(DIGITS), (*starts, len(text)), tuple(ends))


def _pieces(text: str) -> list[tuple[str, int, int]]:
    """Folded pieces with their place in the original."""
    pieces: list[tuple[str, int, int]] = []
    at = 0
    for entity in ENTITY.finditer(text):
        pieces += [(fold_character(text[i]), i, i + 1) for i in range(at, entity.start())]
        decoded = "".join(fold_character(character) for character in html.unescape(entity[0]))
        pieces.append((decoded, entity.start(), entity.end()))
        at = entity.end()
    pieces += [(fold_character(text[i]), i, i + 1) for i in range(at, len(text))]
    return pieces


@lru_cache(maxsize=8192)
def fold_character(character: str) -> str:
    """One character without disguise; empty when it is invisible."""
    if character < "\x7f":
        return character
    if unicodedata.category(character) in DROPPED:
        return ""
    value = unicodedata.digit(character, None)
    if value is not None:  # ❶, superscripts, Arabic-Indic and all other digits
        return str(value)
    if "㈠" <= character <= "㈨":
        return str(ord(character) - ord("㈠") + 1)
    folded = unicodedata.normalize("NFKC", character)
    if folded == character and "\u3400" <= character <= "\u9fff":
        simple: str = _to_simplified().convert(character)
        return simple if len(simple) == 1 else character
    return folded if len(folded) <= MOST_FOLDED else character


@cache
def _to_simplified() -> opencc.OpenCC:
    """Traditional to simplified, one character at a time, so that nothing moves."""
    return opencc.OpenCC("t2s")


MOST_FOLDED = 4
"""Longer compatibility forms (ligatures of whole phrases) hide nothing and only cost time."""
