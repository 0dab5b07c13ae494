"""Where does a text say something else than the agreed wording? Facts, who, must and may, what must be kept.

「各渠道回复口径准确、一致」 (clause A9): the same fact told differently on two platforms is what people
notice. Other words for the same facts are no difference, nor is what a reply says of the citizen's own
matter (您母亲今年58周岁), nor what it leaves out, unless it must be kept.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kb.analysis import bigrams, fold
from kb.claims import Office, clauses, contradictions, is_same_office, offices
from kb.facts import FACT_LABELS, Fact, Mention, mentions
from kb.stances import agree, opposed
from kb.stated import Stated, stated
from kb.wording import missing_parts

__all__ = ["FACT_LABELS", "Fact", "Finding", "Mention", "differences", "mentions"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One point that differs. ``library`` is what the entry says, ``reply`` what the text says.

    ``reply`` is empty where the text leaves out what must be kept.
    """

    kind: Fact
    library: str
    reply: str
    message_zh: str


def differences(
    reply: str,
    entry_text: str,
    *,
    basis: Sequence[Mapping[str, object]] = (),
    must_keep: Iterable[str] = (),
) -> list[Finding]:
    """Return the points in which ``reply`` differs from what the library entry says, each once.

    A fact of the reply differs if the entry states facts of that kind and unit but none with that value,
    or has that value for something else (电网企业 5 个工作日 where the entry gives them 2). Document titles
    and numbers may also stand in the entry's ``basis``. What the reply adds of a kind the entry says
    nothing about is none. 15个工作日 is 十五个工作日; 5个工作日 against 5天 is a difference.
    """
    return list(
        dict.fromkeys(
            [
                *_facts(reply, entry_text, basis),
                *_offices(reply, entry_text),
                *_claims(reply, entry_text),
                *_left_out(reply, must_keep),
            ]
        )
    )


# ------------------------------------------------------------------ facts


_MOST = 300
"""Facts of a text that are compared, so that no text costs more than a moment."""
_PROMISED = frozenset({"工作日"})
_TELLING = 3
"""Pairs of characters from which a clause says what its fact is about; a bare fact may be about anything."""


def _facts(reply: str, entry_text: str, basis: Sequence[Mapping[str, object]]) -> list[Finding]:
    agreed = stated(entry_text)[:_MOST] + [Stated(mention) for mention in _stated_in(basis)]
    told = stated(reply)[:_MOST]
    found = []
    for one in _distinct(told):
        known = [other for other in agreed if _group(other.mention) == _group(one.mention)]
        if known and (against := _contradicted(one, known, told, agreed, entry_text)):
            found.append(_finding(one.mention, [other.mention for other in _meant(one, against)]))
    return found


def _contradicted(
    one: Stated, known: Sequence[Stated], told: Sequence[Stated], agreed: Sequence[Stated], entry_text: str
) -> list[Stated]:
    """The facts of the entry, out of those of its kind (``known``), that a fact of the reply says otherwise."""
    same = [other for other in known if _same(one.mention, other.mention)]
    if same:
        return _better_fitting(one, same, known)
    if (
        _is_when_it_happened(one, agreed)
        or _is_harmless(one, known, told)
        or _is_of_somebody_else(one, entry_text)
        or _is_within(one, agreed)
        or _is_worked_out(one, told, agreed)
    ):
        return []
    return [other for other in known if _is_as_long(one, other)]


def _is_when_it_happened(one: Stated, agreed: Sequence[Stated]) -> bool:
    """Whether it is the hour of a certain day, of which the entry has none: 7月19日23时40分."""
    return one.on_a_day and not any(other.mention.kind == Fact.DATE for other in agreed)


def _is_of_somebody_else(one: Stated, entry_text: str) -> bool:
    """Whether a phone or an address is of somebody the entry does not name: 市场监管局价格科（0571-88996610）."""
    return bool(one.of_whom) and one.of_whom not in fold(entry_text)


_LEAST_WORKED_OUT = 100


def _is_worked_out(one: Stated, told: Sequence[Stated], agreed: Sequence[Stated]) -> bool:
    """Whether an amount follows from a number of the citizen's own: 42 平方米 at 9 元 each are 378 元."""
    if one.is_rule or one.mention.kind not in {Fact.AMOUNT, Fact.COUNT}:
        return False
    value = float(one.mention.value)
    known = {_amount_of(other.mention) for other in agreed} - {0.0}
    said = {_amount_of(other.mention) for other in told} - {0.0, value}
    return value >= _LEAST_WORKED_OUT and any(
        abs(result - value) < 0.01
        for own in said - known
        for other in said | known
        for result in (own * other, own / other, other / own, own + other)
    )


def _amount_of(mention: Mention) -> float:
    """The number of a fact; 0 where it is none."""
    if mention.kind not in {Fact.AMOUNT, Fact.COUNT, Fact.SHARE, Fact.PERIOD}:
        return 0.0
    return float(mention.value) / (100 if mention.kind == Fact.SHARE else 1)


_BEYOND_COMPARE = 24
_IN_MINUTES = {"分钟": 1, "工作日": 1_440, "月": 43_200}


def _is_as_long(one: Stated, other: Stated) -> bool:
    """Whether two periods may be told of the same at all: 5 个工作日 to call back says nothing of 2 年."""
    if one.mention.kind != Fact.PERIOD:
        return True
    lengths = sorted(
        float(said.mention.value) * _IN_MINUTES[said.mention.unit.removeprefix("每")] for said in (one, other)
    )
    return lengths[1] < _BEYOND_COMPARE * max(lengths[0], 0.1)


def _is_within(one: Stated, agreed: Sequence[Stated]) -> bool:
    """Whether what was decided in a case lies between a least and a most that the entry names one after the other."""
    if one.mention.kind not in {Fact.AMOUNT, Fact.COUNT} or one.bound:
        return False
    value = float(one.mention.value)
    return any(
        low.bound == 1 and high.bound == -1 and _group(low.mention) == _group(one.mention) == _group(high.mention)
        and 0 <= high.mention.start - low.mention.end <= 4
        and float(low.mention.value) < value < float(high.mention.value)
        for low, high in pairwise(agreed)
    )  # fmt: skip


def _meant(one: Stated, known: Sequence[Stated]) -> Sequence[Stated]:
    """The facts that are about what this one is about, where that can be told; else all of them."""
    nearest = max(len(one.about & other.about) for other in known)
    return [other for other in known if len(one.about & other.about) == nearest] if nearest > 1 else known


def _better_fitting(one: Stated, same: Sequence[Stated], known: Sequence[Stated]) -> list[Stated]:
    """Facts of another value that this one is clearly about, while no fact of its own value is."""
    if one.mention.kind not in {Fact.PERIOD, Fact.AMOUNT, Fact.AGE, Fact.SHARE} or one.is_own:
        return []
    others = [other for other in known if other not in same]
    of_same = frozenset().union(*(other.about for other in same))
    of_others = frozenset().union(*(other.about for other in others)) if others else frozenset()
    if one.about & of_same - of_others:
        return []
    enough = _CLEARLY.get(one.mention.kind, 2)
    return [other for other in others if len(one.about & other.about - of_same) >= enough]


_CLEARLY = {Fact.PERIOD: 3}
"""Pairs of characters that a fact shares with another one's clause and none of its own value's has."""


def _is_harmless(one: Stated, known: Sequence[Stated], told: Sequence[Stated]) -> bool:
    """Whether a fact the entry does not state is of the citizen's own matter, or merely beside it."""
    mention = one.mention
    if mention.kind == Fact.PHONE:
        agreed = {other.mention.value for other in known}
        phones = {other.mention.value for other in told if other.mention.kind == Fact.PHONE}
        told_too = any(_same_phone(phone, other) for phone in phones for other in agreed)
        return told_too and not any(_is_slip(mention.value, other) for other in agreed)
    if mention.kind in {Fact.BASIS, Fact.DOCUMENT_NUMBER, Fact.PLACE}:
        return False
    if one.of_case or (mention.kind == Fact.AGE and not one.bound):
        return True  # what happened on a day; 他今年67岁
    if one.is_own:
        return mention.unit not in _PROMISED or all(other.mention.unit not in _PROMISED for other in known)
    nearest = max(len(one.about & other.about) for other in known)
    if one.is_rule or (mention.kind == Fact.TIME and not one.follows_own):
        return False
    if one.follows_own:
        return nearest == 0
    if mention.kind == Fact.DATE and nearest <= 1:
        return True  # a day that is no beginning and no end is when something happened
    # 园林人员 3 小时内到场 says nothing of what the entry gives other hours for.
    return len(one.about) >= _TELLING and nearest == 0


def _same_phone(left: str, right: str) -> bool:
    return left.endswith(right) or right.endswith(left)


def _is_slip(left: str, right: str) -> bool:
    """Whether one number is the other with a digit or two exchanged."""
    size = min(len(left), len(right))
    return size >= 7 and sum(a != b for a, b in zip(left[-size:], right[-size:], strict=True)) <= 2


def _group(mention: Mention) -> str:
    """Return what a fact may be compared with: periods with periods, counts only of the same thing."""
    if mention.kind == Fact.PERIOD:
        return f"{mention.kind}:{mention.unit.startswith('每')}"
    if mention.kind == Fact.DATE:
        return f"{mention.kind}:{mention.unit}"
    if mention.kind in {Fact.COUNT, Fact.PLACE}:
        return f"{mention.kind}:{mention.unit}"
    return mention.kind.value


def _same(left: Mention, right: Mention) -> bool:
    rule = _SAME.get(left.kind)
    return rule(left, right) if rule else (left.value, left.unit) == (right.value, right.unit)


def _same_date(left: Mention, right: Mention) -> bool:
    """Whether one date is the other with the year left out, or the day where both name a month.

    A reply may name the year alone; a year alone in the entry says nothing of a day.
    """
    if left.value == right.value or (len(left.value) == 4 and right.value.startswith(left.value)):
        return True
    short, long = sorted((left.value.split("-"), right.value.split("-")), key=len)
    if len(short) == len(long):
        return False
    is_month = len(short) == 2 and len(short[0]) == 4
    return long[-len(short) :] == short or (is_month and long[: len(short)] == short)


def _same_time(left: Mention, right: Mention) -> bool:
    """Whether two times of day agree; where no half of the day is said, either may be meant."""
    if left.value == right.value:
        return True
    if "?" not in (left.unit, right.unit):
        return False
    hours = {int(one.value[:2]) % 12 for one in (left, right)}
    return len(hours) == 1 and left.value[2:] == right.value[2:]


_MINUTES_A_MONTH = 43_200


def _same_period(left: Mention, right: Mention) -> bool:
    """Whether two periods are as long; a month counts as 30 days, a working day as nothing else."""
    rate = {one.unit.startswith("每") for one in (left, right)}
    lengths = {_length(one) for one in (left, right)}
    return len(rate) == 1 and len(lengths) == 1


def _length(mention: Mention) -> tuple[str, float]:
    unit, value = mention.unit.removeprefix("每"), float(mention.value)
    return ("分钟", value * _MINUTES_A_MONTH) if unit == "月" else (unit, value)


def _same_share(left: Mention, right: Mention) -> bool:
    return abs(float(left.value) - float(right.value)) < 0.01


def _same_place(left: Mention, right: Mention) -> bool:
    if left.unit != "号":
        return left.value.endswith(right.value) or right.value.endswith(left.value)
    # The street's name is the last two characters before 路; what stands before it is where or how to go.
    one, other = (re.sub(r"^.*?(?=..(?:大道|路|街|巷|胡同)\d)", "", value.value) for value in (left, right))
    return one == other


_OF_WHERE = re.compile(r"中华人民共和国|[一-龥]{1,10}?(?:自治区|自治州|省|市|区|县|州)")
_HOW_FAR = re.compile(r"(?:试行|暂行|修订|修正|\d{4}年?(?:修订|修正|版|本)?)+$")


def _same_title(left: Mention, right: Mention) -> bool:
    """Whether two titles name one document: 《城市绿化条例》 for 《云泽市城市绿化条例》, with or without （试行）.

    A title may leave out of where it is, not say another place.
    """
    short, long = sorted((_HOW_FAR.sub("", one.value) for one in (left, right)), key=len)
    return long.endswith(short) and (long == short or bool(_OF_WHERE.fullmatch(long[: -len(short)])))


def _same_number(left: Mention, right: Mention) -> bool:
    """Whether two phone numbers are one, with or without the area code."""
    return _same_phone(left.value, right.value)


_SAME: Mapping[Fact, Callable[[Mention, Mention], bool]] = {
    Fact.DATE: _same_date,
    Fact.TIME: _same_time,
    Fact.PERIOD: _same_period,
    Fact.SHARE: _same_share,
    Fact.PLACE: _same_place,
    Fact.PHONE: _same_number,
    Fact.BASIS: _same_title,
}


def _stated_in(basis: Sequence[Mapping[str, object]]) -> list[Mention]:
    found: list[Mention] = []
    for item in basis:
        title, number = str(item.get("title") or "").strip("《》 "), str(item.get("number") or "")
        found += mentions(f"《{title}》 {number}" if title else number)
    return found


def _distinct(told: Iterable[Stated]) -> list[Stated]:
    return list({(s.mention.kind, s.mention.value, s.mention.unit, s.about): s for s in told}.values())


def _finding(mention: Mention, known: Sequence[Mention]) -> Finding:
    label = FACT_LABELS[mention.kind]
    library = "、".join(dict.fromkeys(other.words for other in known))
    message = f"{label}与问答库不一致：问答库为{library}，本答复为{mention.words}。"
    return Finding(mention.kind, library, mention.words, message)


# ------------------------------------------------------------------ who, must and may, what must be kept


def _offices(reply: str, entry_text: str) -> list[Finding]:
    agreed = offices(entry_text)
    acting = [office.name for office in agreed if office.acts]
    if not acting:
        return []
    found = []
    for office in offices(reply):
        if not office.acts or office.is_own:
            continue
        same = [other for other in agreed if is_same_office(office.name, other.name)]
        others = [other.name for other in agreed if other.acts and _does_the_same(other, office)]
        if not same or (others and not any(one.acts or _does_the_same(one, office) for one in same)):
            library = "、".join(dict.fromkeys(others or acting))
            message = f"单位与问答库不一致：问答库为{library}，本答复为{office.name}。"
            found.append(Finding(Fact.OFFICE, library, office.words, message))
    return found


def _does_the_same(left: Office, right: Office) -> bool:
    """Whether one goes to both for the same, as told behind their names: 提出申请."""
    return bool(left.what & right.what)


def _claims(reply: str, entry_text: str) -> list[Finding]:
    # What is told by a 不 is told once, though it may be a side of an either-or as well.
    denied = {ours: theirs for ours, theirs in contradictions(reply, entry_text) if not agree(ours, theirs)}
    found = dict(opposed(reply, entry_text)) | denied
    return [
        Finding(Fact.NEGATION, theirs, ours, f"意思与问答库相反：问答库为“{theirs}”，本答复为“{ours}”。")
        for ours, theirs in found.items()
    ]


def _is_said_otherwise(part: str, told: Sequence[Mention], pairs: set[str]) -> bool:
    """Whether a reply says what must be kept in words of its own: every fact of it, and most of its words."""
    facts = mentions(part)
    if any(not any(_group(one) == _group(fact) and _same(fact, one) for one in told) for fact in facts):
        return False
    words = {pair for clause in clauses(part) for pair in clause.about}
    return len(words & pairs) >= (_HALF if facts else _MOST_WORDS) * len(words)


_HALF, _MOST_WORDS = 0.5, 0.8


def _left_out(reply: str, must_keep: Iterable[str]) -> list[Finding]:
    told = mentions(reply)
    pairs = set(bigrams(fold(reply)))
    missing = [part for part in missing_parts(reply, must_keep) if not _is_said_otherwise(part, told, pairs)]
    return [Finding(Fact.MUST_KEEP, part, "", f"没有写必须保留的“{part}”。") for part in missing]
