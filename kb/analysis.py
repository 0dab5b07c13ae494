"""Which terms stand for this Chinese text? One spelling for all, words, character pairs, synonyms.

Everything is folded first: full width to half width, traditional to simplified, capitals to small;
then the many ways of asking the same (怎样 如何 咋) become one. So only meaning words decide.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256

import opencc
import rjieba

# Ways of saying the same that every office meets; the first word stands for all of its line. The
# library's own name has two spellings in official documents (clause D9).
_SAME = """
问答库 答问库
怎么 怎样 怎么样 如何 咋 咋样 怎的
怎么办 咋办 如何办 该怎么办 怎么处理 如何处理 怎样处理 怎么应对 如何应对 怎么解决 如何解决
原因 为什么 为何 怎么回事 什么原因 是怎么了 缘由 为啥 什么情况 起因 诱因 怎么引起 如何引起
能 能不能 能否 可不可以 可否 可以 是否可以 是否能 是否可 是否能够 能够
是否 是不是
有没有 有无
会 会不会 是否会
要 要不要 需不需要 是否需要 需要 须要 用不用
哪些 有哪些 什么 是什么 有什么 哪几种 啥 哪几个 哪几项
多少钱 什么价格 费用 价格 收费标准 花多少钱 多少费用 什么价位 几块钱
多久 多长时间 几天 多少天 多少时间 多长 需要多久
什么时候 何时 几时 啥时候 什么时间
在哪 哪里 在哪里 什么地方 哪儿 何处 在哪儿 在什么地方
孩子 小孩 儿童 宝宝 小儿 幼儿 子女 小朋友 娃 孩童 小孩子
成年人 成人 大人
老人 老年人
丢失 丢了 遗失 弄丢 掉了 不见了
补办 补领 重办 重新办理
治疗 医治 诊治
治好 治愈 根治 痊愈 治疗好 彻底治好 彻底治愈
症状 表现 征兆
引起 导致 造成 引发
效果 功效 疗效 作用
有效 有用 管用 有效果 起作用 有作用
危害 害处 坏处
最好 最佳
吃 服用 食用 服
怀孕 孕期 孕妇
一直 老是 总是 经常 老
患有 患了 得了 患上 得上
长期 长时间
请问 您好请问 你好请问 请教 想问一下 我想问 问一下
材料 资料
电话 联系电话 电话号码 联系方式
"""

# Raise when folding or cutting changes, so that indexes made by older rules are rebuilt.
RULES_VERSION = 2

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af〇"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A term and where it stands: ordinal among the tokens, and characters of the folded text."""

    term: str
    position: int
    start: int
    end: int


class _FoldTable(dict[int, str]):
    """Per-character folding, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        folded = unicodedata.normalize("NFKC", chr(code)).lower()
        self[code] = folded
        return folded


_FOLD = _FoldTable()


@cache
def _simplify() -> Callable[[str], str]:
    return opencc.OpenCC("t2s").convert


def simplified(text: str) -> str:
    """Return ``text`` in simplified characters, character for character: the length never changes."""
    whole = _simplify()(text)
    if len(whole) == len(text):
        return whole
    converted = (_simplify()(character) for character in text)
    return "".join(new if len(new) == 1 else old for old, new in zip(text, converted, strict=True))


def fold(text: str) -> str:
    """Return the one spelling under which ``text`` is indexed and searched (NFKC, simplified, small)."""
    return simplified(unicodedata.normalize("NFC", text).translate(_FOLD))


def fold_with_origins(text: str) -> tuple[str, list[int]]:
    """Return the folded text and, for each of its characters, the index in ``text`` it came from.

    For highlighting in the text as it was written; ``text`` should be in NFC.
    """
    pieces = [_FOLD[ord(character)] for character in text]
    origins = [index for index, piece in enumerate(pieces) for _ in piece]
    return simplified("".join(pieces)), origins


def _same_words(lines: str) -> dict[str, str]:
    groups = (line.split() for line in lines.strip().splitlines())
    return {word: group[0] for group in groups for word in group}


def _longest_first(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word)))))


SAME_WORDS: Mapping[str, str] = _same_words(_SAME)
_SAME_PATTERN = _longest_first(SAME_WORDS)


def canonical(folded: str) -> str:
    """Return a folded text with the ways of saying the same replaced by one of them."""
    return _SAME_PATTERN.sub(lambda found: SAME_WORDS[found[0]], folded)


def spellings(folded: str, synonyms: Mapping[str, str], most: int = 4) -> list[str]:
    """Return the query and its readings with synonyms exchanged, at most ``most``, the query first.

    ``synonyms`` maps a word to the word it is the same as (社会保障卡 → 社保卡); it works in both
    directions and between two words that are the same as a third. Longer words win over shorter.
    """
    groups, pattern = _groups(tuple(synonyms.items()))
    if not groups:
        return [folded]
    widest = max((len(groups[found]) for found in pattern.findall(folded)), default=0)
    readings = [folded]
    for choice in range(min(widest, most)):
        reading = pattern.sub(lambda found, at=choice: _choose(groups[found[0]], at), folded)  # type: ignore[misc]
        if reading not in readings:
            readings.append(reading)
    return readings[:most]


@lru_cache(maxsize=8)
def _groups(synonyms: Sequence[tuple[str, str]]) -> tuple[dict[str, list[str]], re.Pattern[str]]:
    """Return every word with all the words of its group, the common one first, and what finds them in a text."""
    members: dict[str, list[str]] = {}
    for word, same_as in synonyms:
        group = members.setdefault(fold(same_as), [fold(same_as)])
        if fold(word) not in group:
            group.append(fold(word))
    groups = {word: group for group in members.values() for word in group if word}
    return groups, _longest_first(groups)


def _choose(group: Sequence[str], at: int) -> str:
    return group[min(at, len(group) - 1)]


@cache
def dictionary() -> rjieba.Jieba:
    """The segmenter's dictionary as it is shipped, read once in a process (0.1 s and 30 MB). Never added to."""
    return rjieba.Jieba()


class Segmenter:
    """Cuts folded text into words by a fixed dictionary; safe to share between threads.

    Adding a word to an instance in use fails in other threads ("Already borrowed"), so an instance
    is complete when it is made and a changed dictionary means a new one (about 0.3 s).
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        """``words``: the office's own words (names of places, programmes), beyond the dictionary."""
        self._words = tuple(sorted({fold(word) for word in words}))
        self._jieba = rjieba.Jieba() if self._words else dictionary()
        for word in self._words:
            self._jieba.add_word(word, 10_000, "n")

    @property
    def signature(self) -> str:
        """Names the rules and the dictionary; an index made under another signature is rebuilt."""
        listed = sha256("\n".join(self._words).encode()).hexdigest()[:12]
        return f"rules{RULES_VERSION}-rjieba-{listed}"

    def words(self, folded: str) -> list[str]:
        """Return the words of a folded text, without punctuation and spaces."""
        return [word for word in self._jieba.cut(folded, True) if _RUN.match(word)]

    def tokens(self, folded: str) -> list[Token]:
        """Return the words with positions; punctuation counts as a position, so phrases do not span it."""
        found = []
        at = 0
        for position, word in enumerate(self._jieba.cut(folded, True)):
            if _RUN.match(word):
                found.append(Token(word, position, at, at + len(word)))
            at += len(word)
        return found


def bigrams(folded: str) -> list[str]:
    """Return pairs of neighbouring Chinese characters, and numbers and Latin words whole.

    Pairs do not span punctuation; a Chinese character standing alone is its own term.
    """
    terms = []
    for run in _RUN.findall(folded):
        if len(run) == 1 or run[0].isascii() or not _is_han(run[0]):
            terms.append(run)
        else:
            terms.extend(run[at : at + 2] for at in range(len(run) - 1))
    return terms


def _is_han(character: str) -> bool:
    return bool(re.match(f"[{_HAN}]", character))
