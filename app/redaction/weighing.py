"""Who is named and where is that, when every hint is weighed against every other?

What goes by a cue, a title or a house number is believed as it is (`names`, `addresses`); everything else when
the scorer of `tagging` finds it likely enough. The thresholds were set by cross-validation.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from app.redaction.addresses import address, addresses
from app.redaction.features import features
from app.redaction.folding import Folded
from app.redaction.found import Found, Kind
from app.redaction.names import SURE, hints, is_place_or_thing, is_word, latin_names, nobodys, surname_of
from app.redaction.recurring import again, listed
from app.redaction.tagging import Weights, probabilities
from app.redaction.vocabulary import NOT_GIVEN, NOT_PERSONS, SOUNDS
from app.redaction.words import Word, frequency, is_ordinary


@dataclass(frozen=True)
class Limits:
    """How likely the likeliest character of a span must be, each one, the likeliest where no rule backs it, and the
    likeliest of a Latin word: those are long, and mostly name a firm or a game."""

    seed: float
    rest: float
    alone: float
    latin: float = 0.0


NAMES_IN_A_LETTER, NAMES_ELSEWHERE = Limits(0.03, 0.02, 0.45, 0.35), Limits(0.04, 0.025, 0.04, 0.08)
ADDRESSES_IN_A_LETTER, ADDRESSES_ELSEWHERE = Limits(0.6, 0.4, 0.8), Limits(0.04, 0.006, 0.04)
"""Set by cross-validation. A letter to an office names few people, and by name or title; adverts, lists and press
texts name many. There a name lost costs more than a word hidden for nothing, since a person looks in any case."""
LETTER_WORDS = re.compile(
    r"我们|我|您|请问|你好|希望|投诉|反映|举报|咨询|小区|业主|领导|相关部门|有关部门|解决|处理|答复|办理|麻烦|尊敬|居民|村民|政府|求助"
    r"|严重|影响|社区|物业|为什么|怎么"
)
SHORT = 40
"""A text below this length is a title or a sentence of a letter."""
READABLE = re.compile(r"[A-Za-z\u3400-\u9fff]")
HAN = re.compile(r"[\u3400-\u9fff]")
LATIN_WORD = re.compile(r"[A-Za-z]+")
EDGES = " \t\r\n，。、；：！？,.;:!?（）()“”\"'"


def names_and_addresses(
    folded: Folded, words: Sequence[Word], numbers: Sequence[Found], places: frozenset[str] = frozenset()
) -> Iterator[Found]:
    """The spans of the folded text that name a road, house or village, then those that name a person.

    ``numbers``: what was found before; ``places``: the office's own, which are nobody's name.
    """
    plain = folded.plain
    if READABLE.search(plain) is None:
        return
    if HAN.search(plain) is None:  # the scorer and most rules were made for Chinese
        yield from latin_names(folded)
        return
    persons = hints(folded, words)
    sites = list(addresses(folded, words))
    told = features(plain, words, persons, sites, numbers)
    is_name, is_address = probabilities(told)
    yield from sites
    is_letter = len(plain) < SHORT or len(set(LETTER_WORDS.findall(plain))) >= 2
    limits = ADDRESSES_IN_A_LETTER if is_letter else ADDRESSES_ELSEWHERE
    known = told["place"] > 1
    for start, end in _spans(plain, is_address, known, limits):
        if not (is_letter and known[start:end].any()):
            yield address(plain, words, start, end)
    backed = (told["rules"] > 1) | (told["listed-foreign"] > 1)
    never = nobodys(plain, places)
    sure = [found for found in chain(*persons[:SURE]) if not any(never[found.start : found.end])]
    yield from sure
    taken = _everyday(len(plain), words)
    for found in sure:
        taken[found.start : found.end] = True
    limits = NAMES_IN_A_LETTER if is_letter else NAMES_ELSEWHERE
    is_name = np.where(_said_in_a_title(plain), 0, is_name)
    likely: list[Found] = []
    for start, end in _names(plain, is_name, backed, limits):
        if is_letter:
            likely += _left(plain, taken, start, end)
        else:
            likely.append(Found(start, end, Kind.NAME, "词性与上下文"))
    beside = list(listed(plain, sure + likely))
    long = [found for found in likely if is_letter and found.end - found.start >= TELLING]
    more = chain(likely, beside, again(plain, [*sure, *long, *beside]))
    yield from (found for found in more if not any(never[found.start : found.end]))


def _left(plain: str, taken: NDArray[np.bool_], start: int, end: int) -> Iterator[Found]:
    """What is left of a likely name between everyday words and names known already, if it may be a name itself."""
    at = start
    while at < end:
        stop = at
        while stop < end and not taken[stop]:
            stop += 1
        while at < stop and plain[at] in EDGES:
            at += 1
        latin = LATIN_NAME.match(plain, at, stop)
        stop = latin.end() if latin else stop
        if _may_be_a_name(plain[at:stop]):
            yield Found(at, stop, Kind.NAME, "词性与上下文")
        at = stop + 1


def _may_be_a_name(piece: str) -> bool:
    is_name = bool(surname_of(piece)) or SOUNDS.issuperset(piece) or LATIN_NAME.match(piece) is not None
    is_everyday = is_ordinary(piece) or frequency(piece) > RARELY
    return len(piece) >= SHORTEST_NAME and is_name and not is_everyday


LATIN_NAME = re.compile(r"[A-Za-z]+(?:[ .·'\-]{1,2}[A-Za-z]+)*")
RARELY = 3
"""A word of the dictionary that is more frequent than this (养老金) is no name for being likely."""
SHORTEST_NAME = 2
TELLING = 3
"""A likely name is looked for in the rest of a letter from this length on: of two characters it may be a firm's."""
MARKS = frozenset('，。、；：！？,;:!?（）()“”"\n\t/|')
PARTICLES = NOT_GIVEN | frozenset("家人说称")
PROPER_TAGS = frozenset({"nr", "nrt", "nrfg", "nz", "ns", "nt", "eng", "x"})


def _everyday(size: int, words: Sequence[Word]) -> NDArray[np.bool_]:
    """Marks the words that are a frequent word of the dictionary and no proper noun, and the marks between."""
    marks = np.zeros(size, np.bool_)
    for word in words:
        is_common = word.is_known and len(word.text) > 1 and word.tag not in PROPER_TAGS
        is_thing = len(word.text) > 1 and (is_word(word) or is_place_or_thing(word))
        if is_common or is_thing or word.text in NOT_PERSONS or word.text in PARTICLES or word.text in MARKS:
            marks[word.start : word.end] = True
    return marks


def _said_in_a_title(plain: str) -> NDArray[np.bool_]:
    """Marks what stands in 《》, which names a book or a law and not a person, and the marks between names."""
    marks = np.fromiter((character in BETWEEN_NAMES for character in plain), np.bool_, len(plain))
    for match in TITLE.finditer(plain):
        marks[match.start() : match.end()] = True
    return marks


TITLE = re.compile(r"《[^《》]{1,30}》|≪[^≪≫]{1,30}≫")
BETWEEN_NAMES = frozenset("，。、；：！？,;:!?|\n\t")


def _names(
    plain: str, is_name: Weights, backed: NDArray[np.bool_], limits: Limits
) -> Iterator[tuple[int, int]]:
    """Likely names; a Latin word as a whole, brackets that hold nothing else with their name."""
    for start, end in _spans(plain, is_name, backed, limits):
        is_latin = 2 * sum(map(str.isascii, plain[start:end])) > end - start
        if is_latin and is_name[start:end].max() <= limits.latin:
            continue
        while start and LATIN_WORD.fullmatch(plain, start - 1, start + 1):
            start -= 1
        while end < len(plain) and LATIN_WORD.fullmatch(plain, end - 1, end + 1):
            end += 1
        is_held = start > 0 and plain[start - 1 : start] + plain[end : end + 1] in HOLDING
        yield (start - 1, end + 1) if is_held else (start, end)


HOLDING = frozenset({"()", "“”", "【】", "[]", '""', "「」"})


def _spans(
    plain: str, likely: Weights, backed: NDArray[np.bool_], limits: Limits
) -> Iterator[tuple[int, int]]:
    """Stretches that are likely enough throughout and somewhere, without marks at the edges."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], likely > limits.rest, [False])).astype(np.int8)))
    for start, end in edges.reshape(-1, 2).tolist():
        if likely[start:end].max() <= (limits.seed if backed[start:end].any() else limits.alone):
            continue
        while start < end and plain[start] in EDGES:
            start += 1
        while start < end and plain[end - 1] in EDGES:
            end -= 1
        if start < end:
            yield start, end
