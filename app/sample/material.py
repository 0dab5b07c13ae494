"""What is the invented office made of? The files in `data/`, moved to the day on which they are loaded.

Everything in them is invented for this project: people, letters, documents 云泽示〔…〕, hosts under
`.example`. Their dates are as of `WRITTEN_FOR`; all move by the same number of days.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from importlib import resources
from typing import Any

WRITTEN_FOR = date(2026, 11, 21)
_DATES = frozenset(
    {"valid_from", "valid_until", "review_by", "issued_on", "opened_on", "filed_on", "not_before"}
)


@dataclass(frozen=True)
class Letter:
    """One letter as people write it, with the answer the office gave.

    ``answer``: key of the library entry used; ``repeat_of``: index of the letter about the same matter;
    ``personal``: strings nobody may read in public; ``not_before``: it speaks of something of that day.
    """

    platform: str
    type: str
    category: str
    place: str | None
    department: str
    title: str
    text: str
    answer: str | None
    repeat_of: int | None
    public_consent: bool
    sensitivity: str
    personal: tuple[str, ...]
    not_before: date | None
    reply: str
    outcome: str


@dataclass(frozen=True)
class Odd:
    """A message that is no letter: why it is invalid (a key of `INVALID_REASONS`), or a kind without words."""

    platform: str
    title: str
    text: str
    reason: str = ""
    kind: str = "text"


@dataclass(frozen=True)
class Material:
    """All of it, as of one day."""

    departments: list[Mapping[str, Any]]
    responsibilities: list[Mapping[str, Any]]
    staff: list[Mapping[str, Any]]
    accounts: list[Mapping[str, Any]]
    answers: list[Mapping[str, Any]]
    letters: list[Letter]
    odd: list[Odd]


def material(today: date) -> Material:
    """The files with every date moved so that ``today`` is the day they were written for."""
    by = today - WRITTEN_FOR
    table = json.loads(_text("departments.json"))
    return Material(
        departments=table["departments"],
        responsibilities=table["responsibilities"],
        staff=json.loads(_text("staff.json")),
        accounts=_moved(json.loads(_text("accounts.json")), by),
        answers=_moved(_lines("answers.jsonl"), by),
        letters=[_letter(row) for row in _moved(_lines("cases.jsonl"), by)],
        odd=[Odd(**row) for row in _lines("odd.jsonl")],
    )


def _text(name: str) -> str:
    return (resources.files("app.sample") / "data" / name).read_text("utf-8")


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _text(name).splitlines() if line.strip()]


def _letter(row: Mapping[str, Any]) -> Letter:
    known = {field.name for field in fields(Letter)}
    values = {name: value for name, value in row.items() if name in known}
    return Letter(**{**values, "personal": tuple(row["personal"])})


def _moved(value: Any, by: timedelta, name: str = "") -> Any:
    """The same value with every date in it moved."""
    if isinstance(value, dict):
        return {key: _moved(inner, by, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, by, name) for inner in value]
    if name in _DATES and value:
        return date.fromisoformat(value) + by
    return value
