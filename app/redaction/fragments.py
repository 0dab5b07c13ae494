"""Which digits in a citizen's words are only a part of a number, or one that was taken apart?

An office's text is full of figures; in a letter, digits that follow 电话, 身份证 or 尾号, stand in reverse or
make a mobile or identity number over the words between them are hidden, and a person looks (`Found.is_odd`).
"""

import re
from collections.abc import Iterator

from app.redaction.folding import Folded
from app.redaction.found import Found, Kind
from app.redaction.plates import BARE_PLATES
from app.redaction.reading import FIGURES, NOT_IN_NUMBER, PROVINCES, Rule, is_date, matches, plain_matches
from app.redaction.telephones import AREA, PUBLIC_PHONE

LONG_OF_CITIZEN = re.compile(rf"{NOT_IN_NUMBER}[0-9]{{11,}}")

_TO = r"(?:号码?|[帐账]号|码|的?是|为|叫|后面|[\s:,(（“\"【\[/|=]){0,4}"
"""What may stand between a word that announces a number and the number."""
CUED_RUN = re.compile(
    rf"(?:电话|手机|座机|联系方式|联系人|号码|热线|传真|致电|拨打|tel|phone|mobile|whatsapp|加我){_TO}"
    r"(?P<value>(?:\+|00)?[0-9A-Za-z](?:[ \-—_.·/()*]{0,3}[0-9A-Za-z*]){5,24})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
CUED_IDENTITY = re.compile(
    rf"身份证?(?:件|明)?{_TO}(?P<value>[0-9](?:[^\w，。；]{{0,3}}[0-9Xx*年月日]){{5,24}})", re.IGNORECASE
)
TAIL = re.compile(
    rf"(?:尾号|末[尾位]|尾数|(?:最?后|末|前|开头"
    rf"|头)[2-8]个?[位码]数?字?){_TO}(?P<value>[0-9]{{2,8}}[Xx*]?|[0-9]{{2}}[Xx])(?![0-9])"
    r"|(?:末位|最后一位|校验[码位])(?:是|为|[\s:])?(?P<last>[0-9Xx])(?![0-9A-Za-z%])"
)
REVERSED = re.compile(
    r"(?:倒|反|逆|从右往左|从后往前)(?:过来|着|向|序)?(?:念|读|写|看|拼|数|排)?[^0-9\n]{0,6}"
    r"(?P<after>[0-9Xx][0-9 \-]{5,24}[0-9])"
    r"|(?<![0-9 \-])(?P<before>[0-9Xx][0-9 \-]{5,24}+)(?<=[0-9])[^0-9\n]{0,6}"
    r"(?:(?:倒|反|逆)(?:过来|着|向|序|念|读|写)|(?:从右往左|(?:从后)?往前)[念读看])"
)


def _cued_identities(folded: Folded) -> Iterator[Found]:
    """Whatever follows 身份证 and is made of digits: too short, too long, with a date written out."""
    for match in CUED_IDENTITY.finditer(folded.digits):
        if sum(map(str.isdigit, match["value"])) >= SHORTEST_RUN:
            yield Found(*match.span("value"), Kind.ID_CARD, "身份证提示词")


def _cued_runs(folded: Folded) -> Iterator[Found]:
    """Whatever follows 电话, 手机 … and is made of digits, also mixed with letters."""
    for layer in dict.fromkeys((folded.plain, folded.digits)):
        for match in CUED_RUN.finditer(layer):
            figures = "".join(filter(str.isdigit, match["value"]))
            is_date = NOT_A_PHONE.match(layer, match.end()) or is_date_run(figures)
            if len(figures) >= SHORTEST_RUN and not is_date and not PUBLIC_PHONE.fullmatch(match["value"]):
                yield Found(*match.span("value"), Kind.PHONE, "电话提示词后的号码")


SHORTEST_RUN = 6
NOT_A_PHONE = re.compile(r"\W{0,2}[元年月日万%人]")


def is_date_run(figures: str) -> bool:
    """Figures that begin with a day of our time: a date, a moment, the number of a case."""
    return "1980" <= figures[:4] <= "2050" and len(figures) >= len("20261121") and is_date(figures[:8])


def _is_no_moment(value: str, _folded: Folded, _start: int, _end: int) -> bool:
    return not is_date_run(value)


def _gapped(folded: Folded) -> Iterator[Found]:
    """Groups of digits with words between them that together are one mobile or identity number: 138开头，0013居中 …"""
    groups = [match.span() for match in GROUP.finditer(folded.digits)]
    for first, (start, _) in enumerate(groups):
        figures, before = "", start
        for begin, end in groups[first : first + MOST_GROUPS]:
            gap = folded.plain[before:begin]
            is_apart = len(gap) > LONGEST_GAP or (figures and (UNIT.search(gap) or gap in {"", "."}))
            if is_apart or len(figures) + end - begin > IDENTITY_LENGTH:
                break
            figures += folded.digits[begin:end].upper()
            before = end
            kind = _kind_of(figures) if begin > start else None
            if kind is not None and not UNIT.match(folded.plain, end):
                yield Found(start, end, kind, "拆开写的号码")


GROUP = re.compile(r"[0-9]{2,17}[Xx]?(?![0-9A-Za-z])|[0-9]{2,}|(?<![A-Za-z0-9])[Xx](?![A-Za-z0-9])")
MOST_GROUPS = 6
LONGEST_GAP = 8
IDENTITY_LENGTH = 18
UNIT = re.compile(r"[\n元年月日时分秒栋幢楼层室人个件条次岁平万亿户吨度%米亩块级届期辆台名套页]")


def _kind_of(figures: str) -> Kind | None:
    if MOBILE_FIGURES.fullmatch(figures):
        return Kind.PHONE
    is_identity = len(figures) == IDENTITY_LENGTH and figures[:2] in PROVINCES and is_date(figures[6:14])
    return Kind.ID_CARD if is_identity else None


MOBILE_FIGURES = re.compile(r"1[3-9][0-9]{9}")

# fmt: off
CITIZENS_RULES: tuple[Rule, ...] = (
    Rule(_cued_identities, frozenset("身")),
    Rule(_cued_runs, frozenset("电手座联号热传致拨加tTpPmMwW")),
    BARE_PLATES,
    plain_matches(TAIL,      Kind.LONG_NUMBER, "号码的一段", spoken=True, needs="尾末后前开头码"),
    plain_matches(REVERSED,  Kind.LONG_NUMBER, "倒着写的号码", spoken=True, needs="倒反逆后右尾"),
    plain_matches(AREA,      Kind.PHONE,       "座机号码", spoken=True, needs="区"),
    Rule(_gapped, frozenset(FIGURES)),
    matches(LONG_OF_CITIZEN, Kind.LONG_NUMBER, "很长的号码", _is_no_moment),
)
# fmt: on
