"""审看: may the requester's own words be shown? Apart from whether and how the matter is handled (A6)."""

from collections.abc import Collection
from dataclasses import dataclass

# Flags of the redaction under which a person must look before the words may be shown (D19).
GUARDED = {
    "minors": "涉及未成年人",
    "health": "涉及健康状况",
    "family": "涉及婚姻家庭",
    "reports": "反映或举报具体的人",
    "named_persons": "写有他人姓名",
    "redaction_failed": "没能完成脱敏",
}


@dataclass(frozen=True)
class Screening:
    """Whether the words may be proposed for publication, and what a person must look at first."""

    words_may_be_shown: bool
    look_at: tuple[str, ...]


def screen(*, public_consent: bool, abusive: bool, flags: Collection[str]) -> Screening:
    """The words stay out where the citizen objected or they abuse somebody; guarded matters need a person."""
    return Screening(
        words_may_be_shown=public_consent and not abusive and "redaction_failed" not in flags,
        look_at=tuple(GUARDED[flag] for flag in GUARDED if flag in flags),
    )
