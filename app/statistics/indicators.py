"""Which figures do we quote, how is each worked out, and what may be said of it in public?

Every formula stands here in words and as a function of counts; nothing is typed in by hand (D21).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from itertools import product

from app.statistics.suppression import SMALLEST, Line

SMALL = "<5"

COUNT, SHARE, DAYS = "件", "%", "个工作日"


@dataclass(frozen=True)
class Counts:
    """What was counted of one month, department, type or platform."""

    received: int = 0
    valid: int = 0
    due: int = 0
    replied: int = 0
    on_time: int = 0
    overdue: int = 0
    reopened: int = 0
    working_days: int = 0
    rated: int = 0
    satisfied: int = 0
    closed: int = 0
    published: int = 0
    withheld_privacy: int = 0
    withheld_secret: int = 0
    withheld_other: int = 0
    withdrawn: int = 0
    undecided: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            **{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        )


@dataclass(frozen=True)
class Indicator:
    """One figure. ``formula``: in words; ``base``: of how many cases a share or an average speaks.

    ``inputs``: the counts a share is worked out from, which it would give away where they are hidden.
    """

    key: str
    label: str
    formula: str
    unit: str
    value: Callable[[Counts], float | None]
    base: Callable[[Counts], int] | None = None
    inputs: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The label without what its column group says already: 个人隐私."""
        return self.label.removeprefix("不公开：")


def share(part: int, whole: int) -> float | None:
    """Per cent with one decimal; None when there is nothing to divide by."""
    return round(100 * part / whole, 1) if whole else None


def mean(total: int, number: int) -> float | None:
    """An average with one decimal; None of nothing."""
    return round(total / number, 1) if number else None


def _judged(counts: Counts) -> int:
    """What has been answered, and what should have been: those still in time say nothing yet."""
    return counts.replied + counts.overdue


def _count(key: str, label: str, formula: str) -> Indicator:
    return Indicator(key, label, formula, COUNT, lambda counts: int(getattr(counts, key)))


# fmt: off
INDICATORS: tuple[Indicator, ...] = (
    _count("received", "留言数", "这个月收到的留言"),
    _count("valid", "有效留言", "留言数去掉广告、重复、辱骂、没有内容和测试"),
    _count("due", "应答复数", "有效留言去掉已并案的（由主办件答复）和不予受理的"),
    _count("replied", "答复数", "应答复的里面已经签发答复的"),
    _count("on_time", "按时答复数", "在时限那一刻之前签发答复的"),
    _count("overdue", "超期未答复数", "过了时限还没有签发答复的"),
    Indicator("reply_rate", "答复率", "答复数÷应答复数", SHARE,
              lambda c: share(c.replied, c.due), lambda c: c.due, ("replied", "due")),
    Indicator("on_time_rate", "按时率", "按时答复数÷（答复数＋超期未答复数）；还在时限内的不计", SHARE,
              lambda c: share(c.on_time, _judged(c)), _judged, ("on_time", "replied", "overdue")),
    Indicator("average_working_days", "平均用时", "从收到到签发答复的工作日数之和÷答复数；收到当天不算", DAYS,
              lambda c: mean(c.working_days, c.replied), lambda c: c.replied, ("replied",)),
    _count("reopened", "重办数", "答复以后又重新办理的"),
    _count("rated", "评价数", "来信人给出的评价"),
    Indicator("satisfaction", "满意率", "四分和五分的评价÷评价数", SHARE,
              lambda c: share(c.satisfied, c.rated), lambda c: c.rated, ("rated",)),
    _count("closed", "办结数", "这个月办结的，含不予受理"),
    _count("published", "公开数", "这个月办结的里面现在公开着的"),
    _count("withheld_privacy", "不公开：个人隐私", "审看后因个人隐私不公开的"),
    _count("withheld_secret", "不公开：涉密", "审看后因涉密不公开的"),
    _count("withheld_other", "不公开：其他", "审看后因其他原因不公开的，每件都写明依据"),
    _count("withdrawn", "已撤下", "公开过又撤下的"),
    _count("undecided", "待审看", "办结了，还没有决定是否公开的"),
)
# fmt: on
BY_KEY: Mapping[str, Indicator] = {indicator.key: indicator for indicator in INDICATORS}

# 办结数 is the sum of these, month by month: what the reconciling table shows (C4).
PARTS_OF_CLOSED = (
    "published",
    "withheld_privacy",
    "withheld_secret",
    "withheld_other",
    "withdrawn",
    "undecided",
)

Figure = float | int | str | None


def figure(indicator: Indicator, counts: Counts) -> Figure:
    """The exact figure, for staff."""
    return indicator.value(counts)


COUNTED = tuple(indicator.key for indicator in INDICATORS if indicator.base is None)
"""The figures that are plain counts: what is hidden where it is small."""


def public_figures(counts: Counts, small: Collection[str], beside: Collection[str]) -> dict[str, Figure]:
    """All figures of one group for the public: "<5" for those in ``small``, nothing for those in ``beside``.

    Shares of fewer than five cases are not told, nor those that would give a hidden count away.
    """
    return {row.key: _public(row, counts, small, beside) for row in INDICATORS}


def _public(indicator: Indicator, counts: Counts, small: Collection[str], beside: Collection[str]) -> Figure:
    if indicator.base is None:
        gone = SMALL if indicator.key in small else None
        return gone if indicator.key in {*small, *beside} else indicator.value(counts)
    if indicator.base(counts) < SMALLEST or any(key in beside for key in indicator.inputs):
        return None
    return _the_same_for_all(indicator, counts, [key for key in indicator.inputs if key in small])


def _the_same_for_all(indicator: Indicator, counts: Counts, unknown: list[str]) -> float | None:
    """The share if it is one and the same whatever 1 to 4 stands behind "<5": to a tenth, else to a whole."""
    possible = [
        indicator.value(replace(counts, **dict(zip(unknown, chosen, strict=True))))
        for chosen in product(range(1, SMALLEST), repeat=len(unknown))
    ]
    if len(set(possible)) == 1:
        return possible[0]
    whole = {round(value) for value in possible if value is not None}
    return float(whole.pop()) if len(whole) == 1 else None


def sums_within(group: str) -> Line:
    """办结数 is the sum of what became of those closed: one sum a reader can check in every group."""
    return Line((group, "closed"), tuple((group, part) for part in PARTS_OF_CLOSED))


def shown(indicator: Indicator, value: Figure) -> str:
    """A figure in words: 1,487 · 97.1% · 2.8 个工作日 · <5 · —."""
    if value is None:
        return "—"
    if isinstance(value, str):
        return value
    if indicator.unit == COUNT:
        return f"{int(value):,}"
    return f"{value}%" if indicator.unit == SHARE else f"{value} {DAYS}"


def adds_up(counts: Counts) -> bool:
    """Whether every closed case is public or counted with a reason (C4)."""
    parts: int = sum(getattr(counts, key) for key in PARTS_OF_CLOSED)
    return counts.closed == parts
