"""How does one text go out on each platform, within its limit? Whole or in a short form, never cut.

Counting is the platform's business: a counter is handed in (`connectors.registry.count_text`).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors import registry
from connectors.contract import PUBLIC_KINDS
from connectors.registry import Count

FIRST_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?]?")
GREETING = re.compile(r"^(您好|你好|网友|市民|尊敬的)[^。！!\n，,：:]{0,12}[。！!，,：:]\s*")

Counter = Callable[[str, str, bool], Count]
"""(platform, text, private) → count."""


@dataclass(frozen=True)
class Rendered:
    """Exactly what would go out to one platform. ``is_short``: the author's short form stands in.

    ``endings``  of which one may be added; ``count`` is of the text with the longest of them.
    """

    platform: str
    private: bool
    text: str
    count: Count
    is_short: bool = False
    endings: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        return self.count.fits


def is_private(platform: str, kind: str) -> bool:
    """Whether a reply to a message of this kind is seen by its writer alone; so on every platform."""
    return kind not in PUBLIC_KINDS


def form_of(platform: str, private: bool) -> str:
    """The name of a platform's form, the key of short texts: 'weibo', 'weibo.private', 'wechat.public'."""
    return registry.platform(platform).form_name(private)


def is_private_form(form: str) -> bool:
    """Whether what goes out in this form (see `form_of`) is seen by the citizen alone."""
    key = form.partition(".")[0]
    return form == form_of(key, private=True)


def label_of(form: str) -> str:
    """What a form is called; a platform for which no text is written goes by its own name."""
    known = registry.FORMS.get(form)
    return known.label if known else registry.platform(form.partition(".")[0]).label


def render(
    text: str,
    platform: str,
    private: bool,
    count: Counter,
    short_texts: Mapping[str, str] | None = None,
    endings: Mapping[str, Sequence[str]] | None = None,
) -> Rendered:
    """The form of ``text`` on one platform: whole where it fits, else the chosen short form.

    ``endings``: form → endings one of which may be added; room is kept for the longest. Where neither fits
    the whole text comes back with ``fits`` False: it cannot be sent there.
    """
    form = form_of(platform, private)
    may_end = tuple((endings or {}).get(form, ()))

    def made(words: str, is_short: bool) -> Rendered:
        counted = max(
            (count(platform, words + ending, private) for ending in ("", *may_end)), key=lambda one: one.used
        )
        return Rendered(platform, private, words, counted, is_short, may_end)

    whole = made(text, is_short=False)
    short = (short_texts or {}).get(form, "")
    return whole if whole.fits or not short else made(short, is_short=True)


def short_form(text: str, library_short: str, link: str, fits: Callable[[str], bool]) -> str:
    """A short form to offer the author: the library's, else the first sentence, and where the whole is.

    Empty where no honest short form fits; then the author must write one.
    """
    tail = f"全文：{link}" if link else ""
    return next((made for made in (f"{s}{tail}" for s in _shorts(text, library_short)) if fits(made)), "")


def _shorts(text: str, library_short: str) -> Sequence[str]:
    body = GREETING.sub("", text.strip())
    first = FIRST_SENTENCE.match(body)
    return [words for words in (library_short.strip(), first.group().strip() if first else "") if words]


def clean(text: str) -> str:
    """The text as it can be kept and sent: line ends as LF, no invisible control or half characters.

    Nothing a person can see is changed.
    """
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in unified if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return re.sub(r"[ \t]+\n", "\n", kept).strip()
