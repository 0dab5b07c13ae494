"""How do answers travel between libraries? Signed statements, in pages, with the way they came.

A statement says what one library has in force under a key, or that it withdrew it. Its owner signs it, so
that nobody on the way can change it; a page is signed by whoever hands it on. A library's id is the digest
of its public key: an id cannot be claimed without the key (clauses D10, E15, beyond 10).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from kb.errors import EntryInvalid
from kb.exchange import is_whole

FORMAT = "huiying-federation/1"
LONGEST_PATH = 8
"""Libraries an answer may pass; longer ways are mistakes."""
MOST_ITEMS = 500


class Level(StrEnum):
    """Whose library it is; an answer from above precedes one from below."""

    NATIONAL = "national"
    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    DEPARTMENT = "department"


LEVEL_LABELS = {
    Level.NATIONAL: "国家",
    Level.PROVINCE: "省",
    Level.CITY: "市",
    Level.DISTRICT: "区",
    Level.DEPARTMENT: "部门",
}
_ORDER = tuple(Level)


class What(StrEnum):
    """What a statement says of an answer."""

    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a page: what the owner signed, and the libraries it passed, the owner first."""

    statement: Mapping[str, Any]
    signature: str
    path: tuple[str, ...]

    @property
    def origin(self) -> str:
        return str(self.statement["origin"])

    @property
    def key(self) -> str:
        return str(self.statement["key"])

    @property
    def sequence(self) -> int:
        return int(self.statement["sequence"])


def precedes(left: str, right: str) -> bool:
    """Whether an answer of level ``left`` goes before one of level ``right``: 国家 > 省 > 市 > 区 > 部门."""
    return _ORDER.index(Level(left)) < _ORDER.index(Level(right))


def library_id(public_key: str) -> str:
    """The id of the library that holds this key (base64): 40 hex digits of the key's SHA-256."""
    return sha256(public_key.encode()).hexdigest()[:40]


def canonical(value: Mapping[str, Any]) -> str:
    """The one way a value is written to be signed: JSON, keys in order, no spaces (as RFC 8785 for our values)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def page_words(page: Mapping[str, Any]) -> str:
    """What the signature of a page is about: everything in it but the signature."""
    return canonical({name: value for name, value in page.items() if name != "signature"})


def read_page(page: Any) -> tuple[Mapping[str, Any], list[Item], str, bool]:
    """(library, items, next cursor, more) of a page as it came. Raises ``EntryInvalid`` naming the line.

    Forms and ids are checked here, signatures by the caller, who has the means.
    """
    if not isinstance(page, dict) or page.get("format") != FORMAT:
        raise EntryInvalid(f"对方给的不是 {FORMAT} 格式。请核对网址。", code="format")
    told, items = page.get("library"), page.get("items")
    if not isinstance(told, dict) or not isinstance(items, list) or len(items) > MOST_ITEMS:
        raise EntryInvalid("这一页缺少内容，没有收。", code="format")
    return (
        told,
        [_item(line, each) for line, each in enumerate(items, 1)],
        str(page.get("next") or ""),
        bool(page.get("more")),
    )


def _item(line: int, raw: Any) -> Item:
    statement = raw.get("statement") if isinstance(raw, dict) else None
    path = raw.get("path") if isinstance(raw, dict) else None
    if not isinstance(statement, dict) or not isinstance(path, list) or not _is_statement(statement):
        raise refusal(line, statement, "格式不对")
    if library_id(str(statement["public_key"])) != statement["origin"]:
        raise refusal(line, statement, "来源编号与公钥不符")
    if not path or path[0] != statement["origin"] or len(path) > LONGEST_PATH or not all(map(_is_id, path)):
        raise refusal(line, statement, "经过的路线不对")
    form = statement.get("form")
    if statement["kind"] == What.PUBLISHED and not (
        isinstance(form, dict) and form.get("key") == statement["key"] and is_whole(form)
    ):
        raise refusal(line, statement, "内容与指纹不符，可能被改过")
    return Item(statement, str(raw.get("signature") or ""), tuple(path))


def refusal(line: int, statement: Any, why: str) -> EntryInvalid:
    """A line that is not taken, and with it the whole page: which one and why."""
    key = str(statement.get("key") or "")[:16] if isinstance(statement, dict) else ""
    named = f"（编号 {key}）" if key.isalnum() else ""
    return EntryInvalid(f"第 {line} 条{named}{why}，整页没有收。", code="tampered")


_ID = re.compile(r"[0-9a-f]{40}")
_KEY = re.compile(r"[a-z]{8,16}")


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def _is_statement(said: Mapping[str, Any]) -> bool:
    sequence = said.get("sequence")
    return (
        said.get("format") == FORMAT
        and _is_id(said.get("origin"))
        and isinstance(said.get("key"), str)
        and bool(_KEY.fullmatch(said["key"]))
        and said.get("kind") in set(What)
        and said.get("level") in set(Level)
        and isinstance(sequence, int)
        and 0 < sequence < 2**31
        and isinstance(said.get("public_key"), str)
    )


def statement(
    *,
    library: Mapping[str, str],
    key: str,
    sequence: int,
    kind: What,
    at: str,
    form: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """What a library says of one answer, ready to be signed. ``library``: id, name, level, public_key."""
    return {
        "format": FORMAT,
        "origin": library["id"],
        "origin_name": library["name"],
        "level": library["level"],
        "public_key": library["public_key"],
        "key": key,
        "sequence": sequence,
        "kind": kind.value,
        "at": at,
        "form": dict(form) if form is not None else None,
    }


def goes_in_circles(path: Sequence[str], own: str) -> bool:
    """Whether an answer was here before: our own id stands in the way it came."""
    return own in path or len(set(path)) != len(path)
