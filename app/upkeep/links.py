"""Can a page that answers rest on still be opened, and does it still say what it said? (C17, E12)

A page is kept as digests of its sentences: menus, dates of the day and counters of visits are no sentences,
so only what the office relied on counts. A page that lost a sentence has changed; one that gained some has not.
"""

import html
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256

from kb.states import RecheckReason


class State(StrEnum):
    """What is known of a page."""

    NEW = "new"
    OK = "ok"
    DEAD = "dead"
    UNSURE = "unsure"  # it did not answer lately; the office's own line may be down
    INSIDE = "inside"  # its address may not be called from here


EVERY = timedelta(days=7)
AGAIN = timedelta(days=1)
"""A page that did not answer is asked again the next day."""
DEAD_AFTER = 3
"""Days without an answer; that a page is gone (404, 410) is said once."""
GONE = frozenset({404, 410})
LONGEST = 1_000_000  # bytes
MOST_SENTENCES = 400
_COMPARED = 300  # of a page cut at the most, so that what was put in above pushes nothing out
_SHORTEST = 10


@dataclass(frozen=True)
class Seen:
    """What one look found. ``status`` 0: nobody answered; ``sentences`` empty: nothing to compare."""

    status: int
    sentences: tuple[str, ...] = ()
    is_inside: bool = False


@dataclass(frozen=True)
class Judged:
    """What the page's row says from now on, and what it means for the answers that rest on it."""

    state: State
    failures: int
    sentences: tuple[str, ...]
    due_in: timedelta
    news: RecheckReason | None = None
    is_back: bool = False


def judge(state: str, failures: int, kept: tuple[str, ...], seen: Seen, *, is_online: bool) -> Judged:
    """What ``seen`` means for a page of which ``kept`` was known.

    ``is_online``: another page answered in the same round; without it, that this one did not says nothing.
    """
    if seen.is_inside:
        return Judged(State.INSIDE, 0, kept, EVERY)
    if seen.status in GONE:
        return _dead(state, failures + 1, kept)
    if seen.status == 0 or seen.status >= 500:
        if not is_online:
            return Judged(State(state), failures, kept, AGAIN)
        if failures + 1 >= DEAD_AFTER:
            return _dead(state, failures + 1, kept)
        return Judged(State.DEAD if state == State.DEAD else State.UNSURE, failures + 1, kept, AGAIN)
    lost = bool(seen.sentences) and not set(kept[:_COMPARED]) <= set(seen.sentences)
    return Judged(
        State.OK,
        0,
        seen.sentences or kept,
        EVERY,
        RecheckReason.SOURCE_CHANGED if lost else None,
        is_back=state == State.DEAD,
    )


def _dead(state: str, failures: int, kept: tuple[str, ...]) -> Judged:
    news = None if state == State.DEAD else RecheckReason.DEAD_LINK
    return Judged(State.DEAD, failures, kept, EVERY, news)


_HIDDEN = re.compile(r"<(script|style|noscript|template|select)\b.*?</\1\s*>|<!--.*?-->", re.S | re.I)
_BREAK = re.compile(r"</?(?:p|div|br|li|tr|td|h[1-6]|section|article|ul|ol|table)\b[^>]*>", re.I)
_TAG = re.compile(r"<[^>]*>")
_SENTENCE = re.compile(r"[^。；！？\n]+[。；！？]")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]{3,20})", re.I)


def sentences_of(data: bytes, content_type: str) -> tuple[str, ...]:
    """The digests of the sentences of a page, in order, each once; of any other file one for all of it."""
    kind = content_type.partition(";")[0].strip().lower()
    if "html" not in kind and not (kind in {"", "text/plain"} and b"<html" in data[:2_000].lower()):
        return (_digest(data),) if data else ()
    text = _BREAK.sub("\n", _HIDDEN.sub(" ", _decoded(data, content_type)))
    plain = html.unescape(_TAG.sub("", text))
    said = ("".join(found.split()) for found in _SENTENCE.findall(plain))
    long_enough = (one for one in said if len(one) >= _SHORTEST)
    return tuple(dict.fromkeys(_digest(one.encode()) for one in long_enough))[:MOST_SENTENCES]


def _decoded(data: bytes, content_type: str) -> str:
    named = _CHARSET.search(content_type.encode()) or _CHARSET.search(data[:2_000])
    wanted = named[1].decode("ascii", "replace").lower() if named else "utf-8"
    for encoding in ("gb18030" if wanted in {"gb2312", "gbk", "gb18030"} else wanted, "utf-8"):
        try:
            return data.decode(encoding, "replace")
        except LookupError:
            continue
    return ""


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()[:8]
