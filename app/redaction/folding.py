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

_HEX = "[0-9a-fA-F]"
_UTF_8 = (
    rf"%[2-7]{_HEX}|%[cdCD]{_HEX}%[89abAB]{_HEX}|%[eE]{_HEX}(?:%[89abAB]{_HEX}){{2}}"
    rf"|%[fF]{_HEX}(?:%[89abAB]{_HEX}){{3}}"
)
ENCODED = re.compile(
    rf"(?P<entity>&(?:#[0-9]{{1,7}}|#[xX]{_HEX}{{1,6}});?|&[a-zA-Z]{{2,12}};)"
    rf"|(?P<bytes>(?<=[A-Za-z0-9])%40(?=[A-Za-z0-9])|(?:{_UTF_8})(?=%{_HEX})|(?<=%{_HEX}{_HEX})(?:{_UTF_8}))"
    rf"|\\(?:u\{{?|x|U0000)(?P<point>{_HEX}{{2,6}})\}}?|%u(?P<old>{_HEX}{{4}})"
    r"|(?P<separator>(?<=[0-9])%2[0dD](?=[0-9]))"
    r"|(?P<tag><!--[^<>]{0,80}-->|</?(?:b|i|u|em|strong|span|font|p|br|div|a|s|sub|sup|wbr|img)(?:\s[^<>]{0,80})?/?>)",
    re.IGNORECASE,
)
"""Characters written in another alphabet: HTML entities, %31, \\u0031, \\x31, and tags, which show nothing."""
DROPPED = frozenset({"Cf", "Mn", "Me"})
BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and signs that show nothing: Hangul fillers and the empty braille pattern."""
"""Zero-width characters, combining marks and variation selectors, keycap frames."""

SPOKEN = {
    "〇零洞": "0",
    "一壹幺弌壱": "1",
    "二贰两貳弍弐貮": "2",
    "三叁參参弎": "3",
    "四肆亖": "4",
    "五伍㐅": "5",
    "六陆陸": "6",
    "七柒拐漆": "7",
    "八捌": "8",
    "九玖勾": "9",
    "OoОо○◯Οο⭕🅾": "0",
    "lI|丨Ⅰ🥇☝": "1",
    "🥈✌": "2",
    "🥉ЗЭ": "3",
    "🍀": "4",
    "🖐✋": "5",
    "б": "6",
    "🎱": "8",
}
"""Characters read as a digit: 汉字, radio speech, and look-alikes. Runs are judged later, by length and share."""

DIGITS = str.maketrans({character: digit for row, digit in SPOKEN.items() for character in row})
LOOK_ALIKES = frozenset("OoОо○◯ΟοlI|丨两洞拐勾参漆ЗЭб")
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
    for encoded in ENCODED.finditer(text):
        pieces += [(fold_character(text[i]), i, i + 1) for i in range(at, encoded.start())]
        decoded = "".join(fold_character(character) for character in _decoded(encoded))
        pieces.append((decoded, encoded.start(), encoded.end()))
        at = encoded.end()
    pieces += [(fold_character(text[i]), i, i + 1) for i in range(at, len(text))]
    return pieces


def _decoded(encoded: re.Match[str]) -> str:
    """What an encoded character stands for; as it is when it stands for none."""
    if encoded["separator"]:
        return " "
    if encoded["tag"]:
        return " " if "br" in encoded["tag"].lower() else ""
    if encoded["entity"]:
        return html.unescape(encoded["entity"])
    if encoded["bytes"]:
        return bytes.fromhex(encoded["bytes"].replace("%", "")).decode("utf-8", "replace")
    point = int(encoded["point"] or encoded["old"], 16)
    return chr(point) if point < 0xD800 or 0xE000 <= point < 0x110000 else encoded[0]


@lru_cache(maxsize=8192)
def fold_character(character: str) -> str:
    """One character without disguise; empty when it is invisible."""
    if character < "\x7f":
        return character
    category = unicodedata.category(character)
    if category in DROPPED or character in BLANKS:
        return ""
    value = unicodedata.digit(character, None)
    if value is not None:  # ❶, superscripts, Arabic-Indic and all other digits
        return str(value)
    if "㈠" <= character <= "㈨":
        return str(ord(character) - ord("㈠") + 1)
    if category in {"Nl", "No", "So"} and (pictured := _pictured(character, category)):
        return pictured
    folded = unicodedata.normalize("NFKC", character)
    if folded == character and "\u3400" <= character <= "\u9fff":
        simple: str = _to_simplified().convert(character)
        return simple if len(simple) == 1 else character
    if category[0] == "L" and len(folded) == 1:  # yī: the letter without its tone
        bare = unicodedata.normalize("NFKD", folded)[0]
        folded = bare if bare < "\x7f" else folded
    return folded if len(folded) <= MOST_FOLDED else character


def _pictured(character: str, category: str) -> str:
    """The digit that a sign is or shows: Ⅷ, 〨, 🀈, ⚃, 🂥, 🕔, and braille; empty when it is none."""
    if character in BRAILLE:
        return str((BRAILLE.index(character) + 1) % 10)
    if character in SIGNS:
        return SIGNS[character]
    number = unicodedata.numeric(character, -1.0)
    if number in range(10):
        return str(int(number))
    if category != "So":
        return ""
    shown = SHOWN.search(unicodedata.name(character, ""))
    return str(WORDS.index(shown[1])) if shown else ""


BRAILLE = "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚"
SIGNS = {"ⓐ": "@", "Ⓐ": "@", "🄰": "@", "🅐": "@", "🅰": "@"}
WORDS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
SHOWN = re.compile(rf"^(?:MAHJONG TILE|PLAYING CARD|CLOCK FACE|[A-Z ]*DIGIT) ({'|'.join(WORDS)})\b")
"""Signs that are named after the digit on them."""


@cache
def _to_simplified() -> opencc.OpenCC:
    """Traditional to simplified, one character at a time, so that nothing moves."""
    return opencc.OpenCC("t2s")


MOST_FOLDED = 4
"""Longer compatibility forms (ligatures of whole phrases) hide nothing and only cost time."""
