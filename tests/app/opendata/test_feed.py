"""Where in the change feed is a reader, and what does a line say?"""

import base64
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.errors import Invalid
from app.opendata.feed import ATOM, TOMBSTONES, ChangeKind, Entry, Line, atom, cursor, item, position

AT = datetime(2026, 10, 9, 2, 42, tzinfo=UTC)  # Friday 9 October 2026, 10:42 in Shanghai


@given(st.integers(0, 10**15 - 1))
def test_a_cursor_comes_back(number: int) -> None:
    assert position("cases", cursor("cases", number)) == number


def test_no_cursor_is_the_beginning() -> None:
    assert position("cases", "") == 0


@pytest.mark.parametrize(
    "text",
    [
        "184220", "!!", "a", "🙂", "YQ", cursor("answers", 3), base64.urlsafe_b64encode(b"c1:cases:-1").decode(),
        base64.urlsafe_b64encode("c1:cases:²".encode()).decode(), "\x00", "=" * 9,
    ],
)  # fmt: skip
def test_a_cursor_that_was_never_given_out_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        position("cases", text)
    assert refused.value.field == "cursor"


@given(st.text(max_size=30))
def test_any_text_is_a_place_or_refused(text: str) -> None:
    try:
        assert position("cases", text) >= 0
    except Invalid:
        return


def test_a_withdrawal_carries_key_time_and_reason_and_nothing_else() -> None:
    line = Line(ChangeKind.WITHDRAWN, "20261007-K3M9TQ", AT, "requested", {"message": "must not appear"})
    assert item(line) == {
        "kind": "withdrawn",
        "key": "20261007-K3M9TQ",
        "at": "2026-10-09T10:42:00+08:00",
        "reason": "requested",
    }


def test_a_creation_carries_the_row() -> None:
    assert item(Line(ChangeKind.CREATED, "x", AT, "v3", {"number": "x"}))["data"] == {"number": "x"}


def test_atom_tells_deleted_entries_and_survives_any_character() -> None:
    entries = [
        Entry("a", "http://h/cases/a", AT, "标题\x0b<b>", "摘要 & \ud800", "公安局", "居住证", AT),
        Entry("b", "http://h/cases/b", AT, deleted_at=AT),
    ]
    root = ElementTree.fromstring(atom("公开办件", "云泽市", "http://h/cases", "http://h/f", AT, entries))
    assert root.findtext(f"{{{ATOM}}}entry/{{{ATOM}}}title") == "标题<b>"
    gone = root.find(f"{{{TOMBSTONES}}}deleted-entry")
    assert gone is not None
    assert gone.attrib == {"ref": "http://h/cases/b", "when": "2026-10-09T10:42:00+08:00"}
