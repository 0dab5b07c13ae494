"""In which state is an entry, of which kind is it, and how much does a new version change?"""

from enum import StrEnum


class EntryState(StrEnum):
    """Where an entry stands. A published entry stays published while its next version is reviewed."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    RETIRED = "retired"


class EntryKind(StrEnum):
    """What an entry is for."""

    ANSWER = "answer"
    CLARIFICATION = "clarification"
    ACKNOWLEDGEMENT = "acknowledgement"


class Significance(StrEnum):
    """How much a version changes what people are told; decides whom the change must reach."""

    WORDING = "wording"
    ORDINARY = "ordinary"
    MAJOR = "major"


class ChangeKind(StrEnum):
    """What happened to an entry that every copy and index must follow."""

    PUBLISHED = "published"
    CHANGED = "changed"
    RETIRED = "retired"
    PHRASED = "phrased"  # only how people ask for it; what is said stays as it was


class RecheckReason(StrEnum):
    """Why an entry in force must be looked at again."""

    REPEALED = "repealed"
    REVIEW_BY = "review_by"
    EXPIRED = "expired"
    CONFLICT = "conflict"
    DEAD_LINK = "dead_link"
    SOURCE_CHANGED = "source_changed"


RECHECK_LABELS = {
    RecheckReason.REPEALED: "依据已废止",
    RecheckReason.REVIEW_BY: "到了复核日期",
    RecheckReason.EXPIRED: "已过有效期",
    RecheckReason.CONFLICT: "与别的答案矛盾",
    RecheckReason.DEAD_LINK: "网址打不开",
    RecheckReason.SOURCE_CHANGED: "原文有改动",
}

STATE_LABELS = {
    EntryState.DRAFT: "草稿",
    EntryState.IN_REVIEW: "审核中",
    EntryState.PUBLISHED: "已发布",
    EntryState.RETIRED: "已停用",
}

KIND_LABELS = {
    EntryKind.ANSWER: "问答",
    EntryKind.CLARIFICATION: "澄清",
    EntryKind.ACKNOWLEDGEMENT: "自动回执",
}

SIGNIFICANCE_LABELS = {
    Significance.WORDING: "文字",
    Significance.ORDINARY: "一般",
    Significance.MAJOR: "重大",
}
