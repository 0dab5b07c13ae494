"""When do two entries rest on the same document? By its number 文号, or its title where it has none."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from kb.analysis import fold

_LONGEST = 200


def identity_of(item: Mapping[str, Any]) -> str:
    """The one spelling of a document's number, else of its title; empty for neither.

    云政发[2025] 12 号 and 云政发〔2025〕12号 are one document.
    """
    plain = fold(str(item.get("number") or "") or str(item.get("title") or ""))
    plain = re.sub(r"[\[【(（〔]", "〔", re.sub(r"[\]】)）〕]", "〕", plain))
    return re.sub(r"[\s《》〈〉]", "", plain)[:_LONGEST]


def distinct(basis: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The documents of a basis by identity, each once, in their order."""
    return {identity: item for item in basis if (identity := identity_of(item))}
