"""Who may review and release which reply."""

import pytest

from app.base.errors import Conflict, NotAllowed
from app.replies.routes import (
    RELEASE,
    ROUTES,
    awaited_step,
    check_complete,
    check_release,
    check_reviewer,
    digest_of_reply,
    route_for,
)
from app.staff.roles import Person, Role
from kb.review import GATES, Opinion, ReviewError, SentBack, Step, Verdict

TEXT = "您好！租房没有合同的，可用房东签名的居住证明。"
DIGEST = digest_of_reply(TEXT, [7, 3], "ordinary", "居住证管理办法")


def person(number: int, *roles: Role, contractor: bool = False) -> Person:
    return Person(number, f"第{number}人", 1, frozenset(roles), contractor)


CHEN = person(1, Role.CLERK)
LIU = person(2, Role.REVIEWER)
WANG = person(3, Role.REVIEWER)
ZHOU = person(4, Role.REVIEWER, Role.ISSUER)
ZHENG = person(5, Role.ISSUER)
WU = person(6, Role.REVIEWER, Role.ISSUER, contractor=True)


def approved(step: Step, by: Person, digest: str = DIGEST) -> Opinion:
    return Opinion(step, Verdict.APPROVE, by.id, digest, gates=tuple(GATES))


THREE = [approved(Step.FIRST, LIU), approved(Step.SECOND, WANG), approved(Step.FINAL, ZHOU)]


@pytest.mark.clause("E10")
@pytest.mark.parametrize(
    ("message_type", "sensitivity", "route"),
    [
        ("consultation", "ordinary", "ordinary"),
        ("correction", "ordinary", "ordinary"),
        ("consultation", "important", "important"),
        ("complaint", "sensitive", "sensitive"),
        ("report", "ordinary", "important"),
        ("report", "sensitive", "sensitive"),
    ],
)
def test_the_route_follows_class_and_sensitivity(message_type: str, sensitivity: str, route: str) -> None:
    assert route_for(message_type, sensitivity).key == route


@pytest.mark.clause("E9")
def test_every_route_has_three_reviews() -> None:
    assert all(list(route.steps) == [Step.FIRST, Step.SECOND, Step.FINAL] for route in ROUTES.values())


@pytest.mark.clause("A18")
@pytest.mark.parametrize(
    "changed",
    [
        digest_of_reply(TEXT + " ", [7, 3], "ordinary", "居住证管理办法"),
        digest_of_reply(TEXT, [7], "ordinary", "居住证管理办法"),
        digest_of_reply(TEXT, [7, 3], "important", "居住证管理办法"),
        digest_of_reply(TEXT, [7, 3], "ordinary", "另一个办法"),
        digest_of_reply(TEXT, [7, 3], "ordinary", "居住证管理办法", {"weibo": "短版"}),
        digest_of_reply(TEXT, [7, 3], "ordinary", "居住证管理办法", endings={"weibo": ["谢谢"]}),
        digest_of_reply(TEXT, [7, 3], "ordinary", "居住证管理办法", endings={"weibo": ["谢谢", "再见"]}),
    ],
)
def test_an_approval_is_of_one_text_to_one_set_of_people_by_one_route(changed: str) -> None:
    assert changed != DIGEST
    assert awaited_step(ROUTES["ordinary"], THREE, DIGEST) == RELEASE
    assert awaited_step(ROUTES["ordinary"], THREE, changed) == "first"


def test_the_order_in_which_addressees_are_named_does_not_matter() -> None:
    assert digest_of_reply(TEXT, [3, 7], "ordinary", "居住证管理办法") == DIGEST


@pytest.mark.clause("E9", "E27", "B15")
@pytest.mark.parametrize(
    ("who", "step", "opinions", "code"),
    [
        (CHEN, Step.FIRST, [], "wrong_role"),
        (ZHENG, Step.FIRST, [], "wrong_role"),
        (WU, Step.FIRST, [], "contractor"),
        (LIU, Step.SECOND, THREE[:1], "same_person"),
        (WANG, Step.FINAL, THREE[:1], "wrong_step"),
        (WANG, Step.FIRST, THREE[:1], "wrong_step"),
    ],
)
def test_a_review_is_refused(who: Person, step: Step, opinions: list[Opinion], code: str) -> None:
    with pytest.raises((NotAllowed, Conflict)) as refusal:
        check_reviewer(
            ROUTES["ordinary"], opinions, DIGEST, step=step, person=who, authors={CHEN.id}, seen=DIGEST
        )
    assert refusal.value.code == code


@pytest.mark.clause("E9")
def test_nobody_who_wrote_in_the_reply_may_review_it() -> None:
    with pytest.raises(NotAllowed) as refusal:
        check_reviewer(
            ROUTES["ordinary"],
            [],
            DIGEST,
            step=Step.FIRST,
            person=LIU,
            authors={CHEN.id, LIU.id},
            seen=DIGEST,
        )
    assert refusal.value.code == "author"


def test_a_text_that_changed_while_it_was_read_is_not_approved() -> None:
    with pytest.raises(Conflict) as refusal:
        check_reviewer(
            ROUTES["ordinary"], [], DIGEST, step=Step.FIRST, person=LIU, authors={CHEN.id}, seen="0" * 64
        )
    assert refusal.value.code == "text_changed"


def test_the_final_review_may_be_given_by_an_issuer() -> None:
    check_reviewer(
        ROUTES["ordinary"], THREE[:2], DIGEST, step=Step.FINAL, person=ZHENG, authors={CHEN.id}, seen=DIGEST
    )


@pytest.mark.clause("B15", "C7")
@pytest.mark.parametrize(
    ("who", "opinions", "authors", "seen", "code"),
    [
        (LIU, THREE, {1}, DIGEST, "wrong_role"),
        (WU, THREE, {1}, DIGEST, "contractor"),
        (ZHENG, THREE, {1, 5}, DIGEST, "author"),
        (ZHENG, THREE, {1}, "0" * 64, "text_changed"),
        (ZHENG, THREE[:2], {1}, DIGEST, "incomplete"),
        (ZHENG, [], {1}, DIGEST, "incomplete"),
        (ZHOU, [approved(Step.FIRST, ZHOU), THREE[1], approved(Step.FINAL, LIU)], {1}, DIGEST, "same_person"),
        (ZHOU, [approved(Step.FIRST, LIU), approved(Step.SECOND, LIU), THREE[2]], {1}, DIGEST, "same_person"),
        (ZHENG, [*THREE[:2], Opinion(Step.FINAL, Verdict.SEND_BACK, 4, DIGEST)], {1}, DIGEST, "sent_back"),
    ],
)
def test_a_release_is_refused(
    who: Person, opinions: list[Opinion], authors: set[int], seen: str, code: str
) -> None:
    with pytest.raises((NotAllowed, Conflict)) as refusal:
        check_release(
            ROUTES["ordinary"], opinions, DIGEST, person=who, authors=authors, principals=(), seen=seen
        )
    assert refusal.value.code == code


@pytest.mark.parametrize("who", [ZHENG, ZHOU])
def test_an_issuer_releases_also_the_one_who_gave_the_final_review(who: Person) -> None:
    check_release(
        ROUTES["ordinary"], THREE, DIGEST, person=who, authors={CHEN.id}, principals=(), seen=DIGEST
    )


@pytest.mark.clause("E10")
def test_important_replies_are_released_by_a_principal_alone() -> None:
    def release(who: Person, principals: set[int]) -> None:
        check_release(
            ROUTES["important"], THREE, DIGEST, person=who, authors={1}, principals=principals, seen=DIGEST
        )

    release(ZHENG, {ZHENG.id})
    with pytest.raises(NotAllowed, match="主要领导签发，请转给"):
        release(ZHOU, {ZHENG.id})
    with pytest.raises(NotAllowed, match="还没有登记主要领导"):
        release(ZHENG, set())


@pytest.mark.clause("B16")
def test_a_chain_is_complete_only_with_three_people_on_this_very_text() -> None:
    check_complete(ROUTES["ordinary"], THREE, DIGEST)
    for broken in (THREE[:2], [*THREE[:2], approved(Step.FINAL, WANG)], []):
        with pytest.raises(ReviewError):
            check_complete(ROUTES["ordinary"], broken, DIGEST)
    with pytest.raises(ReviewError):
        check_complete(ROUTES["ordinary"], THREE, "0" * 64)


def test_a_text_that_was_sent_back_awaits_nothing_but_a_change() -> None:
    with pytest.raises(SentBack):
        awaited_step(ROUTES["ordinary"], [Opinion(Step.FIRST, Verdict.SEND_BACK, 2, DIGEST)], DIGEST)
