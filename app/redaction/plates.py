"""Which characters are the plate of a car, and when does a car make a plate of what only looks like one?"""

import re
from collections.abc import Iterator

from app.redaction.folding import Folded
from app.redaction.found import Found, Kind
from app.redaction.reading import Rule, has_digits, plain_matches

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
    rf"(?<![A-Za-z0-9{NOT_A_PROVINCE}])[A-HJ-Z][·•\- ]?[A-HJ-NP-Z0-9]{{5,6}}(?![A-Za-z0-9])"
)
PLATE_SPELT = re.compile(
    r"(?<![A-Za-z])(?:jing|jin|hu|yu|ji|yun|liao|hei|xiang|wan|lu|xin|su|zhe|gan|e|gui|jin|meng|shan"
    r"|min|gui|yue|qing|zang|"
    r"chuan|ning|qiong)[ \-·]?[A-HJ-Z][ \-·]?[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9])"
)


def _plates_near_cars(folded: Folded) -> Iterator[Found]:
    """The form of a plate with whatever character before it, when a car is spoken of beside it."""
    for match in PLATE_FORM.finditer(folded.plain):
        before = folded.plain[max(0, match.start() - NEAR_BEFORE) : match.start()]
        behind = folded.plain[match.end() : match.end() + NEAR_BEHIND]
        if has_digits(4)(match[0]) and NEAR_A_CAR.search(f"{before} {behind}"):
            yield Found(*match.span(), Kind.PLATE, "车牌")


def _bare_plates(folded: Folded) -> Iterator[Found]:
    """The form of a plate without the province, when a car is spoken of right beside it."""
    for match in PLATE_BARE.finditer(folded.plain):
        beside = (
            folded.plain[max(0, match.start() - 6) : match.start()]
            + folded.plain[match.end() : match.end() + 6]
        )
        if has_digits(3)(match[0]) and "车" in beside:
            yield Found(*match.span(), Kind.PLATE, "车牌")


# fmt: off
PLATES: tuple[Rule, ...] = (
    plain_matches(PLATE,             Kind.PLATE, "车牌", has_digits(1), spoken=True, needs=REGIONS),
    plain_matches(PLATE_SHORT,       Kind.PLATE, "车牌", has_digits(1), needs=REGIONS),
    plain_matches(PLATE_SPACED,      Kind.PLATE, "车牌", has_digits(3), spoken=True, needs=REGIONS),
    plain_matches(PLATE_HALF_HIDDEN, Kind.PLATE, "车牌", needs=REGIONS),
    plain_matches(PLATE_SPELT,       Kind.PLATE, "车牌", has_digits(4)),
    plain_matches(PLATE_TAIL,        Kind.PLATE, "车牌提示词", has_digits(1), spoken=True, needs="车牌"),
    plain_matches(PLATE_CUED,        Kind.PLATE, "车牌提示词", has_digits(1), needs="车牌"),
    Rule(_plates_near_cars, frozenset("车驾牌")),
    plain_matches(EMBASSY,           Kind.PLATE, "车牌", needs="使领W军空海北沈兰济南广成"),
)
BARE_PLATES = Rule(_bare_plates, frozenset("车"))
# fmt: on
