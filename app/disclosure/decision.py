"""May this closed case be shown, in which words, and what speaks against it?

Publish by default (C4): every closed case is shown or carries a coded reason. De-identified before
(E14), and what touches the guard list goes to a person with care (D19). The decision is bound to the
exact public texts by their digest.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from app.base.errors import Invalid
from app.cases.deadlines import MessageType
from app.redaction import masking
from app.redaction.masking import FLAG_LABELS as REDACTION_LABELS
from app.redaction.masking import Action as HitAction


class RequestKind(StrEnum):
    """What somebody asks about a public case."""

    WITHDRAW = "withdraw"  # 撤下
    CORRECT = "correct"  # 更正
    LEAK = "leak"  # 泄露个人信息


REQUEST_LABELS: Mapping[RequestKind, str] = {
    RequestKind.WITHDRAW: "请求撤下",
    RequestKind.CORRECT: "请求更正",
    RequestKind.LEAK: "泄露了个人信息",
}
LONGEST_REQUEST = 500


class State(StrEnum):
    """Where the decision on one case stands."""

    WAITING = "waiting"  # 待审看
    PUBLISHED = "published"  # 已公开
    WITHHELD = "withheld"  # 不予公开
    WITHDRAWN = "withdrawn"  # 已撤下


STATE_LABELS: Mapping[State, str] = {
    State.WAITING: "待审看",
    State.PUBLISHED: "已公开",
    State.WITHHELD: "不予公开",
    State.WITHDRAWN: "已撤下",
}


@dataclass(frozen=True)
class Reason:
    """A coded reason; ``needs_basis``: only with the document it rests on."""

    label: str
    needs_basis: bool = False


# 济南起步区 2024, 第16条 (C4): all handling is public 除涉及群众隐私等特殊情况外.
REASONS: Mapping[str, Reason] = {
    "privacy": Reason("个人隐私"),
    "secret": Reason("涉密"),
    "other": Reason("其他", needs_basis=True),
}

# Why something that was public is taken down; told to everybody who kept a copy.
WITHDRAWALS: Mapping[str, str] = {
    "requested": "本人申请",
    "privacy": "个人隐私",
    "secret": "涉密",
    "incorrect": "内容有误",
    "other": "其他",
}

# 淮北 第19条 (E14): the only two that may name people, each with its legal basis.
EXCEPTIONS: Mapping[str, str] = {
    "penalty": "惩戒公示",
    "mandatory": "强制性信息披露",
}


# What needs a person's care before it is shown (D19), beside what `app/redaction` says of the words.
OBJECTED, REPORT, SENSITIVE, FAILED = "objected", "report", "sensitive", "redaction_failed"
ABUSIVE = "abusive"
FLAG_LABELS: Mapping[str, str] = {
    FAILED: "自动隐去没有完成，请自己写公开的文字",
    OBJECTED: "来信人不同意公开原文，来信一栏要空着",
    ABUSIVE: "像是在辱骂人，来信一栏先空着；看过确实不是，再写上",
    REPORT: "举报线索，不能让人认出举报人",
    SENSITIVE: "敏感件",
    **{str(flag): label for flag, label in REDACTION_LABELS.items()},
}

# What may never stay readable, whoever confirmed it (beyond 8): the kinds of `app/redaction/numbers.py`.
HARD_KINDS: Mapping[str, str] = {
    "phone": "电话",
    "id_card": "证件号",
    "bank_card": "银行卡号",
    "email": "邮箱",
    "plate": "车牌号",
}


@dataclass(frozen=True)
class PublicTexts:
    """The words that would be public, exactly."""

    title: str
    summary: str
    message: str
    reply: str

    @property
    def digest(self) -> str:
        """SHA-256 of the texts in canonical JSON; 64 hex characters."""
        canonical = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


FIELD_LABELS: Mapping[str, str] = {"title": "标题", "summary": "概要", "message": "来信", "reply": "答复"}
LONGEST: Mapping[str, int] = {"title": 100, "summary": 500, "message": 20_000, "reply": 20_000}


# What no page, no XML and no reader can show, and what turns the order of the letters around (UAX #9).
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def tidied(title: str, summary: str, message: str, reply: str) -> PublicTexts:
    """The texts as they are kept: line ends unified (browsers send CR LF), edges trimmed, control characters gone."""
    return PublicTexts(*(_tidy(text) for text in (title, summary, message, reply)))


def _tidy(text: str) -> str:
    return _UNREADABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def guards(
    found: Collection[str],
    message_type: str,
    sensitivity: str,
    *,
    consent: bool,
    failed: bool = False,
    abusive: bool = False,
) -> list[str]:
    """What a person must look at with care, in the order of `FLAG_LABELS` (clause D19).

    ``found``: the flags of the redaction of the citizen's words; ``failed``: it did not come to an end.
    """
    facts = {
        FAILED: failed,
        OBJECTED: not consent,
        ABUSIVE: abusive,
        REPORT: message_type == MessageType.REPORT,
        SENSITIVE: sensitivity == "sensitive",
    }
    return [key for key in FLAG_LABELS if facts.get(key, key in found)]


def summary_of(type_label: str, category: str) -> str:
    """A line about the matter in the office's own words, for cases whose letter is not shown.

    It names no place: place, matter and week together may point at one person (`app.redaction.quasi`).
    """
    return f"关于{category}的{type_label}" if category else f"一件{type_label}"


def check_texts(texts: PublicTexts, flags: Collection[str]) -> None:
    """Refuse texts that cannot be a public case. Raises `Invalid` with the field."""
    for field, longest in LONGEST.items():
        if len(getattr(texts, field)) > longest:
            raise Invalid(f"{FIELD_LABELS[field]}太长，最多 {longest} 个字", field=field)
    if not texts.title:
        raise Invalid("公开的标题还没有写", field="title")
    if not texts.reply:
        raise Invalid("公开的答复还没有写", field="reply")
    if OBJECTED in flags and texts.message:
        raise Invalid("来信人不同意公开原文。来信一栏要空着，可以在概要里写是什么事", field="message")


def check_care(flags: Collection[str], considered: Collection[str]) -> None:
    """Each thing on the guard list was looked at by name before the case is shown (D19). Raises `Invalid`."""
    left = [FLAG_LABELS[key] for key in FLAG_LABELS if key in flags and key not in considered]
    if left:
        raise Invalid(
            f"还没有看过：{'；'.join(left)}。看过了就勾上，不宜公开就选不予公开", field="considered"
        )


def check_exception(exception: str, legal_basis: str) -> None:
    """The two exceptions need a legal basis (E14); there is no third. Raises `Invalid`."""
    if not exception:
        return
    if exception not in EXCEPTIONS:
        raise Invalid("不去标识化只有两种情形：惩戒公示、强制性信息披露", field="exception")
    if not legal_basis.strip():
        raise Invalid(f"{EXCEPTIONS[exception]}要写明法律依据", field="legal_basis")


def chosen(hits: Sequence[Mapping[str, Any]], kept: Collection[int]) -> list[dict[str, Any]]:
    """The hits as the officer wants them: those of ``kept`` (places in the list) stay readable, the rest goes.

    Raises `Invalid` for a kind that may never stay readable.
    """
    made = []
    for place, hit in enumerate(hits):
        keep = place in kept
        if keep and hit["kind"] in HARD_KINDS and hit["action"] == HitAction.MASKED:
            raise Invalid(f"{HARD_KINDS[hit['kind']]}不能保留，只能隐去", field=f"hit-{place}")
        made.append({**hit, "action": (HitAction.KEPT if keep else HitAction.MASKED).value})
    return made


def rewritten(original: str, hits: Sequence[Mapping[str, Any]]) -> str:
    """The original with every hit that is (still) to be hidden replaced, as `redact` would write it."""
    hidden = (
        hit for hit in sorted(hits, key=lambda hit: int(hit["start"])) if hit["action"] == HitAction.MASKED
    )
    return masking.rewritten(original, ((hit["start"], hit["end"], hit["replacement"]) for hit in hidden))


def check_request(kind: str, words: str) -> RequestKind:
    """A request says what is wanted and why. Raises `Invalid` with the field."""
    if kind not in set(RequestKind):
        raise Invalid("请选一项：请求撤下、请求更正，或者泄露了个人信息", field="kind")
    if not words.strip():
        raise Invalid("请写一句为什么。不要再写一遍个人信息，说明在哪一段就行", field="words")
    if len(words) > LONGEST_REQUEST:
        raise Invalid(f"最多 {LONGEST_REQUEST} 字", field="words")
    return RequestKind(kind)


# Who may be hurt when what a guard speaks of was readable, beside the one who wrote.
_OTHERS: Mapping[str, str] = {
    "third_person": "来信里点名提到的人",
    "minor": "来信涉及的未成年人",
    "family": "来信涉及的家人",
    "health": "来信说到健康状况的人",
    REPORT: "举报人和被举报人",
}


def affected(flags: Collection[str], platform: str) -> list[str]:
    """Whom a leak of a public case may hurt and who is to be told of it (PIPL 57), as far as the flags tell."""
    return [f"来信人（{platform}）", *(words for flag, words in _OTHERS.items() if flag in flags)]


def check_reason(reason: str, legal_basis: str) -> None:
    """Withholding needs a coded reason, 其他 also the basis (C4). Raises `Invalid`."""
    if reason not in REASONS:
        raise Invalid("请选一个不公开的原因：个人隐私、涉密或其他", field="reason")
    if REASONS[reason].needs_basis and not legal_basis.strip():
        raise Invalid("选“其他”要写明依据哪份文件的哪一条", field="legal_basis")


def check_withdrawal(reason: str) -> None:
    """Taking down needs a coded reason. Raises `Invalid`."""
    if reason not in WITHDRAWALS:
        raise Invalid("请选一个撤下的原因", field="reason")


def check_nothing_hard(readable: Mapping[str, Collection[str]], exception: str) -> None:
    """Refuse texts in which a hard class stays readable. ``readable``: field → kinds found in it.

    The two exceptions may show what the law tells them to. Raises `Invalid` naming field and kind.
    """
    if exception:
        return
    for field, kinds in readable.items():
        left = [HARD_KINDS[kind] for kind in HARD_KINDS if kind in kinds]
        if left:
            raise Invalid(
                f"{FIELD_LABELS[field]}里还能读到{'、'.join(left)}。请改成〔{left[0]}〕再公开", field=field
            )
