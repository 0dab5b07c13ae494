"""What do the figures of the library say, in words, and how are they worked out?"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

FEWEST = 5
"""Replies of each kind without which no time saved is told."""
FORMULA = (
    "节省的时间 =（没有用答案的答复起草分钟数的中位数 − 用了答案的中位数）× 用了答案的件数；"
    "起草分钟数从第一次保存算到送审，超过 8 小时的按 8 小时算；两类各不足 5 件时不算。"
)
LONGEST_DRAFTING = 480.0  # minutes; longer ones waited, nobody wrote for so long


@dataclass(frozen=True)
class Covered:
    """One category: letters that came, how many replies were drawn from the library, answers in force."""

    category: str
    letters: int
    drawn: int
    answers: int


@dataclass(frozen=True)
class Figures:
    """Figures of the library over a stretch of time. Minutes are of drafting."""

    replies: int
    drawn: int
    minutes_with: Sequence[float] = ()
    minutes_without: Sequence[float] = ()
    in_force: int = 0
    imported: int = 0
    stale: int = 0
    conflicts: int = 0
    follow_ups: int = 0
    coverage: Sequence[Covered] = field(default_factory=tuple)


def hours_saved(with_answer: Sequence[float], without: Sequence[float]) -> float | None:
    """Hours saved by `FORMULA`; None where too few replies are there to tell; never less than nothing."""
    if min(len(with_answer), len(without)) < FEWEST:
        return None
    capped = [[min(one, LONGEST_DRAFTING) for one in minutes] for minutes in (with_answer, without)]
    return max(0.0, (median(capped[1]) - median(capped[0])) * len(with_answer) / 60)


def told(figures: Figures) -> list[tuple[str, str]]:
    """The figures as label and words."""
    saved = hours_saved(figures.minutes_with, figures.minutes_without)
    share = f"{100 * figures.drawn / figures.replies:.0f}%" if figures.replies else "还没有答复"
    return [
        ("用答案答复的", f"{share}（{figures.drawn} / {figures.replies} 件）"),
        ("节省的起草时间", _saved(saved)),
        ("在用答案", f"{figures.in_force} 条，其中来自别的问答库 {figures.imported} 条"),
        ("要复核", f"{figures.stale} 条"),
        ("互相矛盾", f"{figures.conflicts} 对"),
        ("口径改了要跟着办", f"{figures.follow_ups} 项"),
    ]


def _saved(hours: float | None) -> str:
    if hours is None:
        return "件数不够，还不能算"
    return f"约 {hours:.1f} 小时" if hours >= _LEAST_TOLD else "还看不出来"


_LEAST_TOLD = 0.05
