"""What is marked in a text as what was searched for."""

import pytest

from app.finding.marking import spans_of


@pytest.mark.parametrize(
    ("text", "terms", "marked"),
    [
        ("社保卡丢了怎么补办", ["社保卡", "补办"], ["社保卡", "补办"]),
        ("怎样补办", ["怎么", "补办"], ["补办"]),  # ways of asking mark nothing
        ("小孩入学", ["孩子"], ["小孩"]),  # said in another word
        ("社会保障卡Ａ类", ["a"], ["Ａ"]),  # full width
        ("社會保障卡", ["社会保障"], ["社會保障"]),  # traditional
        ("居住证和居住证明", ["居住证明", "居住证"], ["居住证", "居住证明"]),  # the longer word wins
        ("没有", [], []),
        ("", ["卡"], []),
    ],
)
def test_meaning_words_are_found_as_they_are_written(text: str, terms: list[str], marked: list[str]) -> None:
    assert [text[start:end] for start, end in spans_of(text, terms)] == marked
