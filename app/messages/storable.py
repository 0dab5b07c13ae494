"""Which characters of a message can be kept in every database? All but NUL and half characters.

JSON lets anybody send either (as an escape); PostgreSQL takes no NUL and nothing encodes a half character.
They are shown as U+FFFD, the sign for "something unreadable stood here"; the arrival keeps the bytes.
"""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

Kept = TypeVar("Kept")
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_INSTEAD = "\ufffd"


def storable(message: Kept) -> Kept:
    """The same dataclass with every text in it, also inside mappings, fit to be kept."""
    changes = {field.name: _clean(getattr(message, field.name)) for field in fields(message)}  # type: ignore[arg-type]
    return replace(message, **changes)  # type: ignore[type-var]


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _UNKEEPABLE.sub(_INSTEAD, value)
    if isinstance(value, Mapping):
        return {_clean(name): _clean(one) for name, one in value.items()}
    return value
