"""Where does somebody live? Everything below 街道 and 社区: roads, villages, buildings, numbers.

What is left readable is the part down to the 区, 镇, 街道 or 社区, so that the matter keeps its place.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

from app.redaction.folding import Folded
from app.redaction.found import Found, Kind
from app.redaction.vocabulary import COMMON_SURNAMES, NOT_PART, ORDINARY_PLACES, listed
from app.redaction.words import Word

ROADS = "大道|大街|胡同|国道|省道|县道|高速|路|街|巷|弄|道|里|环线|环路"
ROAD_ENDINGS = frozenset(ROADS.split("|"))
VILLAGES = "村|屯|庄|寨|坪|冲|塆|湾|垸|坳|垭|坝|营|堡"
ESTATES = (
    "售楼处|电子城|书城|球馆|会展中心|综合楼|度假村|工业园|产业园|科技园|办公楼|教学楼|宿舍楼|居民楼|家属楼|住宅楼|"
    "小区|花园|公寓|大厦|广场|家园|公馆|花苑|雅苑|嘉苑|新苑|佳苑|名苑|苑|豪庭|华庭|雅庭|华府|府邸|名邸|雅居|名都|名城|新城|佳园|"
    "嘉园|庄园|山庄|别墅|新村|大楼|大院|宿舍|家属院|楼盘|城市广场|国际城|新天地|商城|超市|酒店|宾馆|网吧|茶楼|饭店|会所|写字楼|"
    "商场|大酒店|大饭店|购物中心|商务中心|国际中心|时代广场|御园|御府|壹号|公园里|名园|豪园|大宅|首府|半岛|一品|"
    "山水|蓝湾|水岸|尚城"
)
WEAK = listed(
    "道 里 弄 湾 营 堡 冲 坝 坪 商城 超市 酒店 宾馆 网吧 茶楼 饭店 商场 大酒店 大饭店 "
    "半岛 山水 水岸 一品 首府 新城 名城"
)
"""Endings that ordinary words share: a number must follow, or the word be unknown."""
SUFFIX = re.compile(rf"(?:{ESTATES}|{ROADS}|{VILLAGES})$")
ADMIN_WORD = re.compile(r"(?:省|市|州|(?<!小|园|景)区|县|旗|镇|乡|街道|社区|开发区|新区)$")
"""Ends the part of an address that may stay."""
PLACE_TAGS = frozenset({"ns", "nsf", "nt"})

NUMERAL = r"(?:[甲乙丙丁]?[0-9]{1,5}|[一二三四五六七八九十百]{1,4}|[A-Za-z][0-9]{0,3}|[甲乙丙丁东西南北中])"
UNIT = (
    "号楼|号院|号门|号铺|号房|号|弄|栋|幢|座|单元|单位|门|楼|层|室|房|户|组|队|社|铺|门面|档|期|区|段|巷|街|院|"
    "#楼|#栋|#"
)
TAIL = re.compile(
    rf"(?:[\s,，、\-—]?(?:{NUMERAL}(?:[\-—/之至到]{NUMERAL}){{0,4}}(?:{UNIT})(?:院内|院|内|旁|附近)?"
    rf"|(?:东|西|南|北|中)(?:侧|边|面|段|口|头|门|区|站|端)|[东西南北]{{2}}角|附近|对面|旁边?|步行街|商业街|站|段|球场|"
    rf"路口|交叉口|交汇处|十字路口|沿线|以[东西南北]|"
    rf"向[东西南北左右][0-9]{{0,5}}米?|朝[东西南北]|[0-9]{{1,5}}米(?:路[东西南北])?|店|街区|[东西南北](?=[，。,；\s]|$)))+"
)
ROOM = re.compile(
    rf"(?<![0-9A-Za-z第]){NUMERAL}(?:#|号)?(?:栋|幢|(?<![一二两三四五六七八九十几])座|号楼|#楼|(?<!个)单元)(?:[\s\-—]?{NUMERAL}(?:{UNIT}))*"
    r"(?:[\s\-—]?[0-9]{2,4}(?![0-9元年月日%.万]))?"
)
ROOM_DASHED = re.compile(r"(?<![0-9\-.])[0-9A-Z]{1,3}[\-—][0-9]{1,2}[\-—][0-9]{3,4}(?![0-9\-])")
GROUP = re.compile(
    r"(?<![第0-9])[0-9一二三四五六七八九十]{1,3}(?:村民小组|组|队|社)(?=村民|人|的|，|。|,|居民|[0-9]|$)"
)
HIGHWAY = re.compile(
    r"(?<![0-9A-Za-z])(?:[GSXgsx][0-9]{2,4}|[0-9]{3}国道|国道[0-9]{3}|[0-9]{3}省道)(?:线|高速|国道|省道)?(?![0-9A-Za-z])"
)
NUMBERED = re.compile(
    rf"{NUMERAL}(?:[\-—之]{NUMERAL}){{0,3}}(?:号|弄)(?!线|文|令|公告|通知|下午|上午|晚|早|开|起|至|到|前|后|左右|之前|之后|凌晨|[0-9])"
)

STOP_TAGS = listed("p c u uj ul uz uv ug ud v vd vi r d y e o zg f q m t a x w")
NAME_PART = listed("t m mq q d")
"""Beside JOINABLE in the name itself: 五一|路, 四|干道."""
NAMING_VERBS = listed(
    "解放 振兴 复兴 建设 胜利 团结 奋斗 发展 创业 创新 开发 开拓 迎宾 劳动 前进 跃进 进步 学习 工农 生产 "
    "和平 友谊 光复 建国 兴国 中兴 兴业 建业 开元 望京 朝阳 迎春 迎泽 长征 起义 革命 民主 改革 开放 拥军 爱国 "
    "科学 致远 致富 环城 环湖 沿江 滨江 滨河 滨湖 临江 临湖 腾飞 崛起 光明 幸福 示范"
)
"""Verbs that roads and estates are named with; any other verb before 路, 村 or 小区 ends the name."""
COUNT = re.compile(r"[一二三四五六七八九十百千0-9]{1,4}")
"""五一路, 四干道; 一个村 and 两条路 count and do not name."""
COUNTED = re.compile(r"[一二两三四五六七八九十百几]+[个条站座栋]$")
JOINABLE = listed("n ns nr nrt nrfg nz nt ng a ag j b z f s m i l g x vn nrj zg an v t q eng")


def addresses(folded: Folded, words: Sequence[Word]) -> Iterator[Found]:
    """Every span that names a road, village, building or number, with the coarse part before it."""
    plain = folded.plain
    cores = [
        (_grown_left(plain, words, at, start), _with_tail(plain, end))
        for at, start, end in _cores(plain, words)
    ]
    for start, end in _merged(plain, sorted(cores + list(_cued(plain)))):
        lead = LEAD.match(plain, start, end)
        start = lead.end() if lead else start
        end = _with_occupant(plain, words, start, end)
        yield address(plain, words, *_with_quotes(plain, start, end))


def address(plain: str, words: Sequence[Word], start: int, end: int) -> Found:
    """An address from ``start`` to ``end``, with the coarse part that may stay."""
    return Found(start, end, Kind.ADDRESS, "地址", coarse=_coarse(plain, words, start, end))


def _with_occupant(plain: str, words: Sequence[Word], start: int, end: int) -> int:
    """The shop or firm named behind a house number, when nothing else follows in the clause."""
    if not HOUSE_NUMBER.search(plain, start, end):
        return end
    at = end
    for word in _from(words, end):
        if word.start < at:
            continue
        if word.start > at or at - end > LONGEST_OCCUPANT or not word.text.isalnum():
            break
        if word.tag not in JOINABLE | {"t", "m", "mq"} or (_is_verb(word) and at > end):
            return end
        at = word.end
    return at if at - end <= LONGEST_OCCUPANT else end


def _from(words: Sequence[Word], at: int) -> Iterator[Word]:
    """The words that reach beyond ``at``."""
    for number in range(bisect_right(words, at, key=lambda word: word.end), len(words)):
        yield words[number]


HOUSE_NUMBER = re.compile(r"[0-9](?:号|弄|栋|幢|楼|层|室|单元)")
LONGEST_OCCUPANT = 12


def _with_quotes(plain: str, start: int, end: int) -> tuple[int, int]:
    """Marks that hold nothing but the address go with it."""
    is_held = start > 0 and plain[start - 1 : start] + plain[end : end + 1] in {"“”", "「」", "()", '""'}
    return (start - 1, end + 1) if is_held else (start, end)


LEAD = re.compile(
    r"(?:来电人?|人称|人住|人在|称|反映|家住|居住|住址?|位于|地处|坐落|来到|前往|现?[在住]|于|到|去|从|由|叫|是|为|和|与|及|向|把|将|给|找|对|因|我|本人|该|这|那)+"
)
"""Words before an address that the segmenter may have tied to it."""


def _cores(plain: str, words: Sequence[Word]) -> Iterator[tuple[int, int, int]]:
    """The places that name something below the 街道: number of their first word, start and end."""
    at = {word.start: number for number, word in enumerate(words)}
    ends = {word.end: number for number, word in enumerate(words)}
    for number, word in enumerate(words):
        start = _named_start(plain, words, number)
        if start is not None and DATED.fullmatch(plain, start, word.end) is None:
            yield at[start], start, word.end
    for pattern in (ROOM, ROOM_DASHED, GROUP, HIGHWAY):
        for match in pattern.finditer(plain):
            if match.start() in at and not ONE_HOUSE.match(plain, match.start()):
                yield at[match.start()], match.start(), match.end()
    for match in NUMBERED.finditer(plain):
        before = ends.get(match.start())
        if before is not None and _is_proper(words[before]):
            yield before, words[before].start, match.end()


DATED = re.compile(r"月?[0-9]{1,2}[日号](?:路|街|村)")
"""11月21日|路|灯不亮: the day before the word, not the name of a road."""
ONE_HOUSE = re.compile(r"(?:一|两)[栋幢](?!(?:[甲乙丙丁]?[0-9一二三四五六七八九十]{1,4}(?:单元|号|室|[-—])))")
"""一栋楼, 一幢28层住宅: how many and not which."""


def _is_proper(word: Word) -> bool:
    """A proper noun, or a word that no dictionary holds."""
    is_odd = not word.is_known and word.tag not in {"x", "m", "eng"}
    return word.text.isalnum() and (word.tag in PROPER_TAGS or is_odd)


PROPER_TAGS = frozenset({"ns", "nsf", "nr", "nrt", "nz", "s"})


def _cued(plain: str) -> Iterator[tuple[int, int]]:
    """What stands behind 地址： up to the end of the clause."""
    for cue in CUE.finditer(plain):
        yield cue.span("value" if cue["value"] else "open")


CUE = re.compile(
    r"(?:地址|住址|住所|住地|通讯处|门牌|居住地|户籍地|家庭地址|店址)(?:是|为|在)?[:：]\s?"
    r"(?P<value>(?:(?!电话|联系|手机|邮编|邮箱|传真|微信|QQ|qq|Tel|tel|的|了|是)[^\n。；;！!？?，,|:：]){4,40})"
    r"|(?:地址|住址|地点)(?:是|为|在|[:：，,\s]){0,2}(?=[^\n。；;！!？?，,|:：的了是]{2,24}[路街巷弄村号栋楼座])"
    r"(?P<open>(?:(?!电话|联系|手机|邮编|邮箱|传真|微信|QQ|qq|Tel|tel|备注|的|了|是)[^\n。；;！!？?，,|:：]){4,40})"
)


def _grown_left(plain: str, words: Sequence[Word], number: int, start: int) -> int:
    """Back over the words that belong to the same address, to the preposition, verb or mark before it."""
    nouns = 0
    for word in reversed(words[max(0, number - 12) : number]):
        is_place = word.tag in PLACE_TAGS or _ends_like_a_place(word.text)
        nouns += not (is_place or _is_proper(word))
        if (
            not word.text.isalnum()
            or word.text in NOT_PART
            or not (is_place or word.tag in JOINABLE)
            or _is_verb(word)
            or nouns > 2
        ):
            break
        if is_place or _is_proper(word) or nouns <= 1:
            start = word.start
    return start


@lru_cache(maxsize=16384)
def _ends_like_a_place(text: str) -> bool:
    return ADMIN_WORD.search(text) is not None or SUFFIX.search(text) is not None


def _is_verb(word: Word) -> bool:
    """A verb or adverb, which is part of a name only where roads are named so: 解放|路, but not 送到|小区."""
    return _is_verbal(word.text, word.tag, word.is_known)


@lru_cache(maxsize=16384)
def _is_verbal(text: str, tag: str, is_known: bool) -> bool:
    is_count = tag in {"m", "mq", "v"} and COUNT.match(text) is not None
    is_count = (is_count and COUNT.fullmatch(text) is None) or COUNTED.search(text) is not None
    return is_count or (tag in VERB_TAGS and text not in NAMING_VERBS and is_known)


VERB_TAGS = frozenset({"v", "d", "vd", "c", "p"})


def _merged(plain: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans that touch, or stand a few characters apart in one clause, are one address."""
    current: tuple[int, int] | None = None
    for start, end in spans:
        if current is None:
            current = (start, end)
        elif start <= current[1] or BETWEEN.fullmatch(plain, current[1], start):
            current = (current[0], max(current[1], end))
        else:
            yield current
            current = (start, end)
    if current is not None:
        yield current


BETWEEN = re.compile(r"的|[^\n，。；！？,.;!?:：的了是在有和我到]{0,4}|[和与及至到、]")


def _coarse(plain: str, words: Sequence[Word], start: int, end: int) -> str:
    """The part down to the last 区、县、镇、街道 or 社区, which may stay; only words that are places."""
    letters = LETTERED.match(plain, start, end)
    at = kept = letters.end() if letters else start
    for word in _from(words, at):
        if word.start > at or word.end > end or not _is_admin(word):
            break
        at = word.end
        kept = at if ADMIN_WORD.search(word.text) else kept
    return plain[start:kept]


LETTERED = re.compile(r"(?:[A-Z][0-9]{0,3}(?:省|市|区|县|镇|乡))+")


def _is_admin(word: Word) -> bool:
    is_place = word.tag in PLACE_TAGS and SUFFIX.search(word.text) is None
    return is_place or (len(word.text) > 1 and ADMIN_WORD.search(word.text) is not None)


def _named_start(plain: str, words: Sequence[Word], number: int) -> int | None:
    """Where the name that ends with this word begins, if the word ends like a road, village or building."""
    word = words[number]
    if SWALLOWED.fullmatch(word.text) and number and _is_proper(words[number - 1]):
        return _extended(words, number, word.start, 1)  # 南滨|路上: the segmenter took the next word along
    suffix = SUFFIX.search(word.text)
    if suffix is None or word.text.endswith(("街道", "街道办")):
        return None
    is_whole = len(word.text) > len(suffix[0]) or len(suffix[0]) >= WHOLE_NAME
    if word.text in ORDINARY_PLACES and is_whole:
        is_numbered = NUMBERED.match(plain, word.end) is not None and number > 0
        return _extended(words, number, word.start, 1) if is_numbered else None
    if suffix[0] in WEAK and word.is_known and not TAIL.match(plain, word.end):
        return None
    if is_whole:
        is_fragment = len(word.text) - len(suffix[0]) <= 1
        start = _extended(words, number, word.start, 1 if is_fragment else 0)
        is_named = start < word.start or not is_fragment or word.text[0] in SHORT_NAMES
        is_named = is_named or suffix[0] not in ROAD_ENDINGS or (not word.is_known and suffix[0] not in WEAK)
        return start if is_named or TAIL.match(plain, word.end) else None
    start = _extended(words, number, word.start, 2)
    name = plain[start : word.end]
    return None if start == word.start or name in ORDINARY_PLACES or BUS_LINE.search(name) else start


SHORT_NAMES = COMMON_SURNAMES | frozenset("东西南北")
"""What a road or village may be called with one character (石村, 南街); 短路 and 上路 are words."""
SWALLOWED = re.compile(r"[路街巷村](?:上|口|东|西|南|北|边|旁|段|头|尾)")
WHOLE_NAME = 4
"""An ending of this length (时代广场) is a name by itself."""
BUS_LINE = re.compile(r"[0-9]{1,4}路$")


def _extended(words: Sequence[Word], number: int, start: int, most: int) -> int:
    """Take in up to ``most`` words before that look like part of a name."""
    for word in reversed(words[max(0, number - most) : number]):
        is_part = (
            (word.tag in JOINABLE or word.tag in NAME_PART)
            and word.text not in NOT_PART
            and not _is_verb(word)
            and (word.text.endswith("州") or not ADMIN_WORD.search(word.text))
        )
        if not is_part or not word.text.isalnum() or words[number].end - word.start > LONGEST_NAME:
            break
        start = word.start
        if len(word.text) > 1 and word.tag != "m":
            break
    return start


LONGEST_NAME = 10


def _with_tail(plain: str, end: int) -> int:
    """The number, building and room that follow."""
    tail = TAIL.match(plain, end, end + 60)
    numbered = NUMBERED.match(plain, end, end + 20)
    after = max(end, tail.end() if tail else end, numbered.end() if numbered else end)
    beside = BESIDE.match(plain, after, after + 14)
    after = beside.end() if beside else after
    crossing = CROSSING.match(plain, after, after + 24)
    premises = PREMISES.match(plain, after, after + 24) if after > end else None
    return max(after, crossing.end() if crossing else after, premises.end() if premises else after)


BESIDE = re.compile(r"[^，。；！？,;!?:：\s了是有在被把我的]{0,8}?(?:对面|旁边|附近|隔壁|门口|楼下|正门)")
CROSSING = re.compile(
    r"[与和、至到的]?[^，。；！？,;!?\s的了是有]{0,10}?(?:交汇处|交叉口|交会处|交界处|十字路口|交汇点?|路口|出口|红绿灯|立交桥[上下]?|两侧)"
    r"的?(?:[东西南北]{1,2}(?:侧|角|边|面)?)?(?:向[东西南北左右]转?[0-9.]{1,4}(?:米|公里))?"
)
PREMISES = re.compile(
    r"[^，。；！？,;!?:：\s了是有在被把我]{0,14}(?:楼|层|店|厅|馆|厂|院|口|侧|角|门|站|园|部|所|中心|城|米|档|台|吧|仓库|广场|大厦|小区|交汇处|路东|路西|路南|路北)"
    r"(?:[A-Z]?[0-9]{1,4}(?:室|号|房)?)?(?:[东西南北]侧)?"
)
