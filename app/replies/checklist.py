"""What is wrong with this draft, before anybody reviews it? 送审前检查

Blocks must be repaired; warnings are repaired or answered with a reason, which the reviewers see (A7, C3).
The three defects the documents name are 答非所问, 空洞说教, 生硬冷漠 (A7, D6). Beside them: 依据, personal
data and 密级 (A24, C8); private opinion, advertising, foreign links (A20, C13); 点赞、转发、下载 (D22, E26).
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import NamedTuple

from app.replies.rendering import Rendered, form_of
from connectors.registry import UNIT_WORDS
from kb.analysis import Segmenter, bigrams, fold
from kb.wording import missing_parts

BLOCK, WARN, INFO = "block", "warn", "info"


@dataclass(frozen=True)
class Finding:
    """One thing found. ``where``: the words in the draft, or the name of a platform."""

    code: str
    level: str  # block | warn | info
    what: str
    where: str = ""
    found: str = ""  # words in the draft that one step repairs …
    expected: str = ""  # … by these
    left_out: tuple[str, ...] = ()  # parts that one step puts in

    @property
    def key(self) -> str:
        """What a reason is kept under: the same finding at the same words, without the words themselves."""
        return f"{self.code}:{sha256(self.where.encode()).hexdigest()[:8]}" if self.where else self.code


class Difference(NamedTuple):
    """One point in which the draft says something else than an answer it should agree with."""

    what: str  # the matter: 天数, 金额 …
    library: str
    draft: str  # empty: it leaves out what must be kept
    question: str = ""  # of an answer that was not used but is about the same
    is_opposite: bool = False  # one affirms what the other denies


class PersonalData(NamedTuple):
    """One hit of the redaction rules in the draft. ``certain``: nobody's reply may carry it (证件号)."""

    label: str
    words: str
    certain: bool


@dataclass(frozen=True)
class Draft:
    """What is looked at. Everything is handed in; nothing is fetched here."""

    text: str
    question: str
    basis: str = ""
    message_type: str = "consultation"
    has_entry: bool = False  # a library answer was inserted
    must_keep: Sequence[str] = ()  # conditions of that answer that no short form may drop
    forms: Sequence[Rendered] = ()  # one per platform it goes to
    platform_labels: Mapping[str, str] = field(default_factory=dict)
    allowed_hosts: Collection[str] = ()
    personal_data: Sequence[PersonalData] | None = ()  # None: it could not be checked
    differences: Sequence[Difference] = ()
    closed_windows: Sequence[str] = ()  # names of the platforms whose window is closed

    @property
    def going_out(self) -> str:
        """Everything somebody will read: the text, the short forms that stand in for it, and the endings."""
        shorts = (form.text for form in self.forms if form.is_short)
        endings = dict.fromkeys(ending for form in self.forms for ending in form.endings)
        return "\n".join([self.text, *shorts, *endings])


class Phrase(NamedTuple):
    """Words that should not be in a reply. ``unless_dated``: harmless where the sentence names a day."""

    code: str
    level: str
    what: str
    pattern: re.Pattern[str]
    unless_dated: bool = False


def _phrase(code: str, level: str, what: str, *patterns: str, unless_dated: bool = False) -> Phrase:
    return Phrase(code, level, what, re.compile("|".join(patterns), re.MULTILINE), unless_dated)


_DO = "(?:解决|办理|处理|答复|回复|安排|整改|落实|完成|核实|推进|修复|研究|给予)"
_WE = "(?:我们?|本(?:单位|局|部门|委|办))"
_MARK = "(?:绝密|机密|秘密)"

PHRASES: Sequence[Phrase] = (
    _phrase(
        "empty",
        WARN,
        "是空话。请写明做什么、由谁做、哪天做完，或者删去",
        rf"(?<!请)(?<!请您)(?:尽快|尽早|抓紧|及时)(?:予以|给予|组织|进行|加以)?{_DO}",
        r"近期(?:内)?(?:将|会|予以|组织|进行|开展|安排|解决|完成)",
        r"(?:将|会|拟)(?:于|在)?近期",
        r"正在(?:积极|抓紧|进一步)?(?:研究|协调|推进|论证)",
        unless_dated=True,
    ),
    _phrase(
        "empty",
        WARN,
        "是空话。请写明做了什么、接下来怎样，或者删去",
        r"(?:高度|十分|非常)重视",
        r"积极协调",
        r"进一步(?:加强|加大|完善|研究|优化)",
        r"逐步(?:解决|完善|推进)",
        r"适时(?:予以)?(?:研究|考虑|安排|解决|推进)",
        r"择机",
        r"统筹考虑",
        r"深入贯彻",
        r"提高(?:政治)?站位",
    ),
    _phrase(
        "vague",
        WARN,
        "没有说是哪个部门。请写明单位名称和电话",
        r"(?:咨询|联系|找|向|前往)(?:相关|有关|当地)部门",
    ),
    _phrase(
        "vague",
        WARN,
        "没有说是哪个规定。请写明文件名称和条款",
        r"按照?(?:相关|有关)(?:规定|政策|文件)",
    ),
    _phrase(
        "tone",
        WARN,
        "语气生硬。请说明依据，并告诉来信人接下来找谁、怎么办",
        rf"不归{_WE}管",
        rf"与{_WE}无关",
        r"无可奉告",
        r"爱莫能助",
        r"(?:你|您)(?:自己|自行)去?(?:看|查|想办法|解决|百度)",
        r"已经?(?:说|答复|解释)过(?:多次|很多次|了)",
        r"不要再(?:问|来信|投诉)",
    ),
    _phrase(
        "opinion",
        WARN,
        "像是个人意见。答复代表单位，请改为单位的意见，或者删去",
        r"(?:我(?!们|局|委|办|单位|市|区|县|省)|本人|笔者|小编)(?:个人)?(?:认为|觉得|感觉|以为|估计|猜)",
        r"(?:我|本人)的(?:看法|意见|观点)",
        r"个人(?:认为|观点|看法)",
    ),
    _phrase(
        "secret_mark",
        BLOCK,
        "是密级标志。涉密内容不能上网，请删去，并按保密规定处理原件",
        rf"{_MARK}\s*[★☆*※]",
        rf"密级\s*[:：]?\s*{_MARK}",
        rf"^[\s【\[(（]*{_MARK}[\s】\])）]*$",
    ),
    _phrase(
        "internal",
        WARN,
        "像是内部文件里的话。请核对能不能公开",
        r"内部(?:资料|文件|掌握)",
        r"工作秘密",
        r"仅供内部",
        r"不得外传",
        r"不(?:宜|得)公开",
    ),
    _phrase(
        "advertising",
        WARN,
        "像是商业推广。答复不得刊登商业广告",
        r"优惠(?:价|券)",
        r"促销",
        r"抢购",
        r"扫码(?:领|进群|购买)",
        r"加(?:我|客服)?(?:微信|QQ|qq)",
        r"代办费",
        r"推荐(?:购买|使用)",
    ),
    _phrase(
        "forcing",
        WARN,
        "不得要求群众点赞、转发、关注或下载。请删去，或者同时写明不用下载的办法",
        r"(?:请|欢迎|务必|必须|帮忙|记得)[^，。；不勿别]{0,6}(?:点赞|点个赞|转发|一键三连)",
        r"(?:请|务必|必须|须|需要?|先)(?:您|先)?(?:关注|扫码关注)",
        r"(?:请|务必|必须|须|需要?|先)(?:您|先)?(?:下载|安装)[^，。；]{0,12}(?:APP|App|app|客户端|应用)",
    ),
)

NEEDS_BASIS = frozenset({"consultation"})
"""Replies that must name what they rest on (A7)."""
DEFAULT_HOSTS = frozenset({"gov.cn"})
"""Where links may lead without asking anybody (A20)."""

_DATED = re.compile(r"\d+\s*(?:个)?(?:月|日|号|天|周|年|工作日|小时|分钟)|(?:今天|明天|本周|本月|月底|年底)")
_SENTENCE = re.compile(r"[^。！？；!?;\n]+")
_HOST_ENDS = (
    "cn|com|net|org|edu|top|xyz|shop|vip|cc|info|io|me|site|online|club|store|link|app|tv|ltd|"
    "asia|biz|example"
)
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s，。；、）)》”〕\]]{1,300}"
    rf"|(?<![@\w.-])(?:[a-z0-9-]{{1,63}}\.){{1,5}}(?:{_HOST_ENDS})\b"
)
_HOST = re.compile(r"^(?:https?://)?(?:[^/@\s]{0,200}@)?([a-z0-9.-]{1,253})")
# Words in every letter and every reply; sharing one of them answers nothing.
_COMMON = """
您好 你好 请问 谢谢 怎么 怎样 如何 什么 哪里 哪些 多少 可以 能否 是否 需要 办理 答复 来信 反映 问题
情况 相关 有关 规定 关于 我们 您的 你们 他们 自己 现在 已经 没有 不能 还是 但是 因为 所以 如果 就是
时候 时间 部门 单位 工作 咨询 电话 感谢 支持 理解 回复 要求 希望 进行 以及 或者 这个 那个 一个 一直
一下 为什么 市民 群众 根据 依据 按照 联系
"""
COMMON = frozenset(_COMMON.split())


def findings(draft: Draft) -> list[Finding]:
    """Everything found, blocks first, each once."""
    found = dict.fromkeys(finding for rule in RULES for finding in rule(draft))
    return sorted(found, key=lambda finding: ORDER[finding.level])


ORDER = {BLOCK: 0, WARN: 1, INFO: 2}


def unanswered(found: Iterable[Finding], reasons: Mapping[str, str]) -> list[Finding]:
    """What still stands between the draft and its review: blocks, and warnings without a reason."""
    return [f for f in found if f.level == BLOCK or (f.level == WARN and not reasons.get(f.key, "").strip())]


def _no_text(draft: Draft) -> Iterator[Finding]:
    if not draft.text.strip():
        yield Finding("no_text", BLOCK, "还没有写答复")


def _basis(draft: Draft) -> Iterator[Finding]:
    named = draft.basis.strip() or re.search(r"《[^》]{2,60}》|〔\d{4}〕|依据[:：]", draft.text)
    if draft.message_type in NEEDS_BASIS and not named:
        yield Finding("basis", WARN, "没有写依据。请写明文件名称、文号和条款；确实没有文件的，写明理由")


def _answered(draft: Draft) -> Iterator[Finding]:
    if not draft.text.strip() or draft.has_entry:
        return
    asked = {pair for word in key_words(draft.question) for pair in bigrams(word)}
    if asked and asked.isdisjoint(bigrams(fold(draft.text))):
        yield Finding("not_answered", WARN, "答复里没有出现来信问的事。请核对是不是答其所问")


@cache
def _segmenter() -> Segmenter:
    return Segmenter()


def key_words(text: str) -> set[str]:
    """The words a question is about: two characters or more, without those that are in every letter."""
    words = _segmenter().words(fold(text))
    return {word for word in words if len(word) > 1 and word not in COMMON and not word.isascii()}


def _phrases(draft: Draft) -> Iterator[Finding]:
    for sentence in _SENTENCE.findall(draft.going_out):
        dated = _DATED.search(sentence)
        for phrase in PHRASES:
            hit = phrase.pattern.search(sentence)
            if hit and not (dated and phrase.unless_dated):
                words = hit.group().strip()
                yield Finding(phrase.code, phrase.level, f"“{words}”{phrase.what}", words)


def hosts(text: str) -> list[str]:
    """The hosts of all addresses in a text, as written or half hidden in full width."""
    folded = fold(text)
    found = [_HOST.match(address) for address in _ADDRESS.findall(folded)]
    return [host.group(1).strip(".") for host in found if host]


def _links(draft: Draft) -> Iterator[Finding]:
    allowed = DEFAULT_HOSTS | {host.lower() for host in draft.allowed_hosts if host}
    for host in hosts(draft.going_out):
        if not any(host == name or host.endswith(f".{name}") for name in allowed):
            yield Finding(
                "link", BLOCK, f"链接 {host} 不在允许的网站中。请删去，或请系统管理员核实后加入允许名单", host
            )


def _personal_data(draft: Draft) -> Iterator[Finding]:
    if draft.personal_data is None:
        yield Finding("unchecked", WARN, "没能查完有没有个人信息。请人工核对，并写明已核对")
    for hit in draft.personal_data or ():
        level = BLOCK if hit.certain else WARN
        todo = "请删去" if hit.certain else "请删去；确需保留的（如本单位办公电话），写明理由"
        yield Finding("personal_data", level, f"含{hit.label}“{hit.words}”。{todo}", hit.words)


def _differences(draft: Draft) -> Iterator[Finding]:
    yield from _left_out([one.library for one in draft.differences if not one.draft])
    for one in draft.differences:
        if not one.draft:
            continue
        repairable = bool(one.draft) and one.draft in draft.text and "、" not in one.library
        repair = (one.draft, one.library) if repairable and not one.is_opposite else ("", "")
        yield Finding("differs", WARN, _how(one), f"{one.what}|{one.library}|{one.draft}", *repair)


def _left_out(parts: Sequence[str]) -> Iterator[Finding]:
    """All that must be kept and is not there, said once: one click puts it in, or one reason answers for it."""
    if parts:
        named = "".join(f"“{part}”" for part in parts)
        what = f"没有写必须保留的{named}。请补上，或写明理由"
        yield Finding(LEFT_OUT, WARN, what, "|".join(parts), left_out=tuple(parts))


LEFT_OUT = "left_out"


def _how(one: Difference) -> str:
    """How the draft departs, in a clerk's words."""
    whose = f"问答库“{one.question}”" if one.question else "问答库"
    if one.is_opposite:
        return f"意思与{whose}相反：草稿写“{one.draft}”，问答库写“{one.library}”。请改正，或写明理由"
    return f"{one.what}与{whose}不一致：草稿写“{one.draft}”，问答库写“{one.library}”。请改正，或写明理由"


def _limits(draft: Draft) -> Iterator[Finding]:
    for form in draft.forms:
        if form.fits or form.count.limit is None:
            continue
        name = _name(draft, form)
        over = f"{form.count.used - form.count.limit} {UNIT_WORDS[form.count.unit]}"
        which = "短版" if form.is_short else "答复"
        yield Finding("too_long", BLOCK, f"{name}：{which}超 {over}。请缩短，或写一段短版", name)


def _short_forms(draft: Draft) -> Iterator[Finding]:
    for form in draft.forms:
        for words in missing_parts(form.text, draft.must_keep) if form.is_short else ():
            what = f"{_name(draft, form)}：短版漏了必须保留的“{words}”。请补上"
            yield Finding("short_drops", BLOCK, what, f"{form.platform}|{words}")


def _name(draft: Draft, form: Rendered) -> str:
    return draft.platform_labels.get(form_of(form.platform, form.private), form.platform)


def _windows(draft: Draft) -> Iterator[Finding]:
    for name in draft.closed_windows:
        yield Finding("window", INFO, f"{name}窗口已关闭，签发后答复放在查询页，凭查询码查看", name)


RULES = (
    _no_text,
    _limits,
    _short_forms,
    _personal_data,
    _links,
    _phrases,
    _basis,
    _answered,
    _differences,
    _windows,
)
