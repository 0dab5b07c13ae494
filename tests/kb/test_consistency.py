"""The same fact must not be told differently on two platforms (clause A9)."""

import json
from pathlib import Path

import pytest

from kb.consistency import differences
from kb.facts import Fact, mentions, number_of
from kb.judging import measure

ENTRY = (
    "补办社保卡请拨打12333挂失，或拨打0571-88990011咨询。工作日上午9点至下午5点办理，"
    "自受理之日起15个工作日内领取，工本费20元。2026年3月1日起，家庭人均面积低于15平方米的可减免50%。"
    "年满60周岁的老人免费，每人限补2次。依据《云泽市社会保障卡管理办法》。"
)
BASIS = [{"title": "云泽市社会保障卡管理办法", "number": "云人社规〔2025〕6号"}]


@pytest.mark.clause("A9")
@pytest.mark.parametrize(
    ("reply", "kind", "library", "told"),
    [
        ("20个工作日内领取。", Fact.PERIOD, "15个工作日内", "20个工作日内"),
        ("15天内领取。", Fact.PERIOD, "15个工作日内", "15天内"),
        ("三十个工作日", Fact.PERIOD, "15个工作日内", "三十个工作日"),
        ("工本费25元。", Fact.AMOUNT, "20元", "25元"),
        ("工本费二百元。", Fact.AMOUNT, "20元", "二百元"),
        ("请拨打12345。", Fact.PHONE, "12333、0571-88990011", "12345"),
        ("请拨打0571-88990012。", Fact.PHONE, "12333、0571-88990011", "0571-88990012"),
        ("2026年4月1日起", Fact.DATE, "2026年3月1日", "2026年4月1日"),
        ("3月2日起", Fact.DATE, "2026年3月1日", "3月2日"),
        ("可减免60%", Fact.SHARE, "50%", "60%"),
        ("上午10点开始", Fact.TIME, "上午9点、下午5点", "上午10点"),
        ("年满65周岁", Fact.AGE, "60周岁", "65周岁"),
        ("低于20平方米", Fact.COUNT, "15平方米", "20平方米"),
        ("限补3次", Fact.COUNT, "2次", "3次"),
        (
            "依据《云泽市居住证管理办法》。",
            Fact.BASIS,
            "《云泽市社会保障卡管理办法》",
            "《云泽市居住证管理办法》",
        ),
        ("云人社规〔2024〕6号", Fact.DOCUMENT_NUMBER, "云人社规〔2025〕6号", "云人社规〔2024〕6号"),
    ],
)
def test_a_fact_that_differs_is_shown_with_both_texts(reply, kind, library, told):
    (finding,) = differences(reply, ENTRY, basis=BASIS)
    assert (finding.kind, finding.library, finding.reply) == (kind, library, told)
    assert told in finding.message_zh


@pytest.mark.clause("A9")
@pytest.mark.parametrize(
    "reply",
    [
        ENTRY,
        "十五个工作日内可以领到新卡。",
        "１５个工作日内可以领到新卡。",
        "工本费二十元，费用为20.00元。",
        "电话：88990011，或0571 88990011。",
        "三月一日起实行，即2026-03-01起。",
        "自2026年3月起可减免百分之五十。",
        "下午五点前，即17:00前办理。",
        "满六十周岁的老年人不收费。",
        "云人社规[2025]6号",
        "带身份证就能补办，不难。",
        "您可以乘坐3路车，需要一个证件。",
        "",
    ],
)
def test_the_same_facts_in_other_words_are_no_difference(reply):
    assert differences(reply, ENTRY, basis=BASIS) == []


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("15", "15"),
        ("1,200", "1200"),
        ("1.50", "1.5"),
        ("007", "7"),
        ("十五", "15"),
        ("二十", "20"),
        ("一百零五", "105"),
        ("两万", "20000"),
        ("三点五", "3.5"),
        ("一亿二千万", "120000000"),
        ("二〇二六", "2026"),
        ("几", None),
        ("", None),
    ],
)
def test_numbers_are_read_in_digits_and_in_chinese(written, value):
    assert number_of(written) == value


def test_each_part_of_a_text_is_one_fact_only():
    facts = [(mention.kind, mention.value) for mention in mentions("2026年3月1日起3个月内交500万元。")]
    assert facts == [(Fact.DATE, "2026-03-01"), (Fact.PERIOD, "3"), (Fact.AMOUNT, "5000000")]


PAIRS = Path(__file__).with_name("consistency_pairs.jsonl")
UNSEEN = Path(__file__).with_name("consistency_pairs_unseen.jsonl")
LETTERS = Path(__file__).with_name("consistency_pairs_letters.jsonl")
CASES = Path(__file__).with_name("consistency_pairs_cases.jsonl")
# Written without the rule in sight and never learned from: only its figures were looked at.
AT_SIGHT = Path(__file__).with_name("consistency_pairs_at_sight.jsonl")


def pairs(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.clause("A9")
@pytest.mark.parametrize(
    ("file", "count", "precision", "recall"),
    [
        (PAIRS, 424, 0.98, 0.96),
        (UNSEEN, 79, 0.95, 0.95),
        (LETTERS, 116, 0.95, 0.9),
        (CASES, 680, 0.92, 0.65),
        (AT_SIGHT, 120, 0.84, 0.55),
    ],
)
def test_on_labelled_pairs_few_differences_are_missed_and_hardly_any_invented(file, count, precision, recall):
    measured = measure(pairs(file))
    assert measured["count"] == count
    assert measured["precision"] >= precision
    assert measured["recall"] >= recall


def test_the_measure_counts_what_was_missed_by_kind():
    rows = [
        {"entry": "工本费20元。", "reply": "工本费25元。", "verdict": "differs", "what": "amount"},
        {"entry": "工本费20元。", "reply": "请带身份证。", "verdict": "differs", "what": "must_keep"},
        {"entry": "工本费20元。", "reply": "工本费二十元。", "verdict": "same"},
    ]
    measured = measure(rows)
    assert (measured["precision"], measured["recall"], measured["false_alarms"]) == (1.0, 0.5, 0)
    assert measured["recall_by_kind"] == {"amount": 1.0, "must_keep": 0.0}


@pytest.mark.clause("C16")
def test_what_must_be_kept_and_is_not_there_is_named():
    (finding,) = differences("三日内答复。", "三日内答复，逾期视为放弃。", must_keep=["逾期视为放弃"])
    assert (finding.kind, finding.library, finding.reply) == (Fact.MUST_KEEP, "逾期视为放弃", "")


def test_one_value_said_of_something_else_is_shown_with_what_was_agreed_for_that():
    entry = "物业服务企业应当在5个工作日内出具同意证明，电网企业2个工作日内完成现场勘察。"
    (finding,) = differences("电网企业5个工作日内完成现场勘察。", entry)
    assert (finding.library, finding.reply) == ("2个工作日内", "5个工作日内")


@pytest.mark.parametrize(
    "text",
    [
        "1元" * 5000,
        "，不" * 5000,
        "不得转" * 5000,
        "请到市局办理，" * 1400,
        "《" * 10_000,
        "第一" * 5000,
        "“" * 9000,
    ],
)
def test_long_and_odd_texts_are_compared_all_the_same(text):
    assert isinstance(differences(text, text[:5000]), list)


def test_spaces_between_numbers_and_characters_change_nothing():
    told = "1994 年 2 月 1 日前，工本费 10 元，15 个工作日内，下午 5 点前，年满 60 周岁，50 %，在 2 楼，每月 20 日前"
    bare = [(one.kind, one.value, one.unit) for one in mentions(told.replace(" ", ""))]
    assert [(one.kind, one.value, one.unit) for one in mentions(told)] == bare
    assert len(bare) == 8


@pytest.mark.clause("A9")
@pytest.mark.parametrize(
    ("said", "same"),
    [
        ("依据《城市绿化条例》", True),
        ("依据《云泽市城市绿化条例（试行）》", True),
        ("依据《云江市城市绿化条例》", False),
        ("依据《云泽市城市绿化管理办法》", False),
    ],
)
def test_a_title_may_be_shortened_but_not_moved_to_another_place(said, same):
    found = differences(said, "依据《云泽市城市绿化条例》，不得自行砍伐。")
    assert [one.kind for one in found] == ([] if same else [Fact.BASIS])


@pytest.mark.clause("A9")
@pytest.mark.parametrize(
    ("entry", "said", "library"),
    [
        (
            "提前购买的由区住房和城乡建设局按约定处理。",
            "此事由市自然资源和规划局按约定处理。",
            "区住房和城乡建设局",
        ),
        (
            "向街道办事处提出申请，区住房保障中心20个工作日内复核。",
            "请到区住房保障中心提出申请。",
            "街道办事处",
        ),
        ("向户籍地乡镇（街道）医保服务站申请。", "请向市民政局申请。", "医保服务站"),
    ],
)
def test_an_office_that_does_something_else_is_shown_with_the_one_agreed(entry, said, library):
    (finding,) = differences(said, entry)
    assert (finding.kind, finding.library) == (Fact.OFFICE, library)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("过期期间不能开车。", "过期期间开车会被处罚。"),
        ("5个工作日内核查是否有规划许可。", "经查，该处没有规划许可。"),
        ("怀疑表不准可申请校验。", "还可申请校验。"),
        ("请保留付款记录。", "法律援助免费。"),
    ],
)
def test_what_only_looks_like_a_denial_is_none(entry, said):
    assert differences(said, entry) == []


@pytest.mark.clause("A9")
@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("二环路以内禁止销售、燃放。", "二环路以内可以燃放。"),
        ("网上不接受线下补报。", "可以到现场线下补报。"),
        ("驾驶员应当提供发票。", "驾驶员没有义务提供发票。"),
        ("低保户、特困人员免收。", "低保户同样需要缴纳垃圾费。"),
        ("提前还款不收违约金。", "提前还款须支付违约金。"),
    ],
)
def test_the_opposite_is_found_however_it_is_said(entry, said):
    assert Fact.NEGATION in {one.kind for one in differences(said, entry)}
