"""What speaks for a candidate? Measures of likeness between a question and the units that may answer it.

Rows are units, columns the names below. The weights of the columns are learned (`kb.learned`), so their
order and meaning belong to a set of weights: change both together.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kb.likeness import (
    Neighbours,
    Sets,
    Strings,
    characters_of,
    edits,
    in_order,
    lengths,
    partial,
    ratio,
    shared_characters,
)
from kb.postings import K1, Asked, Field, Floats, Ints

KINDS = ("words", "pairs", "characters")

KEPT = 1 << 12
"""Stored texts of which a process remembers what they are about: many questions meet the same candidates."""

QUESTION = (
    *(f"{kind}_{what}" for kind in KINDS for what in ("best", "depth", "asked", "stored", "both")),
    "length", "asked_length", "stored_length",
    "ratio", "edits", "winkler", "in_order", "part", "prefix", "postfix",
    "bare_ratio", "bare_edits", "bare_part",
    "asked_left", "stored_left", "asked_left_all", "stored_left_all", "asked_left_count", "stored_left_count",
    "characters_asked_left", "characters_stored_left", "characters_shared", "left_alike",
    "word_order", "type_shared", "type_differs", "negation", "numbers",
    "raw_ratio", "raw_edits", "raw_winkler", "raw_in_order", "raw_prefix", "raw_postfix", "raw_both", "raw_asked",
    "title_ratio", "title_in_order", "title_both",
    "mark_same", "purpose_both", "purpose_asked_left", "purpose_stored_left", "manners",
)  # fmt: skip

TEXT = (
    *(f"{kind}_{what}" for kind in ("words", "pairs")
      for what in ("best", "sharp", "depth", "asked", "stored", "cosine", "rarest", "chance",
                   "title_best", "title_asked")),
    "characters_best", "characters_depth", "characters_asked",
    "pairs_rarest_8", "pairs_gentle", "pairs_title_rarest", "asking_best", "first_best",
    "length", "asked_length", "title_length",
    "codes_hit", "codes_title", "codes_strange", "codes_family", "codes_share",
    "opening_asked", "opening_title", "opening_in_order", "window_asked", "window_title", "run", "title_characters",
    "told_first", "told_first_weight",
)  # fmt: skip

# Particles, politeness and ways of asking: what is left is what the question is about.
_ASKING = """
怎么办 怎么 原因 能 是否 有没有 会 要 哪些 多少钱 多久 在哪 什么时候 吗 呢 吧 啊
呀 么 的 了 是 请问 您好 你好 一般 应该 该 我 情况
"""
_NOT_ABOUT = re.compile(
    "|".join([*map(re.escape, sorted(_ASKING.split(), key=lambda word: -len(word))), r"[^\w]+"])
)
_TYPES = """
怎么 原因 能 是否 会 要 哪些 多少钱 多久 在哪 有没有 什么时候 谁 多少 几 治疗
治好 症状 引起 区别 危害 影响 严重 有效 效果 材料 条件 流程 标准 补办 电话 投诉
"""
_KINDS_OF_QUESTION = _TYPES.split()
_NEGATION = re.compile("[不没无未非别禁勿]")
_NUMBER = re.compile(r"\d+(?:\.\d+)?|[一二三四五六七八九十百千万两]+(?=[天日月年岁周次个元米公期种级度])")
_CODE = re.compile(r"[a-z]+\d*|\d+")

_OPENING = 120
_TOLD_FIRST = 60
_TITLE = 80
_WINDOW = 60
_HAN = 0x4E00, 0x9FFF
_USUAL_WEIGHT = 400.0  # of sixty characters, in idf
_LONG = 100  # characters: beyond, looking for the best part costs more than it tells


# Kinds of question, a line each: which of its words is used says little, which line much.
_PURPOSES = """
怎么办 怎么治 如何治 治疗 医治 治法 疗法 处理 解决
原因 病因 引起 造成 导致 诱发 起因
症状 表现 特征 征兆 体现
预防 防止 避免
吃什么 饮食 食物 食谱 水果 食疗 忌口 禁忌
药 片 胶囊 颗粒 丸
多少钱 价格 费用 收费
多久 多长 时间 几天 周期 什么时候
在哪 地方 地址
副作用 不良反应 危害 害处
怎么吃 用法 用量 服法 一天 几次
检查 诊断 确诊 化验 发现
传染 传播
遗传
严重 要紧 后果 厉害
区别 不同 差别 关系 一样
注意 事项 护理
治好 治愈 根治 痊愈 康复 断根
疫苗 打针 接种 注射
是什么病 什么是 什么病 属于 定义 类型
功效 作用 疗效 效果 有效 有用
适应 主治
偏方 中医 中药
怀孕 孕妇 哺乳 月经 喂奶
孩子 婴儿 新生儿 宝宝
老年人 老人
牌子 哪个好 最好 推荐
成分 含量 规格 多少克 多少粒
医院 门诊 科
手术
材料 资料 证件 手续
流程 程序 步骤
电话 联系
条件 资格 要求
标准 规定 政策
投诉 举报 反映
补办 办理 申请
能 可以 是否
要 必须 一定 必要
复发 反复
"""
_MANNERS = ("请问", "您好", "你好", "医生", "谢谢", "我想", "咨询", "大夫", "求助")


def _by_first(lines: str) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    for number, line in enumerate(lines.strip().splitlines()):
        for word in line.split():
            found.setdefault(word[0], []).append((word, 1 << number))
    return found


_PURPOSE_WORDS = _by_first(_PURPOSES)


def is_about(word: str) -> bool:
    """Whether a word says what a question is about: neither how it is asked (怎么办, 请问) nor a number."""
    return not word.isdigit() and bool(_NOT_ABOUT.sub("", word))


def purposes_of(text: str) -> int:
    """Return the kinds of question a text is, a bit for each."""
    kinds = 0
    for at, character in enumerate(text):
        for word, kind in _PURPOSE_WORDS.get(character, ()):
            if text.startswith(word, at):
                kinds |= kind
    return kinds


class Query(Protocol):
    """What the features need to know of a question: its spellings, and its terms as the fields know them."""

    text: str
    raw: str
    title: str
    words: tuple[str, ...]

    def asked(self, family: str, kind: str) -> Asked:
        """The terms of the question."""

    def repeats(self, asked: Asked, family: str, kind: str, part: str) -> Floats:
        """How often each of these terms stands in a part of it (``title``, ``asking``, ``first``), 1+log."""

    def table(self, family: str, kind: str, units: Ints) -> Floats:
        """How often each of its terms stands in each unit."""


def by_best(scores: Floats) -> Floats:
    """Return scores as shares of the best one."""
    best = scores.max(initial=0.0)
    return scores / best if best > 0 else scores


# ------------------------------------------------------------------ questions


class About:
    """What a short text is about: its words, without the ways of asking, its type, numbers, negations."""

    __slots__ = ("bare", "negations", "numbers", "text", "types", "words")

    def __init__(self, text: str, words: Sequence[str]) -> None:
        self.text = text
        self.words = words
        self.bare = _NOT_ABOUT.sub("", text)
        self.types = frozenset(word for word in _KINDS_OF_QUESTION if word in text)
        self.negations = len(_NEGATION.findall(self.bare))
        self.numbers = frozenset(_NUMBER.findall(text))


def question_features(
    query: Query,
    fields: Mapping[str, Field],
    units: Ints,
    stored: Sequence[About],
    raw: Sequence[str],
) -> Floats:
    """Return the `QUESTION` features of some question units; ``raw``: as they were written, folded."""
    columns: list[Floats] = []
    for kind in KINDS:
        asked, field = query.asked("question", kind), fields[kind]
        columns += _scores(asked, field, query.table("question", kind, units), units)
    about = About(query.text, query.words)
    texts = [one.text for one in stored]
    alike = Strings.of(about.text, texts)
    columns += _wording(about, stored, texts, alike)
    columns += _left(about, stored, fields)
    columns += _as_written(query, texts, raw, alike)
    columns += _purposes(query.raw, raw)
    return np.column_stack(columns)


def _scores(asked: Asked, field: Field, table: Floats, units: Ints) -> list[Floats]:
    scores = (asked.repeats * asked.idfs) @ (table * (K1 + 1) / (table + field.penalty(units)))
    shared, mass = asked.idfs @ (table > 0), field.mass(units)
    return [
        by_best(scores),
        scores / asked.mass,
        shared / asked.mass,
        shared / np.maximum(mass, 1e-9),
        2 * shared / (asked.mass + mass),
    ]


def _wording(asked: About, stored: Sequence[About], texts: Sequence[str], alike: Strings) -> list[Floats]:
    sizes, bare = lengths(texts), [one.bare for one in stored]
    # Only where both whole texts are short are parts of them compared, of what they are about as well.
    short = np.array([len(asked.text) <= _LONG and len(text) <= _LONG for text in texts], dtype=bool)
    return [
        np.abs(sizes - len(asked.text)) / np.maximum(np.maximum(sizes, len(asked.text)), 1),
        np.full(len(texts), np.log1p(len(asked.text))),
        np.log1p(sizes),
        alike.ratio,
        alike.edits,
        alike.winkler,
        alike.part,
        partial(asked.text, texts, short, alike.part),
        alike.prefix,
        alike.postfix,
        ratio(asked.bare, bare),
        edits(asked.bare, bare),
        partial(asked.bare, bare, short, alike.part),
    ]


def _left(asked: About, stored: Sequence[About], fields: Mapping[str, Field]) -> list[Floats]:
    """What one says and the other does not."""
    words = Sets.of(asked.words, [one.words for one in stored])
    letters = characters_of(asked.text, [one.text for one in stored])
    rare, rare_letters = _rarity(fields["words"], words), _rarity(fields["characters"], letters)
    mine, theirs = words.asked & ~words.stored, words.stored & ~words.asked
    both, lesser = shared_characters(words)
    shared, either = letters.stored & letters.asked, letters.stored | letters.asked
    types = [(asked.types & one.types, asked.types ^ one.types) for one in stored]
    return [
        (mine * rare).max(axis=1, initial=0.0),
        (theirs * rare).max(axis=1, initial=0.0),
        mine @ rare,
        theirs @ rare,
        mine.sum(axis=1).astype(float),
        theirs.sum(axis=1).astype(float),
        (letters.asked & ~letters.stored) @ rare_letters,
        (letters.stored & ~letters.asked) @ rare_letters,
        shared.sum(axis=1) / np.maximum(either.sum(axis=1), 1),
        np.where(lesser > 0, both / np.maximum(lesser, 1), -0.1),
        words.order(),
        np.array([float(bool(same)) if same or other else 0.5 for same, other in types]),
        np.array([float(len(other)) for _, other in types]),
        np.array([float(asked.negations != one.negations) for one in stored]),
        np.array([float(asked.numbers != one.numbers) for one in stored]),
    ]


def _rarity(field: Field, held: Sets) -> Floats:
    """How rare each of some terms is, 0 to 1."""
    return np.asarray(field.idf(field.found(held.terms)) / field.idf(0), dtype=float)


def _as_written(query: Query, stored: Sequence[str], written: Sequence[str], alike: Strings) -> list[Floats]:
    """Likeness before ways of saying the same were made one, and of a letter's title."""
    same = list(stored) == list(written)
    raw = alike if same and query.raw == query.text else Strings.of(query.raw, written)
    theirs = Neighbours.of(written)
    held = theirs if same else Neighbours.of(stored)
    mine, title = Neighbours.of([query.raw]), Neighbours.of([query.title])
    shared, titled = theirs.shared(mine), held.shared(title)
    return [
        raw.ratio,
        raw.edits,
        raw.winkler,
        raw.in_order,
        raw.prefix,
        raw.postfix,
        2 * shared / np.maximum(mine.counts + theirs.counts, 1),
        shared / np.maximum(mine.counts, 1),
        ratio(query.title, stored),
        in_order(query.title, stored),
        2 * titled / np.maximum(title.counts + held.counts, 1),
    ]


@lru_cache(maxsize=KEPT)
def _manner_of(written: str) -> tuple[int, bool, bool]:
    """Its kinds of question, whether it has a question mark, and whether it is polite."""
    return purposes_of(written), "?" in written, any(word in written for word in _MANNERS)


def _purposes(asked: str, written: Sequence[str]) -> list[Floats]:
    """What is wanted, by kinds of question that every office meets, and in which manner it is asked."""
    mine, marked, polite = _manner_of(asked)
    theirs = [_manner_of(text) for text in written]
    both = np.array([(mine & kinds).bit_count() for kinds, _, _ in theirs], dtype=float)
    count = np.array([kinds.bit_count() for kinds, _, _ in theirs], dtype=float)
    either = mine.bit_count() + count - both
    return [
        np.array([float(mark == marked) for _, mark, _ in theirs]),
        both / np.maximum(either, 1),
        mine.bit_count() - both,
        count - both,
        np.array([float(manner != polite) for _, _, manner in theirs]),
    ]


# ------------------------------------------------------------------ texts


def text_features(
    query: Query,
    fields: Mapping[str, Field],
    units: Ints,
    texts: Sequence[NDArray[np.uint16]],
    rarity: Floats,
) -> Floats:
    """Return the `TEXT` features of some text units; ``rarity``: the idf of every character by its number."""
    columns: list[Floats] = []
    for kind in ("words", "pairs"):
        columns += _matches(query, fields[kind], kind, units)
    spread = Spread(query.text, texts, rarity)
    columns += spread.characters()
    columns += _parts(query, fields["pairs"], units)
    count = len(units)
    columns += [
        np.log1p(fields["pairs"].lengths(units)) / 8,
        np.full(count, np.log1p(len(query.text)) / 8),
        np.full(count, np.log1p(len(query.title)) / 8),
    ]
    decoded = [text.tobytes().decode("utf-16-le", "replace") for text in texts]
    columns += list(_codes(query, spread.codes()).T)
    pairs = query.asked("text", "pairs")
    begun = spread.begun(pairs.terms)
    inside = spread.weights_of(begun, pairs.idfs)
    titled = spread.weights_of(begun, pairs.idfs * (query.repeats(pairs, "text", "pairs", "title") > 0))
    columns += [
        spread.opening(inside),
        spread.opening(titled),
        in_order(query.title, [text[:_TITLE] for text in decoded]),
        spread.window(inside),
        spread.window(titled),
        spread.run(inside),
        spread.share_of(query.title),
        *spread.told_first(query.text, fields["pairs"]),
    ]
    return np.column_stack(columns)


def _matches(query: Query, field: Field, kind: str, units: Ints) -> list[Floats]:
    asked, table = query.asked("text", kind), query.table("text", kind, units)
    idfs, repeats = asked.idfs, asked.repeats
    held = table > 0
    worth = table * (K1 + 1) / (table + field.penalty(units))
    scores, shared = (repeats * idfs) @ worth, idfs @ held
    title = query.repeats(asked, "text", kind, "title")
    vector = np.sqrt(((repeats * idfs) ** 2).sum())
    alike = (repeats * idfs**2) @ np.where(held, 1 + np.log(np.maximum(table, 1)), 0)
    return [
        by_best(scores),
        by_best((repeats * idfs**2) @ worth),
        scores / asked.mass,
        shared / asked.mass,
        shared / np.maximum(field.mass(units), 1e-9),
        alike / np.maximum(vector * field.norm(units), 1e-9),
        _rarest(idfs, held, 3),
        _chance(asked, field, table, units),
        by_best((title * idfs) @ worth),
        (idfs * (title > 0)) @ held / max(float(idfs[title > 0].sum()), 1e-9),
    ]


def _rarest(idfs: Floats, held: NDArray[np.bool_], most: int) -> Floats:
    """The rarest shared terms against the rarest asked for."""
    if not len(idfs):
        return np.zeros(held.shape[1])
    # The rarest come first (`Asked`).
    best = idfs @ (held & (np.cumsum(held, axis=0) <= most))
    return np.asarray(best / max(float(idfs[:most].sum()), 1e-9), dtype=float)


def _chance(asked: Asked, field: Field, table: Floats, units: Ints) -> Floats:
    """How much likelier the terms are by the unit than by the collection (Dirichlet smoothing, μ = 300)."""
    known = asked.found > 0
    if not known.any():
        return np.zeros(len(units))
    share = asked.found[known, None] * 1.3 / max(field.total, 1.0)
    odds = np.log((table[known] + 300 * share) / (field.lengths(units) + 300) / share)
    return np.asarray(asked.repeats[known] @ odds / asked.mass, dtype=float)


def _parts(query: Query, field: Field, units: Ints) -> list[Floats]:
    asked, table = query.asked("text", "pairs"), query.table("text", "pairs", units)
    idfs, held = asked.idfs, table > 0
    worth = table * (K1 + 1) / (table + field.penalty(units))
    gentle = 1.2 * (0.25 + 0.75 * field.lengths(units) / field.mean)
    title = query.repeats(asked, "text", "pairs", "title") > 0
    return [
        _rarest(idfs, held, 8),
        by_best((asked.repeats * idfs) @ (table * 2.2 / (table + gentle))),
        _rarest(idfs[title], held[title], 1),
        by_best((query.repeats(asked, "text", "pairs", "asking") * idfs) @ worth),
        by_best((query.repeats(asked, "text", "pairs", "first") * idfs) @ worth),
    ]


def _codes(query: Query, texts: Sequence[set[str]]) -> Floats:
    """Numbers, letters and what they name (a7, 12333, g107): which are shared, which are strange."""
    mine, titled = set(_CODE.findall(query.text)), set(_CODE.findall(query.title))
    families = {code[0] for code in mine if code[0].isalpha()}
    rows = np.full((len(texts), 5), -1.0)
    for row, held in zip(rows, texts, strict=True):
        letters = {code for code in held if code[0].isalpha()}
        named = {code[0] for code in letters}
        if mine:
            row[0] = len(mine & held) / len(mine)
        if titled:
            row[1] = len(titled & held) / len(titled)
        if letters:
            row[2] = len(letters - mine) / len(letters)
        if families and named:
            row[3] = len(families & named) / len(named)
        if held:
            row[4] = len(mine & held) / len(held)
    return rows


@cache
def _code_characters() -> NDArray[np.bool_]:
    """Of which characters codes are made."""
    return np.array([bool(_CODE.fullmatch(chr(number))) for number in range(65536)])


class Spread:
    """Where in some texts the characters of a question stand, in arrays over all texts at once."""

    def __init__(self, asked: str, texts: Sequence[NDArray[np.uint16]], rarity: Floats) -> None:
        self._count = len(texts)
        self._numbers = {character: n for n, character in enumerate(dict.fromkeys(asked), 1)}
        self._size = len(self._numbers) + 1
        table = np.zeros(65536, dtype=np.int32)
        for character, number in self._numbers.items():
            if character < "\U00010000":
                table[ord(character)] = number
        lengths = np.array([len(text) for text in texts], dtype=np.int64)
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        self._joined = np.concatenate([*texts, np.zeros(0, np.uint16)])
        self._at = table[self._joined]
        self._owner = np.repeat(np.arange(self._count), lengths)
        self._lengths = lengths
        self._place = np.arange(len(self._joined)) - self._starts[self._owner]
        self._idf = np.zeros(self._size)
        for character, number in self._numbers.items():
            if character.isalnum() and character < "\U00010000":
                self._idf[number] = rarity[ord(character)]

    def characters(self) -> list[Floats]:
        """BM25 over characters: as share of the best, per asked weight, and the weight that is shared."""
        table = np.bincount(self._owner * self._size + self._at, minlength=self._count * self._size).reshape(
            self._count, self._size
        )
        mean = max(float(self._lengths.mean()), 1.0) if self._count else 1.0
        penalty = (K1 * self._lengths / mean).clip(1e-9)[:, None]
        scores = (table * (K1 + 1) / (table + penalty)) @ self._idf
        mass = max(float(self._idf.sum()), 1e-9)
        return [by_best(scores), scores / mass, (table > 0) @ self._idf / mass]

    def share_of(self, title: str) -> Floats:
        """Which share of the characters of a title each text has."""
        wanted = [self._numbers[character] for character in set(title) if character in self._numbers]
        held = np.zeros((self._count, self._size), dtype=bool)
        held[self._owner, self._at] = True
        return np.asarray(held[:, wanted].mean(axis=1) if wanted else np.zeros(self._count), dtype=float)

    def codes(self) -> list[set[str]]:
        """Return the codes of each text."""
        places = np.flatnonzero(_code_characters()[self._joined])
        owners = self._owner[places]
        breaks = 1 + np.flatnonzero((np.diff(places) > 1) | (np.diff(owners) > 0))
        written = self._joined[places].tobytes().decode("utf-16-le")
        found: list[set[str]] = [set() for _ in range(self._count)]
        bounds = [0, *breaks.tolist(), len(places)] if len(places) else []
        for begin, end, owner in zip(bounds, bounds[1:], owners[bounds[:-1]].tolist(), strict=False):
            found[owner].update(_CODE.findall(written[begin:end]))
        return found

    def begun(self, pairs: Sequence[str]) -> Ints:
        """Return for each place in the texts which of some pairs begins there; their number: none."""
        table = np.full((self._size, self._size), len(pairs), dtype=np.int32)
        for number, pair in enumerate(pairs):
            if len(pair) == 2 and pair[0] in self._numbers and pair[1] in self._numbers:
                table[self._numbers[pair[0]], self._numbers[pair[1]]] = number
        found = np.full(len(self._at), len(pairs))
        if len(self._at) > 1:
            inside = self._owner[:-1] == self._owner[1:]
            found[:-1] = np.where(inside, table[self._at[:-1], self._at[1:]], len(pairs))
        self._known = np.isin(np.arange(len(pairs)), table)
        return found

    def weights_of(self, begun: Ints, idfs: Floats) -> Floats:
        """Return for each place in the texts the idf of the asked pair that begins there, last their sum."""
        mass = max(float(idfs[self._known].sum()), 1e-9)
        return np.concatenate([np.append(idfs, 0.0)[begun], [mass]])

    def opening(self, weights: Floats) -> Floats:
        """Which share of the asked pairs' weight the opening of each text has; each pair counts once."""
        found, mass = weights[:-1], weights[-1]
        places = np.flatnonzero((found > 0) & (self._place < _OPENING))
        following = self._at[np.minimum(places + 1, len(self._at) - 1)]
        keys = (self._owner[places] * self._size + self._at[places]) * self._size + following
        first = np.unique(keys, return_index=True)[1]
        kept = places[first]
        shares = np.bincount(self._owner[kept], weights=found[kept], minlength=self._count) / mass
        return np.asarray(shares, dtype=float)

    def told_first(self, asked: str, pairs: Field) -> list[Floats]:
        """How much of what the first sixty characters tell was asked: as share of its weight, and the weight."""
        if len(self._at) < 2:
            return [np.zeros(self._count)] * 2
        known = np.zeros((self._size, self._size), dtype=bool)
        numbers = [self._numbers[character] for character in asked]
        known[numbers[:-1], numbers[1:]] = True
        han = (self._joined >= _HAN[0]) & (self._joined <= _HAN[1])
        here = han[:-1] & han[1:] & (self._owner[:-1] == self._owner[1:]) & (self._place[:-1] < _TOLD_FIRST)
        places = np.flatnonzero(here)
        codes = self._joined[places].astype(np.uint64) << np.uint64(32) | self._joined[places + 1]
        different, number = np.unique(codes, return_inverse=True)
        weights = pairs.idf(pairs.found_by(different))[number]
        asked_too = known[self._at[places], self._at[places + 1]]
        owners = self._owner[places]
        told = np.bincount(owners, weights=weights, minlength=self._count)
        both = np.bincount(owners, weights=weights * asked_too, minlength=self._count)
        return [both / np.maximum(told, 1e-9), both / _USUAL_WEIGHT]

    def window(self, weights: Floats) -> Floats:
        """Which share stands together within sixty characters, at best."""
        found, mass = weights[:-1], weights[-1]
        best = np.zeros(self._count)
        if len(found):
            sums = np.concatenate([[0.0], np.cumsum(found)])
            until = np.minimum(np.arange(len(found)) + _WINDOW, self._starts[self._owner + 1])
            np.maximum.at(best, self._owner, sums[until] - sums[:-1])
        return np.asarray(best / mass, dtype=float)

    def run(self, weights: Floats) -> Floats:
        """The heaviest stretch of the question that a text has word for word."""
        found, mass = weights[:-1], weights[-1]
        best = np.zeros(self._count)
        if len(found):
            stretch = np.cumsum(found == 0)
            np.maximum.at(best, self._owner, np.bincount(stretch, weights=found)[stretch])
        return np.asarray(best / mass, dtype=float)
