"""Under which licence is the data given away? A closed table of choices; without a choice, the first."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from app.base.errors import Invalid


@dataclass(frozen=True)
class Licence:
    """``name``: SPDX's, as far as there is one; ``path``: where its text stands; ``terms``: what it asks of readers."""

    name: str
    title: str
    path: str
    terms: str

    @property
    def told(self) -> dict[str, str]:
        """As Data Package v2 names a licence."""
        return {name: value for name, value in asdict(self).items() if name != "terms"}


GOVERNMENT = "government-open-data"
"""The licence of open data of the office's own government: with its name and its address."""

LICENCES: Mapping[str, Licence] = {
    licence.name: licence
    for licence in (
        Licence(
            "CC-BY-4.0",
            "知识共享 署名 4.0",
            "https://creativecommons.org/licenses/by/4.0/",
            "注明来源和下载日期，可以复制、加工、商用。",
        ),
        Licence(
            "CC0-1.0",
            "知识共享 公共领域贡献 1.0（CC0）",
            "https://creativecommons.org/publicdomain/zero/1.0/",
            "不用注明来源，可以复制、加工、商用。",
        ),
        Licence(GOVERNMENT, "", "", "怎样使用，见许可的全文。"),
    )
}
USUAL = LICENCES["CC-BY-4.0"]

# What may stand in an address without being escaped (RFC 3986), in a page, in XML and in Turtle alike.
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[A-Za-z0-9\-._~%!$&()*+,;=:@/?#]*)?")
LONGEST_TITLE = 60
LONGEST_PATH = 300


def chosen(name: str, title: str = "", path: str = "") -> Licence:
    """The licence of that name; the government's with its own ``title`` and ``path``.

    Raises `Invalid` for a name that is not in the table, a missing title, an address that is none.
    """
    if name not in LICENCES:
        raise Invalid("请选一种许可", field="licence")
    found = LICENCES[name]
    if name != GOVERNMENT:
        return found
    title, path = " ".join(title.split()), path.strip()
    if not title or len(title) > LONGEST_TITLE:
        raise Invalid(f"请写许可的名称，最多 {LONGEST_TITLE} 个字", field="licence_title")
    if len(path) > LONGEST_PATH or not _ADDRESS.fullmatch(path):
        raise Invalid("请写许可全文的网址，https:// 开头，不带汉字和空格", field="licence_path")
    return Licence(name, title, path, found.terms)
