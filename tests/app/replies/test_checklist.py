"""What is found in a draft before anybody reviews it."""

import pytest

from app.replies.checklist import (
    BLOCK,
    INFO,
    WARN,
    Difference,
    Draft,
    Finding,
    PersonalData,
    findings,
    hosts,
    unanswered,
)
from app.replies.rendering import render
from connectors.registry import count_text

QUESTION = "租房没有正式合同，能不能办居住证？"
GOOD = (
    "您好！可以办理。没有租赁合同的，可用房东签名的居住证明。带身份证到居住地派出所申请，15 个工作日内发证。"
)


def found(text: str, **given: object) -> list[tuple[str, str]]:
    draft = Draft(**{"question": QUESTION, "basis": "居住证管理办法", "text": text, **given})  # type: ignore[arg-type]
    return [(finding.code, finding.level) for finding in findings(draft)]


def test_nothing_is_found_in_a_good_reply() -> None:
    assert found(GOOD) == []


@pytest.mark.clause("A7", "C3", "D6")
@pytest.mark.parametrize(
    ("sentence", "code", "level"),
    [
        ("我们将尽快处理您反映的居住证问题。", "empty", WARN),
        ("居住证的事近期将予以解决。", "empty", WARN),
        ("居住证的办法正在研究之中。", "empty", WARN),
        ("我局对居住证工作高度重视。", "empty", WARN),
        ("办居住证请咨询有关部门。", "vague", WARN),
        ("居住证按照相关规定办理。", "vague", WARN),
        ("居住证不归我们管。", "tone", WARN),
        ("居住证怎么办您自己去查。", "tone", WARN),
        ("我个人认为居住证可以办。", "opinion", WARN),
        ("居住证 秘密★1年", "secret_mark", BLOCK),
        ("机密\n居住证可以办。", "secret_mark", BLOCK),
        ("居住证办法见内部资料。", "internal", WARN),
        ("办居住证加微信，代办费八折。", "advertising", WARN),
        ("居住证可以办，请点赞转发。", "forcing", WARN),
        ("办居住证请先关注本公众号。", "forcing", WARN),
        ("办居住证须下载“云泽办”APP。", "forcing", WARN),
        ("办居住证见 http://shop.taobao.com/juzhu", "link", BLOCK),
        ("办居住证见ｗｗｗ．ｂａｎｚｈｅｎｇ．ｃｏｍ", "link", BLOCK),
    ],
)
def test_a_sentence_that_should_not_go_out(sentence: str, code: str, level: str) -> None:
    assert (code, level) in found(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "居住证材料请尽快送到派出所。",  # advice to the citizen, not a promise
        "我们将于 10 月 15 日前尽快核实居住证地址。",  # names the day
        "办居住证可下载申请表打印填写。",
        "居住证信息涉及国家秘密、商业秘密的不予公开。",
        "验证码请不要转发给别人，办居住证不收验证码。",
        "我局认为可以办理居住证。",
        "居住证办理指南见 https://www.yunze.gov.cn/juzhu",
        "居住证办理问题请发邮件到 hukou@yunze.gov.cn",
    ],
)
def test_a_sentence_with_which_nothing_is_wrong(sentence: str) -> None:
    assert found(sentence) == []


@pytest.mark.clause("A20")
def test_links_lead_to_government_sites_or_where_the_office_allows() -> None:
    text = "办居住证见 https://www.yunze.example/juzhu"
    assert ("link", BLOCK) in found(text)
    assert found(text, allowed_hosts=["yunze.example"]) == []
    assert ("link", BLOCK) in found("居住证 https://yunze.example.evil.com/", allowed_hosts=["yunze.example"])
    assert ("link", BLOCK) in found("居住证 https://www.yunze.gov.cn@evil.com/")


def test_hosts_of_all_addresses_are_seen() -> None:
    assert hosts("见 https://a.gov.cn/x，或 b.example.com") == ["a.gov.cn", "b.example.com"]


@pytest.mark.clause("A7")
def test_a_consultation_needs_a_basis_and_others_do_not() -> None:
    assert ("basis", WARN) in found(GOOD, basis="")
    assert found(GOOD + "依据：《云泽市居住证管理办法》第九条。", basis="") == []
    assert found(GOOD, basis="", message_type="complaint") == []


@pytest.mark.clause("A7")
def test_a_reply_about_something_else_does_not_answer_the_question() -> None:
    other = "请带户口簿到任一社保窗口领取。"
    assert ("not_answered", WARN) in found(other)
    assert found(other, has_entry=True) == []


def test_an_empty_draft_is_blocked() -> None:
    assert found(" \n") == [("no_text", BLOCK)]


@pytest.mark.clause("A24", "C8")
def test_personal_data_stops_the_draft() -> None:
    phone, identity = PersonalData("电话", "138****0000", False), PersonalData("证件号", "3501…", True)
    assert found(GOOD, personal_data=[phone, identity]) == [("personal_data", BLOCK), ("personal_data", WARN)]


def test_a_text_over_the_limit_of_its_platform_is_blocked() -> None:
    long = GOOD * 4
    comment = render(long, "weibo", False, count_text)
    assert found(long, forms=[comment, render(long, "wechat", True, count_text)]) == [("too_long", BLOCK)]


def test_a_short_form_that_drops_a_condition_is_blocked() -> None:
    long = GOOD * 4
    short = render(long, "weibo", False, count_text, {"weibo": "可以办理居住证。"})
    assert found(long, forms=[short], must_keep=["15个工作日"]) == [("short_drops", BLOCK)]


def test_a_difference_from_the_library_is_answered_with_a_reason() -> None:
    different = Difference("天数", "15个工作日", "20个工作日")
    assert found(GOOD, differences=[different]) == [("differs", WARN)]


def test_a_closed_window_is_told_and_stops_nothing() -> None:
    draft = Draft(text=GOOD, question=QUESTION, basis="办法", closed_windows=["微信"])
    assert [finding.level for finding in findings(draft)] == [INFO]
    assert unanswered(findings(draft), {}) == []


def test_warnings_are_answered_with_a_reason_and_blocks_never_are() -> None:
    warning, block = Finding("empty", WARN, "空话", "尽快处理"), Finding("link", BLOCK, "链接", "evil.com")
    assert unanswered([warning, block], {}) == [warning, block]
    assert unanswered([warning, block], {warning.key: "领导已定", block.key: "没关系"}) == [block]
    assert unanswered([warning], {warning.key: "  "}) == [warning]


def test_a_reason_is_kept_without_the_words_it_is_about() -> None:
    assert "138" not in Finding("personal_data", WARN, "含电话", "13800000000").key


@pytest.mark.clause("A9")
@pytest.mark.parametrize(
    ("different", "says"),
    [
        (Difference("期限", "15 天", "20 天"), "期限与问答库不一致：草稿写“20 天”，问答库写“15 天”。"),
        (
            Difference("期限", "15 天", "20 天", "怎样补办"),
            "期限与问答库“怎样补办”不一致：草稿写“20 天”，问答库写“15 天”。",
        ),
        (
            Difference("要不要、能不能", "不收费", "要收费", "", True),
            "意思与问答库相反：草稿写“要收费”，问答库写“不收费”。",
        ),
    ],
)
def test_a_departure_is_told_in_a_clerks_words(different: Difference, says: str) -> None:
    told = findings(Draft(text=GOOD, question=QUESTION, basis="居住证管理办法", differences=[different]))
    (finding,) = [one for one in told if one.code == "differs"]
    assert finding.what.startswith(says)


@pytest.mark.clause("A9", "C16")
def test_what_must_be_kept_and_was_left_out_is_told_once_and_answered_once() -> None:
    left_out = [Difference("必须保留的内容", words, "") for words in ("工本费 40 元", "有效 3 个月")]
    told = findings(Draft(text=GOOD, question=QUESTION, basis="居住证管理办法", differences=left_out))
    (finding,) = [one for one in told if one.code == "left_out"]
    assert finding.what == "没有写必须保留的“工本费 40 元”“有效 3 个月”。请补上，或写明理由"
    assert finding.left_out == ("工本费 40 元", "有效 3 个月")
    assert unanswered([finding], {finding.key: "来信人只问地点"}) == []
