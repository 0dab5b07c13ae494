"""A reply and its short texts are compared with what was agreed (A9, C16)."""

import pytest

from app.consistency.comparing import Agreed, forms_that_depart, points

AGREED = Agreed(
    1, 1, "怎样办证", "15 个工作日内发证，不收费。", must_keep=("15 个工作日内发证",), was_used=True
)
SAID = "15 个工作日内发证，不收费。"


@pytest.mark.clause("A9")
@pytest.mark.parametrize(
    ("text", "short", "found"),
    [
        (SAID, [], []),
        (SAID, ["15 个工作日内发证。"], []),
        (SAID, ["请看全文。"], []),  # what a short text must keep is asked where it is written
        (SAID, ["20 个工作日内发证。"], [("period", "20 个工作日内")]),
        ("20 个工作日内发证。", ["20 个工作日内发证。"], [("period", "20 个工作日内"), ("must_keep", "")]),
        ("", [], []),
    ],
)
def test_every_form_of_a_reply_is_compared_and_each_point_is_told_once(
    text: str, short: list[str], found: list[tuple[str, str]]
) -> None:
    assert [(one.kind, one.said) for one in points(text, [AGREED], short)] == found


@pytest.mark.clause("A9")
def test_what_an_answer_is_only_about_imposes_nothing_that_must_be_kept() -> None:
    near = Agreed(2, 1, "别的问法", AGREED.text, must_keep=AGREED.must_keep)
    assert points("到派出所办。", [near]) == []


@pytest.mark.clause("C16")
def test_a_text_for_one_platform_that_departs_is_named_with_the_point() -> None:
    forms = {"微博评论": "20 个工作日内发证。", "热线话术": "十五个工作日内发证，免费。", "短文本": ""}
    assert forms_that_depart(AGREED.text, forms, ()) == [
        ("微博评论", "期限与口径不一致：口径为15 个工作日内，这一段为20 个工作日内。")
    ]
