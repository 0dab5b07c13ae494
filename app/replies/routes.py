"""Which reviews must this reply pass, who may give each, and who may release it? 三审、签发

Three people review (初审、复审、终审), a person with the right to issue releases (clauses B15, C7, E9, E10).
The author reviews and releases nothing, nor does a contractor (E27). Whoever gave the final review may
release as well where that person is an issuer (终审并签发, one step on the screen); whoever gave the first
or second may not. Important and sensitive replies are released by a principal (主要领导) alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.base.errors import Conflict, NotAllowed
from app.staff.roles import LABELS, Person, Role
from kb import review
from kb.review import THREE_REVIEWS, Opinion, Step

RELEASE = "release"
"""The step after the reviews, as `Reply.step` and `ReplyOpinion.step` name it."""

STEP_LABELS: Mapping[str, str] = {
    **{step.value: label for step, label in review.STEP_LABELS.items()},
    RELEASE: "签发",
}


@dataclass(frozen=True)
class Route:
    """A way through the reviews. ``note`` : an approval must say something; ``principal``: who releases."""

    key: str
    label: str
    steps: Sequence[Step]
    note: bool = False
    principal: bool = False


ROUTES: Mapping[str, Route] = {
    route.key: route
    for route in (
        Route("ordinary", "一般 · 三级", THREE_REVIEWS),
        Route("important", "重要 · 三级，主要领导签发", THREE_REVIEWS, note=True, principal=True),
        Route("sensitive", "敏感 · 三级，主要领导签发", THREE_REVIEWS, note=True, principal=True),
    )
}

ANY = "*"
# First row that fits. A tip-off (举报线索) is never ordinary, whatever the case was marked as (E11).
CHOICE: Sequence[tuple[str, str, str]] = (
    # message type, sensitivity, route
    (ANY, "sensitive", "sensitive"),
    (ANY, "important", "important"),
    ("report", ANY, "important"),
    (ANY, ANY, "ordinary"),
)

ROLES_BY_STEP: Mapping[str, frozenset[Role]] = {
    Step.FIRST: frozenset({Role.REVIEWER}),
    Step.SECOND: frozenset({Role.REVIEWER}),
    Step.FINAL: frozenset({Role.REVIEWER, Role.ISSUER}),
    RELEASE: frozenset({Role.ISSUER}),
}


def route_for(message_type: str, sensitivity: str) -> Route:
    """The route of a reply to a case of this class and sensitivity (E9, E10)."""
    return next(
        ROUTES[key]
        for of_type, of_sensitivity, key in CHOICE
        if of_type in (ANY, message_type) and of_sensitivity in (ANY, sensitivity)
    )


def digest_of_reply(
    text: str,
    targets: Iterable[int],
    route: str,
    basis: str,
    short_texts: Mapping[str, str] | None = None,
    answer: str = "",
    endings: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """What opinions are about: the words, to whom, by which route, on what basis (A18). SHA-256, hex.

    ``short_texts``: platform → short form, where the author chose one; it goes out, so it is approved too.
    ``endings``: platform → endings, of which one may be added there: all of them are approved with it.
    ``answer``: the wording it was held to after a major change of it; the same words are then another text.
    """
    bound: dict[str, object] = {"targets": sorted(targets), "route": route, "basis": basis}
    if short_texts:
        bound["short_texts"] = dict(short_texts)
    if answer:
        bound["answer"] = answer
    if endings:
        bound["endings"] = {form: list(some) for form, some in endings.items()}
    return review.digest_of(text, **bound)


def awaited_step(route: Route, opinions: Iterable[Opinion], digest: str) -> str:
    """The step this exact text waits for: a review, or `RELEASE`. Raises `kb.review.SentBack`."""
    step = review.awaited(route.steps, opinions, digest)
    return RELEASE if step is None else step.value


def check_reviewer(
    route: Route,
    opinions: Iterable[Opinion],
    digest: str,
    *,
    step: Step,
    person: Person,
    authors: Collection[int],
    seen: str,
) -> None:
    """Refuse a review that ``person`` may not give now.

    ``authors``: everybody who wrote in this reply; ``seen``: digest of the text on the person's screen.
    Raises `NotAllowed` or `Conflict` with the code of `kb.review.ReviewError`.
    """
    if not person.may(*ROLES_BY_STEP[step]):
        raise NotAllowed(f"{STEP_LABELS[step]}要由{_who(step)}来做", code="wrong_role")
    author = person.id if person.id in authors else next(iter(authors), 0)
    try:
        review.check(
            route.steps,
            opinions,
            digest,
            step=step,
            reviewer_id=person.id,
            author_id=author,
            contractor=person.contractor,
            seen=seen,
        )
    except review.ReviewError as refusal:
        raise refused(refusal) from None


def check_release(
    route: Route,
    opinions: Sequence[Opinion],
    digest: str,
    *,
    person: Person,
    authors: Collection[int],
    principals: Collection[int],
    seen: str,
) -> None:
    """Refuse a release 签发 that ``person`` may not give, or that comes before its reviews (B15, B16).

    ``principals``: the 主要领导 who may release important replies. Raises `NotAllowed` or `Conflict`.
    """
    if person.contractor:
        raise NotAllowed("外包人员不能签发。请由本单位签发人签发", code="contractor")
    if not person.may(*ROLES_BY_STEP[RELEASE]):
        raise NotAllowed(f"签发要由{_who(RELEASE)}来做", code="wrong_role")
    if person.id in authors:
        raise NotAllowed("不能签发自己起草的答复。请由其他签发人签发", code="author")
    if seen != digest:
        raise Conflict("文本在您阅读后有改动。请重新阅读后再签发", code="text_changed")
    try:
        check_complete(route, opinions, digest)
    except review.ReviewError as refusal:
        raise refused(refusal) from None
    earlier = {opinion.step for opinion in _approvals(opinions, digest) if opinion.reviewer_id == person.id}
    if earlier - {Step.FINAL}:
        words = "、".join(STEP_LABELS[step] for step in THREE_REVIEWS if step in earlier)
        raise NotAllowed(f"您已做过{words}，不能再签发。请由其他签发人签发", code="same_person")
    _check_principal(route, person, principals)


def _check_principal(route: Route, person: Person, principals: Collection[int]) -> None:
    if not route.principal or person.id in principals:
        return
    if not principals:
        raise NotAllowed(
            "重要、敏感的答复由主要领导签发，但还没有登记主要领导。请系统管理员在“承办单位”中填写",
            code="no_principal",
        )
    raise NotAllowed("重要、敏感的答复由主要领导签发，请转给主要领导", code="not_principal")


def check_complete(route: Route, opinions: Iterable[Opinion], digest: str) -> None:
    """Refuse a text that has not passed every step with a different person. Raises `kb.review.ReviewError`.

    Asked before releasing and again, from the database, before every send.
    """
    opinions = list(opinions)
    step = awaited_step(route, opinions, digest)
    if step != RELEASE:
        raise review.ReviewError("incomplete", f"还没有{STEP_LABELS[step]}，不能签发。")
    people = [opinion.reviewer_id for opinion in _approvals(opinions, digest) if opinion.step in route.steps]
    if len(set(people)) < len(route.steps):
        raise review.ReviewError("same_person", "三审须由不同人员完成。请退回后重新送审。")


def refused(refusal: review.ReviewError) -> NotAllowed | Conflict:
    """A refusal of `kb.review` as the doors know it: what somebody else changed is a conflict."""
    kind = Conflict if refusal.code in OVERTAKEN else NotAllowed
    return kind(refusal.message_zh, code=refusal.code)


OVERTAKEN = frozenset({"text_changed", "wrong_step", "complete", "sent_back", "incomplete"})


def _approvals(opinions: Iterable[Opinion], digest: str) -> list[Opinion]:
    return [o for o in opinions if o.digest == digest and o.verdict == review.Verdict.APPROVE]


def _who(step: str) -> str:
    return "或".join(LABELS[role] for role in Role if role in ROLES_BY_STEP[step])
