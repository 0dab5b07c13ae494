"""Where does a text say something else than the agreed wording? Numbers, dates, amounts, phones, 依据.

「各渠道回复口径准确、一致」 (clause A9): the same fact told differently on two platforms is what people
notice. Only facts are compared: other words for the same facts are no difference.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kb.analysis import fold


class Fact(StrEnum):
    """The kinds of facts compared."""

    PHONE = "phone"
    DATE = "date"
    TIME = "time"
    AMOUNT = "amount"
    SHARE = "share"
    PERIOD = "period"
    COUNT = "count"
    AGE = "age"
    BASIS = "basis"
    DOCUMENT_NUMBER = "document_number"


FACT_LABELS = {
    Fact.PHONE: "电话",
    Fact.DATE: "日期",
    Fact.TIME: "时间",
    Fact.AMOUNT: "金额",
    Fact.SHARE: "比例",
    Fact.PERIOD: "期限",
    Fact.COUNT: "数量",
    Fact.AGE: "年龄",
    Fact.BASIS: "依据",
    Fact.DOCUMENT_NUMBER: "文号",
}


@dataclass(frozen=True, slots=True)
class Mention:
    """A fact as a text states it: ``value`` compares, ``words`` are the text's own, at start:end."""

    kind: Fact
    value: str
    unit: str
    words: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact that differs. ``library`` is what the entry says, ``reply`` what the text says.

    One of them is empty when only one side states such a fact.
    """

    kind: Fact
    library: str
    reply: str
    message_zh: str


_DIGITS = "零一二三四五六七八九"
_NUMBER = (
    r"(?:\d+(?:,\d{3})*(?:\.\d+)?|[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+)?)"
)
_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}

# What is counted, and the one name under which it is compared.
_PERIOD_UNITS = {
    "个工作日": "工作日", "工作日": "工作日", "个自然日": "天", "自然日": "天", "日": "天", "天": "天",
    "个星期": "周", "星期": "周", "周": "周", "个月": "月", "年": "年", "个小时": "小时", "小时": "小时",
    "分钟": "分钟",
}  # fmt: skip
_AMOUNT_SCALES = {"元": 1, "块": 1, "块钱": 1, "元钱": 1, "万元": 10_000, "亿元": 100_000_000, "角": 0.1}
_COUNT_UNITS = "次份张套人户件项个家处名平方米平米公里米"


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: Fact
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], tuple[str, str] | None]


def number_of(written: str) -> str | None:
    """Return a number written in digits or Chinese as a plain decimal, None if it is not one.

    十五 → 15, 1,200 → 1200, 1.50 → 1.5, 两万 → 20000, 三点五 → 3.5.
    """
    plain = written.replace(",", "")
    if re.fullmatch(r"\d+(?:\.\d+)?", plain):
        return _plain(float(plain)) if "." in plain else str(int(plain))
    whole, _, decimals = plain.replace("〇", "零").replace("两", "二").partition("点")
    value = _chinese(whole)
    if value is None or not all(digit in _DIGITS for digit in decimals):
        return None
    return _plain(value + float("0." + "".join(str(_DIGITS.index(d)) for d in decimals) if decimals else 0))


def _chinese(written: str) -> int | None:
    """Return the value of a whole Chinese number; digits in a row (二〇二六) are read one by one."""
    if not written or any(c not in _DIGITS and c not in _SCALES for c in written):
        return None
    if all(character in _DIGITS for character in written):
        return int("".join(str(_DIGITS.index(character)) for character in written))
    total = section = digit = 0
    for character in written:
        if character in _DIGITS:
            digit = _DIGITS.index(character)
        elif _SCALES[character] < 10_000:
            section += (digit or 1) * _SCALES[character]
            digit = 0
        elif character == "万":
            total += (section + digit) * _SCALES[character]
            section = digit = 0
        else:
            total = (total + section + digit) * _SCALES[character]
            section = digit = 0
    return total + section + digit


def _plain(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _read_phone(found: re.Match[str]) -> tuple[str, str] | None:
    digits = re.sub(r"\D", "", found[0])
    return (digits, "") if 5 <= len(digits) <= 12 else None


def _read_date(found: re.Match[str]) -> tuple[str, str] | None:
    parts = [number_of(part) if part else "" for part in found.groups()]
    if any(part is None for part in parts):
        return None
    return "-".join(part.zfill(2) for part in parts if part), ""


def _read_time(found: re.Match[str]) -> tuple[str, str] | None:
    part, hour, minute = found["part"] or "", number_of(found["hour"]), number_of(found["minute"] or "0")
    if found["half"]:
        minute = "30"
    if hour is None or minute is None or int(float(hour)) > 24:
        return None
    afternoon = part in {"下午", "晚上", "傍晚"} and int(hour) < 12
    return f"{int(hour) + 12 * afternoon:02d}:{int(minute):02d}", ""


def _read_amount(found: re.Match[str]) -> tuple[str, str] | None:
    number = number_of(found["number"])
    return None if number is None else (_plain(float(number) * _AMOUNT_SCALES[found["unit"]]), "元")


def _read_share(found: re.Match[str]) -> tuple[str, str] | None:
    number = number_of(found["percent"] or found["of_hundred"])
    return None if number is None else (number, "%")


def _read_period(found: re.Match[str]) -> tuple[str, str] | None:
    number = "0.5" if found["half"] else number_of(found["number"])
    return None if number is None else (number, _PERIOD_UNITS[found["unit"]])


def _read_count(found: re.Match[str]) -> tuple[str, str] | None:
    number = number_of(found["number"])
    return None if number is None else (number, found["unit"])


def _read_title(found: re.Match[str]) -> tuple[str, str] | None:
    return re.sub(r"[\s《》〈〉()（）]", "", found[1]), ""


def _read_document_number(found: re.Match[str]) -> tuple[str, str] | None:
    return re.sub(r"[〔\[【(（]", "〔", re.sub(r"[〕\]】)）]", "〕", re.sub(r"\s", "", found[0]))), ""


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


# In this order: what an earlier rule has read is not read again by a later one.
_RULES = (
    _Rule(Fact.BASIS, re.compile(r"《([^《》]{2,80})》"), _read_title),
    _Rule(
        Fact.DOCUMENT_NUMBER,
        re.compile(r"[一-龥]{1,12}[〔\[【(（]\s*\d{4}\s*[〕\]】)）]\s*(?:第\s*)?\d+\s*号"),
        _read_document_number,
    ),
    _Rule(
        Fact.PHONE,
        re.compile(
            r"(?<![\d.])(?:0\d{2,3}[-— ]?\d{7,8}|1[3-9]\d(?:[- ]?\d{4}){2}|400[- ]?\d{3}[- ]?\d{4}"
            r"|[2-8]\d{6,7}|(?:1[12]\d{3}|96\d{3,4}|95\d{3}))(?![\d.]|\s*元)"
        ),
        _read_phone,
    ),
    _Rule(
        Fact.DATE,
        re.compile(
            r"(?:(\d{4}|[零〇一二三四五六七八九]{4})年)(?:([\d一二三四五六七八九十]{1,3})月)?"
            r"(?:([\d一二三四五六七八九十]{1,3})[日号])?"
        ),
        _read_date,
    ),
    _Rule(
        Fact.DATE,
        re.compile(r"()(?<![\d.])([\d一二三四五六七八九十]{1,3})月([\d一二三四五六七八九十]{1,3})[日号]"),
        _read_date,
    ),
    _Rule(Fact.DATE, re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)"), _read_date),
    _Rule(
        Fact.TIME,
        re.compile(
            r"(?P<part>上午|下午|晚上|傍晚|早上|中午)?(?P<hour>\d{1,2}|[一二两三四五六七八九十]{1,3})"
            r"(?:[点时](?!间|候)(?:(?P<half>半)|(?P<minute>[\d一二三四五六七八九十]{1,3})分?)?)"
        ),
        _read_time,
    ),
    _Rule(
        Fact.TIME,
        re.compile(
            r"(?P<part>上午|下午|晚上)?(?<!\d)(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?!\d)(?P<half>)"
        ),
        _read_time,
    ),
    _Rule(
        Fact.SHARE,
        re.compile(rf"(?P<percent>\d+(?:\.\d+)?)%|百分之(?P<of_hundred>{_NUMBER})"),
        _read_share,
    ),
    _Rule(
        Fact.AMOUNT,
        re.compile(rf"(?P<number>{_NUMBER}?)(?P<unit>{_alternatives(_AMOUNT_SCALES)})"),
        _read_amount,
    ),
    _Rule(Fact.AGE, re.compile(rf"(?P<number>{_NUMBER})(?P<unit>周岁|岁)"), _read_count),
    _Rule(
        Fact.PERIOD,
        re.compile(
            rf"(?:(?P<number>{_NUMBER})|(?P<half>半))(?:\s*)(?P<unit>{_alternatives(_PERIOD_UNITS)})"
            r"(?:(?:之)?内|以内|左右)?"
        ),
        _read_period,
    ),
    _Rule(
        Fact.COUNT,
        re.compile(rf"(?<!第)(?P<number>{_NUMBER})\s*(?P<unit>平方米|平米|公里|[{_COUNT_UNITS}])"),
        _read_count,
    ),
)

# Said in passing, not as facts: 一个 is an article, 两项 often only refers back.
_SMALL_TALK = {("1", "个"), ("1", "项"), ("1", "次"), ("1", "名"), ("1", "家"), ("1", "件")}


def mentions(text: str) -> list[Mention]:
    """Return the facts a text states, in order; positions are those of the folded text."""
    folded = fold(text)
    found: list[Mention] = []
    taken = [False] * len(folded)
    for rule in _RULES:
        for match in rule.pattern.finditer(folded):
            read = None if any(taken[match.start() : match.end()]) else rule.read(match)
            if read is None or read in _SMALL_TALK:
                continue
            taken[match.start() : match.end()] = [True] * (match.end() - match.start())
            found.append(Mention(rule.kind, *read, match[0].strip(), match.start(), match.end()))
    return sorted(found, key=lambda mention: mention.start)


def differences(reply: str, entry_text: str, *, basis: Sequence[Mapping[str, object]] = ()) -> list[Finding]:
    """Return the facts in ``reply`` that differ from what the library entry says.

    A fact of the reply differs if the entry states facts of that kind and unit, but none with that
    value. Document titles and numbers may also stand in the entry's ``basis``. What the reply leaves
    out is no difference; what it adds of a kind the entry says nothing about is none either. 15 个工作日
    is the same as 十五个工作日; 5 个工作日 against 5 天 is a difference.
    """
    agreed = _by_kind([*mentions(entry_text), *_stated_in(basis)])
    findings = []
    for mention in _distinct(mentions(reply)):
        known = agreed.get(_group(mention), [])
        if known and not any(_same(mention, other) for other in known):
            findings.append(_finding(mention, known))
    return findings


def _by_kind(stated: Iterable[Mention]) -> dict[str, list[Mention]]:
    grouped: dict[str, list[Mention]] = {}
    for mention in stated:
        grouped.setdefault(_group(mention), []).append(mention)
    return grouped


def _group(mention: Mention) -> str:
    """Return what a fact may be compared with: periods with periods, counts only of the same thing."""
    return f"{mention.kind}:{mention.unit}" if mention.kind == Fact.COUNT else mention.kind.value


def _same(left: Mention, right: Mention) -> bool:
    if left.kind == Fact.DATE:
        return left.value == right.value or _is_part_of_date(left.value, right.value)
    if left.kind == Fact.PHONE:
        return left.value.endswith(right.value) or right.value.endswith(left.value)
    return (left.value, left.unit) == (right.value, right.unit)


def _is_part_of_date(left: str, right: str) -> bool:
    """Say whether one date is the other with the year, or the day, left out."""
    short, long = sorted((left.split("-"), right.split("-")), key=len)
    return len(short) < len(long) and (long[: len(short)] == short or long[-len(short) :] == short)


def _stated_in(basis: Sequence[Mapping[str, object]]) -> list[Mention]:
    stated = []
    for item in basis:
        title, number = str(item.get("title") or "").strip("《》 "), str(item.get("number") or "")
        stated += mentions(f"《{title}》 {number}" if title else number)
    return stated


def _distinct(stated: Iterable[Mention]) -> list[Mention]:
    return list({(mention.kind, mention.value, mention.unit): mention for mention in stated}.values())


def _finding(mention: Mention, known: Sequence[Mention]) -> Finding:
    label = FACT_LABELS[mention.kind]
    library = "、".join(dict.fromkeys(other.words for other in known))
    return Finding(
        mention.kind,
        library,
        mention.words,
        f"{label}与问答库不一致：问答库为{library}，本答复为{mention.words}。",
    )
