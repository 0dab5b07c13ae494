"""Which review is awaited for this exact text, and may this person give it? 三审

There is no status to keep: every opinion is about one digest, so changing the text (or anything
else bound into the digest, such as the addressee) voids all opinions by itself. The same rule
serves library entries and replies. Clauses A18, B15, C13, E9, E27.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from hashlib import sha256
from typing import Any


class Step(StrEnum):
    """The three levels of review."""

    FIRST = "first"  # 初审
    SECOND = "second"  # 复审
    FINAL = "final"  # 终审


class Verdict(StrEnum):
    """What a reviewer says."""

    APPROVE = "approve"  # 通过
    SEND_BACK = "send_back"  # 退回修改


@dataclass(frozen=True, slots=True)
class Opinion:
    """One reviewer's opinion 审核意见 on the text that ``digest`` stands for."""

    step: Step
    verdict: Verdict
    reviewer_id: int
    digest: str
    note: str = ""
    gates: tuple[str, ...] = ()
    code: str | None = None


THREE_REVIEWS: tuple[Step, ...] = (Step.FIRST, Step.SECOND, Step.FINAL)

STEP_LABELS = {Step.FIRST: "初审", Step.SECOND: "复审", Step.FINAL: "终审"}

VERDICT_LABELS = {Verdict.APPROVE: "通过", Verdict.SEND_BACK: "退回修改"}

# 先审后发 guards five gates (clause A18); whoever approves ticks each of them by name.
GATES = {
    "political": "政治",
    "legal": "法律",
    "policy": "政策",
    "secrecy": "保密",
    "wording": "文字",
}

# The eight kinds of content that must not be published (clause C13) are the reasons to send back.
RETURN_CODES = {
    "secrets": "涉及国家秘密、工作秘密",
    "sensitive": "涉及政治、外事等敏感事项",
    "undecided": "未经集体研究决定或授权",
    "stability": "可能影响社会稳定",
    "privacy": "涉及个人隐私、商业秘密",
    "opinion": "个人观点或未经把关的第三方解读",
    "advertising": "商业广告或商业链接",
    "other": "其他（请写明）",
}


class ReviewError(Exception):
    """A review was refused. ``code`` is for programs, ``message_zh`` for the person."""

    def __init__(self, code: str, message_zh: str) -> None:
        super().__init__(message_zh)
        self.code = code
        self.message_zh = message_zh


class SentBack(ReviewError):
    """This exact text was sent back; it needs a change before anyone can review it again."""

    def __init__(self, opinion: Opinion) -> None:
        step = STEP_LABELS[opinion.step]
        super().__init__("sent_back", f"{step}已退回修改这份文本。请修改后重新送审。")
        self.opinion = opinion


def digest_of(text: str, **bound: Any) -> str:
    """Return the SHA-256 (hex) of ``text`` and of everything it is approved for (targets, versions …).

    Equal values give equal digests whatever their order of naming; one changed character does not.
    Dates and instants are taken in ISO form. Raises ``TypeError`` for values that JSON cannot hold.
    """
    canonical = json.dumps(
        {"text": text, "bound": bound},
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
        default=_plain,
    )
    return sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def awaited(route: Sequence[Step], opinions: Iterable[Opinion], digest: str) -> Step | None:
    """Return the step that must be given next on this digest; None: the route is complete.

    Raises ``SentBack`` if any reviewer sent this exact text back. It is an error and not a value,
    so that whoever forgets the case cannot take a refused text for an approved one; screens ask
    ``sent_back`` first.
    """
    refused = sent_back(opinions := list(opinions), digest)
    if refused is not None:
        raise SentBack(refused)
    given = {opinion.step for opinion in opinions if opinion.digest == digest}
    return next((step for step in route if step not in given), None)


def sent_back(opinions: Iterable[Opinion], digest: str) -> Opinion | None:
    """Return the opinion that sent this exact text back, if there is one."""
    return next((o for o in opinions if o.digest == digest and o.verdict == Verdict.SEND_BACK), None)


def is_complete(route: Sequence[Step], opinions: Iterable[Opinion], digest: str) -> bool:
    """Say whether this exact text has passed every step of a route that has at least one. Never raises."""
    opinions = list(opinions)
    return bool(route) and sent_back(opinions, digest) is None and awaited(route, opinions, digest) is None


def check(
    route: Sequence[Step],
    opinions: Iterable[Opinion],
    digest: str,
    *,
    step: Step,
    reviewer_id: int,
    author_id: int,
    contractor: bool,
    seen: str | None = None,
) -> None:
    """Refuse an opinion that this person may not give on this text now.

    ``seen`` is the digest of the text the reviewer had on the screen, where the caller knows it.
    Raises ``ReviewError`` with code ``contractor`` (E27), ``author``, ``same_person`` (E9),
    ``text_changed`` (A18), ``sent_back``, ``complete`` or ``wrong_step`` (B15).
    """
    opinions = list(opinions)
    if contractor:
        raise ReviewError("contractor", "外包人员不能审核。请由本单位人员审核。")
    if reviewer_id == author_id:
        raise ReviewError("author", "不能审核自己起草的文本。请由其他人员审核。")
    if seen is not None and seen != digest:
        raise ReviewError("text_changed", "文本在您阅读后有改动。请重新阅读后再审核。")
    expected = awaited(route, opinions, digest)
    if any(o.digest == digest and o.reviewer_id == reviewer_id for o in opinions):
        raise ReviewError("same_person", "您已审核过这份文本。三审须由不同人员完成。")
    if expected is None:
        raise ReviewError("complete", "这份文本已审核完毕，不需要再审。")
    if step != expected:
        raise ReviewError("wrong_step", f"现在等待的是{STEP_LABELS[expected]}，不是{STEP_LABELS[step]}。")


def check_form(verdict: Verdict, *, gates: Iterable[str], code: str | None, note: str) -> None:
    """Refuse an incomplete review form: approving needs all five gates, sending back needs a reason.

    Raises ``ReviewError`` with code ``gates`` (A18), ``unknown_gate``, ``return_code`` (C13) or ``note``.
    """
    ticked = set(gates)
    unknown = ticked - GATES.keys()
    if unknown:
        raise ReviewError("unknown_gate", "审核表中有不认识的项目。请刷新页面后重试。")
    if verdict == Verdict.APPROVE:
        missing = [label for gate, label in GATES.items() if gate not in ticked]
        if missing:
            raise ReviewError("gates", f"还有关口没有勾选：{'、'.join(missing)}。逐项把关后再通过。")
        return
    if code not in RETURN_CODES:
        raise ReviewError("return_code", "退回修改须选择一项理由。")
    if code == "other" and not note.strip():
        raise ReviewError("note", "理由选择“其他”时，请写明需要修改什么。")


def _plain(value: Any) -> Any:
    """Return dates, enums and sets in a form JSON can hold, always the same one."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be bound into a digest")
