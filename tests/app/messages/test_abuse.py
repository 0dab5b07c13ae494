"""Abuse is flagged to a person; anger is not abuse, however long it goes on."""

import pytest

from app.messages.abuse import EACH_SHORT_MORE, SHORT, judge

ANGRY = "路灯坏了三个月，打了八次电话没人管，你们到底在干什么？太让人失望了，我要向上级投诉！"


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        ("这些外地人都是垃圾，脑子有病，滚回老家去", True),
        ("这帮黑鬼真恶心，都滚出去", True),
        (ANGRY, False),
        ("请问居住证在哪里办？", False),
        ("", False),
    ],
)
def test_abuse_is_flagged_and_anger_is_not(text: str, flagged: bool) -> None:
    assert judge(text).flagged is flagged


def test_a_long_letter_needs_more_evidence_than_a_short_comment() -> None:
    one, longer = judge("。" * SHORT), judge("。" * (3 * SHORT))
    assert longer.score == pytest.approx(one.score - 2 * EACH_SHORT_MORE, abs=0.3)
    assert not judge(ANGRY * 20).flagged
