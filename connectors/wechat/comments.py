"""What did people write below our articles? Nobody tells us: all pages of the recent articles are asked for.

A comment's number means something only within its article, and the articles of one publication are counted
from 0 here (in pushes and statistics from 1). The order of the list is not promised, and it shifts while
people write: everything is read each time, and told apart by its key.
Source: developers.weixin.qq.com, api_listcomment, api_replycomment, api_getarticlesummary.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Protocol

from connectors.contract import FetchResult, IncomingMessage, RawItem
from connectors.errors import DeliveryError, PayloadError
from connectors.wechat.events import article_of

PAGE_SIZE = 49
"""Fifty is refused according to one page of the documentation, allowed according to another."""
BEIJING = timezone(timedelta(hours=8))
STATISTICS_READY = timedelta(hours=8)
"""Yesterday's statistics are complete at eight in the morning."""
ARTICLE = re.compile(r"([0-9]{1,19}):([0-7])")
SUMMARY_ID = re.compile(r"([0-9]{1,19})_([1-8])")


class Calls(Protocol):
    """The two calls that are needed, each with the account's token in it."""

    def articles_read_on(self, day: date) -> Sequence[Any]:
        """Rows of statistics of the articles that were read on this day."""

    def comments(self, msg_data_id: int, index: int, begin: int, count: int) -> tuple[Sequence[Any], int]:
        """One page of comments, and how many there are in all."""


# ---------------------------------------------------------------- reading one


def read_comment(body: bytes) -> IncomingMessage:
    """One kept comment as a message. Raises PayloadError."""
    kept = _object(_json(body))
    comment = _object(kept.get("comment"))
    place = f"{_number(kept.get('msg_data_id'))}:{_number(kept.get('index'))}"
    number = _number(comment.get("user_comment_id"))
    sender = comment.get("openid")
    extra = {"article": place, "featured": "yes" if str(comment.get("comment_type")) == "1" else ""}
    return IncomingMessage(
        platform="wechat",
        external_id=f"comment:{place}:{number}",
        kind="comment",
        # Missing where the reader commented under another identity than WeChat's.
        sender=sender if isinstance(sender, str) and sender else None,
        text=_text(comment.get("content")),
        sent_at=_instant(comment.get("create_time")),
        thread={
            "msg_data_id": place.partition(":")[0],
            "index": place.partition(":")[2],
            "user_comment_id": number,
        },
        answer=_answer(comment),
        extra={name: value for name, value in extra.items() if value},
    )


def _answer(comment: Mapping[str, Any]) -> str:
    reply = comment.get("reply")
    return _text(reply.get("content")) if isinstance(reply, dict) else ""


def _raw(article: str, comment: Any) -> RawItem:
    """A comment as it came, with its place. It counts as new again once an answer stands below it."""
    mid, _, index = article.partition(":")
    kept = {"msg_data_id": int(mid), "index": int(index), "comment": comment}
    body = json.dumps(kept, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    given = comment if isinstance(comment, dict) else {}
    same = [article, given.get("user_comment_id"), given.get("content"), _answer(given)]
    key = json.dumps(same, ensure_ascii=False) if "user_comment_id" in given else body.decode("utf-8")
    return RawItem(hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest(), body)


# ---------------------------------------------------------------- which articles


@dataclass(frozen=True)
class Watch:
    """Whose comments are read: each article with the last day on which it was published or read.

    ``asked``: the last day whose statistics were brought. ``todo``: the articles of a round that was cut
    off, the one to go on with first; ``begin``: how far that one was read.
    """

    articles: Mapping[str, date]
    asked: date | None = None
    todo: tuple[str, ...] = ()
    begin: int = 0

    @classmethod
    def from_cursor(cls, cursor: Mapping[str, str]) -> "Watch":
        """What a cursor says."""
        pairs = (pair.rpartition("@") for pair in cursor.get("articles", "").split())
        asked = cursor.get("asked", "")
        return cls(
            {article: date.fromisoformat(day) for article, _, day in pairs},
            date.fromisoformat(asked) if asked else None,
            tuple(cursor.get("todo", "").split()),
            int(cursor.get("begin", "0")),
        )

    def cursor(self) -> dict[str, str]:
        """As texts, for the app to keep."""
        made = {
            "articles": " ".join(f"{article}@{day}" for article, day in sorted(self.articles.items())),
            "asked": self.asked.isoformat() if self.asked else "",
            "todo": " ".join(self.todo),
            "begin": str(self.begin) if self.begin else "",
        }
        return {name: value for name, value in made.items() if value}

    def seen(self, articles: Iterable[str], day: date) -> "Watch":
        """With these articles, seen on this day."""
        later = {a: max(day, self.articles.get(a, day)) for a in articles if ARTICLE.fullmatch(a)}
        return replace(self, articles={**self.articles, **later})

    def without_older_than(self, oldest: date) -> "Watch":
        """Without the articles nobody has read for so long."""
        return replace(self, articles={a: day for a, day in self.articles.items() if day >= oldest})


def articles_in(hints: Sequence[Mapping[str, str]]) -> list[str]:
    """The articles that pushes have told of."""
    return [article for hint in hints for article in hint.get("articles", "").split()]


def articles_in_text(addresses: str) -> list[str]:
    """The articles whose addresses an administrator has entered. Raises ValueError for a short address."""
    found = [article_of(address) for address in addresses.split()]
    if not all(found):
        raise ValueError("文章网址须是含有 mid= 和 idx= 的完整网址，请在电脑上打开文章后复制。")
    return found


# ---------------------------------------------------------------- one round


@dataclass
class Round:
    """One round of asking: statistics of the days since the last one, then every page of every article."""

    calls: Calls
    watch: Watch
    budget: int | None
    made: int = 0
    items: list[RawItem] = field(default_factory=list)
    listed: dict[str, frozenset[str]] = field(default_factory=dict)

    def run(self, now: datetime, days: int, typed: Sequence[str], hints: Sequence[str]) -> FetchResult:
        """Go as far as the budget reaches. Raises DeliveryError where the very first call fails."""
        today = now.astimezone(BEIJING).date()
        trouble: DeliveryError | None = None
        try:
            trouble = self._learn(now, today, days)
            self.watch = self.watch.seen([*typed, *hints], today).without_older_than(today - timedelta(days))
            self._read_all()
        except DeliveryError as failed:
            if not self.items and self.made <= 1:
                raise
            trouble = failed
        return FetchResult(tuple(self.items), self.watch.cursor(), self.made, trouble, self.listed)

    @property
    def _is_spent(self) -> bool:
        return self.budget is not None and self.made >= self.budget

    def _learn(self, now: datetime, today: date, days: int) -> DeliveryError | None:
        """Which articles were read on the days of which we have not heard yet?

        An account without the right to statistics still has the articles that pushes told of, and those
        that were entered: its error is handed back, any other raised.
        """
        last = (now.astimezone(BEIJING) - STATISTICS_READY).date() - timedelta(days=1)
        first = today - timedelta(days=days)
        day = max(self.watch.asked + timedelta(days=1), first) if self.watch.asked else first
        while day <= last and not self._is_spent:
            self.made += 1
            try:
                rows = self.calls.articles_read_on(day)
            except DeliveryError as failed:
                if failed.code in NO_STATISTICS:
                    return failed
                raise
            self.watch = replace(self.watch.seen(map(_summary_article, rows), day), asked=day)
            day += timedelta(days=1)
        return None

    def _read_all(self) -> None:
        """Every article; a round that was cut off is finished before a new one begins."""
        newest_first = sorted(self.watch.articles, key=lambda a: (self.watch.articles[a], a), reverse=True)
        todo = [a for a in self.watch.todo if a in self.watch.articles] or newest_first
        begin = self.watch.begin if todo[:1] == list(self.watch.todo[:1]) else 0
        while todo:
            self.watch = replace(self.watch, todo=tuple(todo), begin=begin)
            if self._is_spent:
                return
            begin = self._read(todo[0], begin)
            if not begin:
                todo.pop(0)
        self.watch = replace(self.watch, todo=(), begin=0)

    def _read(self, article: str, begin: int) -> int:
        """The pages of one article. Returns 0 at its end, else where to go on."""
        mid, _, index = article.partition(":")
        ids: set[str] = set()
        totals: set[int] = set()
        is_whole = begin == 0
        while not self._is_spent:
            self.made += 1
            try:
                page, total = self.calls.comments(int(mid), int(index), begin, PAGE_SIZE)
            except DeliveryError as failed:
                if failed.code in GONE:
                    return 0
                raise
            self.items += [_raw(article, comment) for comment in page]
            ids |= {str(c["user_comment_id"]) for c in page if isinstance(c, dict) and "user_comment_id" in c}
            totals.add(total)
            begin += PAGE_SIZE
            if not page or begin >= total:
                # While people write or delete, items move from page to page and may be missed.
                if is_whole and totals == {len(ids)}:
                    self.listed[f"comment:{article}:"] = frozenset(f"comment:{article}:{n}" for n in ids)
                return 0
        return begin


GONE = frozenset({"88001", "88002"})
"""The article was taken away or does not allow comments: it has none to read."""


NO_STATISTICS = frozenset({"48001"})
"""The account may not ask for statistics."""


def _summary_article(row: Any) -> str:
    """ "mid:index" from a row of statistics, which counts the articles of a publication from 1."""
    found = SUMMARY_ID.fullmatch(str(row.get("msgid", ""))) if isinstance(row, dict) else None
    return f"{found[1]}:{int(found[2]) - 1}" if found else ""


# ---------------------------------------------------------------- values from outside


def _json(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise PayloadError("not JSON") from None


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise PayloadError("not an object")
    return value


def _number(value: Any) -> str:
    """A whole number of up to 19 digits as text; they pass the limits of 32 bits."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"[0-9]{1,19}", text):
        raise PayloadError("no number")
    return text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _instant(value: Any) -> datetime:
    """Seconds since 1970, as a number or (in older samples) as text."""
    digits = str(value) if isinstance(value, int | str) else ""
    if not re.fullmatch(r"[0-9]{9,10}", digits):
        raise PayloadError("create_time is no time")
    return datetime.fromtimestamp(int(digits), UTC)
