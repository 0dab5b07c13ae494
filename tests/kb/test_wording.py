"""What must be kept of the agreed wording is kept in every form of it (clause C16)."""

import pytest

from kb.wording import keeps, missing_parts


@pytest.mark.clause("C16")
@pytest.mark.parametrize(
    ("text", "must_keep", "missing"),
    [
        ("持身份证到窗口办理，15个工作日内领取。", ["身份证", "15个工作日"], ()),
        ("持身份证到窗口办理。", ["身份证", "15个工作日"], ("15个工作日",)),
        ("持 身份证、到窗口，１５ 个工作日。", ["身份证到窗口", "15个工作日"], ()),
        ("持身份證辦理", ["身份证"], ()),
        ("20个工作日内领取", ["15个工作日"], ("15个工作日",)),
        ("任何文本", [], ()),
        ("", ["身份证"], ("身份证",)),
    ],
)
def test_parts_that_must_be_kept_are_missed_whatever_the_punctuation(text, must_keep, missing):
    assert missing_parts(text, must_keep) == missing
    assert keeps(text, must_keep) is (not missing)
