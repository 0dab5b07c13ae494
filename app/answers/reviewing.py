"""What does a submitted entry wait for, and may this person do it?"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.staff.roles import Person, Role
from kb.review import STEP_LABELS, THREE_REVIEWS, Opinion, ReviewError, Step, awaited, check, sent_back

PUBLISH = "publish"
PUBLISHERS = (Role.EDITOR, Role.ISSUER)
LABELS = {**{step.value: label for step, label in STEP_LABELS.items()}, PUBLISH: "签发"}


@dataclass(frozen=True)
class Standing:
    """Where one exact text stands. ``step``: a step of review, `PUBLISH`, or None: it was sent back."""

    step: str | None
    opinions: tuple[Opinion, ...]
    digest: str
    author_id: int


def standing(opinions: Iterable[Opinion], digest: str, author_id: int) -> Standing:
    """Where a submitted text with ``digest`` stands after ``opinions``."""
    given = tuple(opinions)
    if sent_back(given, digest) is not None:
        return Standing(None, given, digest, author_id)
    return Standing(awaited(THREE_REVIEWS, given, digest) or PUBLISH, given, digest, author_id)


def why_not(stands: Standing, person: Person) -> str | None:
    """Why ``person`` may not take the awaited step, as a sentence; None when they may."""
    if stands.step is None:
        return "已退回起草人，等修改后再送审。"
    if stands.step == PUBLISH:
        return _why_not_publish(stands, person)
    if not person.may(Role.REVIEWER):
        return f"等审核员{LABELS[stands.step]}。"
    try:
        check(
            THREE_REVIEWS,
            stands.opinions,
            stands.digest,
            step=Step(stands.step),
            reviewer_id=person.id,
            author_id=stands.author_id,
            contractor=person.contractor,
        )
    except ReviewError as refusal:
        return refusal.message_zh
    return None


def _why_not_publish(stands: Standing, person: Person) -> str | None:
    rules = (
        (person.may(*PUBLISHERS), "三审已经完成，等签发人或问答库编辑签发。"),
        (not person.contractor, "外包人员不能签发。请由本单位人员签发。"),
        (person.id != stands.author_id, "不能签发自己起草的文本。请由其他人员签发。"),
    )
    return next((words for holds, words in rules if not holds), None)
