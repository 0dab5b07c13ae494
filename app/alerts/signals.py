"""What in a new case must somebody notice at once? Words and bursts; each signal says why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

# 重大事件、群体性事件、灾情疫情 (E11) and what citizens write when it is urgent. Shipped; an office adds its own.
WORDS: dict[str, tuple[str, ...]] = {
    "群体性事件": ("聚集", "围堵", "集体上访", "拉横幅", "罢工", "停运"),
    "安全事故": ("爆炸", "坍塌", "着火", "燃气泄漏", "触电", "中毒", "踩踏", "溺水"),
    "灾情疫情": ("洪水", "塌方", "地震", "疫情", "传染"),
    "人身安全": ("自杀", "跳楼", "轻生", "家暴", "拐卖"),
    "网络热议": ("曝光", "找媒体", "发抖音", "上热搜"),
}
BURST_OF = 5
BURST_LIKENESS = 0.5
BURST = "burst"
ABUSE = "abuse"
ABUSE_WITHIN = timedelta(hours=4)


@dataclass(frozen=True)
class Signal:
    """`key` makes it unique per case; `words` are ours; ``within`` is how soon a person must have looked."""

    key: str
    words: str
    within: timedelta | None = None


def signals_in(text: str) -> list[Signal]:
    """One signal per group whose words occur."""
    return [
        Signal(group, f"提到“{'”“'.join(word for word in words if word in text)}”")
        for group, words in WORDS.items()
        if any(word in text for word in words)
    ]


def burst(alike: Sequence[int], master: str = "") -> Signal | None:
    """Several people write the same: ``alike`` are the other cases of the last days, ``master`` the number of
    the one that could take them in."""
    if len(alike) + 1 < BURST_OF:
        return None
    proposed = f"，建议以 {master} 为主办件" if master else ""
    return Signal(BURST, f"近几天有 {len(alike) + 1} 件说的像是同一件事，可考虑并案{proposed}")


def abuse(flagged: bool) -> Signal | None:
    """Somebody is probably abused: a person looks within hours, around the clock; until then nothing is shown."""
    if not flagged:
        return None
    return Signal(ABUSE, "像是在辱骂人，请看是否标为无效；来信原文不会自动公开", ABUSE_WITHIN)
