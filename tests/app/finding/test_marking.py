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
        ("面积１５㎡", ["15m2"], ["１５㎡"]),
        ("身份证遗失了", ["丢失"], ["遗失"]),
        ("没有", [], []),
        ("", ["卡"], []),
    ],
)
def test_meaning_words_are_found_as_they_are_written(text: str, terms: list[str], marked: list[str]) -> None:
    assert [text[start:end] for start, end in spans_of(text, terms)] == marked


@pytest.mark.parametrize(
    ("asked", "text", "terms", "marked"),
    [
        ("路灯不亮", "路灯不亮向谁报修，灯不亮也行", ["灯不亮"], ["路灯不亮", "灯不亮"]),
        ("社保卡丢了", "社保卡丢了怎么办", ["社保卡", "丢了"], ["社保卡丢了"]),  # one stretch
        ("路，灯不亮", "路，灯不亮", ["灯不亮"], ["灯不亮"]),  # not over a mark
        ("亮灯", "灯不亮", ["灯不亮"], ["灯不亮"]),
        ("灯亮了，灯灭了", "灯灭了吗", ["灯"], ["灯灭了"]),  # whichever place is longer
    ],
)
def test_what_was_searched_beside_a_word_is_marked_with_it(
    asked: str, text: str, terms: list[str], marked: list[str]
) -> None:
    assert [text[start:end] for start, end in spans_of(text, terms, asked)] == marked
