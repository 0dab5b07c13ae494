"""Which characters are a telephone number: mobile, landline, abroad, behind a word that says so?"""

import re
from collections.abc import Iterator
from itertools import pairwise

from app.redaction.folding import Folded
from app.redaction.found import Found, Kind
from app.redaction.reading import END, FIGURES, NOT_IN_NUMBER, Rule, S, matches

MOBILE = re.compile(
    rf"{NOT_IN_NUMBER}(?:(?:(?:(?:\+|00){S})?86|0|17951|12593|17911){S})?1{S}[3-9](?:{S}[0-9]){{9}}{END}"
)
MOBILE_THREADED = re.compile(rf"{NOT_IN_NUMBER}1(?P<thread>[^0-9]{{1,3}})[3-9](?:(?P=thread)[0-9]){{9}}{END}")
MOBILE_HALF_HIDDEN = re.compile(rf"{NOT_IN_NUMBER}1[3-9][0-9][*xX#×○●_??]{{3,6}}[0-9]{{2,4}}{END}")
LANDLINE = re.compile(
    rf"{NOT_IN_NUMBER}[(]?(?:(?:\+|00)?86{S})?"
    rf"[(]?0{S}(?:10|2[0-9]|[3-9][0-9]{{2}})[)]?[\W_]{{0,4}}[1-9](?:{S}[0-9]){{6,7}}{END}"
    r"(?:\W{0,2}(?:转|分机号?|ext\.?)\W{0,2}[0-9]{1,6}|[-—][0-9]{3,4}(?![0-9]))?"
)
LANDLINE_OPENED = re.compile(rf"{NOT_IN_NUMBER}0(?:{S}[0-9]){{9,11}}{END}")
ABROAD = re.compile(
    rf"{NOT_IN_NUMBER}(?:\+|00)(?:8[0-9]{{1,2}}|[1-79][0-9]{{0,2}})[\W_]{{0,3}}[0-9](?:{S}[0-9]){{5,11}}{END}"
)
NEIGHBOURS = re.compile(  # Hong Kong, Macao, Taiwan without a plus
    rf"{NOT_IN_NUMBER}[(]?(?:(?:852|853)[\W_]{{0,3}}[2-9][0-9]{{3}}|886[\W_]{{0,3}}[2-9][\W_]?[0-9]{{3,4}})"
    rf"[\W_]?[0-9]{{4}}(?:#[0-9]{{1,5}})?{END}"
)
SHORT_PHONE = re.compile(rf"{NOT_IN_NUMBER}[2-9](?:[ \-—]{{0,2}}[0-9]){{6,7}}{END}(?:[-—][0-9]{{3,4}}{END})?")
TAIWAN_PHONE = re.compile(
    rf"{NOT_IN_NUMBER}[(]?0[2-9][)]?[\W_]{{0,2}}(?:[0-9]-)?[0-9]{{3,4}}[ -]?[0-9]{{3,4}}{END}"
)
PHONE_CUE = re.compile(
    r"(?:电话|電話|手机|手機|座机|传真|tel|phone|mobile|fax|联系方式|联络|聯絡|联系人|联系|聯繫|洽谈"
    r"|热线|经纪人|助理|拨打|致电|请打)"
    r"[^0-9\n]{0,14}$",
    re.IGNORECASE,
)
PUBLIC_PHONE = re.compile(
    rf"{NOT_IN_NUMBER}(?:[48]00[\W_]?[0-9]{{3}}[\W_]?[0-9]{{4}}|12[0-9]{{3}}|9[56][0-9]{{3,4}}|11[0479]|12[02])"
    rf"{END}"
)
AREA = re.compile(r"区号(?:是|为|[\s:])?(?P<value>0[0-9]{2,3})(?![0-9])")


def _is_phone_after_cue(_value: str, folded: Folded, start: int, end: int) -> bool:
    """Seven or eight digits are a phone only after a word that says so, and never money or a date."""
    follows = folded.plain[end : end + 1]
    return follows not in "元年月日号%.人" or not follows if _cued(folded, start) else False


def _cued(folded: Folded, start: int) -> bool:
    return PHONE_CUE.search(folded.plain[max(0, start - 24) : start]) is not None


def _is_evenly_spread(_value: str, folded: Folded, start: int, end: int) -> bool:
    """A landline opened up digit by digit: one separator after each, or it is something else."""
    gaps = [i for i in range(start, end) if not folded.digits[i].isdigit()]
    return len(gaps) >= 9 and all(b - a >= 2 for a, b in pairwise(gaps))


def _split_phones(folded: Folded) -> Iterator[Found]:
    """A second number after a slash: 2335-2305/9263-3317."""
    for match in SHORT_PHONE.finditer(folded.digits):
        before = folded.digits[max(0, match.start() - 16) : match.start()]
        if re.search(r"[0-9]{4}[/、,，]\W?$", before) and _cued(folded, match.start() - len(before)):
            yield Found(match.start(), match.end(), Kind.PHONE, "电话提示词后的号码")


def _public_phones(folded: Folded) -> Iterator[Found]:
    """12345, 110, 95xxx, 400 numbers: everybody's, never hidden."""
    for match in PUBLIC_PHONE.finditer(folded.plain):
        yield Found(match.start(), match.end(), Kind.PHONE, "公共服务号码", is_public=True)


# fmt: off
TELEPHONES: tuple[Rule, ...] = (
    matches(MOBILE,             Kind.PHONE, "手机号码"),
    matches(MOBILE_THREADED,    Kind.PHONE, "手机号码"),
    matches(LANDLINE,           Kind.PHONE, "座机号码"),
    matches(LANDLINE_OPENED,    Kind.PHONE, "座机号码", _is_evenly_spread),
    matches(ABROAD,             Kind.PHONE, "境外号码"),
    matches(NEIGHBOURS,         Kind.PHONE, "境外号码"),
    matches(TAIWAN_PHONE,       Kind.PHONE, "境外号码", _is_phone_after_cue),
)
HALF_HIDDEN = matches(MOBILE_HALF_HIDDEN, Kind.PHONE, "隐去一部分的手机号码")
AFTER_CUE: tuple[Rule, ...] = (
    matches(SHORT_PHONE,        Kind.PHONE, "电话提示词后的号码", _is_phone_after_cue),
    Rule(_split_phones, frozenset(FIGURES)),
)
PUBLIC = Rule(_public_phones, frozenset(FIGURES))
# fmt: on
