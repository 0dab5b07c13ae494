"""What tells of a person without naming them is said less precisely, and a person confirms each of it."""

import pytest

from app.redaction.generalising import GENERALISATIONS
from app.redaction.masking import RULE_VERSION, Action, Flag, redact


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("我今年67岁，腿脚不便", "我今年〔60多岁〕，腿脚不便"),
        ("我母亲八十三岁", "我母亲〔80多岁〕"),
        ("孩子6周岁了，上不了学", "孩子〔未成年〕了，上不了学"),
        ("小孩才八个月大", "小孩才〔未成年〕"),
        ("一位105岁的老人", "一位〔90岁以上〕的老人"),
        ("昨晚22:47被吵醒", "〔夜间〕被吵醒"),
        ("下午3点25分停的电", "〔下午〕停的电"),
        ("早上7时40分出门", "〔早上〕出门"),
        ("我2026年3月18日结婚", "我〔2026年3月〕结婚"),
        ("父亲于2025年12月3日去世", "父亲于〔2025年12月〕去世"),
        ("2026年5月6日我在县医院做手术", "〔2026年5月〕我在县医院做手术"),
    ],
)
def test_ages_exact_times_and_the_days_of_private_events_become_coarser(text: str, proposed: str) -> None:
    assert redact(text).text == proposed


@pytest.mark.parametrize(
    "text",
    [
        "年满60周岁的老人怎样领补贴",
        "16岁以上的居民都要参保吗",
        "18至45岁可以报名",
        "政务大厅几点上班，9:00到17:00吗",
        "公交末班车21:30太早",
        "2026年11月21日路灯不亮",
        "垃圾2026年5月6日起没人清运",
        "房龄30年，楼高18层",
    ],
)
def test_what_a_rule_a_timetable_or_a_place_says_stays(text: str) -> None:
    assert redact(text).text == text


def test_the_proposal_for_a_citizens_words_is_generalised_and_an_offices_is_not() -> None:
    text = "我叫张伟，今年67岁，2026年3月18日做的手术"

    assert redact(text).text == "我叫〔姓名〕，今年〔60多岁〕，〔2026年3月〕做的手术"
    assert "67岁" in redact(text, by="office").text
    assert {hit.action for hit in redact(text).hits} == {Action.MASKED.value}


def test_whose_husband_it_is_needs_no_name_to_be_a_third_person() -> None:
    assert Flag.THIRD_PERSON.value in redact("李某某的丈夫在窗口上班").flags
    assert Flag.THIRD_PERSON.value in redact("张科长的老婆开的店").flags


def test_each_row_of_the_table_says_which_rules_brought_it() -> None:
    assert all(row.since <= RULE_VERSION for row in GENERALISATIONS)
