"""One text, each platform's form."""

import pytest

from app.replies.rendering import clean, is_private, is_private_form, label_of, render, short_form
from connectors.registry import FORMS, PLATFORMS, count_text

LONG = "居住证明由房东签名。" * 20  # 200 characters
SHORT = "可用房东签名的居住证明。全文：hy.example/p/1"


@pytest.mark.clause("D3")
def test_a_long_reply_is_never_cut_and_without_a_short_form_does_not_fit_weibo() -> None:
    form = render(LONG, "weibo", False, count_text)
    assert (form.text, form.fits, form.is_short) == (LONG, False, False)


def test_the_short_form_the_author_chose_stands_in_where_the_whole_does_not_fit() -> None:
    comment = render(LONG, "weibo", False, count_text, {"weibo": SHORT})
    letter = render(LONG, "wechat", True, count_text, {"weibo": SHORT})
    assert (comment.text, comment.fits, comment.is_short) == (SHORT, True, True)
    assert (letter.text, letter.is_short) == (LONG, False)


def test_the_whole_text_goes_out_where_it_fits_even_if_there_is_a_short_form() -> None:
    assert render("可以办理。", "weibo", False, count_text, {"weibo": SHORT}).text == "可以办理。"


@pytest.mark.parametrize(("length", "fits"), [(140, True), (141, False)])
def test_141_characters_do_not_fit_a_weibo_comment(length: int, fits: bool) -> None:
    assert render("字" * length, "weibo", False, count_text).fits is fits


def test_a_comment_is_public_and_a_private_message_is_not() -> None:
    assert not is_private("weibo", "comment")
    assert is_private("weibo", "text")
    assert is_private("wechat", "text")


def fits_weibo(text: str) -> bool:
    return count_text("weibo", text).fits


def test_the_offered_short_form_is_the_librarys_with_the_address_of_the_whole() -> None:
    made = short_form(LONG, "带居住证明到派出所办理。", "hy.example/p/1", fits_weibo)
    assert made == "带居住证明到派出所办理。全文：hy.example/p/1"


def test_without_one_it_is_the_first_sentence_after_the_greeting() -> None:
    made = short_form("您好！可以办理。请带身份证。", "", "hy.example/p/1", fits_weibo)
    assert made == "可以办理。全文：hy.example/p/1"


def test_where_no_honest_short_form_fits_none_is_offered() -> None:
    assert short_form("长" * 300 + "。", "长" * 200, "", fits_weibo) == ""


def test_line_ends_and_invisible_characters_are_made_sendable() -> None:
    assert clean("您好！\r\n可以办理。 \r\n\x00\x0b") == "您好！\n可以办理。"
    assert clean("𠮷野家😀") == "𠮷野家😀"


def test_the_registry_alone_says_who_sees_a_form_and_what_it_is_called() -> None:
    assert {name for name in FORMS if not is_private_form(name)} == {"wechat.public", "weibo", "douyin"}
    assert {key: label_of(key) for key in PLATFORMS}["corrections"] == "我为政府网站找错"
