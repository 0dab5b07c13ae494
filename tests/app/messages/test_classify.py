"""What a message seems to be: a suggestion from its words that the clerk sees and may change."""

import pytest

from app.cases.deadlines import MessageType
from app.messages.classify import (
    LONG_NUMBER,
    TYPE_CUES,
    letter_of,
    message_type_of,
    place_of,
    title_of,
    without_numbers,
)


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("text", "我要举报村干部吃拿卡要", "report"),
        ("text", "投诉楼下烧烤店半夜扰民，请问谁管？", "complaint"),
        ("text", "建议在学校门口增设红绿灯", "suggestion"),
        ("text", "老人走失了，请帮忙找找", "help"),
        ("text", "居住证怎么办", "consultation"),
        ("text", "网站上的链接打不开", "correction"),
        ("text", "路灯坏了", "consultation"),
        ("comment", "路灯坏了", "comment"),
        ("comment", "投诉路灯没人修", "complaint"),
        ("correction", "投诉：这个栏目不更新", "correction"),
        ("voice", "", "consultation"),
    ],
)
def test_the_type_follows_the_first_cue_that_fits(kind: str, text: str, found: str) -> None:
    assert message_type_of(kind, text) == found


def test_every_type_that_is_suggested_has_a_deadline() -> None:
    assert {message_type for message_type, _ in TYPE_CUES} <= {str(one) for one in MessageType}


@pytest.mark.parametrize(
    ("text", "place"),
    [("城东街道柳荫新社区停水", "柳荫新社区"), ("城东街道停水", "城东街道"), ("停水了", ""), ("", "")],
)
def test_the_longest_place_that_is_named_is_the_place(text: str, place: str) -> None:
    assert place_of(text, ["城东街道", "", "柳荫新社区", "城东"]) == place


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("你好。我租房半年了。能不能办居住证？谢谢。", "能不能办居住证？"),
        ("停水三天了。没人来修。", "停水三天了"),
        ("路灯坏了", "路灯坏了"),
        ("在吗？居住证在哪里办？", "居住证在哪里办？"),
        ("嗯", "嗯"),
        ("", ""),
        ("一" * 60, "一" * 38 + "……"),
        ("我想问问，" * 12, "我想问问，" * 7 + "我想问……"),
        ("我的电话13900000138怎么改？", "我的电话〔号码〕怎么改？"),
    ],
)
def test_the_title_is_the_question_on_one_short_line(text: str, title: str) -> None:
    assert title_of(text) == title
    assert len(title_of(text)) <= 40


@pytest.mark.clause("A23")
@pytest.mark.parametrize(
    "number",
    [
        "13900000138", "139 0000 0138", "139-0000-0138", "11010519491231002X", "6222020000000000000",
        "88886666", "１３９００００００００",
    ],
)  # fmt: skip
def test_no_long_number_stays_in_a_title_not_even_in_part(number: str) -> None:
    text = f"请打{number}联系"
    assert without_numbers(text) == "请打〔号码〕联系"
    assert LONG_NUMBER.search(without_numbers(text)) is None


@pytest.mark.parametrize(
    "text", ["2026年10月9日停水", "2026-10-09 停水", "住 3 栋 1202 室", "等了 123456 秒"]
)
def test_dates_and_short_numbers_stay(text: str) -> None:
    assert without_numbers(text) == text


@pytest.mark.parametrize(
    ("title", "text", "letter"),
    [
        ("路灯不亮", "三天了没人修。", "路灯不亮\n三天了没人修。"),
        ("路灯什么时候修？", "三天了。路灯什么时候修？", "三天了。路灯什么时候修？"),  # taken from the text
        ("", "三天了没人修。", "三天了没人修。"),
    ],
)
def test_what_somebody_wrote_is_not_said_twice(title: str, text: str, letter: str) -> None:
    assert letter_of(title, text) == letter
