"""Which items are in a text or a mail that people copied: "label: value" lines, or the cells of a page?

网站标识码：4403000004
问题描述：首页的联系电话
打不通。
"""

import re
from collections.abc import Callable, Collection
from html.parser import HTMLParser

LINE = re.compile(r"[\s>*·•]*[【\[]?([^：:\t\]】\n]{1,20}?)[】\]]?\s*[：:\t]\s*(.*)")
"""A label of at most 20 characters, with the quotation marks of a forwarded mail before it."""
SIGNATURE = re.compile(r"-- ?|_{5,}|-{5,}|={5,}")
MAX_LINES = 200_000
_BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table"})
_UNSHOWN = frozenset({"script", "style", "head", "title", "template"})

Block = tuple[int, dict[str, str]]
"""The line (from 1) where an item begins, and what it says by column."""


def blocks(
    text: str, column_of: Callable[[str], str | None], multiline: Collection[str], wanted: Collection[str]
) -> list[Block]:
    """The items of a text. ``column_of`` tells the column that a label means.

    An item begins anew where a label comes a second time. A line without a label goes on with the value
    above it where that is one of ``multiline``; after an empty line only with one of ``wanted``, and after
    the line that parts off a signature with none. A text that never says all of ``wanted`` holds none.
    """
    found: list[Block] = []
    last = ""
    for number, line in enumerate(text.splitlines()[:MAX_LINES], start=1):
        label, value = _parted(line, column_of)
        if label:
            if not found or label in found[-1][1]:
                found.append((number, {}))
            found[-1][1][label] = value
            last = label
        elif SIGNATURE.fullmatch(line.strip()):
            last = ""
        elif not line.strip():
            last = last if last in wanted else ""
        elif last in multiline and found:
            item = found[-1][1]
            item[last] = f"{item[last]}\n{line.strip('> ')}".strip()
    says = [set(item) for _, item in found]
    # Two things at least, as a table's header must: a lone "内容：" is in many a sentence.
    return found if any(set(wanted) <= names and len(names) >= 2 for names in says) else []


def _parted(line: str, column_of: Callable[[str], str | None]) -> tuple[str, str]:
    found = LINE.match(line[:20_000])
    label = column_of(found[1]) if found else None
    return (label, found[2].strip()) if found and label else ("", "")


class _Shown(HTMLParser):
    """What a page shows: lines of text, and its tables cell by cell."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.cell: list[str] | None = None
        self.unshown = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.unshown += tag in _UNSHOWN
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._end_cell()
            self.cell = []
        if tag in _BREAKS:
            self._say("\n")

    def handle_endtag(self, tag: str) -> None:
        self.unshown = max(self.unshown - (tag in _UNSHOWN), 0)
        if tag in ("td", "th", "tr", "table"):
            self._end_cell()
        if tag in _BREAKS:
            self._say("\n")

    def handle_data(self, data: str) -> None:
        if not self.unshown:
            self._say(re.sub(r"\s+", " ", data))

    def _say(self, words: str) -> None:
        self.parts.append(words)
        if self.cell is not None:
            self.cell.append(words)

    def _end_cell(self) -> None:
        if self.cell is not None:
            if self.tables and self.tables[-1]:
                self.tables[-1][-1].append("".join(self.cell).strip())
            self.parts.append("\t")
            self.cell = None


def shown(html: str) -> tuple[str, list[list[list[str]]]]:
    """The text of a page as it is seen, cells parted by tabs, and its tables as rows of cells.

    Nothing in it is run or fetched.
    """
    page = _Shown()
    page.feed(html[:2_000_000])
    page.close()
    lines = [line.strip(" ") for line in "".join(page.parts).splitlines()]
    return "\n".join(lines), page.tables
