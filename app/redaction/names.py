"""Who is named? Cues, titles, surnames with jieba's part of speech, and foreign names, as a union.

No list of names is complete (reliability §0.9): a person confirms what is published.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from app.redaction.folding import Folded
from app.redaction.found import Found, Kind
from app.redaction.vocabulary import (
    AMBIGUOUS_SURNAMES,
    COMMON_SURNAMES,
    COMPOUND_SURNAMES,
    EVERYDAY_SURNAMES,
    FIRST_NAMES,
    GIVEN,
    LATIN_WORDS,
    NEVER_LAST,
    NOT_GIVEN,
    NOT_NICKNAMES,
    NOT_PERSONS,
    SOUNDS,
    SURNAMES,
    THING_ENDINGS,
    listed,
)
from app.redaction.words import Word, is_frequent, is_ordinary

PURE_SURNAMES = COMMON_SURNAMES - AMBIGUOUS_SURNAMES
"""Surnames that are hardly ever anything else; what follows them needs less proof."""


TITLES = (
    "老先生|老太太|老太|老人家|老大爷|老大娘|老奶奶|老爷爷|老伯|大伯|大叔|大婶|先生|女士|小姐|太太|夫人|老师|师傅|老板|同志|同学|同学们|阿姨|叔叔|大爷|大妈|大娘|大哥|大姐|大嫂|奶奶|爷爷|婆婆|伯伯|嫂子|"
    "局长|副局长|处长|科长|主任|副主任|书记|副书记|镇长|乡长|县长|区长|市长|村长|组长|所长|院长|校长|园长|站长|队长|会长|厅长|部长|"
    "经理|总经理|总监|董事长|老总|总(?![包是体部会共之数量额结署局站则算要])|警官|民警|交警|医生|大夫|护士|律师|法官|检察官|教授|教练|班主任|主席|某某|某|氏|姓"
)
ELDERS = listed(
    "老先生 老太太 老太 老人家 老大爷 老大娘 老奶奶 老爷爷 老伯 大伯 大叔 大婶 大爷 大妈 大娘 阿姨"
)
PLAIN_TITLES = ELDERS | listed("先生 女士 小姐 太太 夫人 老师 师傅 老板 某某 某")
"""Titles masked together with the surname; offices (局长) stay readable."""
TITLE = re.compile(rf"(?:{TITLES})")

CUE = re.compile(
    r"(?:我叫|我是叫|本人叫|名叫|名字叫|姓名|名字|本人|署名|落款|联系人|联络人|聯絡人|投诉人|举报人|反映人|来电人|来访人|来电者|信访人|来信人|留言人|申请人|"
    r"申报人|上访人|报告人|求助人|诉求人|当事人|受害人|被害人|原告|被告|被告人|被举报人|被投诉人|被控告人|控告人|代理人|法人|法定代表人|"
    r"负责人|经办人|户主|业主|房东|租客|老人|村民|居民|市民|职工|员工|工人|学生|家长|患者|病人|死者|伤者|司机|丈夫|妻子|老公|老婆|"
    r"儿子|女儿|父亲|母亲|爸爸|妈妈|哥哥|弟弟|姐姐|妹妹|孙子|孙女|婆婆|岳父|岳母|公公|爷爷|奶奶|外公|外婆|孩子|小孩|同事|包工头|"
    r"老板|经理|主任|书记|村长|局长|科长|所长|校长|院长|队长|组长|镇长|站长|会长|处长|民警|辅警|警官|医生|老师|护士|律师|法官|"
    r"记者|作者|导演|演员|主演|主持人|歌手|作家|画家|编剧|教授|总裁|董事长|总经理|经纪人|助理|客服|房主|店主|收款人|户名|昵称|网友|叫做|叫)"
    r"(?:同志|是|为|叫|：|:|\s|\(|（|“|\"|、){0,3}"
)
OWN_CUE = re.compile(
    r"(?:我叫|本人|我是|署名|落款|投诉人|举报人|反映人|来电人|来访人|来电者|信访人|来信人|留言人|申请人|求助人|上访人|报告人|诉求人)\W{0,3}$"
)

NOT_PERSON_AFTER = re.compile(
    r"(?:路|街|大道|巷|小区|花园|公司|集团|镇|乡|村|区|县|市|省|学校|医院|苑|园|城|湖|山|河|江|桥|站|社区|街道|中学|小学|大学|学院|派出所|"
    r"法院|银行|超市|酒店|宾馆|饭店|商场|广场|大厦|水库|码头|机场|公园|景区|工地|项目|楼盘|品牌|物业|汽车|地产|置业|建设|科技|有限|"
    r"新村|新城|国际|组(?![图织长])|寨|坪|冲|塘|坝|岭|屯|庄|杯|奖|思想|主义|理论|精神|重要讲话|新时代|大桥|隧道|矿|厂|店|馆|寺|庙|庵|中路|东路|西路|南路|北路)"
)
PLACE_AFTER = re.compile(
    r"(?:路|街|大道|巷|小区|花园|公司|集团|镇|乡|村|区|县|市|学校|医院|社区|街道|中学|小学|思想|理论|同志精神)"
)
"""What shows that even a name in the dictionary is a place here."""

BUSINESS = (
    "Studio|Entertain|Game|Interactive|Company|Museum|Universit|Institut|Group|News|Time|World|Online|"
    "Soft|Report|Music|Media|Return|City|Center|Film|Star|Assembl|Keeper|Wear|Sport"
)
"""Beginnings of words that follow a name of a firm or a work."""
LATIN = re.compile(
    rf"(?<![A-Za-z0-9@./_\-])(?:(?:{FIRST_NAMES})(?![a-z])(?:[ ·.]?[A-Z][a-z]{{1,15}}){{0,2}}"
    rf"|[A-Z][a-z]{{2,15}}(?:[ ·.]?(?!(?:{BUSINESS}))[A-Z][a-z]{{1,14}})?)(?![A-Za-z0-9@\-])"
)
FIRST_NAME_LOWER = re.compile(
    rf"(?<![A-Za-z0-9@./_\-])(?:{FIRST_NAMES.lower()})[a-z]{{0,12}}(?![A-Za-z0-9@.\-])"
)
_SOUND = f"[{''.join(sorted(SOUNDS))}]"
DOTTED = re.compile(
    rf"{_SOUND}{{1,8}}(?:[·•・●‧∙](?:{_SOUND}|[A-Z]){{1,8}}){{1,4}}|{_SOUND}{{2,8}}-{_SOUND}{{2,8}}"
)
LATIN_BESIDE = re.compile(r"(?<=[\u4e00-\u9fff])[(][A-Za-z][A-Za-z .·]{4,40}[)]")
HAN = re.compile(r"[\u4e00-\u9fff]+")

NAME_TAGS = frozenset({"nr", "nrt", "nrfg"})
GIVEN_TAGS = NAME_TAGS | listed("n ns nz ng a ag an zg z d v vn i j g x b t tg f s vg l nrj")
"""Parts of speech that a given name is cut into when the segmenter does not know it."""

ODD_TAGS = listed("i nt l x nz t")
PROPER_TAGS = listed("nr nrt nrfg ns nz z t zg vn d")
LOOSE_TAGS = listed("zg o g ng ag x nr nz ns z d v n a")
LONGEST_GIVEN = 2


def hints(folded: Folded, words: Sequence[Word]) -> list[list[Found]]:
    """What each of `RULES` takes for a name. The first `SURE` are believed; the others are weighed."""
    text = _Text(folded.plain, words)
    return [list(rule(text)) for rule in RULES]


def latin_names(folded: Folded) -> Iterator[Found]:
    """Names in a text that has nothing but Latin letters."""
    return _latin(_Text(folded.plain, ()))


def nobodys(plain: str, places: frozenset[str]) -> bytearray:
    """Marks the characters that name a place of the office or the maker of a document."""
    marked = bytearray(len(plain))
    spans = [match.span("maker") for match in DOCUMENT_NUMBER.finditer(plain)]
    short = {place[:-1] for place in places if len(place) > SHORTEST_PLACE and place[-1] in PLACE_ENDINGS}
    written = sorted(place for place in places | short if len(place) >= SHORTEST_PLACE)
    if written:
        pattern = re.compile("|".join(map(re.escape, reversed(written))))
        spans += [match.span() for match in pattern.finditer(plain)]
    for start, end in spans:
        marked[start:end] = b"\x01" * (end - start)
    return marked


DOCUMENT_NUMBER = re.compile(
    r"(?P<maker>[\u4e00-\u9fff]{1,4})(?:[〔\[](?:19|20)[0-9]{2}[〕\]]|[(](?:19|20)[0-9]{2}[)] ?第?[0-9]{1,5} ?号)"
)
"""云政发〔2026〕12号: the letters before the year are those of an office."""
PLACE_ENDINGS = "省市县区旗镇乡"
SHORTEST_PLACE = 2


def is_own_name(folded: Folded, found: Found) -> bool:
    """Whether the writer names themself; anybody else is a third person."""
    return OWN_CUE.search(folded.plain[max(0, found.start - 8) : found.start]) is not None


def surname_of(text: str) -> str:
    """The surname ``text`` begins with, compound ones first; empty if none."""
    if text[:2] in COMPOUND_SURNAMES:
        return text[:2]
    return text[0] if text and text[0] in SURNAMES else ""


class _Text:
    """A folded text with its words, and where words begin."""

    def __init__(self, plain: str, words: Sequence[Word]) -> None:
        self.plain = plain
        self.words = words
        self.at = {word.start: number for number, word in enumerate(words)}
        self.ends = {word.end for word in words}

    def starts_word(self, position: int) -> bool:
        return position in self.at

    def ends_word(self, position: int) -> bool:
        return position in self.ends


def _is_made_up_name(word: Word) -> bool:
    """Put together by the segmenter itself behind a surname that is nothing else: 郭在容, 周清来."""
    is_short = len(word.text) == 2 and word.tag not in NAME_TAGS
    return (
        not word.is_known
        and word.text[0] in PURE_SURNAMES
        and len(word.text) <= 1 + LONGEST_GIVEN
        and word.text[-1] not in THING_ENDINGS - GIVEN
        and not (is_short and word.text[-1] not in GIVEN)
    )


def is_word(word: Word) -> bool:
    """An ordinary word that only begins like a surname, whatever the part of speech: 养老|金, 高峰, 位|彩民."""
    return _is_word(word.text, word.tag, word.is_known)


@lru_cache(maxsize=16384)
def _is_word(text: str, tag: str, is_known: bool) -> bool:
    if not is_known:
        return len(text) == 2 and text[0] in AMBIGUOUS_SURNAMES and text[1] not in GIVEN
    if len(text) == 2 and tag in {"nr", "nrt"}:
        is_doubtful = text[0] in AMBIGUOUS_SURNAMES or text[1] not in GIVEN
        is_everyday = text[0] in EVERYDAY_SURNAMES
        return is_everyday or (is_doubtful and (text[1] not in GIVEN | SOUNDS or is_frequent(text)))
    if len(text) != 3 or SOUNDS.issuperset(text):
        return False
    return (
        text[:2] in NOT_PERSONS
        or text[2] in THING_ENDINGS - GIVEN
        or (text[2] not in GIVEN and is_ordinary(text[:2]))
        or (not GIVEN.issuperset(text[1:]) and is_ordinary(text[1:]))
    )


def is_full_name(text: str) -> bool:
    """Surname and a given name of one or two characters, none of which is a particle."""
    surname = surname_of(text)
    given = text[len(surname) :]
    return (
        bool(surname)
        and 0 < len(given) <= LONGEST_GIVEN
        and text not in NOT_PERSONS
        and not any(character in NOT_GIVEN for character in given)
    )


def _is_likely_name(text: str) -> bool:
    """A full name whose given part is made of characters that given names are made of."""
    return is_full_name(text) and all(character in GIVEN for character in text[len(surname_of(text)) :])


def _cued(text: _Text) -> Iterator[Found]:
    """After 我叫, 联系人：, 记者 …: the name that stands there, and those listed behind it."""
    for cue in CUE.finditer(text.plain):
        at = cue.end()
        sure = any(mark in cue[0] for mark in ":：") or cue[0].startswith(SURE_CUES)
        while (end := _name_end(text, at, sure=sure)) > at:
            yield Found(at, end, Kind.NAME, "姓名提示词")
            listed = re.compile(r"[、，, ]{1,2}").match(text.plain, end)
            if listed is None or not sure:
                break
            at = listed.end()


SURE_CUES = (
    "我叫",
    "本人叫",
    "名叫",
    "名字叫",
    "姓名",
    "联系人",
    "投诉人",
    "举报人",
    "反映人",
    "来电人",
    "来访人",
    "来电者",
    "当事人",
    "申请人",
    "求助人",
    "信访人",
    "署名",
    "落款",
)


OWN_NAME_CUES = ("我叫", "本人叫", "名叫", "名字叫", "姓名:", "姓名", "署名:", "落款:")
"""What follows these is a name even without a surname: 我叫买买提."""


def _name_end(text: _Text, at: int, *, sure: bool) -> int:
    """Where the name that begins at ``at`` ends; ``at`` itself when none begins there."""
    run = HAN.match(text.plain, at, at + 5)
    if run is None or (NOT_PERSON_AFTER.match(text.plain, at + 1, at + 3) and not sure):
        return at
    written = run[0]
    if not sure and surname_of(written) in EVERYDAY_SURNAMES and not _is_tagged_name(text, at):
        return at
    is_clause = sure and text.plain[at - 1] not in CUE_MARKS and is_ordinary(written[:2])
    if is_clause:  # 申请人|方可, 来电人|何时
        return at
    longest = len(surname_of(written)) + LONGEST_GIVEN
    is_closed = HAN.match(text.plain, run.end()) is None
    if sure and is_closed and 2 <= len(written) <= 4 and text.plain[:at].endswith(OWN_NAME_CUES):
        return run.end()
    is_believed = sure and surname_of(written) not in RARE_SURNAMES
    if len(written) <= longest and is_full_name(written) and (is_believed or _is_likely_name(written)):
        return run.end()
    for length in range(longest, 1, -1):
        end = at + length
        candidate = text.plain[at:end]
        is_believed = _is_likely_name(candidate) or _is_named_in_parts(text, at, end)
        if text.ends_word(end) and is_believed and not NOT_PERSON_AFTER.match(text.plain, end):
            return end
    return at


def _is_named_in_parts(text: _Text, at: int, end: int) -> bool:
    """局长|王|红专: surname and given name that the segmenter itself takes for names."""
    if text.plain[at : at + 1] not in COMMON_SURNAMES or not is_full_name(text.plain[at:end]):
        return False
    parts = [text.words[text.at[place]] for place in range(at, end) if place in text.at]
    return len(parts) > 1 and parts[0].start == at and all(part.tag in NAME_TAGS for part in parts)


CUE_MARKS = frozenset(':：、，, (（“"是为叫')


def _is_tagged_name(text: _Text, at: int) -> bool:
    """Whether the word that begins here is a name by part of speech."""
    return at in text.at and text.words[text.at[at]].tag in NAME_TAGS


def _titled(text: _Text) -> Iterator[Found]:
    """Before 先生, 主任, 某 …: the surname, or the whole name."""
    for title in TITLE.finditer(text.plain):
        start = _titled_start(text, title.start(), is_plain=title[0] in PLAIN_TITLES - ANYBODYS)
        if start < title.start():
            end = title.end() if title[0] in PLAIN_TITLES else title.start()
            yield Found(start, end, Kind.NAME, "称呼")


ANYBODYS = ELDERS | {"某", "老师"}
"""What also follows words that only look like a surname (和老太太, 那家大爷)."""


def _titled_start(text: _Text, end: int, *, is_plain: bool) -> int:
    """Where the name before a title begins; ``end`` itself when there is none."""
    for length in (3, 2, 4):
        start = end - length
        candidate = text.plain[max(0, start) : end]
        is_full = start >= 0 and len(candidate) == length and _is_likely_name(candidate)
        is_addressed = is_plain and start >= 0 and len(candidate) == length and _is_common_name(candidate)
        is_word = surname_of(candidate) in RARE_SURNAMES and is_ordinary(candidate)
        if (is_full or is_addressed) and text.starts_word(start) and not is_word:
            return start
    for length in (2, 1):
        start = end - length
        candidate = text.plain[max(0, start) : end]
        is_cued = AFTER_ROLE.search(text.plain, max(0, start - 3), max(0, start)) is not None
        is_any = is_plain or is_cued or _is_tagged_name(text, start)
        is_surname = candidate in COMPOUND_SURNAMES or candidate in (SURNAMES if is_any else COMMON_SURNAMES)
        if start >= 0 and is_surname and (is_cued or text.starts_word(start)):
            return start
    return end


def _is_common_name(text: str) -> bool:
    """Behind a common surname any character may be a given name, where 先生 or 女士 follows: 田丰, 龚继遂."""
    return text[:1] in COMMON_SURNAMES and is_full_name(text) and not is_ordinary(text)


AFTER_ROLE = re.compile(r"(?:来电|来访|来信|反映|投诉|举报|信访|留言|申请|求助|当事)[人者]$")
"""The segmenter ties 人 to the surname behind it: 来电|人纪|老先生."""


def _nicknamed(text: _Text) -> Iterator[Found]:
    """老王, 小李: a word of its own."""
    for match in NICKNAME.finditer(text.plain):
        is_word = text.ends_word(match.end()) or text.starts_word(match.start() + 1)
        if text.starts_word(match.start()) and is_word and match[0] not in NOT_NICKNAMES:
            yield Found(match.start(), match.end(), Kind.NAME, "称呼")


NICKNAME = re.compile(f"[老小阿][{''.join(sorted(COMMON_SURNAMES))}]")


def _tagged(text: _Text) -> Iterator[Found]:
    """Words that are a name by part of speech or make-up, with the character that was cut off."""
    for number, word in enumerate(text.words):
        is_known_person = word.is_known and word.tag in NAME_TAGS and len(word.text) == 3
        place = PLACE_AFTER if is_known_person else NOT_PERSON_AFTER
        before = text.words[number - 1] if number else END_OF_TEXT
        is_none = (
            word.text in NOT_PERSONS
            or is_word(word)
            or _is_done(before, word)
            or place.match(text.plain, word.end)
        )
        if len(word.text) < 2 or is_none:
            continue
        end = _believed_end(text, number)
        if end > word.start and not place.match(text.plain, end):
            yield Found(word.start, end, Kind.NAME, "词性与姓氏")


def _is_done(before: Word, word: Word) -> bool:
    """未|付清, 已|查明: behind an adverb of time a known word of two characters is a verb."""
    return before.text in ADVERBS and word.is_known and len(word.text) == 2


ADVERBS = listed("未 已 已经 尚未 不 没 没有 再 才 全部 全 早 晚 尽快 及时 按时 逐步 逐一 均")


def _tied(text: _Text) -> Iterator[Found]:
    """A name that the segmenter tied to the preposition before it: 但安蓓, 被王小明."""
    for word in text.words:
        name = word.text[1:]
        is_tied = not word.is_known and word.text[:1] in LEADERS and name[:1] in COMMON_SURNAMES
        if is_tied and _is_likely_name(name) and not NOT_PERSON_AFTER.match(text.plain, word.end):
            yield Found(word.start + 1, word.end, Kind.NAME, "词性与姓氏")


def _believed_end(text: _Text, number: int) -> int:
    """Where the name made of this word (and the next character) ends; its start when it is none."""
    word = text.words[number]
    if _is_made_up_name(word):
        is_followed = len(word.text) > 2 and word.text[-1] in NEVER_LAST
        return word.end - 1 if is_followed else _with_cut_character(text, number)
    is_listed = word.is_known and len(word.text) == 3 and word.text[0] in COMMON_SURNAMES
    if is_listed and (word.tag in NAME_TAGS or (word.tag in ODD_TAGS and _is_likely_name(word.text))):
        return word.end
    if word.tag in NAME_TAGS and is_full_name(word.text) and _is_name_word(word):
        return _with_cut_character(text, number)
    if not word.is_known and word.text[0] in COMMON_SURNAMES and len(word.text) <= 4:
        end = min(word.end, word.start + 1 + LONGEST_GIVEN)
        while end - word.start > 1 and text.plain[end - 1] not in GIVEN:
            end -= 1  # 于海案, 欧兆伦称: the segmenter took the next word along
        return end if _is_likely_name(text.plain[word.start : end]) else word.start
    return word.start


def _guessed(text: _Text) -> Iterator[Found]:
    """Words without a surname that the segmenter guesses to be a name."""
    for word in text.words:
        is_guessed = word.tag == "nr" and not word.is_known and 2 <= len(word.text) <= 3
        is_guessed = is_guessed and word.text[-1] not in THING_ENDINGS and not _is_rare_pair(word)
        is_transcribed = word.tag == "nrt" and len(word.text) >= 2 and not is_place_or_thing(word)
        is_name = (is_guessed or is_transcribed) and word.text not in NOT_PERSONS
        if is_name and not NOT_PERSON_AFTER.match(text.plain, word.end):
            yield Found(word.start, word.end, Kind.NAME, "词性")


def _is_rare_pair(word: Word) -> bool:
    """An everyday word and one character (车清), or what no given name is (黄焖, 修后), needs a cue."""
    if len(word.text) != 2:
        return False
    is_odd = word.text[1] not in GIVEN | SOUNDS and surname_of(word.text) != ""
    return word.text[0] in EVERYDAY_SURNAMES or word.text[1] in NEVER_LAST or is_odd


def is_place_or_thing(word: Word) -> bool:
    """晚托班, 卡里: a short word that ends like a thing, or in what is within it."""
    is_thing = word.text[-1] in THING_ENDINGS and not (len(word.text) == 3 and SOUNDS.issuperset(word.text))
    return len(word.text) <= 3 and (is_thing or word.text[1:] == "里")


def _is_name_word(word: Word) -> bool:
    """Two characters of a rare surname are more often an ordinary word."""
    return len(word.text) > 2 or surname_of(word.text) in COMMON_SURNAMES


def _with_cut_character(text: _Text, number: int) -> int:
    """The end of a two-character name, or of the next word when that is the rest of its given name."""
    word = text.words[number]
    following = text.words[number + 1] if number + 1 < len(text.words) else None
    if following is None or len(word.text) != 2 or len(following.text) != 1:
        return word.end
    is_likely = following.tag in GIVEN_TAGS and _is_likely_name(word.text + following.text)
    is_loose = not word.is_known and following.tag in LOOSE_TAGS and is_full_name(word.text + following.text)
    is_rest = is_likely or (is_loose and HAN.match(following.text) and following.text not in NEVER_LAST)
    return following.end if is_rest else word.end


def _foreign(text: _Text) -> Iterator[Found]:
    """Neighbouring words written in the characters of foreign names: 阿德|里亚诺, 汤姆·克兰西."""
    run: list[Word] = []
    for word in (*text.words, END_OF_TEXT):
        if _sounds_foreign(word) or (run and word.text in JOINTS):
            run.append(word)
            continue
        while run and (run[-1].text in JOINTS or run[-1].text in NEVER_LAST):
            run.pop()
        if (
            _is_foreign_name(run)
            and not _is_thing(run)
            and text.plain[run[0].start : run[-1].end] not in NOT_PERSONS
        ):
            yield Found(run[0].start, run[-1].end, Kind.NAME, "译名")
        run = []


END_OF_TEXT = Word(0, 0, "", "", True)
JOINTS = frozenset("·•・●‧∙-—.")


def _sounds_foreign(word: Word) -> bool:
    """Written in the characters of foreign names, and no word of everyday."""
    is_odd = not word.is_known or word.tag in FOREIGN_TAGS or len(word.text) == 1
    return bool(word.text) and is_odd and all(character in SOUNDS for character in word.text)


FOREIGN_TAGS = NAME_TAGS | {"ns", "nz"}


def _is_foreign_name(run: Sequence[Word]) -> bool:
    """Three characters or more, with a word among them that is a name or that no dictionary holds.

    A lone place (莫斯科) is none.
    """
    length = sum(len(word.text) for word in run)
    is_named = any(word.tag in NAME_TAGS or not word.is_known for word in run)
    is_transcribed = any(word.tag == "nrt" for word in run)
    return is_named and (length >= 3 or (length == 2 and is_transcribed))


def _is_thing(run: Sequence[Word]) -> bool:
    return len(run) == 1 and is_place_or_thing(run[0])


def _joined(text: _Text) -> Iterator[Found]:
    """A surname that stands alone and the words after it: 王|传真, 沈|美|成, 欧阳|卫民, 被范|曾."""
    for number, word in enumerate(text.words[:-1]):
        surname = _lone_surname(word)
        if not surname:
            continue
        start = word.end - len(surname)
        end = _joined_end(text, number, start, is_sure=word.tag in NAME_TAGS or surname not in RARE_SURNAMES)
        if end > word.end and not NOT_PERSON_AFTER.match(text.plain, end):
            yield Found(start, end, Kind.NAME, "姓氏")


def _lone_surname(word: Word) -> str:
    """The surname that this word is, or that the segmenter tied to a preposition (被范, 到方)."""
    if word.text in COMPOUND_SURNAMES or word.text in SURNAMES:
        return word.text
    is_tied = len(word.text) == 2 and not word.is_known and word.text[0] in LEADERS
    return word.text[1] if is_tied and word.text[1] in COMMON_SURNAMES else ""


LEADERS = frozenset("但如看叫姓像请跟同被以到由但按前后中趁随和与对向给让请把将为是找的人")
RARE_SURNAMES = SURNAMES - COMMON_SURNAMES


def _joined_end(text: _Text, number: int, start: int, *, is_sure: bool) -> int:
    """The end of surname and given name; the surname's own end when no given name follows."""
    surname = text.words[number]
    before = text.words[number - 1] if number else END_OF_TEXT
    is_pure = (
        text.plain[start : surname.end] in PURE_SURNAMES | COMPOUND_SURNAMES
        and before.tag not in {"m", "mq"}
        and before.text != "姓"
    )
    end = surname.end
    for word in text.words[number + 1 : number + 3]:
        name = text.plain[start : word.end]
        is_odd = is_full_name(name) and (not word.is_known or (is_pure and word.tag in PROPER_TAGS))
        if (
            HAN.fullmatch(word.text) is None
            or TITLE.fullmatch(word.text) is not None
            or word.tag not in GIVEN_TAGS
            or not (is_odd or _is_likely_name(name))
        ):
            break
        end = word.end
    following = text.words[number + 1]
    is_proven = following.tag in NAME_TAGS or not following.is_known
    is_particle = surname.tag in PARTICLE_TAGS and not (is_proven and surname.text in COMMON_SURNAMES)
    is_word = surname.text in AMBIGUOUS_SURNAMES and following.tag in PARTICLE_TAGS
    is_particle = is_particle or (is_word and end == following.end and len(following.text) == 1)  # 钱|能
    return end if is_sure and not is_particle else surname.end


PARTICLE_TAGS = listed("p c d u r m v")
"""于 and 和 are surnames only where the segmenter does not read them as particles."""


def _spaced(text: _Text) -> Iterator[Found]:
    """张 三: a short name drawn out with a blank."""
    for match in SPACED.finditer(text.plain):
        yield Found(match.start(), match.end(), Kind.NAME, "姓氏")


SPACED = re.compile(
    rf"(?<![\u4e00-\u9fff])[{''.join(sorted(PURE_SURNAMES))}] {{1,3}}[\u4e00-\u9fff](?![\u4e00-\u9fff])"
)


def _dotted(text: _Text) -> Iterator[Found]:
    """买买提·艾力, 约翰·史密斯: joined by a middle dot."""
    for match in DOTTED.finditer(text.plain):
        start = next((at for at in range(*match.span()) if text.starts_word(at)), match.start())
        yield Found(start, match.end(), Kind.NAME, "间隔号姓名")


def _latin(text: _Text) -> Iterator[Found]:
    """John Smith, Nancy, and the Latin spelling in brackets behind a name."""
    for pattern in (LATIN, LATIN_BESIDE, FIRST_NAME_LOWER):
        for match in pattern.finditer(text.plain):
            if match[0] not in LATIN_WORDS:
                yield Found(match.start(), match.end(), Kind.NAME, "外文姓名")


RULES = (
    _dotted, _spaced, _cued, _titled, _nicknamed, _tagged, _tied, _joined, _guessed, _foreign, _latin,
)  # fmt: skip
SURE = 5
"""So many of the rules need no second opinion: they go by a mark, a cue or a title."""
