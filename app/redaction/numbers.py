"""Which characters give a person away by a number: phones, identity cards, bank cards, plates, accounts?

Every pattern is of bounded length, so that the time grows with the text and not faster. Patterns read
the digit layer of `folding`; between two digits up to two separators of any kind are let through.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import chain, pairwise

from app.redaction.folding import LOOK_ALIKES, Folded
from app.redaction.respelling import respell
from app.redaction.vocabulary import listed


class Kind(StrEnum):
    """What a hit is; the values are those of the labelled sets."""

    PHONE = "phone"
    ID_CARD = "id_card"
    BANK_CARD = "bank_card"
    EMAIL = "email"
    QQ = "qq"
    WECHAT = "wechat"
    PLATE = "plate"
    ACCOUNT = "account"
    PASSPORT = "passport"
    DOCUMENT = "document"
    COURT_CASE = "court_case"
    LONG_NUMBER = "long_number"
    BIRTHDAY = "birthday"
    LINK = "link"
    DEVICE = "device"
    POSITION = "position"
    NAME = "name"
    ADDRESS = "address"


@dataclass(frozen=True, order=True)
class Found:
    """A span of the folded text and what it is."""

    start: int
    end: int
    kind: Kind
    cue: str = ""
    """What gave it away, in a few Chinese words."""
    coarse: str = ""
    """Of an address: the part that may stay (区、街道、社区)."""
    is_public: bool = False
    """An office's own number: shown to the person who confirms, and left readable."""
    is_odd: bool = False
    """Written so that a part of it may have escaped: a person should look."""


S = r"[\W_]{0,2}+"
"""Up to two separators between two digits; \\W holds punctuation, spaces, emoji and line breaks."""
NOT_IN_NUMBER = r"(?<![0-9])"
END = r"(?![0-9])"

MOBILE = re.compile(
    rf"{NOT_IN_NUMBER}(?:(?:(?:\+|00)?{S}86|0|17951|12593|17911){S})?1{S}[3-9](?:{S}[0-9]){{9}}{END}"
)
MOBILE_THREADED = re.compile(rf"{NOT_IN_NUMBER}1(?P<thread>[^0-9]{{1,3}})[3-9](?:(?P=thread)[0-9]){{9}}{END}")
MOBILE_HALF_HIDDEN = re.compile(rf"{NOT_IN_NUMBER}1[3-9][0-9][*xX#×○●_??]{{3,6}}[0-9]{{2,4}}{END}")
LANDLINE = re.compile(
    rf"{NOT_IN_NUMBER}[(]?(?:(?:\+|00)?86{S})?"
    rf"[(]?0{S}(?:10|2[0-9]|[3-9][0-9]{{2}})[)]?[\W_]{{0,4}}[1-9](?:{S}[0-9]){{6,7}}{END}"
    r"(?:\W{0,2}(?:转|分机号?|ext\.?)\W{0,2}[0-9]{1,6}|[-—][0-9]{3,4}(?![0-9]))?"
)
LANDLINE_OPENED = re.compile(rf"{NOT_IN_NUMBER}0(?:{S}[0-9]){{9,11}}{END}")
ABROAD = re.compile(
    rf"{NOT_IN_NUMBER}(?:\+|00)(?:8[0-9]{{1,2}}|[1-79][0-9]{{0,2}})[\W_]{{0,3}}[0-9](?:{S}[0-9]){{5,11}}{END}"
)
NEIGHBOURS = re.compile(  # Hong Kong, Macao, Taiwan without a plus
    rf"{NOT_IN_NUMBER}[(]?(?:(?:852|853)[\W_]{{0,3}}[2-9][0-9]{{3}}|886[\W_]{{0,3}}[2-9][\W_]?[0-9]{{3,4}})"
    rf"[\W_]?[0-9]{{4}}(?:#[0-9]{{1,5}})?{END}"
)
SHORT_PHONE = re.compile(rf"{NOT_IN_NUMBER}[2-9](?:[ \-—]{{0,2}}[0-9]){{6,7}}{END}(?:[-—][0-9]{{3,4}}{END})?")
TAIWAN_PHONE = re.compile(
    rf"{NOT_IN_NUMBER}[(]?0[2-9][)]?[\W_]{{0,2}}(?:[0-9]-)?[0-9]{{3,4}}[ -]?[0-9]{{3,4}}{END}"
)
PHONE_CUE = re.compile(
    r"(?:电话|電話|手机|手機|座机|传真|tel|phone|mobile|fax|联系方式|联络|聯絡|联系人|联系|聯繫|洽谈"
    r"|热线|经纪人|助理|拨打|致电)"
    r"[^0-9\n]{0,14}$",
    re.IGNORECASE,
)
PUBLIC_PHONE = re.compile(
    rf"{NOT_IN_NUMBER}(?:[48]00[\W_]?[0-9]{{3}}[\W_]?[0-9]{{4}}|12[0-9]{{3}}|9[56][0-9]{{3,4}}|11[0479]|12[02])"
    rf"{END}"
)

ID_18 = re.compile(rf"{NOT_IN_NUMBER}[1-9](?:{S}[0-9]){{16}}{S}[0-9Xx]{END}")
ID_15 = re.compile(rf"{NOT_IN_NUMBER}[1-9](?:{S}[0-9]){{14}}{END}")
ID_HALF_HIDDEN = re.compile(rf"{NOT_IN_NUMBER}[1-9][0-9]{{2,9}}[*]{{4,14}}[0-9]{{1,6}}[0-9Xx]{END}")
CARD = re.compile(rf"{NOT_IN_NUMBER}[1-9](?:{S}[0-9]){{15,18}}{END}")
LONG = re.compile(r"[0-9]{15,}")
LONG_OF_CITIZEN = re.compile(rf"{NOT_IN_NUMBER}[0-9]{{11,}}")

_TO = r"(?:号码?|[帐账]号|码|的?是|为|叫|后面|[\s:,(（“\"【\[/|=]){0,4}"
"""What may stand between a word that announces a number and the number."""
CUED_RUN = re.compile(
    rf"(?:电话|手机|座机|联系方式|联系人|号码|热线|传真|致电|拨打|tel|phone|mobile|whatsapp|加我){_TO}"
    r"(?P<value>(?:\+|00)?[0-9A-Za-z](?:[ \-—_.·/()*]{0,3}[0-9A-Za-z*]){5,24})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
CUED_IDENTITY = re.compile(
    rf"身份证?(?:件|明)?{_TO}(?P<value>[0-9](?:[^\w，。；]{{0,3}}[0-9Xx*年月日]){{5,24}})", re.IGNORECASE
)
TAIL = re.compile(
    rf"(?:尾号|末[尾位]|尾数|(?:最?后|末|前|开头"
    rf"|头)[2-8]个?[位码]数?字?){_TO}(?P<value>[0-9]{{2,8}}[Xx*]?|[0-9]{{2}}[Xx])(?![0-9])"
)
REVERSED = re.compile(
    r"(?:倒|反|逆)(?:过来|着|向|序)?(?:念|读|写|看|拼|数|排)?[^0-9\n]{0,6}(?P<after>[0-9][0-9 \-]{5,24}[0-9])"
    r"|(?<![0-9 \-])(?P<before>[0-9][0-9 \-]{5,24}+)(?<=[0-9])[^0-9\n]{0,6}(?:倒|反|逆)(?:过来|着|向"
    r"|序|念|读|写)"
)

EMAIL_HOST = r"(?:qq|163|126|139|189|gmail|sina|foxmail|outlook|hotmail|yeah|sohu|aliyun|扣扣|网易|新浪)"
_LOCAL = r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]{1,200}+ ?"
"""Read once, from its beginning (a lookbehind and no way back): the time must not grow with the square."""
EMAIL = re.compile(
    rf"{_LOCAL}(?:@|#at#|艾特|#(?=(?:qq|163|126|gmail|sina|foxmail|outlook|hotmail)\W)) ?"
    r"(?:[A-Za-z0-9\-]{1,63}+(?: ?(?:\.|点) ?[A-Za-z0-9\-]{2,63}+){1,4}\.?|(?<=@)[A-Za-z0-9._\-]{2,64}+)"
    rf"|{_LOCAL}(?:@|艾特|[#*$]) ?{EMAIL_HOST}(?![A-Za-z0-9])(?:[.。点 ]*com|的?邮箱)?",
    re.IGNORECASE,
)
EMAIL_CUED = re.compile(
    r"(?:邮箱|邮件|电邮|e-?mail|信箱)(?:地址|账号|号|是|为"
    r"|[\s:,(（]){0,4}(?P<value>[A-Za-z0-9][A-Za-z0-9._\-#*]{4,40})",
    re.IGNORECASE,
)
EMAIL_BEHIND = re.compile(
    rf"(?<![A-Za-z0-9._\-])[A-Za-z0-9._\-]{{4,40}}+[^\w\n]{{0,2}}(?:是我的|的|我的)?(?:{EMAIL_HOST}"
    rf"|[A-Za-z]{{2,12}})的?(?:邮箱|信箱)",
    re.IGNORECASE,
)
PUBLIC_EMAIL = re.compile(r"@[A-Za-z0-9.\-]{0,60}gov\.cn\.?$", re.IGNORECASE)
QQ = re.compile(
    r"(?:q{1,2}\W{0,1}q?|扣扣|抠抠|口口|叩叩|蔻蔻|秋秋|求求|丘丘|企鹅|球球|🐧)(?:群|号码|号|账号|：|\W"
    r"|是|为|加|联系|咨询|交流|官方|粉丝|讨论){0,6}"
    rf"[1-9](?:[\W_]{{0,2}}[0-9]){{4,11}}{END}",
    re.IGNORECASE,
)
QQ_NUMBER = re.compile(rf"[1-9](?:[\W_]{{0,2}}[0-9]){{4,11}}{END}")
WECHAT = re.compile(
    r"(?:微\W?信|威信|薇信|维信|威芯|微芯|薇芯|[微薇威维巍徽vV][❤♥💗💚🧡💛💙💜]信?|卫星号?|徽信|巍信"
    r"|绿泡泡|绿色软件|we ?chat|wei ?xin|加\W{0,2}[vV]|[vV][信xX]|\b[wW][xX]|加个?微|\+[vV])"
    r"(?:同号|号码|帐号|账号|号|ID|id|是|为|加|我|的|[\s:,\-|/=\"“「【(]){0,5}"
    r"(?P<value>[A-Za-z][A-Za-z0-9_\-]{4,29}|[1-9][0-9]{5,19})"
)
WECHAT_BEHIND = re.compile(
    r"(?<![A-Za-z0-9])(?P<value>[A-Za-z][A-Za-z0-9_\-]{5,19}+)[^\w\n]{0,3}(?:是我的?|我的)?(?:微信|vx"
    r"|wx|weixin)(?!公众|小程序|群)",
    re.IGNORECASE,
)
WECHAT_ID = re.compile(r"wxid_[A-Za-z0-9_\-]{4,30}", re.IGNORECASE)
ACCOUNT = re.compile(
    r"(?:抖音|快手|小红书|支付宝|陌陌|微博|推特|twitter|line|skype|telegram|飞信|旺旺|openid)"
    r"(?:号码|帐号|账号|账户|号|ID|id|是|为|[\s:,\-|/=]){1,4}(?P<value>@?[A-Za-z0-9_][A-Za-z0-9_.\-]{4,39})",
    re.IGNORECASE,
)
HANDLE = re.compile(r"(?<![A-Za-z0-9.])@[\w\-]{2,16}")

REGIONS = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
NOT_A_PROVINCE = "号第款级型为是座区栋楼线路站口出至到在码用"
PLATE = re.compile(
    rf"[{REGIONS}][A-HJ-Za-hj-z][\W_]{{0,2}}(?:[A-HJ-NP-Za-hj-np-z0-9][\W_]?){{4,5}}"
    r"[A-HJ-NP-Za-hj-np-z0-9挂学警港澳](?![A-Za-z0-9])"
)
PLATE_SHORT = re.compile(
    rf"[{REGIONS}][A-HJ-Z][·•\- ]?[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳](?![A-Za-z0-9])"
)
PLATE_TAIL = re.compile(r"(?:车牌|牌照|车号)(?:号码|号|尾号|为|是|\W){0,5}(?P<value>[A-HJ-NP-Z0-9]{4,7})")
PLATE_CUED = re.compile(
    r"(?:车牌|号牌|牌照|车号)(?:号码|号|为|是|[\s:：]){0,3}"
    r"(?P<value>[\u4e00-\u9fff][\W_]{0,2}[A-HJ-NP-Za-hj-np-z](?:[\W_]{0,2}[A-HJ-NP-Za-hj-np-z0-9]){4,5}[\W_]{0,2}"
    r"[A-HJ-NP-Za-hj-np-z0-9挂学警港澳])"
    r"(?![A-Za-z0-9])"
)
"""Behind 车牌 any character may stand for the province: it may be miswritten, or invented."""
PLATE_FORM = re.compile(
    rf"(?P<value>(?![{NOT_A_PROVINCE}])[\u4e00-\u9fff][A-HJ-NP-Z][·•\- "
    rf"]?[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳])"
    r"(?![A-Za-z0-9])"
)
NEAR_A_CAR = re.compile(r"车|驾驶|牌")
NEAR_BEFORE, NEAR_BEHIND = 12, 8
EMBASSY = re.compile(
    r"(?<![0-9])[0-9]{6}使|使[0-9]{6}|领[0-9]{6}"
    rf"|WJ[{REGIONS}]?[·•\- ]?[0-9]{{2}}[·•\- ]?[0-9A-Z]{{4,5}}|[军空海北沈兰济南广成][A-Z][·•\- "
    rf"]?[0-9]{{5}}(?![0-9])"
)
PLATE_SPACED = re.compile(
    rf"[{REGIONS}](?:[省牌]|[\W_]{{0,2}})[A-HJ-Z]"
    r"(?:[\W_]{0,2}[A-HJ-NP-Z0-9]){4,5}[\W_]{0,2}[A-HJ-NP-Z0-9挂学警港澳领](?![A-Za-z0-9])",
    re.IGNORECASE,
)
PLATE_HALF_HIDDEN = re.compile(
    rf"[{REGIONS}][A-HJ-Z][·•\- ]?(?=[0-9A-Z]*[*×○●#])[0-9A-Z*×○●#]{{5,6}}(?![A-Za-z0-9])"
)
PLATE_BARE = re.compile(
    rf"(?<![A-Za-z0-9{NOT_A_PROVINCE}])[A-HJ-Z][·•\- ]?[A-HJ-NP-Z0-9]{5, 6}(?![A-Za-z0-9])"
)
PLATE_SPELT = re.compile(
    r"(?<![A-Za-z])(?:jing|jin|hu|yu|ji|yun|liao|hei|xiang|wan|lu|xin|su|zhe|gan|e|gui|jin|meng|shan"
    r"|min|gui|yue|qing|zang|"
    r"chuan|ning|qiong)[ \-·]?[A-HJ-Z][ \-·]?[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9])"
)

PASSPORT = re.compile(  # E12345678, EA1234567, C12345678 (港澳), H12345678 and longer (回乡证)
    r"(?:(?:护照|通行证|回乡证|台胞证|签证)(?:号码|证号|编号|号|为|是|\W){0,4}(?P<value>[A-Z]{0,2}(?:[ "
    r"-]?[0-9]){7,10}))"
    r"|(?<![A-Za-z0-9])(?P<bare>[CEGKHMDSPTW][A-Z]?[0-9]{8}(?:[0-9]{2})?|E[A-Z][0-9]{7}"
    r"|[A-Z][12][0-9]{8}|[A-Z]{1,2}[0-9]{6}[(][0-9A][)])"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE,
)
DOCUMENT_CUES = (
    r"社保号|社保卡号?|社会保障(?:号码?|卡号?)|社保编号|医保号|医保卡号?|医保编号|个人编号"
    r"|公积金[帐账]?号|学籍号|学号|考生号|准考证号?|考号"
    r"|户口簿?号|户号|病历号|住院号|门诊号|就诊卡号?|病案号|产权证号?|房产证号?|不动产权?证书?号?|土地证号?"
    r"|驾驶证号?|驾照号?|档案编?号|军官证号?|士兵证号?|残疾证号?|警官证号?|结婚证号?|卡号|[帐账]号"
    r"|[帐账]户|开户号"
    r"|合同编?号|订单编?号|运单号|快递单号|保单号|发票号码?|车架号|发动机号|工号|警号|信用代码|执照号"
    r"|注册号|用户编?号|取件码|验证码"
    r"|证书编?号|证件号码?|证号|宗地号|军人证号?|居住证号?|出生证号?|医学证明编?号|出生证明编?号"
    r"|回执号|受理号|流水号"
)
DOCUMENT = re.compile(
    rf"(?:{DOCUMENT_CUES})(?:码|为|是|[\s:,(（“\"]){{0,4}}(?P<value>[A-Za-z0-9][A-Za-z0-9\-]{{4,31}})"
)
OFFICER_CARD = re.compile(
    r"(?:军官证|士兵证|文职干部证|警官证|军人证|离休证|退役证|残疾军人证)号?(?:码|为|是|[\s:,(]){0,3}"
    r"(?P<value>[\u4e00-\u9fff]{0,3}字?第?[0-9]{5,10}号?)"
)
CREDIT_CODE = re.compile(r"(?<![A-Za-z0-9])9[1-3][0-9]{6}[0-9A-HJ-NP-RTUW-Y]{9,10}(?![A-Za-z0-9])")
COURT_CASE = re.compile(
    rf"[(〔\[][12][0-9]{{3}}[)〕\]](?:最高法|[{REGIONS}])[0-9]{{0,4}}[民刑行执破赔][\u4e00-\u9fff]{{0,3}}"
    r"第?[0-9]{1,7}号"
)
BIRTHDAY = re.compile(
    r"(?:出生日期|出生年月日?|出生于|生日|生于|出生)(?:是|为|[\s:,]){0,3}(?P<after>(?:19"
    r"|20)[0-9]{2}\W?(?:年\W?)?"
    r"[0-9]{1,2}\W?(?:月\W?)?[0-9]{1,2}日?)"
    r"|(?P<before>(?:19|20)[0-9]{2}(?:年|[\-./])[0-9]{1,2}(?:月|[\-./])[0-9]{1,2}日?)(?=出?生)"
)
LINK = re.compile(
    r"https?://[A-Za-z0-9.\-]{1,80}(?:[/?#:][^\s\u4e00-\u9fff，。；“”<>]{0,300})?", re.IGNORECASE
)
LINK_TO_SOMEBODY = re.compile(
    r"https?://(?:[^/?#]{0,60}\.)?(?:weibo|t|facebook|fb|twitter|x|instagram|renren|douban|douyin"
    r"|kuaishou|xiaohongshu|xhslink|zhihu|bilibili"
    r"|qzone|qq|taobao|tmall|map|maps|amap|blog|space|myspace|youtube|youku|flickr|wretch|pixnet|line"
    r"|telegram|t|wa)\.[a-z.]{2,8}/[^/?#\s]"
    r"|https?://(?:blog|space|user|home|my|map|maps|ditu|i)\.[^/?#\s]{3,60}/[^/?#\s]"
    r"|https?://[^\s]{0,200}(?:[?&=@~]|[0-9]{4}|/(?:u|user|users|people|profile|member|home|space|blog"
    r"|share)/)",
    re.IGNORECASE,
)
"""A link with an id in it, to a profile, a map, or with something handed over; a site's front page is nobody's."""
PUBLIC_LINK = re.compile(r"^https?://(?:[A-Za-z0-9\-]{1,40}\.){0,5}gov\.cn(?:[/?#:]|$)", re.IGNORECASE)
IP = re.compile(r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.])")
MAC = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}[:\-]){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f])")
POSITION = re.compile(
    r"(?<![0-9.])(?:(?:北纬|东经|[NE])\W?)?[0-9]{1,3}\.[0-9]{3,12}°?[NE]?\W{1,3}(?:北纬|东经"
    r"|[NE])?\W?[0-9]{1,3}\.[0-9]{3,12}"
)

CITIZEN_CUE = re.compile(
    r"(?:身份证[^。；！\n]{0,34}|(?:信访人|反映人|投诉人|举报人|来信人|来访人|申请人|诉求人)\W[^。；！\n]{0,20}"
    r"|(?:您|你|其|本人)的?(?:联系|家庭)?(?:电话|方式)\W{0,3})$"
)
"""In an office's text a landline after one of these is the citizen's."""

PROVINCES = listed(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83"
)
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECK = "10X98765432"


def numbers(folded: Folded, *, by_office: bool, public: frozenset[str]) -> Iterator[Found]:
    """Every number or account that points to a person, and the office's own ones as public.

    ``public`` holds the exact digits of numbers that stay (the office's published phones).
    """
    for found in _by(RULES, folded):
        yield _judged(found, folded, by_office, public)
    if not by_office:
        yield from (replace(found, is_odd=True) for found in _by(CITIZENS_RULES, folded))
    again = respell(folded)
    if again is None:
        return
    for found in _by(RULES if by_office else (*RULES, *CITIZENS_RULES), again):
        judged = _judged(found, again, by_office, public)
        if not judged.is_public:
            start, end = _embraced(folded.plain, *again.original(found.start, found.end))
            yield replace(judged, start=start, end=end, is_odd=True)


def _by(rules: Sequence[Callable[[Folded], Iterator[Found]]], folded: Folded) -> Iterator[Found]:
    for rule in rules:
        yield from rule(folded)


def _embraced(plain: str, start: int, end: int) -> tuple[int, int]:
    """With the bracket before and behind, where each digit stands in brackets."""
    pair = plain[max(0, start - 1) : start] + plain[end : end + 1]
    is_held = pair in BRACKETS and pair[1] in plain[start:end]
    return (start - 1, end + 1) if is_held else (start, end)


BRACKETS = frozenset({"[]", "【】", "()", "<>", "{}", "''", '""', "“”", "「」", "《》", "||"})


def is_identity_number(value: str) -> bool:
    """Region, birth date and check character of an 18-character identity number agree (GB 11643)."""
    if len(value) != 18 or value[:2] not in PROVINCES or not is_date(value[6:14]):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(value, ID_WEIGHTS, strict=False))
    return ID_CHECK[total % 11] == value[17].upper()


def is_card_number(value: str) -> bool:
    """The Luhn check digit of a bank card."""
    digits = [int(digit) for digit in reversed(value)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def is_date(value: str) -> bool:
    """Eight digits that name a day between 1900 and 2099."""
    try:
        return 1900 <= date(int(value[:4]), int(value[4:6]), int(value[6:])).year < 2100
    except ValueError:
        return False


def _judged(found: Found, folded: Folded, by_office: bool, public: frozenset[str]) -> Found:
    """Public when its digits are listed, or when an office names a landline as its own."""
    value = _digits(folded, found.start, found.end)
    listed = found.kind in {Kind.PHONE, Kind.EMAIL} and (
        value in public or folded.plain[found.start : found.end] in public
    )
    before = folded.plain[max(0, found.start - 40) : found.start]
    is_own = by_office and found.cue in OFFICE_NUMBERS and not CITIZEN_CUE.search(before)
    if not (listed or is_own or found.is_public):
        start, end = _embraced(folded.plain, found.start, found.end)
        return replace(found, start=start, end=end)
    return Found(found.start, found.end, found.kind, found.cue, is_public=True)


OFFICE_NUMBERS = frozenset({"座机号码", "电话提示词后的号码"})


def _digits(folded: Folded, start: int, end: int) -> str:
    return re.sub(r"[^0-9Xx]", "", folded.digits[start:end])


def _matches(
    pattern: re.Pattern[str],
    kind: Kind,
    cue: str,
    accept: Callable[[str, Folded, int, int], bool] | None = None,
) -> Callable[[Folded], Iterator[Found]]:
    """A rule: every match whose digits are believed, as written and with 汉字 and look-alikes as digits."""

    def rule(folded: Folded) -> Iterator[Found]:
        layers = dict.fromkeys((folded.plain, folded.digits))
        for match in chain.from_iterable(map(pattern.finditer, layers)):
            value = _digits(folded, match.start(), match.end())
            if _is_mostly_digits(folded, match) and (
                accept is None or accept(value, folded, match.start(), match.end())
            ):
                yield Found(match.start(), match.end(), kind, cue)

    return rule


def _plain_matches(
    pattern: re.Pattern[str],
    kind: Kind,
    cue: str,
    accept: Callable[[str], bool] | None = None,
    *,
    spoken: bool = False,
) -> Callable[[Folded], Iterator[Found]]:
    """A rule: every match as written, or the named part of it that is the value.

    ``spoken``: also with 汉字 read as digits.
    """

    def rule(folded: Folded) -> Iterator[Found]:
        layers = dict.fromkeys((folded.plain, folded.digits) if spoken else (folded.plain,))
        for match in chain.from_iterable(map(pattern.finditer, layers)):
            group = next((name for name, value in match.groupdict().items() if value), 0)
            if accept is None or accept(match[group]):
                yield Found(*match.span(group), kind, cue)

    return rule


def _is_mostly_digits(folded: Folded, match: re.Match[str]) -> bool:
    """Look-alikes (O, l, 两) may stand among digits, not replace them."""
    written = folded.plain[match.start() : match.end()]
    doubtful = sum(character in LOOK_ALIKES for character in written)
    return doubtful * 5 <= len(_digits(folded, match.start(), match.end())) * 3


def _is_identity(value: str, folded: Folded, start: int, end: int) -> bool:
    """An identity number, also with a wrong check digit; written apart it must hold a date."""
    return is_date(value[6:14]) or end - start == len(value) or is_identity_number(value)


def _is_old_identity(value: str, _folded: Folded, _start: int, _end: int) -> bool:
    return value[:2] in PROVINCES and is_date("19" + value[6:12])


def _is_bank_card(value: str, folded: Folded, start: int, _end: int) -> bool:
    """Luhn agrees, or a bank is named just before."""
    cued = re.search(r"(?:卡号|银行|[帐账]号|[帐账]户|卡)\W{0,4}$", folded.plain[max(0, start - 10) : start])
    return cued is not None or (is_card_number(value) and value[0] in "3456")


def _is_phone_after_cue(_value: str, folded: Folded, start: int, end: int) -> bool:
    """Seven or eight digits are a phone only after a word that says so, and never money or a date."""
    follows = folded.plain[end : end + 1]
    return follows not in "元年月日号%.人" or not follows if _cued(folded, start) else False


def _cued(folded: Folded, start: int) -> bool:
    return PHONE_CUE.search(folded.plain[max(0, start - 24) : start]) is not None


def _is_evenly_spread(_value: str, folded: Folded, start: int, end: int) -> bool:
    """A landline opened up digit by digit: one separator after each, or it is something else."""
    gaps = [i for i in range(start, end) if not folded.digits[i].isdigit()]
    return len(gaps) >= 9 and all(b - a >= 2 for a, b in pairwise(gaps))


def _split_phones(folded: Folded) -> Iterator[Found]:
    """A second number after a slash: 2335-2305/9263-3317."""
    for match in SHORT_PHONE.finditer(folded.digits):
        before = folded.digits[max(0, match.start() - 16) : match.start()]
        if re.search(r"[0-9]{4}[/、,，]\W?$", before) and _cued(folded, match.start() - len(before)):
            yield Found(match.start(), match.end(), Kind.PHONE, "电话提示词后的号码")


def _cued_identities(folded: Folded) -> Iterator[Found]:
    """Whatever follows 身份证 and is made of digits: too short, too long, with a date written out."""
    for match in CUED_IDENTITY.finditer(folded.digits):
        if sum(map(str.isdigit, match["value"])) >= SHORTEST_RUN:
            yield Found(*match.span("value"), Kind.ID_CARD, "身份证提示词")


def _cued_runs(folded: Folded) -> Iterator[Found]:
    """Whatever follows 电话, 手机 … and is made of digits, also mixed with letters."""
    for layer in dict.fromkeys((folded.plain, folded.digits)):
        for match in CUED_RUN.finditer(layer):
            figures = "".join(filter(str.isdigit, match["value"]))
            is_date = NOT_A_PHONE.match(layer, match.end()) or is_date_run(figures)
            if len(figures) >= SHORTEST_RUN and not is_date and not PUBLIC_PHONE.fullmatch(match["value"]):
                yield Found(*match.span("value"), Kind.PHONE, "电话提示词后的号码")


SHORTEST_RUN = 6
NOT_A_PHONE = re.compile(r"\W{0,2}[元年月日万%人]")


def is_date_run(figures: str) -> bool:
    """Figures that begin with a day of our time: a date, a moment, the number of a case."""
    return "1980" <= figures[:4] <= "2050" and len(figures) >= len("20261121") and is_date(figures[:8])


def _is_no_moment(value: str, _folded: Folded, _start: int, _end: int) -> bool:
    return not is_date_run(value)


def _plates_near_cars(folded: Folded) -> Iterator[Found]:
    """The form of a plate with whatever character before it, when a car is spoken of beside it."""
    for match in PLATE_FORM.finditer(folded.plain):
        before = folded.plain[max(0, match.start() - NEAR_BEFORE) : match.start()]
        behind = folded.plain[match.end() : match.end() + NEAR_BEHIND]
        if _has_four_digits(match[0]) and NEAR_A_CAR.search(f"{before} {behind}"):
            yield Found(*match.span(), Kind.PLATE, "车牌")


def _bare_plates(folded: Folded) -> Iterator[Found]:
    """The form of a plate without the province, when a car is spoken of right beside it."""
    for match in PLATE_BARE.finditer(folded.plain):
        beside = (
            folded.plain[max(0, match.start() - 6) : match.start()]
            + folded.plain[match.end() : match.end() + 6]
        )
        if _has_three_digits(match[0]) and "车" in beside:
            yield Found(*match.span(), Kind.PLATE, "车牌")


def _public_phones(folded: Folded) -> Iterator[Found]:
    """12345, 110, 95xxx, 400 numbers: everybody's, never hidden."""
    for match in PUBLIC_PHONE.finditer(folded.plain):
        yield Found(match.start(), match.end(), Kind.PHONE, "公共服务号码", is_public=True)


def _qq(folded: Folded) -> Iterator[Found]:
    for match in QQ.finditer(folded.digits):
        number = QQ_NUMBER.search(folded.digits, match.start() + 1, match.end())
        if number is not None:
            yield Found(number.start(), match.end(), Kind.QQ, "QQ 提示词")


def _links(folded: Folded) -> Iterator[Found]:
    """Links that may hold somebody's id; a government site's are public."""
    for match in LINK.finditer(folded.plain):
        is_public = PUBLIC_LINK.match(match[0]) is not None or not LINK_TO_SOMEBODY.match(match[0])
        yield Found(match.start(), match.end(), Kind.LINK, "链接", is_public=is_public)


def _emails(folded: Folded) -> Iterator[Found]:
    for match in EMAIL.finditer(folded.plain):
        is_public = PUBLIC_EMAIL.search(match[0]) is not None
        yield Found(match.start(), match.end(), Kind.EMAIL, "邮箱格式", is_public=is_public)


def _is_no_host(value: str) -> bool:
    """邮箱：www.example.cn names a site; 邮箱 with a government's is matched whole by `_emails`."""
    return not value.lower().startswith(("www.", "http"))


def _has_digit(value: str) -> bool:
    return any(character.isdigit() for character in value)


def _has_three_digits(value: str) -> bool:
    return sum(character.isdigit() for character in value) >= 3


def _has_four_digits(value: str) -> bool:
    return sum(character.isdigit() for character in value) >= 4


def _is_address_of_machine(value: str) -> bool:
    return all(int(part) < 256 for part in value.split("."))


# The order decides who names a span: the most certain first.
# fmt: off
RULES: tuple[Callable[[Folded], Iterator[Found]], ...] = (
    _emails,
    _plain_matches(EMAIL_CUED,   Kind.EMAIL,     "邮箱提示词", _is_no_host),
    _plain_matches(EMAIL_BEHIND, Kind.EMAIL,     "邮箱提示词"),
    _matches(ID_18,              Kind.ID_CARD,   "身份证号码", _is_identity),
    _matches(MOBILE_HALF_HIDDEN, Kind.PHONE,     "隐去一部分的手机号码"),
    _matches(ID_HALF_HIDDEN,     Kind.ID_CARD,   "隐去一部分的身份证号码"),
    _matches(ID_15,              Kind.ID_CARD,   "15位身份证号码", _is_old_identity),
    _matches(CARD,               Kind.BANK_CARD, "银行卡号", _is_bank_card),
    _matches(MOBILE,             Kind.PHONE,     "手机号码"),
    _matches(MOBILE_THREADED,    Kind.PHONE,     "手机号码"),
    _matches(LANDLINE,           Kind.PHONE,     "座机号码"),
    _matches(LANDLINE_OPENED,    Kind.PHONE,     "座机号码", _is_evenly_spread),
    _matches(ABROAD,             Kind.PHONE,     "境外号码"),
    _matches(NEIGHBOURS,         Kind.PHONE,     "境外号码"),
    _matches(TAIWAN_PHONE,       Kind.PHONE,     "境外号码", _is_phone_after_cue),
    _qq,
    _matches(SHORT_PHONE,        Kind.PHONE,     "电话提示词后的号码", _is_phone_after_cue),
    _split_phones,
    _plain_matches(WECHAT,       Kind.WECHAT,    "微信提示词", spoken=True),
    _plain_matches(WECHAT_BEHIND, Kind.WECHAT,   "微信提示词"),
    _plain_matches(WECHAT_ID,    Kind.WECHAT,    "微信提示词"),
    _plain_matches(ACCOUNT,      Kind.ACCOUNT,   "账号提示词"),
    _plain_matches(HANDLE,       Kind.ACCOUNT,   "@昵称"),
    _plain_matches(PLATE,        Kind.PLATE,     "车牌", _has_digit, spoken=True),
    _plain_matches(PLATE_SHORT,  Kind.PLATE,     "车牌", _has_digit),
    _plain_matches(PLATE_SPACED, Kind.PLATE,     "车牌", _has_three_digits, spoken=True),
    _plain_matches(PLATE_HALF_HIDDEN, Kind.PLATE, "车牌"),
    _plain_matches(PLATE_SPELT,  Kind.PLATE,     "车牌", _has_four_digits),
    _plain_matches(PLATE_TAIL,   Kind.PLATE,     "车牌提示词", _has_digit, spoken=True),
    _plain_matches(PLATE_CUED,   Kind.PLATE,     "车牌提示词", _has_digit),
    _plates_near_cars,
    _plain_matches(EMBASSY,      Kind.PLATE,     "车牌"),
    _plain_matches(PASSPORT,     Kind.PASSPORT,  "护照、通行证号码"),
    _plain_matches(COURT_CASE,   Kind.COURT_CASE, "案号"),
    _plain_matches(CREDIT_CODE,  Kind.DOCUMENT,  "统一社会信用代码"),
    _plain_matches(OFFICER_CARD, Kind.DOCUMENT,  "证件、账户提示词"),
    _plain_matches(DOCUMENT,     Kind.DOCUMENT,  "证件、账户提示词", _has_four_digits),
    _plain_matches(BIRTHDAY,     Kind.BIRTHDAY,  "出生日期", spoken=True),
    _links,
    _plain_matches(IP,           Kind.DEVICE,    "网络地址", _is_address_of_machine),
    _plain_matches(MAC,          Kind.DEVICE,    "设备地址"),
    _plain_matches(POSITION,     Kind.POSITION,  "经纬度"),
    _matches(LONG,               Kind.LONG_NUMBER, "很长的号码"),
    _public_phones,
)
CITIZENS_RULES: tuple[Callable[[Folded], Iterator[Found]], ...] = (
    _cued_identities,
    _cued_runs,
    _bare_plates,
    _plain_matches(TAIL,         Kind.LONG_NUMBER, "号码的一段", spoken=True),
    _plain_matches(REVERSED,     Kind.LONG_NUMBER, "倒着写的号码", spoken=True),
    _matches(LONG_OF_CITIZEN,    Kind.LONG_NUMBER, "很长的号码", _is_no_moment),
)
"""In a citizen's words also what only looks like a part of a number: an office's text is full of figures."""
# fmt: on
