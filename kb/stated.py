"""How does a text state its facts? As a rule or of a case, of whom, for what, and beside which words.

What a reply tells of the citizen's own matter and of what was done stands beside the rules it repeats; only those are
to be compared with an agreed wording (`kb.consistency`).
"""

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from kb.analysis import fold
from kb.claims import Clause, clauses
from kb.facts import Fact, Mention, mentions


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact with its surroundings.

    ``about``: the pairs of characters of its clause, and what an amount is for. ``is_own``: the clause tells the
    citizen's own matter or what was done; ``follows_own``: a clause before it in the sentence does. ``bound``: it is
    told as a least (1) or a most (-1). ``is_rule``: so, or as a rate, a term or the end of a range. ``of_whom``: the
    somebody whose phone or address it is, where that is said. ``on_a_day``: the hour of a certain day. ``of_case``: its
    sentence tells what happened on one.
    """

    mention: Mention
    about: frozenset[str] = frozenset()
    is_own: bool = False
    follows_own: bool = False
    bound: int = 0
    is_rule: bool = False
    of_whom: str = ""
    on_a_day: bool = False
    of_case: bool = False


_BEFORE, _BEHIND = 12, 6  # characters around a fact that say how it is told


def stated(text: str) -> list[Stated]:
    """The facts of a text in order, each with its surroundings."""
    folded, parts = fold(text), clauses(text)
    begins = [part.start for part in parts]
    found = []
    for mention in mentions(text):
        place = bisect(begins, mention.start) - 1
        if place < 0:
            found.append(Stated(mention))
            continue
        part = parts[place]
        before = folded[max(0, mention.start - _BEFORE) : mention.start]
        behind = folded[mention.end : mention.end + _BEHIND]
        bound = _bound(before, mention.words + behind)
        found.append(
            Stated(
                mention,
                _about(mention, parts, place),
                part.is_own,
                part.follows_own,
                bound,
                is_rule=bool(bound or _AS_A_RULE.search(before) or _AS_A_TERM.match(behind)),
                of_whom=_WHOSE[mention.kind](before, mention.words) if mention.kind in _WHOSE else "",
                on_a_day=mention.kind == Fact.TIME and bool(_OF_A_DAY.search(before)),
                of_case=part.of_case,
            )
        )
    return found


_FOR = {
    "to pay": re.compile(r"工本费|手续费|登记费|押金|票价|门票|收取|补卡费"),
    "to get": re.compile(r"补贴|补助|津贴|奖励|救助|抚恤|资助"),
    "a fine": re.compile(r"罚款|处[^,，。]{0,4}\d+元"),
}
"""What an amount is for, whatever the words around."""


def _about(mention: Mention, parts: Sequence[Clause], place: int) -> frozenset[str]:
    """What a fact is about: its clause, or the one before where it says nothing, and what an amount is for."""
    part = parts[place]
    earlier = (one.about for one in reversed(parts[:place]) if one.sentence == part.sentence and one.about)
    about = part.about or next(earlier, frozenset())
    if mention.kind != Fact.AMOUNT:
        return about
    return about | {name for name, words in _FOR.items() if words.search(part.words)}


# ------------------------------------------------------------------ as a rule

_LEAST = re.compile(r"(?:不得?(?:低于|少于|小于)|至少|最少|起码|最低|不足|未满|满|超过)[^\d,，。;；]{0,2}$")
_MOST = re.compile(
    r"(?:不得?(?:超过|高于|多于|大于|超)|至多|最多|最高|最长|上限|封顶|顶多)[^\d,，。;；]{0,4}$"
)
_AND_MORE = re.compile(r"[^,，。;；]{0,6}?(?:以上|起步)")
_AND_LESS = re.compile(r"[^,，。;；]{0,6}?(?:以内|以下|之内|封顶)")

# 每平方米, 过了, 截至, 至, 每年, 时间为, 要等: what follows is how it always is. 每月, 每天 are in every account.
_AS_A_RULE = re.compile(
    r"(?:每(?![月年天日周季])(?:[一-龥]{1,4}?)(?:按|收取?|为|是|交|缴)?|过了|截[止至]到?|[至到~]|每年"
    r"|(?:时间|日期|期限)[为是在:：]?|(?:要等|等待|需时|耗时))$"
)
_AS_A_TERM = re.compile(r"[日号]?(?:[至到~]|截止|为止|止|前(?!后)|以前|之前|起(?!床))")
_OF_A_DAY = re.compile(r"\d[日号]$|当晚$")


def _bound(before: str, behind: str) -> int:
    """1 where a value is told as the least, -1 where as the most, 0 where neither."""
    if _MOST.search(before):
        return -1
    if _LEAST.search(before):
        return 1
    return -1 if _AND_LESS.match(behind) else int(bool(_AND_MORE.match(behind)))


# ------------------------------------------------------------------ whose phone

_PERSON = re.compile(
    r"[一-龥](?:律师|医生|老师|警官|民警|科长|主任|同志|经理|师傅|女士|先生|工程师|书记|所长|院长)$"
)
_OFFICE_PHONE = re.compile(
    r"([一-龥]{2}(?:中心|大队|公司|工会|[科所站院会队处局办]))的?(?:咨询|办公|值班|联系|服务)?电话[为是:：]?$"
)
_PERSONS_PHONE = re.compile(
    r"(?:经办人?|联系人|负责人|民警|司机|主任|经理|员|[院所站店园校队班组处局科]长|师傅|医生|律师|老师|小(?!时|区|学|程)[一-龥]|老(?!人|年|城)[一-龥])"
    r"[一-龥]{0,2}[,，]?(?:的?(?:联系)?电话|座机)?[为是:：]?$"
    r"|(?:[他她]|报名|网点|公司|监督)的?(?:联系)?电话[为是:：]?$"
)
_NOBODY_NAMED = "\0"
"""Somebody that no entry names."""


def _whose_phone(before: str, words: str) -> str:
    """Whose phone it is: 陈律师（0571-88996677）, 价格科（…）, 援助中心电话…; empty where nobody's in particular."""
    if _PERSONS_PHONE.search(before):
        return _NOBODY_NAMED
    if named := _OFFICE_PHONE.search(before):
        return named[1]
    if before[-1:] not in {"(", "（"}:
        return ""
    person = _PERSON.search(before[:-1])
    return person[0] if person else before[-3:-1]


_SITUATED = re.compile(r"([一-龥]{2,4})(?:设|位)[在于]")


def _whose_place(before: str, words: str) -> str:
    """Whose address it is: 分拣中心设在空港路77号; empty where that is not said."""
    named = _SITUATED.search(before[-4:] + words)
    return named[1] if named else ""


_WHOSE = {Fact.PHONE: _whose_phone, Fact.PLACE: _whose_place}
