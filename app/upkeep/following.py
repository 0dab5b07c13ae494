"""What has to follow a change of an answer, by how much it changes what people are told?"""

from collections.abc import Iterable
from enum import StrEnum

from kb.states import Significance


class Kind(StrEnum):
    """What used the earlier wording."""

    DRAFT = "draft"
    REVIEW = "review"
    REPLY = "reply"
    FORM = "form"
    COPY = "copy"


KIND_LABELS = {
    Kind.DRAFT: "答复草稿",
    Kind.REVIEW: "审核中的答复",
    Kind.REPLY: "已发出的答复",
    Kind.FORM: "平台文本",
    Kind.COPY: "别的问答库",
}
ORDER = (Significance.WORDING, Significance.ORDINARY, Significance.MAJOR)
CORRECTION_DAYS = 30
"""Replies sent within so many days are proposed for correction, unless the office says otherwise."""


def heaviest(significances: Iterable[str]) -> Significance:
    """The greatest of the changes that lie between what was used and what holds now."""
    return max((Significance(one) for one in significances), key=ORDER.index, default=Significance.ORDINARY)


def what_follows(kind: Kind, significance: Significance) -> str:
    """What a person has to do, in words; empty: nothing. Wording alone asks nothing of anybody."""
    return _FOLLOWS.get((kind, significance), "")


_FOLLOWS = {
    (Kind.DRAFT, Significance.ORDINARY): "口径有改动，送审前请核对",
    (Kind.DRAFT, Significance.MAJOR): "口径有重大改动，请按新的口径改写",
    (Kind.REVIEW, Significance.ORDINARY): "口径有改动，请核对要不要撤回修改",
    (Kind.REVIEW, Significance.MAJOR): "口径有重大改动，已退回草稿，原来的审核作废",
    (Kind.REPLY, Significance.ORDINARY): "已按旧口径答复，请决定要不要更正",
    (Kind.REPLY, Significance.MAJOR): "已按旧口径答复，请更正",
    (Kind.FORM, Significance.ORDINARY): "口径改了，这段平台文本没有跟着改，请核对",
    (Kind.FORM, Significance.MAJOR): "口径改了，这段平台文本没有跟着改，请核对",
    (Kind.COPY, Significance.ORDINARY): "对接的问答库还没有取走新的一版",
    (Kind.COPY, Significance.MAJOR): "对接的问答库还没有取走新的一版",
}
