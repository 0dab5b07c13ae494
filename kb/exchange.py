"""How does an entry travel: to the open-data feed, to a neighbouring library, and in from a table?

One canonical form per version of an entry; its digest proves that a copy is whole (clauses A3, D10).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from kb.analysis import fold
from kb.entries import LONGEST_QUESTION, LONGEST_TEXT, MOST_PHRASINGS, Content
from kb.models import AnswerEntry, EntryVersion
from kb.review import digest_of
from kb.states import KIND_LABELS, SIGNIFICANCE_LABELS, EntryKind, Significance

FORMAT = "huiying-answer/1"


def canonical_form(
    *,
    key: str,
    kind: str,
    version: int,
    question: str,
    text: str,
    owner: str,
    phrasings: Iterable[str] = (),
    short_text: str | None = None,
    must_keep: Iterable[str] = (),
    basis: Iterable[Mapping[str, Any]] = (),
    category: str = "",
    is_draft_policy: bool = False,
    licence: str = "",
    valid_from: date,
    valid_until: date | None = None,
    significance: str = Significance.ORDINARY.value,
    published_at: datetime,
) -> dict[str, Any]:
    """Return a published version as a plain value for feeds and exports, with its digest.

    Who wrote and who reviewed it stays in the office. Dates are ISO; ``published_at`` is in UTC.
    """
    form: dict[str, Any] = {
        "format": FORMAT,
        "key": key,
        "kind": kind,
        "version": version,
        "question": question,
        "phrasings": list(phrasings),
        "text": text,
        "short_text": short_text,
        "must_keep": list(must_keep),
        "basis": [dict(item) for item in basis],
        "category": category,
        "owner": owner,
        "is_draft_policy": is_draft_policy,
        "licence": licence,
        "valid_from": valid_from.isoformat(),
        "valid_until": valid_until.isoformat() if valid_until else None,
        "significance": significance,
        "published_at": published_at.isoformat(),
    }
    return form | {"digest": digest_of_form(form)}


def form_of_entry(entry: AnswerEntry, version: EntryVersion) -> dict[str, Any]:
    """The canonical form of an entry in force."""
    assert version.published_at is not None  # it is in force
    return canonical_form(
        key=entry.key,
        kind=entry.kind,
        version=version.number,
        question=version.question,
        text=version.text,
        owner=entry.owner_name,
        phrasings=version.phrasings,
        short_text=version.short_text,
        must_keep=version.must_keep,
        basis=version.basis,
        category=version.category,
        is_draft_policy=version.is_draft_policy,
        licence=version.licence,
        valid_from=version.valid_from,
        valid_until=version.valid_until,
        significance=version.significance,
        published_at=version.published_at,
    )


def content_of_form(form: Mapping[str, Any]) -> Content:
    """What an entry that came from elsewhere says, to be kept as a version. Raises ``ValueError``."""
    until = form.get("valid_until")
    begins = date.fromisoformat(str(form["valid_from"]))
    ends = date.fromisoformat(str(until)) if until else None
    return Content(
        question=str(form["question"]),
        text=str(form["text"]),
        valid_from=begins,
        # It is looked at again where it comes from; here it holds until that library says otherwise.
        review_by=ends or date(9999, 12, 31),
        phrasings=tuple(map(str, form.get("phrasings") or ())),
        short_text=str(form["short_text"]) if form.get("short_text") else None,
        must_keep=tuple(map(str, form.get("must_keep") or ())),
        basis=tuple(dict(item) for item in form.get("basis") or ()),
        category=str(form.get("category") or ""),
        is_draft_policy=bool(form.get("is_draft_policy")),
        licence=str(form.get("licence") or ""),
        valid_until=ends,
        significance=str(form.get("significance") or Significance.ORDINARY.value),
    )


def digest_of_form(form: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a canonical form, its own ``digest`` left out."""
    return digest_of(str(form.get("text")), **{k: v for k, v in form.items() if k not in {"text", "digest"}})


def is_whole(form: Mapping[str, Any]) -> bool:
    """Say whether a form that came from elsewhere is of this format and unchanged since its digest."""
    return form.get("format") == FORMAT and form.get("digest") == digest_of_form(form)


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row of an imported table: what ``propose`` takes, or what is wrong with it.

    ``same_as`` is the number of an earlier row that asks the same question, if there is one.
    """

    number: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    same_as: int | None = None

    @property
    def usable(self) -> bool:
        """Say whether the row can be proposed as an entry."""
        return not self.problems and self.same_as is None


# Headings as offices write them, and the field they mean.
HEADINGS: Mapping[str, str] = {
    heading: name
    for name, headings in {
        "question": "question 问题 标题 咨询问题 问 标准问题",
        "text": "text answer 答案 答复 答复口径 口径 回答 答 标准答案",
        "phrasings": "phrasings 其他问法 相似问法 相似问题 扩展问 同义问法",
        "short_text": "short_text 短文本 简短答复 短答复",
        "must_keep": "must_keep 必须保留",
        "basis_title": "basis_title 依据 依据名称 政策依据 文件名称",
        "basis_number": "basis_number 文号 发文字号",
        "basis_url": "basis_url 依据网址 网址 链接 来源链接",
        "basis_issued_on": "basis_issued_on 发文日期 发布日期",
        "basis": "basis",
        "verified_by": "verified_by 核实人",
        "category": "category 分类 类别 主题分类 主题",
        "owner_name": "owner_name owner 承办单位 责任单位 责任部门 单位",
        "kind": "kind 类型",
        "is_draft_policy": "is_draft_policy 草案 征求意见稿",
        "licence": "licence 许可 使用许可",
        "valid_from": "valid_from 有效期起 生效日期",
        "valid_until": "valid_until 有效期止 失效日期 有效期至",
        "review_by": "review_by 复核日期",
        "significance": "significance 修改程度",
    }.items()
    for heading in headings.split()
}

_LISTS = {"phrasings", "must_keep"}
_DATES = {"valid_from": "有效期起", "valid_until": "有效期止", "review_by": "复核日期"}
_BASIS = {
    "basis_title": "title",
    "basis_number": "number",
    "basis_url": "url",
    "basis_issued_on": "issued_on",
}
_KINDS = {label: kind.value for kind, label in KIND_LABELS.items()}
_SIGNIFICANCES = {label: value.value for value, label in SIGNIFICANCE_LABELS.items()}
_YES = {"是", "true", "1", "yes", "y", "草案", "征求意见稿"}
_SEPARATORS = re.compile(r"[\n|;；]+")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T].*)?")


def read_rows(rows: Iterable[Mapping[str, Any]]) -> list[ReadRow]:
    """Read the rows of a table (xlsx, csv, jsonl) handed in as dictionaries by heading.

    Rows are numbered from 1. A row that repeats the question of an earlier one is marked, so that
    nothing is taken in twice; empty rows are left out; a cell starting with = is a formula and refused.
    """
    read: list[ReadRow] = []
    first_with: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        cells = _cells(row)
        if not any(_text(value) for value in cells.values()):
            continue
        result = _read(number, cells)
        asked = comparable(str(result.fields.get("question", "")))
        if asked and asked in first_with:
            result = ReadRow(number, result.fields, result.problems, first_with[asked])
        elif asked and not result.problems:
            first_with[asked] = number
        read.append(result)
    return read


def heading_key(heading: str) -> str:
    """Return a column's heading as it stands in ``HEADINGS``: folded, without stars and colons."""
    return fold(heading).strip().strip("*:")


def comparable(question: str) -> str:
    """Return a question without spaces and punctuation, to see whether two ask the same word for word."""
    return "".join(character for character in fold(question) if character.isalnum())


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cells under the names of the fields; unknown columns are left out."""
    named = ((HEADINGS.get(heading_key(str(heading))), value) for heading, value in row.items())
    return {name: value for name, value in named if name is not None and value is not None}


def _read(number: int, cells: Mapping[str, Any]) -> ReadRow:
    problems: list[str] = []
    fields: dict[str, Any] = {}
    for name, value in cells.items():
        if _text(value).startswith(("=", "\t=")):
            problems.append("单元格是公式，请改为文字。")
        elif name in _LISTS:
            fields[name] = _list(value)
        elif name in _DATES:
            fields[name] = _day(value, _DATES[name], problems)
        elif name not in _BASIS and name != "basis":
            fields[name] = _text(value)
    fields["basis"] = _basis(cells, problems)
    fields["is_draft_policy"] = str(fields.get("is_draft_policy", "")).lower() in _YES
    fields["kind"] = _word(fields.get("kind"), _KINDS, EntryKind.ANSWER.value, "类型", problems)
    fields["significance"] = _word(
        fields.get("significance"), _SIGNIFICANCES, Significance.ORDINARY.value, "修改程度", problems
    )
    fields["short_text"] = fields.get("short_text") or None
    problems += _missing(fields)
    return ReadRow(number, fields, tuple(dict.fromkeys(problems)))


def _missing(fields: Mapping[str, Any]) -> list[str]:
    question, text = fields.get("question", ""), fields.get("text", "")
    rules = (
        (bool(question), "缺少问题。"),
        (bool(text), "缺少答复口径。"),
        (len(question) <= LONGEST_QUESTION, f"问题超过 {LONGEST_QUESTION} 字。"),
        (len(text) <= LONGEST_TEXT, f"答复口径超过 {LONGEST_TEXT} 字。"),
        (len(fields.get("phrasings", ())) <= MOST_PHRASINGS, f"其他问法超过 {MOST_PHRASINGS} 条。"),
    )
    return [message for holds, message in rules if not holds]


def _basis(cells: Mapping[str, Any], problems: list[str]) -> list[dict[str, Any]]:
    given = cells.get("basis")
    if isinstance(given, list):
        return [dict(item) for item in given if isinstance(item, Mapping)]
    item: dict[str, Any] = {name: _text(cells.get(column)) for column, name in _BASIS.items()}
    if not item["title"]:
        return []
    item["title"] = item["title"].strip("《》")
    day = _day(cells.get("basis_issued_on"), "发文日期", problems)
    item["issued_on"] = day.isoformat() if day else None
    return [item]


def _word(value: Any, known: Mapping[str, str], usual: str, label: str, problems: list[str]) -> str:
    """Return the value that a word stands for, in Chinese or as it is stored."""
    word = _text(value)
    if not word:
        return usual
    if word not in known and word not in known.values():
        problems.append(f"{label}不正确，可填：{'、'.join(known)}。")
        return usual
    return known.get(word, word)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _list(value: Any) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else _SEPARATORS.split(_text(value))
    return tuple(part for part in map(_text, parts) if part)


def _day(value: Any, label: str, problems: list[str]) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date) or not _text(value):
        return value if isinstance(value, date) else None
    written = _DATE.fullmatch(_text(value))
    try:
        if written:
            return date(int(written[1]), int(written[2]), int(written[3]))
    except ValueError:
        written = None
    problems.append(f"{label}不是日期，应写作 2026-11-20。")
    return None
