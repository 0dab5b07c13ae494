"""What must be kept of the agreed wording is kept in every form of it (clause C16)."""

import pytest

from kb.wording import missing_parts, with_parts


@pytest.mark.clause("C16")
@pytest.mark.parametrize(
    ("text", "must_keep", "missing"),
    [
        ("持身份证到窗口办理，15个工作日内领取。", ["身份证", "15个工作日"], ()),
        ("持身份证到窗口办理。", ["身份证", "15个工作日"], ("15个工作日",)),
        ("持 身份证、到窗口，１５ 个工作日。", ["身份证到窗口", "15个工作日"], ()),
        ("持身份證辦理", ["身份证"], ()),
        ("20个工作日内领取", ["15个工作日"], ("15个工作日",)),
        ("补助15万元", ["1.5万元"], ("1.5万元",)),
        ("上午9：30起，每周1—5", ["9:30起", "1-5"], ()),
        ("共1200元", ["1,200元"], ()),
        ("任何文本", [], ()),
        ("", ["身份证"], ("身份证",)),
    ],
)
def test_parts_that_must_be_kept_are_missed_whatever_the_punctuation(text, must_keep, missing):
    assert missing_parts(text, must_keep) == missing


@pytest.mark.clause("C16")
@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("请到窗口办。", "请到窗口办。\n请注意：带身份证；逾期作废。"),
        ("请到窗口办。\n\n感谢您的来信。", "请到窗口办。\n请注意：带身份证；逾期作废。\n\n感谢您的来信。"),
        ("感谢您的来信。", "感谢您的来信。\n请注意：带身份证；逾期作废。"),
        ("", "请注意：带身份证；逾期作废。"),
    ],
)
def test_what_was_left_out_is_put_before_the_closing_words(text, whole):
    parts = ("带身份证", "逾期作废。")
    assert with_parts(text, parts) == whole
    assert missing_parts(whole, parts) == ()
    assert with_parts(text, ()) == text
