"""Is this version of an entry complete and free of contradictions? And which text was reviewed?

What must be there before review: 依据 and 核实人 (clause B13); what expires must say when (C15).
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from kb.errors import EntryInvalid
from kb.review import digest_of
from kb.states import EntryKind, Significance
from kb.wording import missing_parts

# No 0/o, 1/i/l: a key may be read out on the telephone.
KEY_LETTERS = "abcdefghjkmnpqrstuvwxyz"
KEY_LENGTH = 8

# An entry is looked at again after a year if nobody says otherwise.
REVIEW_AFTER = timedelta(days=365)

LONGEST_QUESTION = 200
LONGEST_TEXT = 5000
LONGEST_SHORT_TEXT = 300
MOST_PHRASINGS = 50
MOST_FORMS = 12
MOST_ATTACHMENTS = 10


@dataclass(frozen=True, slots=True)
class Content:
    """Everything about a version that is reviewed, as one value; its digest stands for all of it."""

    question: str
    text: str
    valid_from: date
    review_by: date
    phrasings: tuple[str, ...] = ()
    short_text: str | None = None
    must_keep: tuple[str, ...] = ()
    basis: tuple[Mapping[str, Any], ...] = ()
    verified_by: str = ""
    category: str = ""
    is_draft_policy: bool = False
    licence: str = ""
    valid_until: date | None = None
    significance: str = Significance.ORDINARY.value
    forms: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Mapping[str, Any], ...] = ()


_LATER = ("forms", "attachments")
"""Parts that versions did not always have: left out of the digest while empty, so that old ones still hold."""


def new_key() -> str:
    """Return a random public id of 8 lowercase letters, none of them easily mistaken."""
    return "".join(secrets.choice(KEY_LETTERS) for _ in range(KEY_LENGTH))


def digest_of_content(content: Content, *, key: str, number: int) -> str:
    """Return the SHA-256 that reviewers sign: the text and all that is reviewed with it."""
    bound = {name: value for name, value in asdict(content).items() if value or name not in _LATER}
    return digest_of(bound.pop("text"), key=key, number=number, **bound)


def check_proposal(content: Content, kind: str, today: date) -> None:
    """Refuse a version that cannot be kept even as a draft. Raises ``EntryInvalid`` naming the field."""
    _require(bool(content.question.strip()), "question", "请填写问题。")
    _require(
        len(content.question) <= LONGEST_QUESTION, "question", f"问题请控制在 {LONGEST_QUESTION} 字以内。"
    )
    _require(bool(content.text.strip()), "text", "请填写答复口径。")
    _require(len(content.text) <= LONGEST_TEXT, "text", f"答复口径请控制在 {LONGEST_TEXT} 字以内。")
    _require(kind in set(EntryKind), "kind", "条目类型不正确，请重新选择。")
    _require(content.significance in set(Significance), "significance", "请选择本次修改的程度。")
    _require(len(content.phrasings) <= MOST_PHRASINGS, "phrasings", f"其他问法最多 {MOST_PHRASINGS} 条。")
    _check_short_text(content)
    _check_basis(content.basis)
    _check_attachments(content.attachments)
    _check_dates(content, today)


def check_ready(content: Content, kind: str, today: date) -> None:
    """Refuse to submit a version that may not be reviewed yet. Raises ``EntryInvalid`` naming the field.

    Clause B13: no answer without its source and the person who verified it. An automatic
    acknowledgement 自动回执 states nothing and needs no source; it needs a verifying person all the same.
    """
    check_proposal(content, kind, today)
    if kind != EntryKind.ACKNOWLEDGEMENT:
        _require(bool(content.basis), "basis", "请至少填写一项依据（文件名称）。")
    _require(bool(content.verified_by.strip()), "verified_by", "请填写核实人。")
    _check_licences(content.attachments)
    if content.is_draft_policy:
        _require(content.valid_until is not None, "valid_until", "依据为草案或征求意见稿的，请填写有效期止。")
    _require(
        content.valid_until is None or content.valid_until >= today,
        "valid_until",
        "有效期已过，请更新有效期后再送审。",
    )


def check_whole(content: Content, kind: str) -> None:
    """Refuse what another library sent and that could not be kept here. Raises ``EntryInvalid``."""
    _require(
        content.valid_until is None or content.valid_until >= content.valid_from,
        "valid_until",
        "有效期颠倒。",
    )
    check_proposal(replace(content, review_by=content.valid_from), kind, content.valid_from)


def _check_short_text(content: Content) -> None:
    if content.short_text is not None:
        _require(bool(content.short_text.strip()), "short_text", "短文本不能为空；不需要时请清除。")
        _require(
            len(content.short_text) <= LONGEST_SHORT_TEXT,
            "short_text",
            f"短文本请控制在 {LONGEST_SHORT_TEXT} 字以内。",
        )
    for part in content.must_keep:
        _require(bool(part.strip()), "must_keep", "必须保留的内容不能为空。")
    _require(len(content.forms) <= MOST_FORMS, "forms", f"平台文本最多 {MOST_FORMS} 种。")
    forms = tuple((f"form-{name}", words) for name, words in content.forms.items())
    for name, text in (("text", content.text), ("short_text", content.short_text), *forms):
        missing = missing_parts(text, content.must_keep) if text is not None else ()
        label = {"text": "答复口径", "short_text": "短文本"}.get(name, "平台文本")
        _require(not missing, name, f"{label}缺少必须保留的内容：{'、'.join(missing)}。")


def _check_attachments(attachments: Sequence[Mapping[str, Any]]) -> None:
    _require(len(attachments) <= MOST_ATTACHMENTS, "attachments", f"附件最多 {MOST_ATTACHMENTS} 个。")
    for item in attachments:
        _require(bool(str(item.get("title") or "").strip()), "attachments", "每个附件都要有名称。")
        url = str(item.get("url") or "")
        _require(_is_web_address(url), "attachments", "附件的网址须以 http:// 或 https:// 开头。")


def _check_licences(attachments: Sequence[Mapping[str, Any]]) -> None:
    """Clause C23: material without a licence is not given out; C24: a map needs its 审图号."""
    for item in attachments:
        title = str(item.get("title") or "")
        _require(bool(str(item.get("licence") or "").strip()), "attachments", f"请写明附件“{title}”的授权。")
        is_map = bool(item.get("is_map")) or "地图" in title or "示意图" in title
        _require(
            not is_map or bool(str(item.get("map_number") or "").strip()),
            "attachments",
            f"附件“{title}”是地图，请写明审图号。",
        )


def _check_basis(basis: Sequence[Mapping[str, Any]]) -> None:
    for item in basis:
        _require(bool(str(item.get("title") or "").strip()), "basis", "每项依据都要有文件名称。")
        url = str(item.get("url") or "")
        _require(not url or _is_web_address(url), "basis", "依据的网址须以 http:// 或 https:// 开头。")
        _require(_is_date_or_empty(item.get("issued_on")), "basis", "依据的发文日期应为年-月-日。")


def _check_dates(content: Content, today: date) -> None:
    until = content.valid_until
    _require(until is None or until >= content.valid_from, "valid_until", "有效期止不能早于有效期起。")
    _require(content.review_by >= today, "review_by", "复核日期不能早于今天。")
    _require(content.review_by >= content.valid_from, "review_by", "复核日期不能早于有效期起。")


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _is_date_or_empty(value: Any) -> bool:
    if value in (None, ""):
        return True
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _require(holds: bool, field: str, message_zh: str) -> None:
    if not holds:
        raise EntryInvalid(message_zh, code="invalid", field=field)
