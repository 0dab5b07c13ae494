"""Numbers that point to a person go, in every way of writing; numbers that are everybody's stay."""

import pytest

from app.redaction.masking import redact
from app.redaction.papers import is_card_number, is_identity_number
from app.redaction.reading import is_date

MOBILE = "13800138000"
ID = "11010519491231002X"  # the example of GB 11643
CARD = "6222021234567890128"


def masked(text: str, by: str = "citizen") -> list[tuple[str, str]]:
    """Kind and words of everything that was hidden."""
    return [(hit.kind, text[hit.start : hit.end]) for hit in redact(text, by=by).masked]


@pytest.mark.clause("A24")
@pytest.mark.clause("E14")
@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "138.0013.8000",
        "１３８００１３８０００",
        "+8613800138000",
        "+86 138 0013 8000",
        "008613800138000",
        "8613800138000",
        "一三八零零一三八零零零",
        "幺三八洞洞幺三八洞洞洞",
        "壹叁捌零零壹叁捌零零零",
        "①③⑧⓪⓪①③⑧⓪⓪⓪",
        "1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣",
        "138😀0013😀8000",
        "1 3 8 0 0 1 3 8 0 0 0",
        "1加3加8加0加0加1加3加8加0加0加0",
        "138\u200b0013\u200b8000",
        "&#49;3800138000",
        "138OO138000",
        "l38OO138OOO",
        "138****8000",
        "1\n3\n8\n0\n0\n1\n3\n8\n0\n0\n0",
    ],
)
def test_a_mobile_number_is_hidden_however_it_is_written(written: str) -> None:
    assert redact(f"请打 {written} 谢谢").text in {"请打 〔电话〕 谢谢", "请打〔电话〕 谢谢"}


@pytest.mark.clause("E14")
@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (f"身份证号{ID}。", "id_card", ID),
        ("身份证号11010519491231002x。", "id_card", "11010519491231002x"),
        ("身份证：110105 19491231 002X，", "id_card", "110105 19491231 002X"),
        ("身份证１１０１０５１９４９１２３１００２Ｘ", "id_card", "１１０１０５１９４９１２３１００２Ｘ"),
        ("号码110105194912310021错了一位", "id_card", "110105194912310021"),
        ("老身份证110105491231002", "id_card", "110105491231002"),
        ("身份证1101**********002X", "id_card", "1101**********002X"),
        (f"卡号{CARD}", "bank_card", CARD),
        ("银行卡6222 0212 3456 7890 128", "bank_card", "6222 0212 3456 7890 128"),
        ("座机0571-88001234", "phone", "0571-88001234"),
        ("(010)88001234 转 802", "phone", "(010)88001234 转 802"),
        ("0571—8800 1234", "phone", "0571—8800 1234"),
        ("家里电话：88001234", "phone", "88001234"),
        ("香港+852 2335 2103", "phone", "+852 2335 2103"),
        ("邮箱 zhang.san@example.com，", "email", "zhang.san@example.com"),
        ("邮箱zhangsan@example.com谢谢", "email", "zhangsan@example.com"),
        ("QQ：12345678", "qq", "12345678"),
        ("扣扣号是 1234 5678", "qq", "1234 5678"),
        ("加我微信 zhang_san88", "wechat", "zhang_san88"),
        ("微信号：zhangsan88", "wechat", "zhangsan88"),
        ("薇信zhangsan88", "wechat", "zhangsan88"),
        ("vx: zhangsan88", "wechat", "zhangsan88"),
        ("车牌浙A12345", "plate", "浙A12345"),
        ("新能源车浙AD12345停在", "plate", "浙AD12345"),
        ("浙A·1234警", "plate", "浙A·1234警"),
        ("车牌示A12345的白车", "plate", "示A12345"),
        ("车牌号：甲B·6R001", "plate", "甲B·6R001"),
        ("本人驾驶示B66001过桥", "plate", "示B66001"),
        ("一辆电动车型号A12345", None, ""),
        ("会议室丙A12345", None, ""),
        ("护照E12345678", "passport", "E12345678"),
        ("社保号：33010600123456", "document", "33010600123456"),
        ("房产证号为杭房权证移字第", None, ""),
        ("(2019)浙01民初123号", "court_case", "(2019)浙01民初123号"),
        ("生于1949年12月31日", "birthday", "1949年12月31日"),
        ("1949年12月31日出生", "birthday", "1949年12月31日"),
        ("见 https://map.example.com/p?uid=882", "link", "p?uid=882"),
        ("位置 30.27415, 120.15515", "position", "30.27415, 120.15515"),
    ],
)
def test_each_class_is_known(text: str, kind: str | None, value: str) -> None:
    assert masked(text) == ([(kind, value)] if kind else [])


@pytest.mark.parametrize(
    "text",
    [
        "请拨打12345或110、119、120",
        "人社热线12333，消费投诉12315",
        "云政发〔2026〕12号第三十二条",
        "依据《条例》第32条第1款",
        "补贴3000元，共1,380,000,000元",
        "2026年11月21日14时30分",
        "2026-11-21 14:30:00",
        "面积138.25平方米，占38.5%",
        "公交138路、地铁2号线",
        "二〇二六年十一月二十一日",
        "客服400-820-1234和95588",
        "三十二人、一百八十户",
        "营业时间9:00-12:00、14:00-17:00",
        "http://www.yunze.gov.cn/art/2026/11/21/art_1229.html",
    ],
)
def test_what_is_everybodys_stays(text: str) -> None:
    assert redact(text).text == text


@pytest.mark.parametrize(
    ("text", "by", "public"),
    [
        ("咨询电话：0571-88001234。", "office", "咨询电话：0571-88001234。"),
        ("请与我们联系（0571-88001234、0571-88005678）", "office", None),
        ("联系电话88001234", "office", None),
        ("信访人：某，联系电话0571-88001234", "office", "信访人：某，联系电话〔电话〕"),
        ("您的联系电话0571-88001234", "office", "您的联系电话〔电话〕"),
        ("经办人手机13800138000", "office", "经办人手机〔电话〕"),
        ("咨询电话：0571-88001234。", "citizen", "咨询电话：〔电话〕。"),
    ],
)
def test_an_offices_own_landline_stays_and_a_citizens_goes(text: str, by: str, public: str | None) -> None:
    assert redact(text, by=by).text == (public if public is not None else text)


def test_a_listed_number_stays_whoever_writes_it() -> None:
    text = "窗口电话0571-88001234，手机13800138000"

    assert (
        redact(text, public_numbers=frozenset({"057188001234"})).text == "窗口电话0571-88001234，手机〔电话〕"
    )


def test_a_kept_number_is_shown_to_the_person_who_confirms() -> None:
    hits = redact("请拨打12345").hits

    assert [(hit.action, hit.value_cue) for hit in hits] == [("kept", "公共服务号码")]


def test_an_emergency_number_within_an_identity_number_saves_nothing_of_it() -> None:
    assert redact(f"编号{ID}").text == "编号〔身份证号〕"


@pytest.mark.parametrize(
    ("value", "is_right"),
    [
        (ID, True),
        ("110105194912310021", False),
        ("110105194902310021", False),
        ("990105194912310021", False),
        ("1", False),
    ],
)
def test_the_check_character_of_an_identity_number(value: str, is_right: bool) -> None:
    assert is_identity_number(value) is is_right


def test_the_check_digits_of_cards_and_dates() -> None:
    assert is_card_number("4539578763621486")
    assert not is_card_number("4539578763621487")
    assert is_date("20240229")
    assert not is_date("20230229")
