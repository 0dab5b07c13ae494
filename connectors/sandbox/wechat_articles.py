"""What stands below the articles of a local WeChat, and which were read on which day?

The calls answer as WeChat's do: numbers from 0, pages of at most 49, one reply for each comment.
Source: developers.weixin.qq.com, api_listcomment, api_replycomment, api_getarticlesummary.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
MOST_PER_PAGE = 49
MOST_FEATURED = 100
LONGEST_REPLY = 140

Answer = dict[str, Any] | int
"""What a call gives back, or the code with which it is refused."""


@dataclass
class Comment:
    """One comment; ``openid`` None: written under another identity than WeChat's."""

    number: int
    openid: str | None
    text: str
    at: datetime
    featured: bool = False
    deleted: bool = False
    reply: tuple[str, datetime] | None = None

    def as_json(self, times_as_text: bool) -> dict[str, Any]:
        """As the list shows it."""

        def shown(at: datetime) -> int | str:
            seconds = int(at.timestamp())
            return str(seconds) if times_as_text else seconds

        made: dict[str, Any] = {
            "user_comment_id": self.number,
            "create_time": shown(self.at),
            "content": self.text,
            "comment_type": int(self.featured),
        }
        made |= {"openid": self.openid} if self.openid else {}
        if self.reply:
            made["reply"] = {"content": self.reply[0], "create_time": shown(self.reply[1])}
        return made


@dataclass
class Article:
    """One article of a publication; ``open``: people may comment on it."""

    comments: dict[int, Comment] = field(default_factory=dict)
    read_on: set[date] = field(default_factory=set)
    open: bool = True
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))


@dataclass
class Articles:
    """All articles of the account, by (msg_data_id, index from 0).

    ``privilege``: the account has comments at all. ``shuffle``: the order changes from page to page.
    """

    by_place: dict[tuple[int, int], Article] = field(default_factory=dict)
    privilege: bool = True
    shuffle: bool = False
    times_as_text: bool = False
    _turns: "itertools.count[int]" = field(default_factory=itertools.count)

    def publish(self, msg_data_id: int, how_many: int, at: datetime) -> None:
        """A publication with so many articles, read on the same day."""
        for index in range(how_many):
            self.by_place.setdefault((msg_data_id, index), Article()).read_on.add(day_of(at))

    def comment(self, place: tuple[int, int], openid: str | None, text: str, at: datetime) -> int:
        """Somebody reads an article and writes below it. Returns the comment's number within it."""
        article = self.by_place[place]
        article.read_on.add(day_of(at))
        number = next(article.numbers)
        article.comments[number] = Comment(number, openid, text, at)
        return number

    def called(self, call: str, given: Mapping[str, Any], now: datetime) -> Answer:
        """Carry out one call under ``comment/``."""
        if not self.privilege:
            return 88000
        place = (given.get("msg_data_id"), given.get("index", 0))
        article = self.by_place.get(place)  # type: ignore[arg-type]  # a wrong place is no place
        if article is None:
            return 88001
        if call in ("open", "close"):
            article.open = call == "open"
            return {}
        if not article.open:
            return 88002
        if call == "list":
            return self._page(article, given)
        comment = article.comments.get(given.get("user_comment_id", 0))
        if comment is None or (comment.deleted and call != "markelect"):
            return 88008
        return CHANGES[call](article, comment, str(given.get("content", "")), now)

    def read_on(self, day: date) -> list[dict[str, Any]]:
        """The statistics of a day: positions are counted from 1 here."""
        return [
            {"ref_date": day.isoformat(), "msgid": f"{mid}_{index + 1}", "title": "示例文章"}
            for (mid, index), article in self.by_place.items()
            if day in article.read_on
        ]

    def _page(self, article: Article, given: Mapping[str, Any]) -> Answer:
        begin, count = given.get("begin", 0), given.get("count", 0)
        if not isinstance(count, int) or not 0 < count <= MOST_PER_PAGE:
            return 88010
        there = [c for c in article.comments.values() if not c.deleted]
        there = [c for c in there if given.get("type", 0) in (0, 2 if c.featured else 1)]
        if self.shuffle and next(self._turns) % 2:
            there.reverse()
        page = there[begin : begin + count]
        return {"total": len(there), "comment": [c.as_json(self.times_as_text) for c in page]}


def day_of(at: datetime) -> date:
    """The day in Beijing."""
    return at.astimezone(SHANGHAI).date()


def _reply(article: Article, comment: Comment, content: str, now: datetime) -> Answer:
    if comment.reply:
        return 88005
    if not content.strip() or len(content) > LONGEST_REPLY:
        return 88007
    comment.reply = (content, now)
    return {}


def _delete_reply(article: Article, comment: Comment, content: str, now: datetime) -> Answer:
    if comment.reply is None:
        return 88008
    comment.reply = None
    return {}


def _feature(article: Article, comment: Comment, content: str, now: datetime) -> Answer:
    if comment.deleted:
        return 88004
    if sum(one.featured for one in article.comments.values()) >= MOST_FEATURED:
        return 88003
    comment.featured = True
    return {}


def _unfeature(article: Article, comment: Comment, content: str, now: datetime) -> Answer:
    comment.featured = False
    return {}


def _delete(article: Article, comment: Comment, content: str, now: datetime) -> Answer:
    comment.deleted = True
    return {}


CHANGES: dict[str, Callable[[Article, Comment, str, datetime], Answer]] = {
    "reply/add": _reply,
    "reply/delete": _delete_reply,
    "markelect": _feature,
    "unmarkelect": _unfeature,
    "delete": _delete,
}
"""Calls that change one comment."""

CALLS = ("open", "close", "list", *CHANGES)
