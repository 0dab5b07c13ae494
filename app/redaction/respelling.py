"""What would the text say if everything that is *read* as a digit were written as one?

A second look at the folded text: 一三八 spelt yao san ba or one three eight, 三个8, homophones (要散吧),
letters in a number (l38OO), Morse, Roman, base64; and what was put between the digits taken out again (杠,
空格, 后面是, 1[3][8]). Nothing is hidden here: the rules for numbers read the second look as they read the
first, and only what then *is* a number is hidden.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from app.redaction.folding import DIGITS, Folded

# fmt: off
SPELT: dict[str, str] = {
    word: str(digit)
    for digit, row in enumerate((
        "ling lin dong zero nought oh ㄌㄧㄥ ゼロ ぜろ レイ れい",
        "yi yao one jat ㄧ ㄧㄠ イチ いち",
        "er liang two ji ㄦ ニ に",
        "san three saam ㄙㄢ サン さん",
        "si four sei ㄙ ヨン よん シ",
        "wu five ng ㄨ ゴ ご",
        "liu six luk ㄌㄧㄡ ロク ろく",
        "qi guai seven cat ㄑㄧ ナナ なな シチ",
        "ba eight baat ㄅㄚ ハチ はち",
        "jiu gou nine gau ㄐㄧㄡ キュウ きゅう",
    ))
    for word in row.split()
}
"""Digits in pinyin (also as spoken on the radio), Cantonese, English, Bopomofo and Japanese."""
ROMAN = {"N": "0", "O": "0", "0": "0", "I": "1", "II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6",
         "VII": "7", "VIII": "8", "IX": "9"}
MORSE = ("-----", ".----", "..---", "...--", "....-", ".....", "-....", "--...", "---..", "----.")
HOMOPHONES = {
    "0": "灵令林玲领凌另拎铃龄岭陵菱淋琳临邻懂动冻栋圈空공영",
    "1": "Ɩ⇂일要腰妖药耀咬依医衣已以意易艺亿亦益移宜遗仪椅姨",
    "2": "ᄅ이尔儿耳而饿俩量凉粮亮梁辆",
    "3": "Ɛ삼散伞叁删山闪",
    "4": "ㄣ사死寺司丝思斯私似撕",
    "5": "ϛ오武舞无吴午屋物误务雾伍污吾勿",
    "6": "육륙溜留刘柳流牛遛榴硫鎏",
    "7": "ㄥ칠期妻起漆齐其气骑旗棋奇器汽弃企启拐怪",
    "8": "팔吧爸把疤巴霸拔罢芭扒发",
    "9": "구就救久酒旧舅究揪纠狗够",
}
"""Characters that sound like a digit, toneless, Korean ones, digits upside down; only in a row of many."""
LETTERS = {
    letter: digit
    for digit, row in {
        "0": "OoQD@", "1": "lIiL!", "2": "Zz", "3": "EЭ", "4": "A", "5": "Ss$", "6": "bG", "7": "T",
        "8": "B&", "9": "gq",
    }.items()
    for letter in row
}
"""Letters that look like a digit; they count only among digits."""
# fmt: on

_WORD = "|".join(sorted(SPELT, key=len, reverse=True))
_ROMAN = "VIII|VII|III|VI|IV|IX|II|I|V|N|O|0"
DIGIT = r"[0-9〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖幺]"
_SOUNDS = "".join(HOMOPHONES.values())

_SPELT = rf"(?:(?:double|triple)[ \-])?(?:{_WORD})"
SPELT_RUN = re.compile(rf"(?<![A-Za-z])(?:{_SPELT}[\W_0-9]{{0,3}}){{3,40}}(?![A-Za-z])", re.IGNORECASE)
SPELT_WORD = re.compile(rf"(?P<times>double|triple)?[ \-]?(?P<word>{_WORD})", re.IGNORECASE)
TONED_RUN = re.compile(
    rf"(?<![A-Za-z])(?:(?:{_WORD})[1-5][\W_]{{0,2}}){{5,20}}(?![A-Za-z0-9])", re.IGNORECASE
)
TONED_WORD = re.compile(rf"(?P<word>{_WORD})[1-5]", re.IGNORECASE)
ROMAN_RUN = re.compile(
    rf"(?<![A-Za-z0-9])(?:(?:{_ROMAN})[\s,.·\-/、，]{{1,2}}){{6,17}}(?:{_ROMAN})(?![A-Za-z0-9])"
)
ROMAN_WORD = re.compile(_ROMAN)
MORSE_RUN = re.compile(r"(?<![.\-])(?:[.\-]{5}[\s/|,]{1,3}){6,17}[.\-]{5}(?![.\-])")
SOUND_RUN = re.compile(rf"(?:(?:{DIGIT}|[{_SOUNDS}])[ \-—.·]?){{7,19}}")
LETTER_RUN = re.compile(r"(?<![A-Za-z0-9@])[0-9A-Za-z]{7,18}(?![A-Za-z0-9@])")
SIGN_RUN = re.compile(r"(?<![A-Za-z0-9@$&])(?=[0-9OolI]{0,10}[@!$&Э])[0-9OolI@!$&Э]{11}(?![A-Za-z0-9@!$&])")
HUNDREDS = re.compile(
    r"(?P<hundred>[一壹1])[百佰](?P<ten>[三-九叁-玖五六七八九肆伍陆柒捌3-9])[十拾](?P<one>[零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖1-9]?)"
    r"(?=[\W_]{0,2}[0-9〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖]{3})"
)
"""一百三十八零零一三…: the beginning of a mobile number read as an amount."""
INDEXED_RUN = re.compile(r"(?<![0-9])(?:[0-9]{1,2}[:.)] ?[0-9](?:[ ,;]{1,2}|(?![0-9]))){9,18}")
INDEX = re.compile(r"(?<![0-9])[0-9]{1,2}[:.)] ?(?=[0-9])")
PLACED = re.compile(r"第?(?:十?[一二三四五六七八九]|十)位(?:数字?)?(?:是|为|[:：])?(?=[0-9])")
"""1:1 2:3 3:8 and 第一位1，第二位3: the place of each digit is told beside it."""
HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])0x[0-9A-Fa-f]{8,16}(?![0-9A-Za-z])")
REPEATED = re.compile(rf"(?P<times>[二两三四五六2-6])(?:个|连)(?P<digit>{DIGIT})|双(?P<twice>{DIGIT})")
ENCODED_RUN = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{12,64}={0,2}(?![A-Za-z0-9+/=])")
CROSS = re.compile(r"(?<=[0-9X]{5})[ \-]?(?:×|✕|✖|✗|✘|❌|╳|χ|х|Х|叉|艾克斯|爱克斯|埃克斯)")

_JOINT = (
    r"加上?|减|乘|杠|横杠?|短横线?|点|空格?|空一格|逗号|顿号|星号?|井号?|(?:再)?然后是?|接着是?|紧接着"
    r"|后[面边头][是接跟]?|再[加接是]?|接|跟|和"
    r"|中间(?:是|[一二三四五六2-6]位)*(?:数)?是?|末尾是?|结尾是?|末位是?"
    r"|最后(?:[一二两三四五六1-6]个?[位数]?字?)?是?|尾[数号]是?"
    r"|后(?:[一二三四五六1-6])个?[位数]是?|换行|下一行|dash|and"
    r"|\[[\u4e00-\u9fff]{1,4}\](?:\[[\u4e00-\u9fff]{1,4}\]){0,3}|/:[:\-][A-Za-z)(~$@|<>*]{1,2}|\([\u4e00-\u9fff]{1,6}\)"
)
"""Words, [微笑], /::) and (哈哈) between two groups of digits."""
JOINT = re.compile(rf"(?<=[0-9])[\W_]{{0,3}}(?:(?:{_JOINT})[\W_]{{0,3}}){{1,3}}(?=[0-9])")
WIDE = re.compile(r"(?<=[0-9])(?:[^\w\n]{3,8}|[\W_]{3,5})(?=[0-9])")
EVEN = re.compile(r"(?<![0-9])[0-9](?:[^0-9][0-9]){10,17}(?![0-9])")
NOT_A_JOINT = re.compile(r"[元年月日时分秒号栋幢楼层室人个件条次岁]")
_OPEN, _CLOSE = r" ?[\[({【<]?", r"[\])}】>]? ?"
AT = re.compile(
    rf"(?<=[A-Za-z0-9]){_OPEN}(?:艾特|爱特|圈ａ|圈a|a圈|小老鼠|@|(?<=[ \[({{【<])at(?=[ \])}}】>])"
    rf"|at(?=(?:qq|163|126|139|gmail|sina|foxmail|outlook"
    rf"|hotmail|yeah|sohu|aliyun)\b)|[#*](?=[A-Za-z0-9\-]{{2,20}}[.点]c)){_CLOSE}(?=[A-Za-z0-9])",
    re.IGNORECASE,
)
DOT = re.compile(
    rf"(?<=[A-Za-z0-9]){_OPEN}(?:点儿?|(?<=[ \[({{【<])(?:dot|\.)(?=[ \])}}】>])|[。，,·](?=(?:com|cn"
    rf"|net|org|edu|hk|tw|cc)\b)){_CLOSE}"
    r"(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=com\b)(?<=@qq|163|126|ail)",
    re.IGNORECASE,
)
UNDERSCORE = re.compile(r"(?<=[A-Za-z0-9])下划线(?=[A-Za-z0-9])")
DRAWN_OUT = re.compile(r"(?<![A-Za-z0-9])(?:[A-Za-z0-9@._\-][ ·]{1,2}){5,60}[A-Za-z0-9@._\-](?![A-Za-z0-9])")
ANY_DISGUISE = re.compile(
    rf"(?:{_WORD})[\W_]{{0,3}}(?:{_WORD})|[.\-]{{5}}[\s/|,]"
    rf"|[0-9〇零一二三四五六七八九]\W{{0,3}}[加减杠横空点接后再然中末最尾换星井dla\[(/]"
    r"|[A-Za-z0-9] ?[\[({【<]?(?:艾特|爱特|圈|小老鼠|@|at|[#*][A-Za-z0-9]|点|dot|[。，,·](?:com|cn)"
    r"|下划线)|[A-Za-z] [A-Za-z] "
    r"|[A-Za-z_.\-][零〇一二三四五六七八九]"
    rf"|[0-9A-Za-z+/]{{7}}|[A-Z][\s,.·\-/、，]{{1,2}}[A-Z]|[二两三四五六2-6][个连]|双|[0-9][\W_]{{3}}|[百佰]|[0-9]\(|[0-9]/:|0x|位(?:数字?)?(?:是|为|:)?[0-9]|[ㄅ-ㄩぁ-ヿ]|[0-9OolI][@!$&Э]|[@!$&Э][0-9]"
    rf"|(?:{DIGIT}|[{_SOUNDS}]){{7}}"
    r"|(?:[0-9][^0-9]){8}|[×✕✖✗✘❌╳叉艾爱埃χхХ]",
    re.IGNORECASE,
)
"""Without any of these there is nothing to respell; most texts are done here."""

LETTER_BESIDE_DIGIT = re.compile(r"[A-Za-z_.\-][零〇一二三四五六七八九]|[零〇一二三四五六七八九][A-Za-z_@.]")
Edit = tuple[int, int, str]


def respell(folded: Folded) -> Folded | None:
    """The text once more with digits for everything that reads as one; None where nothing does.

    Its way back (`Folded.original`) leads to ``folded``, not to the text.
    """
    if ANY_DISGUISE.search(folded.plain) is None:
        return None
    first = _rewritten(folded.plain, _spelt(folded))
    spoken = first.plain.translate(NOT_LETTERS)
    second = _rewritten(spoken, _joined(spoken))
    if second.plain in {folded.plain, folded.digits} and LETTER_BESIDE_DIGIT.search(folded.plain) is None:
        return None
    starts = [first.starts[at] for at in second.starts]
    ends = [first.ends[at - 1] for at in second.ends]
    return Folded(second.plain, second.digits, (*starts[:-1], len(folded.plain)), tuple(ends))


NOT_LETTERS = {at: digit for at, digit in DIGITS.items() if not chr(at).isascii()}
"""汉字 and signs for digits, but not the letters l and O: they would spoil com and wxid."""


def has_run(plain: str) -> bool:
    """Whether digits are spelt out somewhere, whatever number they make."""
    return any(
        pattern.search(plain) is not None
        for pattern in (SPELT_RUN_LONG, ROMAN_RUN, MORSE_RUN, SOUND_RUN_LONG)
    )


SPELT_RUN_LONG = re.compile(rf"(?:(?:{_WORD})[\W_]{{0,3}}){{5}}", re.IGNORECASE)
SOUND_RUN_LONG = re.compile(rf"(?:{DIGIT}|[{_SOUNDS}]){{9}}")


def _spelt(folded: Folded) -> Iterable[Edit]:
    """Words, signs and codes for digits, each with the digits it stands for."""
    plain = folded.plain
    for pattern, reading in READINGS:
        for match in pattern.finditer(plain):
            yield from reading(match)


def _words(word: re.Pattern[str], meaning: Callable[[str], str]) -> Callable[[re.Match[str]], list[Edit]]:
    """Each word of a run by itself; what stands between them stays."""

    def reading(match: re.Match[str]) -> list[Edit]:
        found = word.finditer(match.string, match.start(), match.end())
        return [(one.start(), one.end(), meaning(one[0])) for one in found]

    return reading


def _spelt_words(word: re.Pattern[str]) -> Callable[[re.Match[str]], list[Edit]]:
    """Each word of a run by itself, "double zero" as two digits."""

    def reading(match: re.Match[str]) -> list[Edit]:
        found = word.finditer(match.string, match.start(), match.end())
        return [(*one.span(), SPELT[one["word"].lower()] * _times(one)) for one in found]

    return reading


def _times(word: re.Match[str]) -> int:
    return {"double": 2, "triple": 3}.get((word.groupdict().get("times") or "").lower(), 1)


def _counted(match: re.Match[str]) -> list[Edit]:
    figures = f"{match['hundred']}{match['ten']}{match['one'] or '0'}"
    return [(*match.span(), figures.translate(DIGITS))]


def _signed(match: re.Match[str]) -> list[Edit]:
    """!38OO!38$$$: letters and signs of which each looks like a digit."""
    places = enumerate(match[0], match.start())
    return [(at, at + 1, LETTERS[letter]) for at, letter in places if letter in LETTERS]


def _repeated(match: re.Match[str]) -> list[Edit]:
    digit = (match["digit"] or match["twice"]).translate(DIGITS)
    times = int((match["times"] or "2").translate(DIGITS))
    return [(match.start(), match.end(), digit * times)]


def _sounding(match: re.Match[str]) -> list[Edit]:
    """A row of digits and homophones: all of it, when it is as long as a number."""
    spoken = _homophones()
    written = [at for at in range(match.start(), match.end()) if match.string[at] in spoken]
    return [(at, at + 1, spoken[match.string[at]]) for at in written]


@cache
def _homophones() -> dict[str, str]:
    return {character: digit for digit, row in HOMOPHONES.items() for character in row}


def _lettered(match: re.Match[str]) -> list[Edit]:
    """Letters among digits, when digits are at least half and the length is that of a number."""
    run = match[0]
    letters = [at for at, character in enumerate(run) if not character.isdigit()]
    if not letters or len(letters) * 2 > len(run) or not all(run[at] in LETTERS for at in letters):
        return []
    return [(match.start() + at, match.start() + at + 1, LETTERS[run[at]]) for at in letters]


def _decoded(match: re.Match[str]) -> list[Edit]:
    """base64 or hexadecimal of something readable that holds seven digits or an address."""
    for decode in (_from_hexadecimal, _from_base64):
        told = decode(match[0])
        if told.isascii() and told.isprintable() and (sum(map(str.isdigit, told)) >= 7 or "@" in told):
            return [(match.start(), match.end(), told)]
    return []


def _from_hexadecimal(run: str) -> str:
    try:
        return bytes.fromhex(run).decode("ascii")
    except ValueError:
        return "\0"


def _from_base64(run: str) -> str:
    try:
        padded = run.rstrip("=") + "=" * (-len(run.rstrip("=")) % 4)
        return base64.b64decode(padded, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return "\0"


READINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], list[Edit]]], ...] = (
    (ENCODED_RUN, _decoded),
    (SIGN_RUN, _signed),
    (AT, lambda match: [(match.start(), match.end(), "@")]),
    (DOT, lambda match: [(match.start(), match.end(), ".")]),
    (UNDERSCORE, lambda match: [(match.start(), match.end(), "_")]),
    (DRAWN_OUT, lambda match: [(at, at + 1, "") for at in range(*match.span()) if match.string[at] in " ·"]),
    (TONED_RUN, _spelt_words(TONED_WORD)),
    (SPELT_RUN, _spelt_words(SPELT_WORD)),
    (HUNDREDS, _counted),
    (INDEXED_RUN, lambda match: [(*one.span(), "") for one in INDEX.finditer(match.string, *match.span())]),
    (PLACED, lambda match: [(*match.span(), "")]),
    (HEXADECIMAL, lambda match: [(*match.span(), str(int(match[0], 16)))]),
    (ROMAN_RUN, _words(ROMAN_WORD, lambda word: ROMAN[word])),
    (
        MORSE_RUN,
        _words(re.compile(r"[.\-]{5}"), lambda word: str(MORSE.index(word)) if word in MORSE else word),
    ),
    (REPEATED, _repeated),
    (SOUND_RUN, _sounding),
    (LETTER_RUN, _lettered),
    (CROSS, lambda match: [(match.start(), match.end(), "X")]),
)
"""What is read how; where two overlap the first counts."""


def _joined(digits: str) -> Iterable[Edit]:
    """What stands between digits and only keeps them apart."""
    for pattern in (JOINT, WIDE):
        yield from ((match.start(), match.end(), "-") for match in pattern.finditer(digits))
    for match in EVEN.finditer(digits):
        between = match[0][1::2]
        if not NOT_A_JOINT.search(between):
            yield from (
                (match.start() + at, match.start() + at + 1, "-") for at in range(1, len(match[0]), 2)
            )


def _rewritten(plain: str, edits: Iterable[Edit]) -> Folded:
    """The text with the edits made, and for each character where it stood."""
    chosen = _apart(edits, len(plain))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for start, end, told in (*chosen, (len(plain), len(plain), "")):
        pieces += (plain[at:start], told)
        starts += (*range(at, start), *([start] * len(told)))
        ends += (*range(at + 1, start + 1), *([end] * len(told)))
        at = end
    joined = "".join(pieces)
    return Folded(joined, joined.translate(DIGITS), (*starts, len(plain)), tuple(ends))


def _apart(edits: Iterable[Edit], size: int) -> Sequence[Edit]:
    """The edits in order, without those that overlap an earlier one."""
    taken = bytearray(size)
    chosen = []
    for edit in edits:
        start, end, _ = edit
        if taken.find(1, start, end) < 0:
            taken[start:end] = b"\x01" * (end - start)
            chosen.append(edit)
    return sorted(chosen)
