"""Which facts does a text state? Phones, dates, times, amounts, shares, periods, counts, documents, addresses.

A fact is a value and a unit under which two ways of writing it are the same: 15个工作日 and 十五个工作日,
半年 and 六个月, 晚上9点 and 21:00, 三分之二 and 2/3, 1.6万元 and 16000元.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
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
    PLACE = "place"
    OFFICE = "office"
    NEGATION = "negation"
    MUST_KEEP = "must_keep"


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
    Fact.PLACE: "地点",
    Fact.OFFICE: "单位",
    Fact.NEGATION: "要不要、能不能",
    Fact.MUST_KEEP: "必须保留的内容",
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


Read = tuple[str, str]
"""(value, unit) of a fact."""

_DIGITS = "零一二三四五六七八九"
_NUMBER = (
    r"(?:\d+(?:,\d{3})*(?:\.\d+)?|[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+)?)"
)
_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_TO = r"\s?(?:至|到|-|~|—{1,2})\s?"
# 60至64周岁: the first number is of the same unit.
_FROM = rf"(?:(?P<first>{_NUMBER}){_TO})?"

# A period is compared in its smallest honest unit; working days are like nothing else.
_PERIOD_UNITS: dict[str, tuple[float, str]] = {
    "个工作日": (1, "工作日"), "工作日": (1, "工作日"),
    "个自然日": (1440, "分钟"), "自然日": (1440, "分钟"), "日": (1440, "分钟"), "天": (1440, "分钟"),
    "个星期": (10_080, "分钟"), "星期": (10_080, "分钟"), "周": (10_080, "分钟"), "个小时": (60, "分钟"),
    "小时": (60, "分钟"), "分钟": (1, "分钟"), "个月": (1, "月"), "年": (12, "月"),
}  # fmt: skip
_AMOUNT_SCALES = {"元": 1, "块": 1, "块钱": 1, "元钱": 1, "万元": 10_000, "亿元": 100_000_000, "角": 0.1}
_COUNT_UNITS = {
    "平方米": "平方米", "平米": "平方米", "立方米": "立方米", "公里": "公里", "厘米": "厘米", "米": "米",
    "倍": "倍", "册": "册", "本": "册", "只": "只", "次": "次", "份": "份", "张": "张", "套": "套",
    "个人": "人", "人": "人", "位": "人", "名": "人", "户": "户", "件": "件", "项": "项", "个": "个", "家": "家",
    "处": "处", "副": "副", "吨": "吨", "亩": "亩", "台": "台", "辆": "辆", "棵": "棵", "公斤": "公斤",
    "株": "株", "针": "针", "剂": "针",
}  # fmt: skip
_WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: Fact
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Iterable[Read]]


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


def _numbers(found: re.Match[str]) -> Iterator[str]:
    """The number of a match and, where it is a range, the first one too."""
    for written in (found.groupdict().get("first"), found["number"]):
        number = number_of(written) if written else None
        if number is not None:
            yield number


def _read_phone(found: re.Match[str]) -> Iterator[Read]:
    digits = re.sub(r"\D", "", found[0])
    if 3 <= len(digits) <= 12:
        yield digits, ""


def _read_date(found: re.Match[str]) -> Iterator[Read]:
    parts = [number_of(part) if part else "" for part in found.groups()]
    if all(part is not None for part in parts):
        yield "-".join(part.zfill(2) for part in parts if part), ""


def _read_month(found: re.Match[str]) -> Iterator[Read]:
    number = number_of(found[1])
    if number is not None:
        yield number.zfill(2), "月"


def _read_end_of_month(found: re.Match[str]) -> Iterator[Read]:
    month = int(number_of(found[1]) or 0)
    if 1 <= month <= 12:
        yield f"{month:02d}-{monthrange(2026, month)[1]}", ""  # no leap year: 二月底 is said for 28 too


def _read_weekdays(found: re.Match[str]) -> Iterator[Read]:
    first, last = (day.replace("天", "日") for day in found.groups())
    yield f"周{first}至周{last}", "周"


def _read_time(found: re.Match[str]) -> Iterator[Read]:
    part, hour, minute = found["part"] or "", number_of(found["hour"]), number_of(found["minute"] or "0")
    if found["half"]:
        minute = "30"
    if found[0] == "一点":  # 这一点 is no time of day
        return
    if hour is None or minute is None or int(float(hour)) > 24:
        return
    afternoon = part in {"下午", "晚上", "傍晚", "晚", "夜间"} and int(hour) < 12
    yield f"{int(hour) + 12 * afternoon:02d}:{int(minute):02d}", "" if part or int(hour) > 12 else "?"


def _read_amount(found: re.Match[str]) -> Iterator[Read]:
    for number in _numbers(found):
        yield _plain(float(number) * _AMOUNT_SCALES.get(found["unit"], 10_000)), "元"


def _read_share(found: re.Match[str]) -> Iterator[Read]:
    number = number_of(found["percent"] or found["of_hundred"])
    if number is not None:
        yield number, "%"


def _read_fraction(found: re.Match[str]) -> Iterator[Read]:
    parts = [number_of(part or "") for part in (found[1] or found[4], found[2] or found[3])]
    if parts[0] and parts[1] and float(parts[0]):
        yield _plain(100 * float(parts[1]) / float(parts[0])), "%"


def _read_tenths(found: re.Match[str]) -> Iterator[Read]:
    """三成, 一成二, 5.5折; half where no number is said."""
    tens, ones = (number_of(part or "") for part in (found[1] or found[3], found[2] or found[4]))
    yield _plain(10 * float(tens or 5) + float(ones or 0)), "%"


def _read_period(found: re.Match[str]) -> Iterator[Read]:
    scale, unit = _PERIOD_UNITS[found["unit"]]
    numbers = ["0.5"] if found["half"] else [*_numbers(found)]
    for number in numbers:
        yield _plain(float(number) * scale), unit


def _read_rate(found: re.Match[str]) -> Iterator[Read]:
    scale, unit = _PERIOD_UNITS.get(found["unit"], (1, "月"))
    number = number_of(found["number"] or "1")
    if number is not None:
        yield _plain(float(number) * scale), f"每{unit}"


def _read_count(found: re.Match[str]) -> Iterator[Read]:
    if found["number"] == "一" and found.string[: found.start()][-1:] in set("下这上那头某"):
        return  # 下一次
    half = found["and_half"] or "零"  # 一米半, 一米五
    more = 0.5 if half == "半" else _DIGITS.index(half) / 10
    for number in _numbers(found):
        yield _plain(float(number) + more), _COUNT_UNITS[found["unit"]]


def _read_age(found: re.Match[str]) -> Iterator[Read]:
    for number in _numbers(found):
        yield number, "岁"


def _read_title(found: re.Match[str]) -> Iterator[Read]:
    yield re.sub(r"[\s《》〈〉()（）]", "", found[1]), ""


def _read_document_number(found: re.Match[str]) -> Iterator[Read]:
    yield re.sub(r"[〔\[【(（]", "〔", re.sub(r"[〕\]】)）]", "〕", re.sub(r"\s", "", found[0]))), ""


def _read_address(found: re.Match[str]) -> Iterator[Read]:
    number = number_of(found[2])
    if number is not None:
        yield f"{found[1]}{number}", "号"


def _read_floor(found: re.Match[str]) -> Iterator[Read]:
    number = number_of(found[1])
    if number is not None:
        yield number, "楼"


def _read_community(found: re.Match[str]) -> Iterator[Read]:
    if not set(found[1]) & _NO_NAME and found[1] not in _GENERAL_COMMUNITIES:
        yield found[1] + found[2], found[2]


_NO_NAME = frozenset("本该您你我所各居属在户的个向到或和与及至于由从有映定指这那请近处老地是查")
"""Characters of what stands before 小区 and is no name: 放至小区, 派出所或社区."""


_GENERAL_COMMUNITIES = {"住宅", "居民", "老旧", "物业", "智慧", "乡镇", "城市", "封闭", "办公", "住户"}


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_SMALL = r"[\d一二三四五六七八九十]{1,3}"
_PART = r"(?P<part>上午|下午|晚上|傍晚|早上|中午|凌晨|夜间|早|晚)?"

# In this order: what an earlier rule has read is not read again by a later one.
_RULES = (
    _Rule(Fact.BASIS, re.compile(r"《([^《》]{2,80})》"), _read_title),
    _Rule(
        Fact.DOCUMENT_NUMBER,
        re.compile(r"[一-龥]{1,12}[〔\[【(（]\s*\d{4}\s*[〕\]】)）]\s*(?:第\s*)?\d+\s*号"),
        _read_document_number,
    ),
    _Rule(
        Fact.PLACE,
        re.compile(rf"([一-龥]{{2,6}}?(?:大道|路|街|巷|胡同))\s*({_NUMBER})\s*号"),
        _read_address,
    ),
    _Rule(
        Fact.PHONE,
        re.compile(
            r"(?<![\d.])(?:0\d{2,3}[-— ]?\d{7,8}|1[3-9]\d(?:[- ]?\d{4}){2}|400[- ]?\d{3}[- ]?\d{4}"
            r"|[2-8]\d{6,7}|(?:1[12]\d{3}|96\d{3,4}|95\d{3}))(?![\d.]|\s*[元人])"
            r"|(?<=[打电话线:：])\s?1(?:10|19|20|22)(?![\d元.年])"
        ),
        _read_phone,
    ),
    _Rule(
        Fact.DATE,
        re.compile(
            rf"(?:(\d{{4}}|[零〇一二三四五六七八九]{{4}})\s?年(?!度))(?:\s?({_SMALL})\s?月)?(?:\s?({_SMALL})\s?[日号])?"
        ),
        _read_date,
    ),
    _Rule(Fact.DATE, re.compile(rf"(?<![\d.])({_SMALL})\s?月(?:份)?(?:月)?[底末]"), _read_end_of_month),
    _Rule(
        Fact.DATE,
        re.compile(
            rf"(?:(?<=每年)|(?<=月和))\s?({_SMALL})\s?月(?:份)?(?!底|末|\s?[\d一二三四五六七八九十]+\s?[日号])"
        ),
        _read_month,
    ),
    _Rule(Fact.DATE, re.compile(rf"()(?<![\d.])({_SMALL})\s?月(?:份)?\s?({_SMALL})\s?[日号]"), _read_date),
    _Rule(Fact.DATE, re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)"), _read_date),
    _Rule(
        Fact.DATE,
        re.compile(rf"()()(?:(?<=每月)|(?<=每个月)|(?<=至)|(?<=到))\s?({_SMALL})\s?[日号](?![内后])"),
        _read_date,
    ),
    _Rule(
        Fact.DATE,
        re.compile(rf"()()({_SMALL})\s?(?:号(?!线|楼|窗)|日(?=前|以前|之前|[停起至到]))"),
        _read_date,
    ),
    _Rule(
        Fact.DATE,
        re.compile(rf"(?:周|星期|礼拜)([{_WEEKDAYS}天]){_TO}(?:周|星期|礼拜)?([{_WEEKDAYS}天])"),
        _read_weekdays,
    ),
    _Rule(
        Fact.TIME,
        re.compile(
            rf"{_PART}\s?(?P<hour>\d{{1,2}}|[一二两三四五六七八九十]{{1,3}})\s?"
            r"(?:[点时](?!间|候)(?:(?P<half>半)|(?P<minute>[\d一二三四五六七八九十]{1,3})分?)?)"
        ),
        _read_time,
    ),
    _Rule(
        Fact.TIME,
        re.compile(rf"{_PART}(?<!\d)(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?!\d)(?P<half>)"),
        _read_time,
    ),
    _Rule(
        Fact.SHARE,
        re.compile(rf"(?P<percent>\d+(?:\.\d+)?)\s?(?:%|个?百分点)|百分之(?P<of_hundred>{_NUMBER})"),
        _read_share,
    ),
    _Rule(
        Fact.SHARE,
        re.compile(rf"({_SMALL})分之({_SMALL})|(?<![\d/])(\d)/(\d)(?![\d/])"),
        _read_fraction,
    ),
    _Rule(
        Fact.SHARE,
        re.compile(
            r"(?<![\d一二三四五六七八九十])([一二两三四五六七八九1-9])(?:\.(\d))?\s?(?:成(?=[,.;，。；、以的收补报计]|$)|折(?!叠|合|腾))"
            r"|([一二三四五六七八九])成([一二三四五六七八九])(?![一-龥]?[月日年])"
            r"|(?:半价|对折|减半|一半|过半数?|半数以上)"
        ),
        _read_tenths,
    ),
    _Rule(
        Fact.AMOUNT,
        re.compile(rf"{_FROM}(?P<number>{_NUMBER}?)\s?(?P<unit>{_alternatives(_AMOUNT_SCALES)})"),
        _read_amount,
    ),
    _Rule(
        Fact.AMOUNT,
        re.compile(
            r"(?P<number>\d+(?:\.\d+)?|[一二两三四五六七八九十百]+)\s?(?P<unit>万)(?=[,.;，。；、)）]|$)"
        ),
        _read_amount,
    ),
    _Rule(Fact.AGE, re.compile(rf"{_FROM}(?P<number>{_NUMBER})\s?(?P<unit>周岁|岁)"), _read_age),
    _Rule(
        Fact.PERIOD,
        re.compile(
            rf"每\s?(?P<number>{_NUMBER}|)\s?(?P<unit>个月|小时|分钟|年|月|周|天|日)"
            r"(?:(?<=每[年月周天日])(?=[^,.;，。；]{0,8}次)|(?<!每[年月周天日])(?<!每小时)(?<!每个月))"
        ),
        _read_rate,
    ),
    _Rule(
        Fact.PERIOD,
        re.compile(
            rf"(?<!第)(?<!次)(?P<number>{_NUMBER})\s?(?P<unit>个月|小时|分钟|年|月|周|天|日)"
            r"(?=[^,.;，。；\d年月周天后]{0,3}[一1](?:次|检|趟|班))"
        ),
        _read_rate,
    ),
    _Rule(
        Fact.PERIOD,
        re.compile(
            rf"(?<!第)(?<!第\s){_FROM}(?:(?P<number>{_NUMBER})|(?P<half>半))(?:\s*)(?:个(?=半))?"
            rf"(?P<unit>{_alternatives(_PERIOD_UNITS)})(?!度|级)(?:(?:之)?内|以内|左右)?"
        ),
        _read_period,
    ),
    _Rule(
        Fact.COUNT,
        re.compile(
            rf"(?<!第){_FROM}(?P<number>{_NUMBER})\s*(?P<unit>{_alternatives(_COUNT_UNITS)})(?!以外|工作日)"
            r"(?P<and_half>(?<=[米倍公里])半(?!数)|(?<=米)[一二三四五六七八九](?=[,.;，。；、以之的内]|$))?"
        ),
        _read_count,
    ),
    _Rule(Fact.PLACE, re.compile(rf"(?<!\d)({_SMALL})\s?(?:楼|层)(?!房|上|下)"), _read_floor),
    _Rule(
        Fact.PLACE,
        re.compile(r"(?<![一-龥])?([一-龥]{2})(社区|街道|小区)(?!办|居委|卫生|服务|党)"),
        _read_community,
    ),
)

# Said in passing, not as facts: 一个 is an article, 一天最多 means "a day".
_ARTICLES = {"个", "项", "名", "家", "件", "处", "张", "套", "份", "户", "副", "人", "册"}
_A_TIME = re.compile(
    r"(?:每天|全天)\s?24\s?小时|24\s?小时(?=[^,，。;；内]{0,3}(?:有人|值|服务|接|受理|开放|热线|不间断|自助|营业))"
    r"|(?:一|1)(?:个月|年|天|日|周|小时)(?:最多|最高|不超过|总共|一共|合计|封顶|(?=[\d一二两]+元)|里面?有"
    r"|(?=[^内以后前满之期,，。;；、左\d]{1,4}(?:不到|不足|不?超过|最多|最高)))"
)


def mentions(text: str) -> list[Mention]:
    """Return the facts a text states, in order; positions are those of the folded text."""
    folded = fold(text)
    found: list[Mention] = []
    taken = [False] * len(folded)
    for passing in _A_TIME.finditer(folded):
        taken[passing.start() : passing.end()] = [True] * len(passing[0])
    for rule in _RULES:
        for match in rule.pattern.finditer(folded):
            if any(taken[match.start() : match.end()]):
                continue
            words, read = match[0].strip(), [*rule.read(match)]
            if not read:
                continue
            taken[match.start() : match.end()] = [True] * (match.end() - match.start())
            found += [
                Mention(rule.kind, *one, words, match.start(), match.end())
                for one in read
                if not (rule.kind == Fact.COUNT and one[0] == "1" and one[1] in _ARTICLES)
            ]
    return _told_apart(_in_the_afternoon(sorted(found, key=lambda mention: mention.start), folded))


_RANGE = re.compile(r"[\s至到~—-]{1,4}$")


def _in_the_afternoon(found: list[Mention], folded: str) -> list[Mention]:
    """下午2:30至5:00: the end of a range is in the same half of the day as its beginning."""
    result: list[Mention] = []
    for mention in found:
        before = result[-1] if result else None
        if (
            mention.kind == Fact.TIME and mention.unit == "?" and before is not None
            and before.kind == Fact.TIME and before.unit == "" and int(before.value[:2]) >= 12
            and _RANGE.match(folded[before.end : mention.start])
        ):  # fmt: skip
            hour = int(mention.value[:2])
            value = f"{hour + 12 * (hour < 12):02d}{mention.value[2:]}"
            mention = Mention(mention.kind, value, "", mention.words, mention.start, mention.end)
        result.append(mention)
    return result


def _told_apart(found: list[Mention]) -> list[Mention]:
    """Where a text counts to 24, its other times without a half of the day do too."""
    by_24 = any(m.kind == Fact.TIME and int(m.value[:2]) > 12 and ":" in m.words[:3] for m in found)
    return [replace(m, unit="") if by_24 and m.kind == Fact.TIME else m for m in found]
