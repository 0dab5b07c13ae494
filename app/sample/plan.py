"""Which letter arrives when, and how far does its case get? A pure rule: tables, a day, a calendar, dice."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from app.calendar.workdays import SHANGHAI, Calendar, nth_working_day
from app.cases.deadlines import MessageType
from app.cases.profiles import DEFAULT_PROFILE, PROFILES
from app.sample.material import Letter, Odd

TOTAL = 400
DAYS = 60
MERGED = 12
WITHHELD, WITHDRAWN, WAITING = 15, 3, 10
IMPORTED = frozenset({"hotline", "corrections"})
"""Platforms whose messages are brought by file, twice a day."""

# How far a case gets, in this order.
STOPS = (
    "new", "accepted", "assigned", "in_progress", "drafted", "waiting",
    "first", "second", "final", "release", "replied", "closed",
)  # fmt: skip


@dataclass(frozen=True)
class Fate:
    """One row: how many cases stop where, when they arrived, and what happens to them on the way.

    Exactly one of the four says when: ``days`` and ``workdays`` ago, ``hours`` ago, or ``due`` that many
    working days from today (0: today, or the next working day).
    """

    count: int
    stop: str
    traits: frozenset[str] = frozenset()
    days: tuple[int, int] | None = None
    workdays: tuple[int, int] | None = None
    hours: tuple[int, int] | None = None
    due: tuple[int, int] | None = None
    platforms: frozenset[str] = frozenset()


def _fate(
    count: int, stop: str, *traits: str, platforms: Sequence[str] = (), **when: tuple[int, int]
) -> Fate:
    return Fate(count, stop, frozenset(traits), platforms=frozenset(platforms), **when)


LIVE = ("wechat", "weibo", "website")
# fmt: off
FATES = (
    _fate(4,  "new", platforms=LIVE, days=(0, 0)),
    _fate(4,  "accepted", platforms=LIVE, workdays=(1, 1)),
    _fate(1,  "accepted", "clerk", platforms=LIVE, workdays=(2, 2)),
    _fate(2,  "accepted", "returned", workdays=(2, 3)),
    _fate(6,  "assigned", workdays=(1, 2)),
    _fate(2,  "in_progress", workdays=(2, 3)),
    _fate(2,  "in_progress", "verified", workdays=(2, 3)),
    _fate(6,  "drafted", workdays=(2, 4)),
    _fate(2,  "in_progress", "extension_asked", workdays=(3, 4)),
    _fate(2,  "in_progress", "extension_granted", workdays=(3, 4)),
    _fate(2,  "in_progress", "complex", workdays=(4, 9)),
    _fate(1,  "in_progress", "extension_refused", workdays=(4, 4)),
    _fate(3,  "in_progress", due=(-3, -1)),
    _fate(2,  "in_progress", "supervised", "reminded", due=(-4, -2)),
    _fate(1,  "assigned", "reminded", due=(-2, -1)),
    _fate(2,  "drafted", due=(-2, -1)),
    _fate(1,  "second", due=(-1, -1)),
    _fate(3,  "drafted", due=(0, 0)),
    _fate(1,  "final", due=(0, 0)),
    _fate(1,  "in_progress", "watched", due=(0, 0)),
    _fate(2,  "drafted", platforms=("wechat",), hours=(41, 45)),
    _fate(5,  "waiting", workdays=(2, 4)),
    _fate(4,  "first", workdays=(3, 4)),
    _fate(3,  "second", workdays=(3, 4)),
    _fate(2,  "final", workdays=(3, 4)),
    _fate(2,  "release", workdays=(3, 4)),
    _fate(3,  "drafted", "sent_back", workdays=(3, 4)),
    _fate(3,  "closed", "reopened", "open_again", days=(13, 20)),
    _fate(1,  "replied", "corrected", workdays=(6, 6)),
    _fate(12, "replied", workdays=(4, 6)),
    _fate(2,  "replied", "unknown", platforms=("wechat",), workdays=(4, 5)),
    _fate(2,  "replied", "unentered", platforms=tuple(IMPORTED), workdays=(4, 5)),
    _fate(6,  "declined", days=(8, 55)),
    _fate(2,  "closed", "unknown", "settled", platforms=("wechat",), days=(15, 50)),
    _fate(3,  "closed", "unsubscribed", platforms=("wechat",), days=(12, 50)),
    _fate(4,  "closed", "reopened", days=(30, 55)),
    _fate(6,  "closed", "asked", platforms=("wechat", "website"), days=(22, 55)),
    _fate(8,  "closed", "returned", days=(18, 55)),
    _fate(4,  "closed", "transferred", days=(18, 55)),
    _fate(10, "closed", "sent_back", days=(18, 55)),
    _fate(6,  "closed", "verified", days=(20, 55)),
    _fate(6,  "closed", "extension_granted", days=(30, 58)),
    _fate(3,  "closed", "extension_refused", days=(24, 55)),
    _fate(11, "closed", "late", days=(26, 58)),
    _fate(3,  "closed", "late", "supervised", "reminded", days=(26, 58)),
    _fate(4,  "closed", "action", "corrected", days=(24, 50)),
    _fate(40, "closed", "action", days=(14, 58)),
    _fate(5,  "closed", "complex", days=(26, 58)),
)
# fmt: on
"""All but the closed cases without anything special, which fill up to `TOTAL`."""
PLAIN = _fate(0, "closed", days=(9, 59))
NO_CORRECTIONS = frozenset(
    {"first", "second", "final", "release", "drafted", "waiting", "in_progress", "assigned"}
)
TOO_LONG_FOR_CORRECTIONS = frozenset(
    {"extension_granted", "late", "asked", "returned", "complex", "open_again"}
)
"""A correction is due the next working day: one that rests for days is another kind of example."""


@dataclass(frozen=True)
class Plan:
    """One case: what is written, when it arrives, how far it gets.

    ``patience``: office hours between the department's having it and the draft. ``matter``: number
    shared by a case and the one merged into it, else 0. ``disclosure``: publish, withhold, withdraw,
    wait. ``stars``: the citizen's rating, 0 for none.
    """

    index: int
    letter: Letter
    arrives_at: datetime
    stop: str
    traits: frozenset[str] = frozenset()
    patience: float = 0
    matter: int = 0
    disclosure: str = "publish"
    stars: int = 0
    odd: Odd | None = field(default=None)

    @property
    def text(self) -> str:
        """What arrives."""
        return self.odd.text if self.odd else self.letter.text

    @property
    def platform(self) -> str:
        """Where it arrives."""
        return self.odd.platform if self.odd else self.letter.platform


def plans(
    letters: Sequence[Letter], odd: Sequence[Odd], now: datetime, calendar: Calendar, total: int
) -> list[Plan]:
    """``total`` plans up to ``now``; the same day gives the same ones. Fewer than `TOTAL`: of every kind some."""
    dice = Random(20261121)
    made = [*_invalid(odd, now, dice), *_in_pairs(letters, now, calendar, dice), *_crowd(letters, now, dice)]
    fates = _fates(TOTAL - len(made))
    uses = _uses(letters, len(fates), {plan.letter.title for plan in made}, dice)
    made += _matched(uses, fates, now, calendar, dice)
    if total < len(made):
        made = _fewer(made, total)
    made.sort(key=lambda plan: plan.arrives_at)
    return _disclosed([replace(plan, index=index) for index, plan in enumerate(made)], now, dice)


def _fates(count: int) -> list[Fate]:
    special = [fate for fate in FATES for _ in range(fate.count)]
    return special + [PLAIN] * (count - len(special))


def _uses(letters: Sequence[Letter], count: int, used: set[str], dice: Random) -> list[Letter]:
    """Every letter as it is, then again with other words, until there are enough."""
    made: list[Letter] = [letter for letter in letters if letter.title not in used]
    turn = 1
    while len(made) < count:
        again = [varied(letter, turn, dice) for letter in letters]
        dice.shuffle(again)
        made += again[: count - len(made)]
        turn += 1
    return made


def _matched(
    uses: list[Letter], fates: list[Fate], now: datetime, calendar: Calendar, dice: Random
) -> Iterator[Plan]:
    """Give each letter a fate it fits; those that cannot be old choose first."""
    left = list(fates)
    today = now.astimezone(SHANGHAI).date()
    dice.shuffle(left)
    # The particular fates first, so that the plain ones are what is left over.
    left.sort(key=lambda fate: fate is PLAIN)
    uses = sorted(uses, key=lambda letter: letter.not_before or date.min, reverse=True)
    for letter in uses:
        fate = next(
            (one for one in left if _fits(letter, one, today, calendar)),
            next((one for one in left if one is PLAIN), left[0]),
        )
        left.remove(fate)
        yield _planned(letter, fate, now, calendar, dice)


def _fits(letter: Letter, fate: Fate, today: date, calendar: Calendar) -> bool:
    if fate.platforms and letter.platform not in fate.platforms:
        return False
    if letter.type == "correction" and fate.stop in NO_CORRECTIONS and not fate.due:
        return False
    if letter.type == "correction" and fate.traits & TOO_LONG_FOR_CORRECTIONS:
        return False
    if letter.platform in IMPORTED and fate.hours:
        return False
    if fate.stop == "declined" and letter.outcome not in ("not_ours", "cannot"):
        return False
    if fate.stop != "declined" and letter.outcome == "not_ours" and fate is not PLAIN:
        return False
    return letter.not_before is None or letter.not_before <= _earliest(letter, fate, today, calendar)


def _earliest(letter: Letter, fate: Fate, today: date, calendar: Calendar) -> date:
    """The latest day before which the fate still makes sense: its far end, or for closed ones the near end."""
    if fate.days:
        return today - timedelta(days=fate.days[0])
    if fate.workdays:
        return nth_working_day(today, -fate.workdays[1], calendar)
    if fate.due:
        return _received_on(letter, fate.due[0], today, calendar)
    return today - timedelta(days=1)


def _received_on(letter: Letter, due: int, today: date, calendar: Calendar) -> date:
    on = today if calendar.is_working_day(today) else nth_working_day(today, 1, calendar)
    if due:
        on = nth_working_day(today, due, calendar)
    return nth_working_day(on, -_limit(letter), calendar)


def _limit(letter: Letter) -> int:
    return PROFILES[DEFAULT_PROFILE].days[MessageType(letter.type)]


def _planned(letter: Letter, fate: Fate, now: datetime, calendar: Calendar, dice: Random) -> Plan:
    today = now.astimezone(SHANGHAI).date()
    arrives_at = _arrival(letter, fate, now, today, calendar, dice)
    age = (today - arrives_at.astimezone(SHANGHAI).date()).days
    traits = set(fate.traits)
    if fate.stop == "closed" and age > 22 and dice.random() < 0.3:
        traits.add("left_to_close")
    return Plan(
        index=0,
        letter=letter,
        arrives_at=arrives_at,
        stop=fate.stop,
        traits=frozenset(traits),
        patience=_patience(letter, fate, age, dice),
        stars=dice.choice((5, 5, 5, 4, 4, 3, 2, 1)) if dice.random() < 0.4 else 0,
    )


def _patience(letter: Letter, fate: Fate, age: int, dice: Random) -> float:
    """Office hours until the draft: WeChat's window is short, old cases took their time, late ones too long."""
    limit = _limit(letter)
    if "late" in fate.traits:
        return 8.0 * (limit + dice.choice((0, 1, 2)))
    if fate.due and fate.stop in STOPS[6:]:
        return 8.0 * max(limit - 2.5, 0)
    if limit == 1 or fate.stop != "closed" or letter.platform == "wechat":
        return dice.uniform(0.1, 2.0)
    most = 8.0 * (limit - 3) if age > 20 else 5.0
    return dice.uniform(0.5, most)


def _arrival(
    letter: Letter, fate: Fate, now: datetime, today: date, calendar: Calendar, dice: Random
) -> datetime:
    if fate.hours:
        return now - timedelta(hours=dice.uniform(*fate.hours))
    if fate.due:
        return _at(_received_on(letter, dice.randint(*fate.due), today, calendar), dice, 8, 16)
    if fate.workdays:
        return _at(nth_working_day(today, -dice.randint(*fate.workdays), calendar), dice, 8, 15)
    assert fate.days is not None
    if fate.days == (0, 0):
        midnight = datetime.combine(today, time(), SHANGHAI)
        return (midnight + (now - midnight) * dice.uniform(0.3, 0.97)).astimezone(UTC)
    on = today - timedelta(days=_days_ago(letter, fate.days, today, dice))
    if not calendar.is_working_day(on) and dice.random() < LEFT_FOR_WORKING_DAYS:
        on = today - timedelta(days=_days_ago(letter, fate.days, today, dice))
    if "unknown" in fate.traits:  # it must be sent while WeChat's window is open
        return _at(nth_working_day(on, -1, calendar), dice, 8, 9)
    return _at(max(on, letter.not_before or on), dice, 7, 22)


LEFT_FOR_WORKING_DAYS = 0.6
"""Fewer people write on weekends and holidays."""


def _days_ago(letter: Letter, days: tuple[int, int], today: date, dice: Random) -> int:
    nearest, farthest = days
    if letter.not_before:
        farthest = max(nearest, min(farthest, (today - letter.not_before).days))
    return dice.randint(nearest, farthest)


def _at(on: date, dice: Random, first: int, last: int) -> datetime:
    """An instant of that day in Shanghai, between two hours."""
    seconds = dice.randrange(first * 3600, last * 3600)
    return (datetime.combine(on, time(), SHANGHAI) + timedelta(seconds=seconds)).astimezone(UTC)


# ------------------------------------------------------------------ the same matter twice, and no matter at all


def _in_pairs(letters: Sequence[Letter], now: datetime, calendar: Calendar, dice: Random) -> list[Plan]:
    """Letters about one matter: the later one is merged into the earlier one."""
    pairs = [
        (letters[letter.repeat_of], letter)
        for letter in letters
        if letter.repeat_of is not None
        and "correction" not in (letter.type, letters[letter.repeat_of].type)
        and letter.platform not in IMPORTED
        and letters[letter.repeat_of].platform not in IMPORTED
    ]
    pairs.sort(key=lambda pair: pair[1].not_before or date.min, reverse=True)
    made: list[Plan] = []
    today = now.astimezone(SHANGHAI).date()
    for chief, again in pairs[:MERGED]:
        latest = max(chief.not_before or date.min, again.not_before or date.min)
        is_fresh = latest > today - timedelta(days=16)
        fate = _fate(1, "in_progress", workdays=(3, 3)) if is_fresh else _fate(1, "closed", days=(17, 50))
        master = _planned(chief, fate, now, calendar, dice)
        follows = master.arrives_at + timedelta(hours=dice.uniform(0.6, 5))
        matter = len(made) // 2 + 1
        made.append(replace(master, patience=12.0, matter=matter))
        made.append(Plan(0, again, follows, "merged", matter=matter))
    return made


def _crowd(letters: Sequence[Letter], now: datetime, dice: Random) -> Iterator[Plan]:
    """Several people write the same within a day: the office is told."""
    said = next(letter for letter in letters if CROWD in letter.text and letter.platform in LIVE)
    openings = ("", *OPENINGS, *ENDINGS)[:CROWD_OF]
    for place, words in enumerate(openings):
        same = replace(said, platform=LIVE[place % len(LIVE)], text=f"{words}{said.text}")
        yield Plan(0, same, now - timedelta(hours=26 - 5 * place - dice.uniform(0, 3)), "new")


CROWD, CROWD_OF = "湖畔新苑", 5


def _invalid(odd: Sequence[Odd], now: datetime, dice: Random) -> list[Plan]:
    nobody = Letter("", "comment", "", None, "", "", "", None, None, False, "ordinary", (), None, "", "")
    today = now.astimezone(SHANGHAI).date()
    return [
        Plan(
            0,
            nobody,
            _at(today - timedelta(days=dice.randint(4, 50)), dice, 8, 21)
            if one.reason
            else now - (now - datetime.combine(today, time(), SHANGHAI)) * 0.2,
            "invalid" if one.reason else "new",
            odd=one,
        )
        for one in odd
    ]


def _fewer(made: list[Plan], total: int) -> list[Plan]:
    """Pairs stay together; the rest is thinned out evenly."""
    paired = [plan for plan in made if plan.matter]
    kept_pairs = paired[: max(2, len(paired) * total // len(made) // 2 * 2)]
    rest = [plan for plan in made if plan not in paired]
    wanted = max(total - len(kept_pairs), 0)
    step = len(rest) / max(wanted, 1)
    return kept_pairs + [rest[int(position * step)] for position in range(wanted)]


def _disclosed(made: list[Plan], now: datetime, dice: Random) -> list[Plan]:
    """What becomes of the closed ones in public."""
    share = len(made) / TOTAL
    closed = [
        plan for plan in made if plan.stop in ("closed", "declined") and "open_again" not in plan.traits
    ]
    delicate = [
        plan for plan in closed if not plan.letter.public_consent or plan.letter.sensitivity != "ordinary"
    ]
    others = [plan for plan in closed if plan not in delicate]
    dice.shuffle(others)
    chosen: dict[int, str] = {}

    def choose(among: list[Plan], count: int, what: str) -> None:
        free = [plan for plan in among if plan.index not in chosen]
        chosen.update((plan.index, what) for plan in free[: round(count * share) or 1])

    recent = sorted(closed, key=lambda plan: plan.arrives_at, reverse=True)
    choose(recent, WAITING, "wait")
    choose(delicate, WITHHELD - 3, "withhold")
    choose(others, 3, "withhold")
    choose([plan for plan in others if plan.arrives_at < now - timedelta(days=25)], WITHDRAWN, "withdraw")
    return [replace(plan, disclosure=chosen.get(plan.index, plan.disclosure)) for plan in made]


# ------------------------------------------------------------------ the same letter in other words

PLACES = ("城东区", "临湖区", "云门区", "高新区", "青芦县")
OPENINGS = ("您好！", "你好！", "您好。", "")
ENDINGS = ("谢谢。", "盼回复。", "麻烦帮忙看看。", "等您答复，谢谢。")
GREETINGS = ("您好！", "网友您好！", "您好，来信已收到。", "您好，感谢来信。")
_GREETED = re.compile(r"^(你好|您好|请问|想问|打扰|麻烦|来电|@)")
_PHONE = re.compile(r"13900000\d{3}")


def varied(letter: Letter, turn: int, dice: Random) -> Letter:
    """The same matter as another person writes it: other words around it, another place, another number."""
    swap: dict[str, str] = {}
    if letter.place and letter.repeat_of is None and letter.place not in letter.reply:
        swap[letter.place] = dice.choice([place for place in PLACES if place != letter.place])
    for number in _PHONE.findall(letter.text):
        swap[number] = f"13900000{dice.randrange(100, 1000)}"
    opening = "" if _GREETED.match(letter.text) else dice.choice(OPENINGS)
    ending = dice.choice(ENDINGS) if letter.platform != "hotline" else ""
    stop = "" if not ending or letter.text[-1] in "。！？!?…" else "。"
    return replace(
        letter,
        place=swap.get(letter.place or "", letter.place),
        title=_swapped(letter.title, swap),
        text=opening + _swapped(letter.text, swap) + stop + ending,
        personal=tuple(_swapped(words, swap) for words in letter.personal),
        reply=letter.reply.replace(GREETINGS[0], GREETINGS[turn % len(GREETINGS)], 1),
        repeat_of=None,
    )


def _swapped(text: str, swap: Mapping[str, str]) -> str:
    for old, new in swap.items():
        text = text.replace(old, new)
    return text
