"""What in a new case must somebody notice at once? Words, crowds, volumes; each signal says why."""

import math
from collections.abc import Iterable, Mapping, Sequence
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


def watched(own: Iterable[tuple[str, str, bool]]) -> dict[str, tuple[str, ...]]:
    """The shipped words with what the office says of its own: (topic, word, watched). A topic without words
    is left out."""
    words = {topic: list(shipped) for topic, shipped in WORDS.items()}
    for topic, word, is_watched in own:
        listed = words.setdefault(topic, [])
        if is_watched and word not in listed:
            listed.append(word)
        elif not is_watched and word in listed:
            listed.remove(word)
    return {topic: tuple(listed) for topic, listed in words.items() if listed}


def signals_in(text: str, words: Mapping[str, Sequence[str]] = WORDS) -> list[Signal]:
    """One signal per group whose words occur."""
    return [
        Signal(group, f"提到“{'”“'.join(word for word in listed if word in text)}”")
        for group, listed in words.items()
        if any(word in text for word in listed)
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


SURGE = "surge"
SURGE_LEAST = 8
"""Fewer in a day are no surge, however quiet it was before."""
SURGE_CHANCE = 0.001
"""So improbable must a day be, were it like the days before."""
SURGE_DAYS = 28


def surge(topic: str, today: int, before: Sequence[int]) -> Signal | None:
    """Far more of a topic in the last 24 hours (``today``) than in the windows of 24 hours ``before``.

    Against the topic's own history: a Poisson day with the mean of those windows (and half a case, so that a
    topic never seen before has a mean) would bring as many by chance less than once in a thousand days.
    """
    if today < SURGE_LEAST or not before:
        return None
    mean = (sum(before) + 0.5) / len(before)
    if _at_least(today, mean) >= SURGE_CHANCE:
        return None
    usual = sum(before) / len(before)
    named = f"“{topic}”" if topic else "来信总数"
    return Signal(f"{SURGE}:{topic}", f"{named}一天内 {today} 件，平时每天约 {usual:.1f} 件，明显增多")


def _at_least(count: int, mean: float) -> float:
    """The chance of ``count`` or more where ``mean`` are expected (Poisson)."""
    below = sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(count))
    return max(0.0, 1.0 - below)
