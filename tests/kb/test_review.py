"""三审: three people, none of them the author, about one exact text."""

from datetime import date

import pytest

from kb.review import (
    GATES,
    RETURN_CODES,
    THREE_REVIEWS,
    Opinion,
    ReviewError,
    SentBack,
    Step,
    Verdict,
    awaited,
    check,
    check_form,
    digest_of,
    is_complete,
    sent_back,
)

AUTHOR, WANG, ZHAO, SUN = 1, 2, 3, 4
TEXT = digest_of("社保卡补办请到就近网点。", to="wechat")
EDITED = digest_of("社保卡补办请到就近网点！", to="wechat")


def approved(step: Step, reviewer: int, digest: str = TEXT) -> Opinion:
    return Opinion(step, Verdict.APPROVE, reviewer, digest, gates=tuple(GATES))


FIRST = approved(Step.FIRST, WANG)
SECOND = approved(Step.SECOND, ZHAO)
FINAL = approved(Step.FINAL, SUN)
REFUSED = Opinion(Step.SECOND, Verdict.SEND_BACK, ZHAO, TEXT, code="undecided")


@pytest.mark.clause("E9")
@pytest.mark.parametrize(
    ("opinions", "digest", "step"),
    [
        ([], TEXT, Step.FIRST),
        ([FIRST], TEXT, Step.SECOND),
        ([FIRST, SECOND], TEXT, Step.FINAL),
        ([FIRST, SECOND, FINAL], TEXT, None),
        # One character changed: everything given before is void, and nothing had to be deleted.
        ([FIRST, SECOND, FINAL], EDITED, Step.FIRST),
        # A later step alone does not stand for an earlier one.
        ([SECOND, FINAL], TEXT, Step.FIRST),
        # Sent back under the old text, reviewed again under the new one.
        ([FIRST, REFUSED], EDITED, Step.FIRST),
    ],
)
def test_the_awaited_step_follows_from_the_opinions_on_this_exact_text(opinions, digest, step):
    assert awaited(THREE_REVIEWS, opinions, digest) == step
    assert is_complete(THREE_REVIEWS, opinions, digest) is (step is None)


def test_a_text_that_was_sent_back_cannot_be_taken_for_an_approved_one():
    opinions = [FIRST, REFUSED, FINAL]
    with pytest.raises(SentBack) as refused:
        awaited(THREE_REVIEWS, opinions, TEXT)
    assert refused.value.opinion is REFUSED
    assert "复审" in refused.value.message_zh
    assert not is_complete(THREE_REVIEWS, opinions, TEXT)
    assert sent_back(opinions, TEXT) is REFUSED
    assert sent_back(opinions, EDITED) is None


def test_an_empty_route_approves_nothing():
    assert not is_complete((), [], TEXT)


@pytest.mark.clause("E9", "E27", "B15", "A18")
@pytest.mark.parametrize(
    ("who", "step", "opinions", "contractor", "seen", "code"),
    [
        (AUTHOR, Step.FIRST, [], False, None, "author"),
        (WANG, Step.FIRST, [], True, None, "contractor"),
        (WANG, Step.SECOND, [FIRST], False, None, "same_person"),
        (WANG, Step.FINAL, [FIRST, SECOND], False, None, "same_person"),
        (SUN, Step.FINAL, [FIRST], False, None, "wrong_step"),
        (SUN, Step.FIRST, [FIRST], False, None, "wrong_step"),
        (SUN, Step.SECOND, [FIRST], False, EDITED, "text_changed"),
        (SUN, Step.FINAL, [FIRST, REFUSED], False, None, "sent_back"),
        (9, Step.FINAL, [FIRST, SECOND, FINAL], False, None, "complete"),
    ],
)
def test_who_may_not_review(who, step, opinions, contractor, seen, code):
    with pytest.raises(ReviewError) as refused:
        check(
            THREE_REVIEWS,
            opinions,
            TEXT,
            step=step,
            reviewer_id=who,
            author_id=AUTHOR,
            contractor=contractor,
            seen=seen,
        )
    assert refused.value.code == code
    assert refused.value.message_zh.endswith("。")


def test_three_different_people_may_review_one_after_the_other():
    given: list[Opinion] = []
    for step, who in zip(THREE_REVIEWS, (WANG, ZHAO, SUN), strict=True):
        check(
            THREE_REVIEWS,
            given,
            TEXT,
            step=step,
            reviewer_id=who,
            author_id=AUTHOR,
            contractor=False,
            seen=TEXT,
        )
        given.append(approved(step, who))
    assert is_complete(THREE_REVIEWS, given, TEXT)


def test_a_reviewer_of_the_old_text_may_review_the_new_one():
    check(
        THREE_REVIEWS, [FIRST], EDITED, step=Step.FIRST, reviewer_id=WANG, author_id=AUTHOR, contractor=False
    )


@pytest.mark.clause("A18", "C13")
@pytest.mark.parametrize(
    ("verdict", "gates", "code", "note", "refused"),
    [
        (Verdict.APPROVE, list(GATES), None, "", None),
        (Verdict.APPROVE, ["political", "legal", "policy", "wording"], None, "", "gates"),
        (Verdict.APPROVE, [], None, "", "gates"),
        (Verdict.APPROVE, [*GATES, "taste"], None, "", "unknown_gate"),
        (Verdict.SEND_BACK, [], "privacy", "", None),
        (Verdict.SEND_BACK, [], None, "不好", "return_code"),
        (Verdict.SEND_BACK, [], "dislike", "不好", "return_code"),
        (Verdict.SEND_BACK, [], "other", "  ", "note"),
        (Verdict.SEND_BACK, [], "other", "电话已变更", None),
    ],
)
def test_the_review_form_is_complete(verdict, gates, code, note, refused):
    if refused is None:
        check_form(verdict, gates=gates, code=code, note=note)
        return
    with pytest.raises(ReviewError) as error:
        check_form(verdict, gates=gates, code=code, note=note)
    assert error.value.code == refused


def test_there_are_five_gates_and_eight_reasons_to_send_back():
    assert list(GATES.values()) == ["政治", "法律", "政策", "保密", "文字"]
    assert len(RETURN_CODES) == 8


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (digest_of("甲", a=1, b=2), digest_of("甲", b=2, a=1), True),
        (digest_of("甲", on=date(2026, 11, 20)), digest_of("甲", on="2026-11-20"), True),
        (digest_of("甲", to=["wechat"]), digest_of("甲", to=["weibo"]), False),
        (digest_of("甲 "), digest_of("甲"), False),
        (digest_of("１５日"), digest_of("15日"), False),
        (digest_of("甲", step=Step.FIRST), digest_of("甲", step="first"), True),
    ],
)
def test_the_digest_stands_for_the_text_and_all_it_is_approved_for(left, right, same):
    assert (left == right) is same


def test_what_has_no_fixed_form_cannot_be_bound():
    with pytest.raises(TypeError):
        digest_of("甲", target=object())
