"""The days counted over again, by somebody who has not read the product's code: a table typed in from the
State Council's notices of 2021 to 2026, and one day after the other.

Nothing here imports the product.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
ONE = timedelta(days=1)

# Rest days "from-to" and make-up workdays, month and day, as each notice lists them.
NOTICES = {
    2021: (
        "0101-0103 0211-0217 0403-0405 0501-0505 0612-0614 0919-0921 1001-1007",
        "0207 0220 0425 0508 0918 0926 1009",
    ),
    2022: (
        "0101-0103 0131-0206 0403-0405 0430-0504 0603-0605 0910-0912 1001-1007 1231-1231",
        "0129 0130 0402 0424 0507 1008 1009",
    ),
    2023: (
        "0101-0102 0121-0127 0405-0405 0429-0503 0622-0624 0929-1006",
        "0128 0129 0423 0506 0625 1007 1008",
    ),
    2024: (
        "0101-0101 0210-0217 0404-0406 0501-0505 0610-0610 0915-0917 1001-1007",
        "0204 0218 0407 0428 0511 0914 0929 1012",
    ),
    2025: ("0101-0101 0128-0204 0404-0406 0501-0505 0531-0602 1001-1008", "0126 0208 0427 0928 1011"),
    2026: (
        "0101-0103 0215-0223 0404-0406 0501-0505 0619-0621 0925-0927 1001-1007",
        "0104 0214 0228 0509 0920 1010",
    ),
}


def _day(year: int, text: str) -> date:
    return date(year, int(text[:2]), int(text[2:]))


def _free() -> set[date]:
    found = set()
    for year, (spans, _) in NOTICES.items():
        for span in spans.split():
            day, last = _day(year, span[:4]), _day(year, span[5:])
            while day <= last:
                found.add(day)
                day += ONE
    return found


FREE = _free()
MADE_UP = {_day(year, text) for year, (_, days) in NOTICES.items() for text in days.split()}


def works(day: date) -> bool:
    """Whether offices work on this day."""
    if day in MADE_UP:
        return True
    return day not in FREE and day.isoweekday() < 6


def after(day: date, n: int) -> date:
    """The n-th working day after this one, before it for a negative number."""
    while n:
        day += ONE if n > 0 else -ONE
        if works(day):
            n -= 1 if n > 0 else -1
    return day


def due_day(received: date, n: int, waited: frozenset[date] = frozenset()) -> date:
    """The day on which n working days are over; days of waiting for the citizen are not counted."""
    while n:
        received += ONE
        if works(received) and received not in waited:
            n -= 1
    return received


def clock(day: date, hour: int, minute: int = 0) -> datetime:
    """An hour of a day in China; 24 is the end of it."""
    if hour == 24:
        day, hour = day + ONE, 0
    return datetime.combine(day, time(hour, minute), CHINA)


# ------------------------------------------------------------------ reminders, told from the manual

OPENS, CLOSES = (9, 0), (17, 30)
# Per cent of the time for 受理, 交办, 起草送审, 初审, 复审, 终审, 签发.
PARTS = {"accept": 5, "assign": 10, "draft": 45, "first": 10, "second": 10, "final": 10, "release": 10}
ONE_DAY_PARTS = {"accept": 5, "assign": 5, "draft": 25, "first": 20, "second": 15, "final": 15, "release": 15}
DAYS = {
    "consultation": 5,
    "suggestion": 7,
    "complaint": 7,
    "help": 7,
    "correction": 1,
    "report": 7,
    "comment": 7,
}
COMPLEX_DAYS, URGENT_HOURS = 15, 24


def opening(moment: datetime) -> datetime:
    """The moment itself if the office is open then, else when it opens again."""
    here = moment.astimezone(CHINA)
    day = here.date()
    if works(day) and clock(day, *OPENS) <= here < clock(day, *CLOSES):
        return moment
    if works(day) and here < clock(day, *OPENS):
        return clock(day, *OPENS)
    return clock(after(day, 1), *OPENS)


def last_day(due: datetime) -> date:
    """The day that is over at this due instant."""
    return (due.astimezone(CHINA) - timedelta(seconds=1)).date()


def step_time(
    step: str, began: datetime, due: datetime, waited: frozenset[date], hours: bool, n: int
) -> datetime:
    """By when a step should be done: its share, and those before it, of the office's open time."""
    parts = ONE_DAY_PARTS if hours or n <= 1 else PARTS
    share = 0
    for name, part in parts.items():
        share += part
        if name == step:
            break
    if share == 100:
        return due
    if hours:
        return began + (due - began) * share / 100
    length = timedelta(hours=CLOSES[0] - OPENS[0], minutes=CLOSES[1] - OPENS[1])
    day, days = began.astimezone(CHINA).date(), []
    while day < last_day(due):
        day += ONE
        if works(day) and day not in waited:
            days.append(day)
    left = length * len(days) * share / 100
    at = due
    for day in days:
        if left <= length:
            at = clock(day, *OPENS) + left
            break
        left -= length
    if step in ("accept", "assign"):
        at = min(at, clock(after(began.astimezone(CHINA).date(), 1), *CLOSES))
    return at


def moments(began: datetime, due: datetime, hours: bool) -> dict[str, datetime]:
    """From when each reminder of a case is to be given."""
    if hours:
        before = due - timedelta(hours=1)
        return {
            "hour_soon": before if before > began else began + (due - began) / 2,
            "hour_due": due,
            "hour_late": due + timedelta(hours=2),
        }
    last = last_day(due)
    eve = after(last, -1)
    soon = clock(last, 14) if eve <= began.astimezone(CHINA).date() else clock(eve, 9)
    return {
        "due_soon": soon,
        "due": clock(last, 9),
        "overdue_1": clock(after(last, 1), 9),
        "overdue_5": clock(after(last, 5), 9),
    }
