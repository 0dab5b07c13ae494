"""Which platforms are there, and what does each impose on a reply? One row per platform."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from connectors.contract import Connector
from connectors.corrections.connector import CorrectionsConnector
from connectors.douyin.connector import MAX_COMMENT as MAX_DOUYIN_COMMENT
from connectors.douyin.connector import DouyinConnector
from connectors.errors import NotOffered
from connectors.hotline.connector import HotlineConnector
from connectors.website.connector import WebsiteConnector
from connectors.wechat.connector import MAX_COMMENT as MAX_ARTICLE_COMMENT
from connectors.wechat.connector import MAX_REPLY_BYTES, WeChatConnector
from connectors.weibo.codes import REPEATED
from connectors.weibo.connector import WeiboConnector
from connectors.weibo.length import MAX_COMMENT, MAX_PRIVATE, weibo_length


@dataclass(frozen=True)
class Window:
    """How long after the citizen's last message, and how many times (None: any number), the platform
    carries our reply. Our own sends do not move it."""

    lasts: timedelta
    replies: int | None


@dataclass(frozen=True)
class Form:
    """One form in which a text goes out on a platform. ``private``: one person alone sees it; None: there is
    only one form. ``name``: the platform's key for its usual form, else with ``.private`` or ``.public``."""

    name: str
    label: str
    platform: str
    private: bool | None


@dataclass(frozen=True)
class Platform:
    """``unit``       in what the platform counts a reply: bytes (UTF-8), chars (half-width = ½), points
                 (code points), None
    ``longest``, ``window``   longest reply in that unit, and in which time
    ``longest_private``, ``window_private``   the same for private messages, where they differ
    ``longest_public``, ``unit_public``   the same for replies everybody can read, where they differ
    ``delivers``   api: we send; by_hand: a person enters it there; page: it appears on our progress page
    ``polls``, ``receives``, ``imports``   how messages come: we ask, they push, people bring files
    ``usual_private``   whether one person alone sees a reply in the usual form (None: there is no other)
    ``form_labels``   what its forms are called, the usual one first; none where no text is written for it
    ``short``   what it is called where there is little room, see `short_label`
    ``repeat_codes``   with which codes it refuses the same words twice in public; empty: it does not
    """

    key: str
    label: str
    connector: type[Connector]
    delivers: str
    unit: str | None = None
    longest: int | None = None
    longest_private: int | None = None
    longest_public: int | None = None
    unit_public: str | None = None
    window: Window | None = None
    window_private: Window | None = None
    receives: bool = False
    polls: bool = False
    imports: bool = False
    usual_private: bool | None = None
    form_labels: tuple[str, ...] = ()
    repeat_codes: frozenset[str] = frozenset()
    short: str = ""

    def window_for(self, private: bool) -> Window | None:
        """In which time a reply must go out: no platform here limits those that everybody can read."""
        return (self.window_private or self.window) if private else None

    def form_name(self, private: bool) -> str:
        """The name of one of its forms: 'weibo', 'weibo.private', 'wechat.public'."""
        if private != (self.usual_private is False):
            return self.key
        return f"{self.key}.{'private' if private else 'public'}"

    @property
    def forms(self) -> tuple[Form, ...]:
        """Its forms, the usual one first."""
        usual = self.usual_private
        both = (usual, usual if usual is None else not usual)
        return tuple(
            Form(self.key if seen is None else self.form_name(seen), label, self.key, seen)
            for label, seen in zip(self.form_labels, both, strict=False)
        )

    def limit_for(self, private: bool | None) -> tuple[int | None, str | None]:
        """The longest reply and its unit: in private, in public, or (None) in the platform's usual form."""
        if private and self.longest_private:
            return self.longest_private, self.unit
        if private is False and self.longest_public:
            return self.longest_public, self.unit_public
        return self.longest, self.unit


# fmt: off
PLATFORMS: dict[str, Platform] = {row.key: row for row in (
    Platform("wechat",      "微信公众号",       WeChatConnector,      "api",
             unit="bytes", longest=MAX_REPLY_BYTES, window=Window(timedelta(hours=48), 5),
             unit_public="points", longest_public=MAX_ARTICLE_COMMENT, receives=True, polls=True,
             usual_private=True, form_labels=("微信消息", "微信文章留言"), short="微信"),
    Platform("weibo",       "微博",             WeiboConnector,       "api",
             unit="chars", longest=MAX_COMMENT, longest_private=MAX_PRIVATE,
             window_private=Window(timedelta(hours=48), None), receives=True, polls=True,
             usual_private=False, form_labels=("微博评论", "微博私信"), repeat_codes=REPEATED, short="微博"),
    Platform("douyin",      "抖音",             DouyinConnector,      "api",
             unit="points", longest=MAX_DOUYIN_COMMENT, receives=True, polls=True,
             usual_private=False, form_labels=("抖音评论",)),
    Platform("corrections", "我为政府网站找错", CorrectionsConnector, "by_hand",
             polls=True, imports=True, short="找错"),
    Platform("website",     "政府网站来信",     WebsiteConnector,     "page",
             form_labels=("网站与查询页",), short="网站"),
    Platform("hotline",     "12345 热线",       HotlineConnector,     "by_hand", imports=True,
             form_labels=("12345 热线",), short="热线"),
)}
# fmt: on

FORMS: dict[str, Form] = {
    form.name: form
    for row in sorted(PLATFORMS.values(), key=lambda row: row.delivers != "page")
    for form in row.forms
}
"""Every form by its name, our own page first: it always shows the whole text."""


class Count(NamedTuple):
    """How long a text is for a platform: ``used`` of ``limit`` (None: no limit) in ``unit``."""

    used: int
    limit: int | None
    unit: str | None

    @property
    def fits(self) -> bool:
        """True where the platform carries the whole text."""
        return self.limit is None or self.used <= self.limit


def platform(key: str) -> Platform:
    """The row of this platform. Raises NotOffered."""
    try:
        return PLATFORMS[key]
    except KeyError:
        raise NotOffered(f"no such platform: {key[:40]}") from None


def short_label(key: str) -> str:
    """What a platform is called in a list; a key that is none is given back."""
    row = PLATFORMS.get(key)
    return (row.short or row.label) if row else key


def count_text(platform_key: str, text: str, private: bool | None = None) -> Count:
    """Count a reply as its platform does: in private, in public, or in the usual form. Raises NotOffered."""
    limit, unit = platform(platform_key).limit_for(private)
    return Count(COUNTERS[unit](text), limit, unit)


COUNTERS: dict[str | None, Callable[[str], int]] = {
    "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "chars": weibo_length,
    "points": len,
    None: len,
}
"""How to count, by unit. Without a unit it is code points, for information only."""
UNIT_WORDS: Mapping[str | None, str] = {"bytes": "字节", "chars": "字", "points": "字", None: "字"}
"""What a unit is called."""
