"""What may be read of this text by everybody, what was hidden in it and why, and what must a person decide?

Hides first and asks a person after (reliability §0.9): the result is a proposal that is confirmed word
by word before publication. Clauses C4, E14, D19, A24.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate

from app.redaction.folding import Folded, fold
from app.redaction.found import Found, Kind
from app.redaction.generalising import generalisations
from app.redaction.names import is_own_name
from app.redaction.numbers import numbers
from app.redaction.respelling import has_run
from app.redaction.sensitive import FLAG_LABELS as FLAG_LABELS
from app.redaction.sensitive import Flag, touched
from app.redaction.weighing import names_and_addresses
from app.redaction.words import words

RULE_VERSION = "2026.11.4"
"""Raise it with every change of a rule: published texts are scanned again with newer rules."""

CHUNK = 4_000
OVERLAP = 120
"""A long text is read in pieces of this many characters that overlap by so many."""

TOKENS: Mapping[Kind, str] = {
    Kind.PHONE: "电话",
    Kind.ID_CARD: "身份证号",
    Kind.BANK_CARD: "银行卡号",
    Kind.EMAIL: "邮箱",
    Kind.QQ: "QQ号",
    Kind.WECHAT: "微信号",
    Kind.PLATE: "车牌",
    Kind.ACCOUNT: "账号",
    Kind.PASSPORT: "出入境证件号",
    Kind.DOCUMENT: "证件或账户号",
    Kind.COURT_CASE: "案号",
    Kind.LONG_NUMBER: "号码",
    Kind.BIRTHDAY: "出生日期",
    Kind.LINK: "链接",
    Kind.DEVICE: "设备地址",
    Kind.POSITION: "经纬度",
    Kind.NAME: "姓名",
    Kind.ADDRESS: "门牌地址",
    Kind.AGE: "年龄",
    Kind.TIME: "时刻",
    Kind.PRIVATE_DAY: "私事日期",
}
"""The words in 〔〕 that stand for what was hidden; of one length per kind, so that they tell nothing."""


class Action(StrEnum):
    """What was done with a hit."""

    MASKED = "masked"  # 隐去
    KEPT = "kept"  # 保留


ODD_WRITING = re.compile(
    r"(?:电话|手机|号码|微信|威信|薇信|卫星|QQ|扣扣|身份证|邮箱|加我|vx|VX|联系|座机|拨|扣|致电)[^。；！？!?\n]{0,12}$",
    re.IGNORECASE,
)
DIGIT_WORDS = re.compile(
    r"(?:[0-9０-９〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖幺拐勾洞两千百][^0-9\n]{0,3}){7,}"
    r"|(?:(?:yi|yao|er|san|si|wu|liu|qi|ba|jiu|ling)[\W_]{0,2}){5,}",
    re.IGNORECASE,
)
"""Seven digit words close together, or spelt out in pinyin: perhaps a number after all."""
BARE_NUMBER = re.compile(
    r"(?<![0-9.,A-Za-z])(?!20[0-3][0-9]|19[0-9]{2})[2-8][0-9]{6,7}(?![0-9.,A-Za-z%]|\W{0,1}[元万亿年月日人户平斤吨米号])"
    r"|1[3-9][0-9]亿[0-9零]{1,4}万[0-9零]{1,4}(?![0-9元])"
)
"""Seven or eight figures without a unit may be a telephone; 138亿0013万8000 is a mobile number read aloud."""
STRANGE_AFTER_CUE = re.compile(
    r"(?:电话|手机|号码|微信|威信|薇信|卫星|QQ|扣扣|身份证|邮箱|信箱|加我|vx|座机|致电|证件号|卡号|[帐账]号|车牌|护照|联系方式|联系我|tel|mail)"
    r"[^\n。；！？]{0,10}?(?:[^\u4e00-\u9fff\s*，。、；：！？（）《》“”‘’,;:!?()…\-—\n]{5,}|"
    r"(?:[^\u0000-\u024f\u2000-\u206f\u3000-\u9fff\uff00-\uffef\n][^\n]{0,2}?){5,}"
    r"|(?:[A-Za-zㄅ-ㄩ]{1,3} ){6,})",
    re.IGNORECASE,
)
"""Behind a word that announces a number: letters and signs that no rule could read."""


@dataclass(frozen=True)
class Hit:
    """A span of the original text that was hidden, or looked at and kept."""

    start: int
    end: int
    kind: str
    value_cue: str
    """What gave it away, in Chinese; never the value."""
    replacement: str
    action: str


@dataclass(frozen=True)
class Redaction:
    """A proposal for the public text."""

    text: str
    hits: tuple[Hit, ...]
    flags: tuple[str, ...]
    rule_version: str

    @property
    def masked(self) -> tuple[Hit, ...]:
        """The hits that were hidden."""
        return tuple(hit for hit in self.hits if hit.action == Action.MASKED)


@dataclass(frozen=True)
class _Placed:
    """A find with its place in the original."""

    start: int
    end: int
    found: Found
    is_third_person: bool = False


class Cover:
    """Which stretches lie within one of many spans; asked often, so the spans are put in order once."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._ends = list(accumulate((end for _, end in ordered), max))

    def holds(self, start: int, end: int) -> bool:
        """Whether one single span reaches from ``start`` or before to ``end`` or beyond."""
        at = bisect_right(self._starts, start) - 1
        return at >= 0 and self._ends[at] >= end


def unlimited() -> None:
    """A budget that never runs out."""


def redact(
    text: str,
    *,
    by: str = "citizen",
    public_numbers: frozenset[str] = frozenset(),
    places: frozenset[str] = frozenset(),
    budget: Callable[[], None] = unlimited,
) -> Redaction:
    """Hide what points to a person in ``text``.

    ``by`` says who speaks: in an "office"'s text its own landlines stay. ``public_numbers`` holds exact
    digits or addresses that always stay; ``places`` the office's own place names (云泽市, 青山镇), which are
    never part of a person's name. ``budget`` is called between steps and raises when time is up.
    """
    placed: list[_Placed] = []
    pieces: list[tuple[int, Folded]] = []
    for start, end in _chunks(text):
        folded = fold(text[start:end])
        budget()
        pieces.append((start, folded))
        placed += _found(
            folded,
            start,
            by_office=by == "office",
            public=public_numbers,
            office_places=places,
            budget=budget,
        )
    budget()
    hits = tuple(_hits(text, placed))
    flags = tuple(_flags(text, pieces, placed, hits))
    masked = ((hit.start, hit.end, hit.replacement) for hit in hits if hit.action == Action.MASKED)
    return Redaction(rewritten(text, masked), hits, flags, RULE_VERSION)


def _chunks(text: str) -> Iterator[tuple[int, int]]:
    """Overlapping pieces of a long text."""
    start = 0
    while start + CHUNK < len(text):
        yield start, start + CHUNK
        start += CHUNK - OVERLAP
    yield start, len(text)


def _found(
    folded: Folded,
    offset: int,
    *,
    by_office: bool,
    public: frozenset[str],
    office_places: frozenset[str],
    budget: Callable[[], None],
) -> list[_Placed]:
    """Everything found in one piece, the most certain first."""
    if not folded.plain:
        return []
    found = list(_checked(numbers(folded, by_office=by_office, public=public), budget))
    tagged = words(folded.plain)
    budget()
    weighed = list(_checked(names_and_addresses(folded, tagged, found, office_places), budget))
    coarser = () if by_office else generalisations(folded)
    return [_place(one, folded, offset) for one in (*found, *weighed, *coarser)]


def _checked(found: Iterable[Found], budget: Callable[[], None]) -> Iterator[Found]:
    """The same finds, with a look at the budget at each."""
    for one in found:
        budget()
        yield one


def _place(found: Found, folded: Folded, offset: int) -> _Placed:
    start, end = folded.original(found.start, found.end)
    is_third = found.kind is Kind.NAME and not is_own_name(folded, found)
    return _Placed(start + offset, end + offset, found, is_third)


def _hits(text: str, placed: Iterable[_Placed]) -> Iterator[Hit]:
    """Spans that do not overlap, in order: whoever came first keeps its characters.

    What is public stays unless something longer holds it (the 110 within an identity number).
    """
    everything = list(placed)
    hidden = [one for one in everything if not one.found.is_public]
    numbers = Cover((one.start, one.end) for one in hidden if one.found.kind not in {Kind.ADDRESS, Kind.NAME})
    public = {(one.start, one.end): one for one in everything if one.found.is_public}
    public = {
        (start, end): one
        for (start, end), one in public.items()
        if not (numbers.holds(start - 1, end) or numbers.holds(start, end + 1))
    }
    taken = bytearray(len(text))
    hits = []
    for one in (*public.values(), *hidden):
        for start, end in _free_parts(taken, one.start, one.end):
            is_whole = (start, end) == (one.start, one.end)
            if is_whole or _is_worth_hiding(text[start:end], one.found.is_odd):
                taken[start:end] = b"\x01" * (end - start)
                hits.append(_hit(one, start, end))
    yield from _bridged(text, sorted(hits, key=lambda hit: hit.start))


def _is_worth_hiding(rest: str, is_odd: bool) -> bool:
    """Whether what another find left over tells anything: no punctuation, and not the one or two characters
    which a second look took for spoken digits (已 for 一) behind a number that is hidden already."""
    kinds = [unicodedata.category(letter)[0] for letter in rest]
    if is_odd and len(rest) <= LONGEST_MARK:
        return "N" in kinds or "S" in kinds
    return any(kind in READABLE for kind in kinds)


def _bridged(text: str, hits: Iterable[Hit]) -> Iterator[Hit]:
    """The mark between two telephones (…/…) goes with the first."""
    last: Hit | None = None
    for hit in hits:
        if last is not None:
            is_pair = last.kind == hit.kind == Kind.PHONE and last.action == hit.action == Action.MASKED
            between = text[last.end : hit.start]
            is_pair = is_pair and len(between) <= LONGEST_MARK and not any(map(str.isalnum, between))
            yield replace(last, end=hit.start) if is_pair else last
        last = hit
    if last is not None:
        yield last


LONGEST_MARK = 2


READABLE = frozenset("LNS")
"""Letters, numbers and signs (🀈 is a two): what is only punctuation needs no hiding."""


def _free_parts(taken: bytearray, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretches of a span that nothing else has taken."""
    at = start
    while at < end:
        free = taken.find(0, at, end)
        if free < 0:
            return
        stop = taken.find(1, free, end)
        at = end if stop < 0 else stop
        yield free, at


def _hit(one: _Placed, start: int, end: int) -> Hit:
    found = one.found
    is_whole = (start, end) == (one.start, one.end)
    coarse = found.coarse if is_whole else ""
    action = Action.KEPT if found.is_public else Action.MASKED
    told = coarse if coarse and found.kind in SAID_INSTEAD else f"{coarse}{TOKENS[found.kind]}"
    return Hit(start, end, found.kind.value, found.cue, f"〔{told}〕", action.value)


SAID_INSTEAD = frozenset({Kind.AGE, Kind.TIME, Kind.PRIVATE_DAY})
"""Of these the coarser words stand alone."""


def rewritten(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """``text`` with every span (start, end, what stands there instead; in order) replaced.

    Neighbours of one kind become one token; a span that begins within the one before is left out.
    """
    pieces: list[str] = []
    at, last = 0, ""
    for start, end, replacement in spans:
        if start < at:
            continue
        if start > at or replacement != last:
            pieces += (text[at:start], replacement)
        at, last = end, replacement
    return "".join((*pieces, text[at:]))


def _flags(
    text: str, pieces: Iterable[tuple[int, Folded]], placed: Iterable[_Placed], hits: Iterable[Hit]
) -> Iterator[str]:
    """What a person must decide about."""
    matters = {flag for _, folded in pieces for flag in touched(folded.plain)}
    yield from (flag.value for flag in Flag if flag in matters)
    if any(one.is_third_person for one in placed):
        yield Flag.THIRD_PERSON.value
    if _adds_something_odd(placed) or _is_oddly_written(text, pieces, hits):
        yield Flag.ODD_WRITING.value


def _adds_something_odd(placed: Iterable[_Placed]) -> bool:
    """Whether a second look found what no plain rule had taken whole: a plain telephone is nothing odd."""
    everything = list(placed)
    plain = Cover((one.start, one.end) for one in everything if not one.found.is_odd)
    return any(one.found.is_odd and not plain.holds(one.start, one.end) for one in everything)


def _is_oddly_written(text: str, pieces: Iterable[tuple[int, Folded]], hits: Iterable[Hit]) -> bool:
    """Digits in disguise that no rule took: after a cue, or seven of them close together."""
    taken = bytearray(len(text))
    for hit in hits:
        taken[hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
    return any(_is_odd_beside(taken, offset, folded) for offset, folded in pieces)


def _is_odd_beside(taken: bytearray, offset: int, folded: Folded) -> bool:
    """The same of one piece of the text; what was ``taken`` by a hit is left out."""
    places = zip(folded.plain, folded.starts, strict=False)
    left = "".join("\n" if taken[offset + start] else letter for letter, start in places)
    return (
        STRANGE_AFTER_CUE.search(left) is not None
        or has_run(left)
        or BARE_NUMBER.search(left) is not None
        or any(_is_odd(match, left) for match in DIGIT_WORDS.finditer(left))
    )


def _is_odd(match: re.Match[str], text: str) -> bool:
    """Digits spelt out in pinyin anywhere; mixed with other characters only after a cue."""
    if match[0].isascii():
        return match[0][0].isalpha()
    follows = text[match.end() - 3 : match.end() + 8]
    return ODD_WRITING.search(text[max(0, match.start() - 20) : match.start()]) is not None or (
        ODD_WRITING.search(follows) is not None
    )
