"""How may a place be told, and how more coarsely: 社区 or 村, then 街道 or 镇, then 区 or 县?

Only what administers is a place here. A road, an estate, a house number is never told of a public case,
however many letters name it: five letters about one house are not five people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

ABOVE, DISTRICT, STREET, COMMUNITY = range(4)
"""Levels from the coarsest: what districts lie in, 区 县 旗 (and 县级市), 街道 镇 乡, 社区 村."""

# What names end with, the longer endings first: 社区 is no 区.
_ENDINGS: tuple[tuple[str, int], ...] = (
    ("街道办事处", STREET), ("居委会", COMMUNITY), ("村委会", COMMUNITY), ("行政村", COMMUNITY),
    ("自治县", DISTRICT), ("自治旗", DISTRICT), ("自治区", ABOVE), ("自治州", ABOVE),
    ("社区", COMMUNITY), ("嘎查", COMMUNITY), ("街道", STREET), ("苏木", STREET), ("地区", ABOVE),
    ("村", COMMUNITY), ("镇", STREET), ("乡", STREET),
    ("区", DISTRICT), ("县", DISTRICT), ("旗", DISTRICT), ("省", ABOVE), ("市", ABOVE),
)  # fmt: skip
# What shows, when it follows, that the name goes on: 下村镇, 新乡市, 城区街道, 沙市区.
_GOES_ON: Mapping[int, tuple[str, ...]] = {
    COMMUNITY: ("街道", "社区", "镇", "乡", "区", "县", "市"),
    STREET: ("街道", "社区", "区", "县", "市", "村"),
    DISTRICT: ("街道", "社区"),
    ABOVE: ("街道", "社区", "区"),
}
# Sites that end like a district.
_SITES = tuple(f"{kind}区" for kind in "小校院库景片厂营园")
# What stands before an ending without being a name: 我村, 全市, 城中村.
_NO_NAMES = frozenset(
    ("我", "本", "全", "各", "某", "该", "这", "那", "农", "城", "我们", "咱们", "城中", "小")
)
_LONGEST = 10


@dataclass(frozen=True)
class Part:
    """One name of a place and its level."""

    name: str
    level: int


Path = tuple[Part, ...]
"""A place from the coarsest name to the finest, each of a finer level than the one before."""


@lru_cache(maxsize=4_096)
def path_of(words: str) -> Path:
    """The names with which ``words`` begin, from 区 or 县 down; what follows them is left out.

    A 省 or 市 is left out too, for an office's cases lie in it; but a 市 within a 市 is a district (县级市).
    """
    words = "".join(words.split())
    found: list[Part] = []
    at = 0
    while part := _next(words, at):
        if found and part.level <= found[-1].level != ABOVE:
            break
        found.append(part)
        at += len(part.name)
    above = [part for part in found if part.level == ABOVE and part.name.endswith("市")]
    below = tuple(part for part in found if part.level != ABOVE)
    if len(above) > 1 and not (below and below[0].level == DISTRICT):
        return (Part(above[-1].name, DISTRICT), *below)
    return below


def _next(words: str, at: int) -> Part | None:
    for end in range(at + 2, min(at + _LONGEST, len(words)) + 1):
        name, rest = words[at:end], words[end:]
        if not name.isalpha() or name.endswith(_SITES):
            return None
        ending = next((row for row in _ENDINGS if name.endswith(row[0])), None)
        if ending and len(name) > len(ending[0]) and not rest.startswith(_GOES_ON[ending[1]]):
            return None if name.removesuffix(ending[0]) in _NO_NAMES else Part(name, ending[1])
    return None


class Places:
    """The places that an office names itself: its own and those of its responsibility table.

    A place that stands alone (幸福社区) gets what is above it from the entries that have it, where they agree.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = frozenset(known)
        self._above = _above(self._known)

    def told(self, place: str, finest: int = COMMUNITY) -> str:
        """``place`` with nothing finer than ``finest``; empty where nothing is left of it.

        What the office names itself and is of no level (大学城) is told as it stands, or not at all.
        """
        path = path_of(place)
        if not path:
            return place if place in self._known and finest == COMMUNITY else ""
        whole = (*self._above.get(path[0], ()), *path)
        return "".join(part.name for part in whole if part.level <= finest)


def _above(known: Iterable[str]) -> Mapping[Part, Path]:
    """What stands above a name, where all entries that have it agree."""
    seen: dict[Part, set[Path]] = {}
    for path in map(path_of, known):
        for position, part in enumerate(path[1:], 1):
            seen.setdefault(part, set()).add(path[:position])
    return {part: next(iter(paths)) for part, paths in seen.items() if len(paths) == 1}
