"""May this closed case be shown, in which words, and what speaks against it?"""

import pytest

from app.base.errors import Invalid
from app.disclosure import decision
from app.disclosure.decision import FLAG_LABELS, HARD_KINDS, REASONS, PublicTexts, guards, tidied

TEXTS = PublicTexts("租房没有合同能不能办居住证", "关于居住证的咨询", "我住〔住址〕", "可以办理。")


def test_one_changed_character_is_another_digest() -> None:
    assert TEXTS.digest == PublicTexts(TEXTS.title, TEXTS.summary, TEXTS.message, TEXTS.reply).digest
    changed = PublicTexts(TEXTS.title, TEXTS.summary, TEXTS.message, "可以办理！")
    assert changed.digest != TEXTS.digest


def test_words_moved_from_one_field_to_another_are_another_digest() -> None:
    assert PublicTexts("甲乙", "", "", "丙").digest != PublicTexts("甲", "乙", "", "丙").digest


def test_a_browser_that_sends_cr_lf_confirms_the_same_text() -> None:
    assert tidied("标题", "", "一\r\n二", "答复 ").digest == tidied("标题", "", "一\n二", "答复").digest


@pytest.mark.clause("D19")
@pytest.mark.parametrize(
    ("found", "message_type", "sensitivity", "consent", "expected"),
    [
        ((), "consultation", "ordinary", True, []),
        ((), "consultation", "ordinary", False, ["objected"]),
        ((), "report", "ordinary", True, ["report"]),
        ((), "complaint", "sensitive", True, ["sensitive"]),
        (("minor", "third_person"), "help", "ordinary", True, ["minor", "third_person"]),
        (("health",), "report", "sensitive", False, ["objected", "report", "sensitive", "health"]),
    ],
)
def test_what_touches_the_guard_list_goes_to_a_person_with_care(
    found: tuple[str, ...], message_type: str, sensitivity: str, consent: bool, expected: list[str]
) -> None:
    assert guards(found, message_type, sensitivity, consent=consent) == expected


def test_a_text_whose_rules_did_not_end_says_so_first() -> None:
    assert guards((), "help", "ordinary", consent=True, failed=True) == ["redaction_failed"]


@pytest.mark.clause("D19")
def test_each_guarded_thing_is_looked_at_by_name() -> None:
    with pytest.raises(Invalid, match="涉及健康状况"):
        decision.check_care(["minor", "health"], ["minor"])
    decision.check_care(["minor", "health"], ["health", "minor"])


@pytest.mark.clause("C4")
def test_withholding_needs_one_of_three_coded_reasons() -> None:
    assert [reason.label for reason in REASONS.values()] == ["个人隐私", "涉密", "其他"]
    decision.check_reason("privacy", "")
    with pytest.raises(Invalid) as refused:
        decision.check_reason("inconvenient", "")
    assert refused.value.field == "reason"


@pytest.mark.clause("C4")
def test_the_reason_other_names_its_basis() -> None:
    with pytest.raises(Invalid) as refused:
        decision.check_reason("other", "  ")
    assert refused.value.field == "legal_basis"
    decision.check_reason("other", "《政府信息公开条例》第十五条")


@pytest.mark.clause("E14")
@pytest.mark.parametrize(
    ("exception", "basis", "field"),
    [("penalty", "", "legal_basis"), ("mandatory", " ", "legal_basis"), ("praise", "某办法", "exception")],
)
def test_only_two_exceptions_and_each_with_its_legal_basis(exception: str, basis: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        decision.check_exception(exception, basis)
    assert refused.value.field == field


@pytest.mark.clause("E14")
def test_an_exception_with_its_basis_may_name_people() -> None:
    decision.check_exception("penalty", "《某条例》第十条")
    decision.check_nothing_hard({"reply": {"id_card"}}, "penalty")


@pytest.mark.clause("E14")
@pytest.mark.parametrize("kind", list(HARD_KINDS))
def test_a_hard_class_never_stays_readable(kind: str) -> None:
    with pytest.raises(Invalid, match=HARD_KINDS[kind]) as refused:
        decision.check_nothing_hard({"title": set(), "message": {kind}}, "")
    assert refused.value.field == "message"


def test_a_name_that_a_person_let_stand_is_that_persons_decision() -> None:
    decision.check_nothing_hard({"reply": {"name", "address"}}, "")


@pytest.mark.parametrize(
    ("texts", "flags", "field"),
    [
        (PublicTexts("", "", "", "答复"), [], "title"),
        (PublicTexts("标题", "", "", ""), [], "reply"),
        (PublicTexts("标题", "", "来信", "答复"), ["objected"], "message"),
        (PublicTexts("长" * 101, "", "", "答复"), [], "title"),
    ],
)
def test_texts_that_cannot_be_a_public_case(texts: PublicTexts, flags: list[str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        decision.check_texts(texts, flags)
    assert refused.value.field == field


def test_a_case_whose_letter_is_not_shown_is_told_in_the_offices_words() -> None:
    assert decision.summary_of("咨询", "居住证") == "关于居住证的咨询"
    assert decision.summary_of("投诉", "") == "一件投诉"


def test_every_flag_has_words() -> None:
    assert all(FLAG_LABELS.values())


def test_what_may_be_abusive_needs_a_person() -> None:
    assert guards((), "complaint", "ordinary", consent=True, abusive=True) == ["abusive"]


@pytest.mark.parametrize(
    ("flags", "hurt"),
    [
        ([], ["来信人（微博）"]),
        (["third_person", "odd_writing"], ["来信人（微博）", "来信里点名提到的人"]),
        (["minor", "report"], ["来信人（微博）", "来信涉及的未成年人", "举报人和被举报人"]),
    ],
)
def test_whom_a_leak_may_hurt_follows_from_what_the_guards_saw(flags: list[str], hurt: list[str]) -> None:
    assert decision.affected(flags, "微博") == hurt


@pytest.mark.parametrize("odd", ["路灯\x0b坏了", "路灯\u202e坏了", "\ufffe路灯坏了", "路灯坏了\x85"])
def test_characters_that_no_page_can_show_leave_the_public_text(odd: str) -> None:
    assert decision.tidied(odd, "", "", "").title == "路灯坏了"
