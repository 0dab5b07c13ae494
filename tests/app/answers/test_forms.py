"""One answer in every form, counted as each platform counts; a short one keeps what must be kept (C16, D3)."""

import pytest

from app.answers.forms import FORMS, problems, rendered
from connectors.registry import count_text

LINK = "https://yunze.example/answers/hqmcrtbw"
LONG = "请先拨打 12333 挂失。" + "再带身份证到就近社保服务网点补办，当场领取，不收费。" * 12
KEEP = ["带身份证"]


def forms(text, *, short_text=None, own=None, must_keep=()):
    made = rendered(
        text, short_text=short_text, forms=own or {}, must_keep=must_keep, link=LINK, count=count_text
    )
    assert [one.form for one in made] == list(FORMS)
    return {one.form.name: one for one in made}


@pytest.mark.clause("C16", "D3")
def test_what_fits_goes_out_whole_and_what_does_not_goes_short_with_the_way_to_the_whole():
    made = forms(LONG, short_text="带身份证到网点补办，不收费。", must_keep=KEEP)
    assert made["website"].text == made["hotline"].text == LONG
    assert made["wechat"].text == LONG  # 2,048 bytes
    assert made["weibo"].text == f"带身份证到网点补办，不收费。全文：{LINK}"
    assert made["weibo"].is_short
    assert problems(made.values(), KEEP) == []


@pytest.mark.parametrize(
    ("short_text", "must_keep", "said"),
    [
        (None, [], "请先拨打 12333 挂失。"),  # the first sentence
        (None, KEEP, "带身份证。"),  # what must be kept
        ("到网点补办。" * 30, KEEP, "带身份证。"),  # the short text does not fit here
    ],
)
def test_without_words_of_its_own_a_form_begins_with_what_must_be_kept(short_text, must_keep, said):
    made = forms(LONG, short_text=short_text, must_keep=must_keep)
    assert made["weibo"].text == f"{said}全文：{LINK}"


@pytest.mark.clause("C16")
def test_what_was_written_for_a_platform_is_never_cut_nor_replaced():
    made = forms(LONG, own={"weibo": "带身份证补办。" * 25}, must_keep=KEEP)
    assert not made["weibo"].fits
    assert problems(made.values(), KEEP) == [
        ("form-weibo", f"微博评论放不下：{made['weibo'].over}。请缩短。")
    ]


@pytest.mark.clause("C16")
def test_a_form_that_drops_what_must_be_kept_is_an_error():
    made = forms(LONG, own={"weibo": "到网点补办。"}, must_keep=KEEP)
    assert problems(made.values(), KEEP) == [("form-weibo", "微博评论缺少必须保留的内容：带身份证。")]


def test_what_must_be_kept_and_fits_nowhere_is_an_error():
    keep = ["、".join(f"材料第{number}项" for number in range(60))]
    made = forms(keep[0] + LONG, must_keep=keep)
    assert ("short_text", f"微博评论放不下：{made['weibo'].over}。请写一段短文本。") in problems(
        made.values(), keep
    )


def test_weibo_counts_halves_and_wechat_bytes():
    made = forms("a" * 200, must_keep=())
    assert (made["weibo"].count.used, made["weibo"].count.limit) == (100, 140)
    assert forms("好" * 600)["wechat"].count.used == 1800
