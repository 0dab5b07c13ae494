"""The proposal as a whole: the order of rules, what a person must decide, and that nothing shines through."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.redaction.masking import CHUNK, FLAG_LABELS, RULE_VERSION, TOKENS, Flag, redact
from app.redaction.numbers import Kind

LETTER = (
    "我叫张伟，身份证11010519491231002X，住云泽市东湖区人民路12号3栋301室，"
    "电话138 0013 8000，微信zhangwei88，邮箱zw@example.com。反映人民路路灯不亮，请拨12345前先联系我。"
)


@pytest.mark.clause("C4")
@pytest.mark.clause("E14")
def test_a_letter_is_readable_without_its_writer() -> None:
    redaction = redact(LETTER)

    assert redaction.text == (
        "我叫〔姓名〕，身份证〔身份证号〕，住〔云泽市东湖区门牌地址〕，"
        "电话〔电话〕，微信〔微信号〕，邮箱〔邮箱〕。反映〔门牌地址〕路灯不亮，请拨12345前先联系我。"
    )
    assert redaction.rule_version == RULE_VERSION


def test_hits_are_in_order_and_do_not_overlap() -> None:
    hits = redact(LETTER).hits

    assert all(a.end <= b.start for a, b in pairwise(hits))
    assert all(0 <= hit.start < hit.end <= len(LETTER) for hit in hits)


def test_what_was_hidden_is_not_in_the_cue() -> None:
    for hit in redact(LETTER).hits:
        assert LETTER[hit.start : hit.end] not in hit.value_cue


@pytest.mark.clause("D19")
@pytest.mark.clause("A24")
@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("孩子今年8岁，还没上学", Flag.MINOR),
        ("我母亲确诊肺癌", Flag.HEALTH),
        ("离婚后抚养费怎么办", Flag.FAMILY),
        ("他因吸毒被拘留", Flag.BELIEF_OR_CRIME),
        ("举报村干部贪污", Flag.WRONGDOING),
        ("窗口的王建国不给办", Flag.THIRD_PERSON),
        ("电话一三八，后面是零零一三，再八零零零", Flag.ODD_WRITING),
        ("附件标有秘密★10年字样", Flag.SECRET_MARK),
    ],
)
def test_what_a_person_must_decide_is_flagged(text: str, flag: Flag) -> None:
    assert flag.value in redact(text).flags


@pytest.mark.parametrize("text", ["请问社保卡在哪里办", "我叫张伟，请问居住证多久能办好", "路灯不亮"])
def test_a_harmless_question_carries_no_flag(text: str) -> None:
    assert redact(text).flags == ()


def test_every_kind_has_a_token_and_every_flag_a_label() -> None:
    assert set(TOKENS) == set(Kind)
    assert set(FLAG_LABELS) == set(Flag)


def test_an_empty_text_is_an_empty_text() -> None:
    assert redact("").text == ""
    assert redact("\u200b").text == "\u200b"


@pytest.mark.parametrize("offset", range(-12, 12, 3))
def test_a_number_across_two_pieces_of_a_long_text_is_hidden(offset: int) -> None:
    filler = "路灯不亮。" * (CHUNK // 5 + 1)
    at = CHUNK + offset
    text = f"{filler[:at]}，13800138000，{filler}"

    assert "13800138000" not in redact(text).text
    assert redact(text).text.count("〔电话〕") == 1


def test_redacting_twice_changes_nothing_more() -> None:
    once = redact(LETTER).text

    assert redact(once).text == once


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_mobile_number_never_shines_through(before: str, after: str) -> None:
    text = f"{before}，13800138000，{after}"

    assert "13800138000" not in redact(text).text


def test_the_budget_is_asked_and_may_stop_the_work() -> None:
    asked = 0

    def budget() -> None:
        nonlocal asked
        asked += 1

    redact(LETTER, budget=budget)

    assert asked > 5


@pytest.mark.clause("E14")
@pytest.mark.parametrize(
    "text",
    [
        "电话yao san ba ling ling yao san ba ling ling ling",
        "我手机前三位138，中间四位0013，最后8000",
        "拨138零零13八千",
        "八八零零一二三四（座机）",
        "加V：zhangsan_88",
        "卫星 zhangsan88",
        "zhangsan 艾特 qq 点 com",
        "邮箱zhangsan#qq.com",
        "车牌浙A一二三四五",
        "我叫买买提",
        "张 三 反映路灯不亮",
        "四栋三零一",
    ],
)
def test_a_trick_is_hidden_or_shown_to_a_person(text: str) -> None:
    redaction = redact(text)

    assert redaction.masked or Flag.ODD_WRITING.value in redaction.flags
