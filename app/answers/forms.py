"""How does one answer read on each platform, within its limit? Whole, or short with the way to the whole; never cut.

A short form keeps every part that must be kept and ends in the address of the whole answer (C16, D3, beyond 7).
Counting is the platform's business: a counter is handed in (`connectors.registry.count_text`).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors import registry
from connectors.registry import UNIT_WORDS, Count, Form
from kb.wording import missing_parts

Counter = Callable[[str, str, bool | None], Count]
"""(platform, text, private) → count."""


FORMS = tuple(registry.FORMS.values())
"""Every form an answer goes out in."""


@dataclass(frozen=True)
class Rendered:
    """Exactly what would go out in one form. ``field``: of the form in which to write it otherwise."""

    form: Form
    text: str
    count: Count
    is_short: bool = False
    field: str = "short_text"

    @property
    def fits(self) -> bool:
        return self.count.fits

    @property
    def over(self) -> str:
        """By how much it does not fit, in words; empty where it does."""
        if self.fits or self.count.limit is None:
            return ""
        return f"超 {self.count.used - self.count.limit} {UNIT_WORDS[self.count.unit]}"


def rendered(
    text: str,
    *,
    short_text: str | None,
    forms: Mapping[str, str],
    must_keep: Sequence[str],
    link: str,
    count: Counter,
    among: Iterable[Form] = FORMS,
) -> list[Rendered]:
    """An answer in every form. Where nothing fits and keeps what must be kept, the nearest comes back, not fitting.

    The words written for a form go before the whole; else the whole where it fits; else the short text, what must
    be kept, or the first sentence, each with ``link``.
    """
    return [_rendered(form, text, short_text or "", forms, must_keep, link, count) for form in among]


def _rendered(
    form: Form,
    text: str,
    short_text: str,
    forms: Mapping[str, str],
    must_keep: Sequence[str],
    link: str,
    count: Counter,
) -> Rendered:
    def made(words: str, *, is_short: bool, field: str = "short_text") -> Rendered:
        return Rendered(form, words, count(form.platform, words, form.private), is_short, field)

    if own := forms.get(form.name, "").strip():
        return made(with_link(own, link), is_short=True, field=f"form-{form.name}")
    whole = made(text, is_short=False)
    if whole.fits:
        return whole
    kept = "；".join(part.rstrip("。；") for part in must_keep) + "。" if must_keep else ""
    for words in filter(None, (short_text.strip(), kept, _first(text))):
        short = made(with_link(words, link), is_short=True)
        if short.fits and not missing_parts(words, must_keep):
            return short
    return made(with_link(short_text, link), is_short=True) if short_text.strip() else whole


def with_link(words: str, link: str) -> str:
    """A short form with the address of the whole at its end, once."""
    bare = words.strip()
    return bare if not link or bare.endswith(link) else f"{bare}全文：{link}"


def problems(made: Iterable[Rendered], must_keep: Sequence[str]) -> list[tuple[str, str]]:
    """(field, words) of every form that cannot go out as it is: too long, or without what must be kept."""
    found = []
    for one in made:
        if one.over:
            todo = "请缩短" if one.is_short else "请写一段短文本"
            found.append((one.field, f"{one.form.label}放不下：{one.over}。{todo}。"))
        elif one.is_short and (missing := missing_parts(one.text, must_keep)):
            found.append((one.field, f"{one.form.label}缺少必须保留的内容：{'、'.join(missing)}。"))
    return found


def _first(text: str) -> str:
    found = re.match(r"[^。！？!?\n]*[。！？!?]?", text.strip())
    return found[0] if found else ""
