"""What tells of a person without naming them, and how much less precisely may it be said?

Ages become ten years, minutes a part of the day, the day of a private event its month: quasi-identifiers within the
words (reliability §2.3; K. El Emam, "Guide to the De-Identification of Personal Health Information", 2013). What a
rule, a timetable or a street says stays: 年满60周岁, 9:00到17:00, 2026年11月21日路灯不亮.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from app.redaction.folding import Folded
from app.redaction.found import Found, Kind
from app.redaction.vocabulary import listed


class Generalisation(NamedTuple):
    """A row of the table."""

    kind: Kind
    since: str
    """The version of the rules that brought it."""
    cue: str
    pattern: re.Pattern[str]
    coarser: Callable[[re.Match[str]], str]
    """What is said instead."""
    needs: str
    """Characters of which a text must have one."""


_NUMERAL = "[零一二两三四五六七八九十百]"
AGE = re.compile(
    rf"(?<![0-9零一二两三四五六七八九十百满过足到达于至\-~—.])(?:(?P<figures>[0-9]{{1,3}})|(?P<words>{_NUMERAL}{{1,4}}))"
    r"(?:多|来)?周?岁(?:半|多)?(?!\W{0,1}(?:以|及|之间|至|到|[\-~—]|起|前|后|退休|左右))"
)
MONTHS_OLD = re.compile(rf"(?:[0-9]{{1,2}}|{_NUMERAL}{{1,3}})个多?月大(?!小)")
TIME = re.compile(
    r"(?P<part>(?:[昨今当前那][天日晚早])?"
    r"(?:凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚上|夜里|夜间|深夜|半夜)"
    r"|[昨今当前那][晚早])"
    r"\s?[0-9]{1,2}(?:[:：点时])(?:[0-5]?[0-9])(?:分|[:：][0-5][0-9])?(?![0-9])"
    r"(?!\W{0,1}[至到\-~—])"
)
_PRIVATE = (
    "结婚|离婚|领证|订婚|去世|过世|病逝|死亡|身亡|自杀|火化|下葬|手术|住院|入院|出院|确诊|化疗|怀孕|分娩|流产|剖腹产"
    "|被打|被骗|报案|刑拘|拘留|判刑|释放|辞退|被裁|失业"
)
_DATE = (
    r"(?P<year>(?:19|20)[0-9]{2})(?:年|[\-./])(?P<month>[0-9]{1,2})(?:月|[\-./])[0-9]{1,2}(?:日|号|(?![0-9]))"
)
DAY_BEFORE = re.compile(rf"{_DATE}(?=[^\n。；！？;!?]{{0,14}}(?:{_PRIVATE}))")

MAJORITY, OLDEST = 18, 90
"""Full age (民法典 第十七条); and the age from which so few live that it tells who (45 CFR 164.514(b): over 89)."""


def _band(match: re.Match[str]) -> str:
    age = int(match["figures"]) if match["figures"] else _number(match["words"])
    if age < MAJORITY:
        return "未成年"
    return f"{OLDEST}岁以上" if age >= OLDEST else f"{age // 10 * 10}多岁"


def _number(words: str) -> int:
    """八十三 as 83, 一百零五 as 105."""
    total, last = 0, 0
    for character in words:
        unit = UNITS.get(character)
        if unit is None:
            last = DIGITS.index("二" if character == "两" else character)
        else:
            total, last = total + max(last, 1) * unit, 0
    return total + last


DIGITS = "零一二三四五六七八九"
UNITS = {"十": 10, "百": 100}


def _part_of_day(match: re.Match[str]) -> str:
    part = match["part"][-2:]
    return "夜间" if part in AT_NIGHT or part[-1] == "晚" else part.replace("今早", "早上")


AT_NIGHT = listed("晚上 夜里 夜间 深夜 半夜 凌晨")


def _month(match: re.Match[str]) -> str:
    return f"{match['year']}年{int(match['month'])}月"


GENERALISATIONS: tuple[Generalisation, ...] = (
    Generalisation(Kind.AGE, "2026.11.4", "年龄", AGE, _band, "岁"),
    Generalisation(Kind.AGE, "2026.11.4", "年龄", MONTHS_OLD, lambda match: "未成年", "月"),
    Generalisation(Kind.TIME, "2026.11.4", "准确时刻", TIME, _part_of_day, "晨早上午晚夜"),
    Generalisation(Kind.PRIVATE_DAY, "2026.11.4", "私事的日期", DAY_BEFORE, _month, "年-./"),
)


def generalisations(folded: Folded) -> Iterator[Found]:
    """Every span of the folded text that is to be said less precisely; ``coarse`` says how."""
    letters = frozenset(folded.plain)
    for row in GENERALISATIONS:
        if letters.isdisjoint(row.needs):
            continue
        for match in row.pattern.finditer(folded.plain):
            yield Found(*match.span(), row.kind, row.cue, coarse=row.coarser(match))
