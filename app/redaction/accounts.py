"""Which characters are an account: mail, QQ, WeChat and other names, links, machines, a place on the map?"""

import re
from collections.abc import Iterator

from app.redaction.folding import Folded
from app.redaction.found import Found, Kind
from app.redaction.reading import END, Rule, plain_matches

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
LINK = re.compile(
    r"https?://[A-Za-z0-9.\-]{1,80}(?:[/?#:][^\s\u4e00-\u9fff。,;()【】“”<>]{0,300})?", re.IGNORECASE
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
SITE = re.compile(
    r"https?://(?:(?:www|m|wap|mobile|blog|space|home|my|map|maps|ditu|site|people|v|t|mp|tieba|bbs)\.)?"
    r"[A-Za-z0-9\-]{1,40}\.(?:com\.cn|com|cn|net|cc|tv|org|hk|tw)/(?=[^\s/])",
    re.IGNORECASE,
)
"""The part of a link that only says which site; another name before it may be somebody's."""
PUBLIC_LINK = re.compile(r"^https?://(?:[A-Za-z0-9\-]{1,40}\.){0,5}gov\.cn(?:[/?#:]|$)", re.IGNORECASE)
IP = re.compile(r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.])")
MAC = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}[:\-]){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f])")
POSITION = re.compile(
    r"(?<![0-9.])(?:(?:北纬|东经|[NE])\W?)?[0-9]{1,3}\.[0-9]{3,12}°?[NE]?\W{1,3}(?:北纬|东经"
    r"|[NE])?\W?[0-9]{1,3}\.[0-9]{3,12}"
)


def _qq(folded: Folded) -> Iterator[Found]:
    for match in QQ.finditer(folded.digits):
        number = QQ_NUMBER.search(folded.digits, match.start() + 1, match.end())
        if number is not None:
            yield Found(number.start(), match.end(), Kind.QQ, "QQ 提示词")


def _links(folded: Folded) -> Iterator[Found]:
    """Links that may hold somebody's id, from behind the name of the site on; a government's are public."""
    for match in LINK.finditer(folded.plain):
        is_public = PUBLIC_LINK.match(match[0]) is not None or not LINK_TO_SOMEBODY.match(match[0])
        site = None if is_public else SITE.match(match[0])
        start = match.start() + (site.end() if site else 0)
        yield Found(start, match.end(), Kind.LINK, "链接", is_public=is_public)


def _emails(folded: Folded) -> Iterator[Found]:
    for match in EMAIL.finditer(folded.plain):
        is_public = PUBLIC_EMAIL.search(match[0]) is not None
        yield Found(match.start(), match.end(), Kind.EMAIL, "邮箱格式", is_public=is_public)


def _is_no_host(value: str) -> bool:
    """邮箱：www.example.cn names a site; 邮箱 with a government's is matched whole by `_emails`."""
    return not value.lower().startswith(("www.", "http"))


def _is_address_of_machine(value: str) -> bool:
    return all(int(part) < 256 for part in value.split("."))


# fmt: off
MAIL: tuple[Rule, ...] = (
    Rule(_emails, frozenset("@艾#*$")),
    plain_matches(EMAIL_CUED,    Kind.EMAIL,    "邮箱提示词", _is_no_host, needs="邮电信mM"),
    plain_matches(EMAIL_BEHIND,  Kind.EMAIL,    "邮箱提示词", needs="邮信"),
)
QQ_NUMBERS = Rule(_qq, frozenset("qQ扣抠口叩蔻秋求丘企球🐧"))
ACCOUNTS: tuple[Rule, ...] = (
    plain_matches(WECHAT,        Kind.WECHAT,   "微信提示词", spoken=True, needs="微威薇维巍徽卫绿加vVwW"),
    plain_matches(WECHAT_BEHIND, Kind.WECHAT,   "微信提示词", needs="微vVwW"),
    plain_matches(WECHAT_ID,     Kind.WECHAT,   "微信提示词", needs="_"),
    plain_matches(ACCOUNT,       Kind.ACCOUNT,  "账号提示词", needs="抖快小支陌微推飞旺tTlLsSoO"),
    plain_matches(HANDLE,        Kind.ACCOUNT,  "@昵称", needs="@"),
)
MACHINES: tuple[Rule, ...] = (
    Rule(_links, frozenset(":")),
    plain_matches(IP,            Kind.DEVICE,   "网络地址", _is_address_of_machine),
    plain_matches(MAC,           Kind.DEVICE,   "设备地址", needs=":-"),
    plain_matches(POSITION,      Kind.POSITION, "经纬度"),
)
# fmt: on
