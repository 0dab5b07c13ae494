"""Who is named once more, and who is listed beside somebody named? What one place of a letter gives away, another uses.

A name that a cue or a title gave away is the same name where it stands bare, its given name alone as well (王小明
… 小明); and what stands between 、 and 、 beside a name, and is made like one, is another.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from app.redaction.found import Found, Kind
from app.redaction.names import NOT_PERSON_AFTER, PLAIN_TITLES, is_full_name, surname_of
from app.redaction.words import is_frequent, is_ordinary


def listed(plain: str, names: Iterable[Found]) -> Iterator[Found]:
    """The neighbours in a list of each of ``names``, onward and back, until one that is known already."""
    known = list(names)
    starts, ends = {name.start for name in known}, {name.end for name in known}
    for name in known:
        at = name.end
        while (match := NEXT.match(plain, at)) is not None and match.start("name") not in starts:
            if not _is_listed(match["name"]):
                break
            yield Found(*match.span("name"), Kind.NAME, "并列的姓名")
            at = match.end("name")
            starts.add(match.start("name"))
        at = name.start
        while (match := LAST.search(plain, max(0, at - FARTHEST), at)) is not None and match.end(
            "name"
        ) not in ends:
            if not _is_listed(match["name"]):
                break
            yield Found(*match.span("name"), Kind.NAME, "并列的姓名")
            at = match.start("name")
            ends.add(match.end("name"))


_ENDS = r"[、，。；：！？,.;:!?()\s和与及等]"
NEXT = re.compile(rf"[、,，](?P<name>[\u4e00-\u9fff]{{2,4}}?)(?={_ENDS}|$)")
LAST = re.compile(rf"(?:^|(?<={_ENDS}))(?P<name>[\u4e00-\u9fff]{{2,4}})[、,，]$")
FARTHEST = 6


def _is_listed(text: str) -> bool:
    return is_full_name(text) and not is_ordinary(text) and not is_frequent(text)


def again(plain: str, names: Iterable[Found]) -> Iterator[Found]:
    """Every other place where a name of ``names`` stands, whole or without the surname."""
    written = {plain[name.start : name.end] for name in names}
    wanted = sorted({form for name in written for form in _forms(name)}, reverse=True)
    if not wanted:
        return
    for match in re.finditer("|".join(map(re.escape, wanted[:MOST])), plain):
        if not NOT_PERSON_AFTER.match(plain, match.end()):
            yield Found(*match.span(), Kind.NAME, "文中已出现的姓名")


MOST = 300
"""Names looked for in one piece of text: bounds the time."""


def _forms(name: str) -> Sequence[str]:
    """The name without a title, and the given name of two characters when it is no word."""
    name = next((name[: -len(title)] for title in TITLES if name.endswith(title)), name)
    surname = surname_of(name)
    if HAN_NAME.fullmatch(name) is None or not surname or is_ordinary(name) or is_frequent(name):
        return ()
    given = name[len(surname) :]
    is_telling = (
        len(given) == 2 and given[0] != given[1] and not is_ordinary(given) and not is_frequent(given)
    )
    return (name, given) if is_telling else (name,)


TITLES = sorted(PLAIN_TITLES, key=len, reverse=True)
HAN_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")
