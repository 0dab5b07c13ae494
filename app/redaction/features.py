"""What can be said of each character of a text without knowing the text: class, part of speech, cue, rule.

The scorer in `tagging` reads nothing else, so that its weights hold no word of any text it was fitted on.
Every feature is a small number per character; 0 stands for "beyond the text".
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.redaction.found import Found
from app.redaction.letters import FOREIGN, LAST, MIDDLE
from app.redaction.vocabulary import (
    AMBIGUOUS_SURNAMES,
    CLUBS_AND_PLACES,
    COMMON_SURNAMES,
    COMPOUND_SURNAMES,
    EVERYDAY_SURNAMES,
    FIRST_NAMES,
    LATIN_SURNAMES,
    LATIN_WORDS,
    NEVER_LAST,
    NOT_PERSONS,
    ORDINARY_PLACES,
    SURNAMES,
    listed,
)
from app.redaction.words import Word, dictionary_words, frequency

Codes = NDArray[np.int32]

# fmt: off
SHAPES: tuple[str, ...] = (
    "",  # beyond the text
    "",  # any other character
    "0123456789",
    "",  # capital letters, by test
    "",  # small letters, by test
    "·•・●‧∙-—_~",
    "、/&",
    "，,；;",
    "。！？!?…\n",
    ":：",
    "(（[【{<",
    ")）]】}>",
    "《〈",
    "》〉",
    "“”\"‘’'「」『』",
    " \t",
    "@#*+=|",
    "路街巷弄道桥",
    "村屯庄寨堡坪湾坝营岭沟",
    "省市州县区镇乡旗",
    "号栋幢楼层室座单元户组队期米",
    "园苑城厦府邸墅场店馆厅院所站校厂寺",
    "东西南北中",
    "年月日时分秒",
    "的了着过地得吗呢吧啊",
    "在从到于位至往向由",
    "是为叫称说道",
    "和与及跟同",
    "我你他她它们这那",
    "一二三四五六七八九十百千万两几",
    "某",
    "阿小老大",
    "哥姐弟妹爷叔姨婶嫂伯爸妈",
    "总董儿子",
)
# fmt: on
"""Classes of characters; a character belongs to the first that lists it."""

# fmt: off
TAGS = (
    "nr", "nrt", "nrfg", "ns", "nt", "nz", "n", "v", "vn", "a", "ad", "d", "p", "c", "u", "uj", "r", "m", "q", "t",
    "f", "s", "j", "l", "i", "x", "eng", "b", "zg", "g", "h", "k", "y", "z", "o", "w", "ng", "vg", "ag", "tg",
)
# fmt: on
"""Parts of speech told apart; every other one counts as the last."""

WORD_CLASSES: tuple[frozenset[str], ...] = (
    listed(
        "先生 女士 小姐 太太 夫人 老师 师傅 老板 同志 同学 阿姨 叔叔 大爷 大妈 大哥 大姐 奶奶 爷爷 "
        "医生 大夫 护士 律师 "
        "法官 警官 教授 博士 老 小 阿 某 某某 氏"
    ),
    listed(
        "记者 导演 演员 主演 编剧 歌手 作家 画家 诗人 作曲家 艺术家 教练 主教练 主帅 前锋 后卫 中场 "
        "门将 球员 球星 选手 队长 "
        "总裁 董事长 总经理 经理 首席执行官 主席 主任 书记 局长 处长 科长 所长 校长 院长 市长 县长 "
        "镇长 部长 秘书长 "
        "总统 首相 总理 大使 发言人 负责人 创始人 经纪人 助理 主持人 主播 监制 制片人 摄影师 设计师 "
        "分析师 研究员 专家 "
        "学者 评论员 编辑 作者 译者 嘉宾 代表 委员 副 总监 法人 被告 原告 嫌疑人 受害人 当事人 联系人 "
        "代理人 民警"
    ),
    listed(
        "父亲 母亲 爸爸 妈妈 丈夫 妻子 老公 老婆 儿子 女儿 哥哥 弟弟 姐姐 妹妹 孙子 孙女 外公 外婆 "
        "岳父 岳母 亲戚 邻居 "
        "朋友 同事 男友 女友 前夫 前妻 小孩 孩子 之子 之女"
    ),
    listed(
        "说 表示 称 认为 介绍 指出 告诉 透露 坦言 强调 回应 回忆 笑 写 写道 问 答 谈 讲 宣布 承认 解释 "
        "呼吁 建议 觉得 "
        "反映 投诉 举报 来电 来访 接受 出席 致辞 担任 饰演 饰 扮演 出演 主演 执导 导演 演唱 获得 出生 毕业"
    ),
    listed(
        "公司 集团 队 俱乐部 银行 酒店 大学 学院 中学 小学 医院 超市 商场 广场 大厦 小区 花园 公园 "
        "品牌 杂志 报 报道 网 "
        "电视台 出版社 工作室 影业 传媒 地产 科技 有限公司 股份 研究所 中心 协会 基金会 法院 派出所 "
        "乐队 杯 奖 节 县 区 市"
    ),
    listed(
        "在 位于 地处 坐落 住 家住 居住 地址 住址 地点 前往 来到 到 去 从 由 至 途经 沿 往 附近 对面 旁边 门口"
    ),
    listed("对阵 对 战平 击败 战胜 客场 主场 迎战 挑战 vs VS 不敌 取胜 联赛 球队 赛季 积分 让 胜 平 负"),
    listed("电话 手机 联系 邮箱 微信 QQ 传真 热线 洽谈 咨询 地址 Email email Tel"),
    listed("版 游戏 系列 电影 影片 电视剧 专辑 歌曲 小说 作品 片 剧 集 第"),
    NOT_PERSONS,
    CLUBS_AND_PLACES,
    ORDINARY_PLACES,
    LATIN_WORDS,
    frozenset(FIRST_NAMES.split("|")) | LATIN_SURNAMES,
)
"""Kinds of words that stand beside names and addresses; written down from general knowledge."""

WEIGHED_RULES = (5, 7, 8, 9)
"""The rules of `names` that are told apart; of all of them it is told how many agree. The weights count on it."""


def features(
    plain: str,
    words: Sequence[Word],
    persons: Sequence[Sequence[Found]],
    places: Iterable[Found],
    hidden: Iterable[Found],
) -> dict[str, Codes]:
    """Each feature by name: one small number per character of ``plain``.

    ``persons``: what each rule for names found (`names.hints`); ``places`` and ``hidden``: what the rules for
    addresses and numbers did.
    """
    size = len(plain)
    points = _points(plain)
    told = {name: table[np.minimum(points, TABLED)] for name, table in _tables().items()}
    told["shape"] = np.where(told["shape"] == 1, _letters(points), told["shape"]).astype(np.int32)
    told |= _of_marks(told["shape"])
    told["again"] = _again(plain)
    told |= _latin(plain)
    told["held"] = _held(plain)
    told |= _of_dictionary(size, plain)
    told |= _of_words(size, words)
    told |= _of_rules(size, persons)
    told["place"] = _marked(size, [(one.start, one.end) for one in places])
    told["number"] = _marked(size, [(one.start, one.end) for one in hidden])
    return told


def _points(plain: str) -> NDArray[np.uint32]:
    return np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), np.uint32)


TABLED = 0x10000
"""Characters from here on are all alike; none of the tables names one."""


@cache
def _tables() -> dict[str, Codes]:
    """For each feature of single characters the code of every character; 1 where its table has none."""
    named = {
        "shape": _shapes(),
        "surname": _surnames(),
        "middle": _levels(MIDDLE),
        "last": _levels(LAST),
        "foreign": _levels(FOREIGN),
    }
    tables = {name: np.ones(TABLED + 1, np.int32) for name in named}
    for name, codes in named.items():
        for character, code in codes.items():
            if ord(character) < TABLED:
                tables[name][ord(character)] = code
    return tables


@cache
def _shapes() -> dict[str, int]:
    return {character: code for code, row in reversed(list(enumerate(SHAPES))) for character in row}


@cache
def _surnames() -> dict[str, int]:
    """2: an everyday word as well, 3: rare, 4: common and ambiguous, 5: common, 6: begins a compound one."""
    table = dict.fromkeys((name[0] for name in COMPOUND_SURNAMES), 6)
    table |= dict.fromkeys(NEVER_LAST, 7)
    rows = (SURNAMES, EVERYDAY_SURNAMES, COMMON_SURNAMES, AMBIGUOUS_SURNAMES & COMMON_SURNAMES)
    for code, row in zip((3, 2, 5, 4), rows, strict=True):
        table |= dict.fromkeys(row, code)
    return table


@cache
def _levels(rows: tuple[str, ...]) -> dict[str, int]:
    return {character: code for code, row in enumerate(rows, 2) for character in row}


def _letters(points: NDArray[np.uint32]) -> Codes:
    """Capital and small letters, and one code for characters that are neither Chinese nor anything above."""
    capital = (points >= 65) & (points <= 90)
    small = (points >= 97) & (points <= 122)
    return np.where(capital, 3, np.where(small, 4, 1)).astype(np.int32)


def _of_marks(shapes: Codes) -> dict[str, Codes]:
    """How far it is to the mark or blank before and behind, up to `FAR`, and which: what stands between 、 and 、
    is short."""
    size = len(shapes)
    places = np.arange(size)
    is_mark = (shapes >= FIRST_MARK) & (shapes <= LAST_MARK)
    last = np.maximum.accumulate(np.where(is_mark, places, -1))
    next_ = np.minimum.accumulate(np.where(is_mark, places, size)[::-1])[::-1]
    marks = (
        np.concatenate((shapes, [FIRST_MARK - 1])) - FIRST_MARK + 2
    )  # the end of the text counts as a mark
    return {
        "before": (1 + np.minimum(places - last, FAR)).astype(np.int32),
        "behind": (1 + np.minimum(next_ - places, FAR)).astype(np.int32),
        "mark-before": marks[last].astype(np.int32),
        "mark-behind": marks[next_].astype(np.int32),
    }


FIRST_MARK, LAST_MARK = 5, 16
"""The rows of `SHAPES` that are marks and blanks."""
FAR = 5


def _again(plain: str) -> Codes:
    """2 where a pair of characters begins that stands elsewhere in the text as well: names are said again."""
    pairs = Counter(pairwise(plain))
    marks = np.ones(len(plain), np.int32)
    for at, pair in enumerate(pairwise(plain)):
        marks[at] = 1 + min(pairs[pair], 3) if pairs[pair] > 1 else 1
    return marks


LATIN = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def _latin(plain: str) -> dict[str, Codes]:
    """Of a Latin word: its case and length; how many vowels it has and what it ends with."""
    marks, sounds = np.ones((2, len(plain)), np.int32)
    for match in LATIN.finditer(plain):
        word = match[0]
        case = 0 if word.islower() else 1 if word.isupper() else 2 if word.istitle() else 3
        vowels = sum(map(word.lower().count, "aeiouy")) / len(word)
        ending = next((code for code, row in enumerate(ENDINGS) if word[-1].lower() in row), len(ENDINGS))
        marks[match.start() : match.end()] = 2 + 3 * case + (len(word) > 3) + (len(word) > 8)
        share = (vowels > 0) + (vowels >= 0.3) + (vowels >= 0.5)
        sounds[match.start() : match.end()] = 2 + (len(ENDINGS) + 1) * share + ending
    return {"latin": marks, "sound": sounds}


ENDINGS = ("aio", "ey", "nrl", "s", "tdkm")
"""What names of people end with, and what words do."""


def _held(plain: str) -> Codes:
    """Between which brackets or quotes something stands, and how long it is: 《…》 is a title, (…) often a name."""
    marks = np.ones(len(plain), np.int32)
    for code, pattern in enumerate(HELD):
        for match in pattern.finditer(plain):
            start, end = match.span(1)
            marks[start:end] = 2 + (len(LENGTHS) + 1) * code + sum(end - start > length for length in LENGTHS)
    return marks


LENGTHS = (2, 3, 4, 8)
HELD = tuple(
    re.compile(f"[{opening}]([^{opening}{closing}\n]{{1,30}})[{closing}]")
    for opening, closing in ("《》", "“”", "()", "【】", '""', "「」")
)


def _of_dictionary(size: int, plain: str) -> dict[str, Codes]:
    """Where the dictionary holds a name, a place or thing, or any other word of three characters and more."""
    names: list[tuple[int, int]] = []
    foreign: list[tuple[int, int]] = []
    proper: list[tuple[int, int]] = []
    words: list[tuple[int, int]] = []
    by_level: dict[int, list[tuple[int, int]]] = {}
    for start, end, tag, often_ in dictionary_words(plain):
        by_level.setdefault((often_ + 1) // 2, []).append((start, end))
        if tag == "nrt":
            foreign.append((start, end))
        elif tag in {"nr", "nrfg"}:
            names.append((start, end))
        elif tag in {"ns", "nsf", "nt", "nz"}:
            proper.append((start, end))
        elif end - start > 2 or tag:
            words.append((start, end))
    often = np.ones(size, np.int32)
    for level, spans in sorted(by_level.items()):
        marks = _marked(size, spans)
        often = np.where(marks > 1, 3 * level + marks - 2, often).astype(np.int32)
    return {
        "listed-often": often,
        "listed-name": _marked(size, names),
        "listed-foreign": _marked(size, foreign),
        "listed-proper": _marked(size, proper),
        "listed-word": _marked(size, words),
    }


def _of_words(size: int, words: Sequence[Word]) -> dict[str, Codes]:
    """Part of speech with the place in the word, the word's make, and the classes of its neighbours."""
    number = len(words)
    lengths = np.fromiter((word.end - word.start for word in words), np.int32, number)
    tags = np.fromiter((_tag(word.tag) for word in words), np.int32, number)
    classes = np.fromiter((_word_class(word.text) for word in words), np.int32, number)
    makes = (
        1 + 4 * np.fromiter((word.is_known for word in words), np.int32, number) + np.minimum(lengths, 4) - 1
    )
    often = 1 + np.fromiter((frequency(word.text) for word in words), np.int32, number)
    starts = np.cumsum(lengths) - lengths
    place = np.arange(size) - np.repeat(starts, lengths)  # how far into the word
    left = np.repeat(lengths, lengths) - place - 1
    where = np.where(left == 0, np.where(place == 0, 3, 2), np.where(place == 0, 0, 1))

    def spread(values: Codes, shift: int = 0) -> Codes:
        moved = np.zeros_like(values)
        if shift < 0:
            moved[-shift:] = values[:shift]
        elif shift > 0:
            moved[:-shift] = values[shift:]
        else:
            moved = values
        return np.repeat(moved, lengths).astype(np.int32)

    return {
        "tag": (1 + 4 * (spread(tags) - 1) + where).astype(np.int32),
        "make": spread(makes.astype(np.int32)),
        "class": spread(classes),
        "class-1": spread(classes, -1),
        "class+1": spread(classes, 1),
        "class-2": spread(classes, -2),
        "class+2": spread(classes, 2),
        "tag-1": spread(tags, -1),
        "tag+1": spread(tags, 1),
        "tag-2": spread(tags, -2),
        "tag+2": spread(tags, 2),
        "often": spread(often),
        "often-1": spread(often, -1),
        "often+1": spread(often, 1),
        "where": (where + 1).astype(np.int32),
    }


def _tag(tag: str) -> int:
    return _tags().get(tag, len(TAGS) + 1)


@cache
def _tags() -> dict[str, int]:
    return {tag: code for code, tag in enumerate(TAGS, 1)}


def _word_class(text: str) -> int:
    return _classes().get(text.lower(), 1)


@cache
def _classes() -> dict[str, int]:
    rows = reversed(list(enumerate(WORD_CLASSES, 2)))
    return {word.lower(): code for code, row in rows for word in row}


def _of_rules(size: int, persons: Sequence[Sequence[Found]]) -> dict[str, Codes]:
    """Which rules say "name" here, begin or go on, and how many of them."""
    marks = [_marked(size, [(one.start, one.end) for one in found]) for found in persons]
    told = {f"rule{code}": marks[code] for code in WEIGHED_RULES}
    agreeing = sum((mark > 1).astype(np.int32) for mark in marks)
    told["rules"] = (1 + np.minimum(agreeing, 3)).astype(np.int32)
    return told


def _marked(size: int, spans: Iterable[tuple[int, int]]) -> Codes:
    """1 outside, 2 at the beginning, 3 within, 4 at the end of a span."""
    marks = np.ones(size, np.int32)
    for start, end in spans:
        marks[start:end] = 3
        marks[end - 1] = 4
        marks[start] = 2
    return marks
