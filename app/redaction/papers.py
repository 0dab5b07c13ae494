"""Which characters are the number of a paper: identity and bank cards, passports, accounts, court cases, birthdays?"""

import re

from app.redaction.folding import Folded
from app.redaction.found import Kind
from app.redaction.plates import REGIONS
from app.redaction.reading import (
    END,
    NOT_IN_NUMBER,
    PROVINCES,
    Rule,
    S,
    has_digits,
    is_date,
    matches,
    plain_matches,
)

ID_18 = re.compile(rf"{NOT_IN_NUMBER}[1-9](?:{S}[0-9]){{16}}{S}[0-9Xx]{END}")
ID_15 = re.compile(rf"{NOT_IN_NUMBER}[1-9](?:{S}[0-9]){{14}}{END}")
ID_HALF_HIDDEN = re.compile(rf"{NOT_IN_NUMBER}[1-9][0-9]{{2,9}}[*]{{4,14}}[0-9]{{1,6}}[0-9Xx]{END}")
CARD = re.compile(rf"{NOT_IN_NUMBER}[1-9](?:{S}[0-9]){{15,18}}{END}")
LONG = re.compile(r"[0-9]{15,}")

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
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECK = "10X98765432"


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


def _is_identity(value: str, folded: Folded, start: int, end: int) -> bool:
    """An identity number, also with a wrong check digit; written apart it must hold a date."""
    return is_date(value[6:14]) or end - start == len(value) or is_identity_number(value)


def _is_old_identity(value: str, _folded: Folded, _start: int, _end: int) -> bool:
    return value[:2] in PROVINCES and is_date("19" + value[6:12])


def _is_bank_card(value: str, folded: Folded, start: int, _end: int) -> bool:
    """Luhn agrees, or a bank is named just before."""
    cued = re.search(r"(?:卡号|银行|[帐账]号|[帐账]户|卡)\W{0,4}$", folded.plain[max(0, start - 10) : start])
    return cued is not None or (is_card_number(value) and value[0] in "3456")


# fmt: off
IDENTITY = matches(ID_18,       Kind.ID_CARD, "身份证号码", _is_identity)
CARDS: tuple[Rule, ...] = (
    matches(ID_HALF_HIDDEN,     Kind.ID_CARD, "隐去一部分的身份证号码"),
    matches(ID_15,              Kind.ID_CARD, "15位身份证号码", _is_old_identity),
    matches(CARD,               Kind.BANK_CARD, "银行卡号", _is_bank_card),
)
PAPERS: tuple[Rule, ...] = (
    plain_matches(PASSPORT,     Kind.PASSPORT, "护照、通行证号码"),
    plain_matches(COURT_CASE,   Kind.COURT_CASE, "案号", needs="号"),
    plain_matches(CREDIT_CODE,  Kind.DOCUMENT, "统一社会信用代码", needs="9"),
    plain_matches(OFFICER_CARD, Kind.DOCUMENT, "证件、账户提示词", needs="证"),
    plain_matches(DOCUMENT,     Kind.DOCUMENT, "证件、账户提示词", has_digits(4), needs="号卡证账帐户码"),
    plain_matches(BIRTHDAY,     Kind.BIRTHDAY, "出生日期", spoken=True, needs="生"),
)
LONGEST = matches(LONG,         Kind.LONG_NUMBER, "很长的号码")
# fmt: on
