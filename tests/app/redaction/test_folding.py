"""Disguised characters are read as what they stand for, and every one knows where it stood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.redaction.folding import fold


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("１３８", "138"),  # full width
        ("一三八", "138"),
        ("壹叁捌", "138"),
        ("幺三八拐勾洞", "138790"),  # as spoken on the radio
        ("①③⑧", "138"),
        ("㈠㈢㈧", "138"),
        ("❶❸❽", "138"),
        ("1️⃣3️⃣8️⃣", "138"),  # keycaps
        ("1\u200b3\u200d8", "138"),  # zero width
        ("&#49;&#x33;8", "138"),  # entities
        ("¹³⁸", "138"),
        ("𝟏𝟑𝟖", "138"),
        ("١٣٨", "138"),
        ("13O", "130"),
        ("l38", "138"),
        ("電話", "电话"),
    ],
)
def test_a_disguise_is_seen_through(written: str, digits: str) -> None:
    assert fold(written).digits == digits


def test_every_folded_character_knows_where_it_stood() -> None:
    text = "电\u200b话&#49;３"
    folded = fold(text)

    assert folded.plain == "电话13"
    assert folded.original(2, 3) == (3, 8)
    assert text[slice(*folded.original(3, 4))] == "３"


@given(st.text(max_size=60))
def test_the_two_layers_always_have_the_same_length(text: str) -> None:
    folded = fold(text)

    assert len(folded.plain) == len(folded.digits) == len(folded.ends) == len(folded.starts) - 1
    for i in range(len(folded.plain)):
        start, end = folded.original(i, i + 1)
        assert 0 <= start < end <= len(text)
