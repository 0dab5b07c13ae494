"""Words that sound alike, and sounds written in letters, lead to the words of the library."""

import pytest

from kb.analysis import Segmenter
from kb.spelling import Spelling

WORDS = {
    "居住证": 9, "社保": 8, "社保卡": 7, "卡": 7, "丢失": 4, "驾驶证": 5, "到期": 5, "换证": 3, "生育": 6, "津贴": 6,
    "暖气": 5, "不热": 2, "先": 9, "西安": 1, "护照": 4, "wifi": 2, "预约": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("居主证", "居住证"),
        ("juzhuzheng", "居住证"),
        ("shebaoka", "社保卡"),
        ("sheng yu jin tie", "生育津贴"),
        ("jiashizheng daoqi huanzheng", "驾驶证到期换证"),
        ("nuanqi bu re", "暖气不热"),
        ("shebao卡", "社保卡"),
        ("xi'an huzhao", "西安护照"),
        ("yuyue居主证", "预约居住证"),
        ("居住证", None),
        ("wifi", None),  # the library says so itself
        ("wechat pay", None),
        ("email", None),
        ("jzz", "居住证"),
        ("sbk diushi", "社保卡丢失"),
        ("jsz到期", "驾驶证到期"),
        ("社保卡diushi", "社保卡丢失"),
        ("护照kaqi", "护照卡期"),  # beside other words single characters may do
        ("kaqi", None),
        ("gjj", None),  # the library speaks of nothing that begins like this
        ("sb", None),  # two letters begin too many words
        ("jzz5", None),
        ("jzz pay", "居住证 pay"),
        ("12345", None),
        ("a" * 60, None),
        ("xi" * 20, None),
    ],
)
def test_what_was_meant_by_what_was_written(written: str, meant: str | None, segmenter: Segmenter) -> None:
    assert Spelling(WORDS).corrected(written, segmenter) == meant


def test_a_library_without_words_corrects_nothing(segmenter: Segmenter) -> None:
    assert Spelling({}).corrected("juzhuzheng", segmenter) is None
