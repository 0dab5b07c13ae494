"""What is read as a digit is one, whatever it is written with; and what was only odd is told to a person."""

import base64

import pytest

from app.redaction.folding import fold
from app.redaction.masking import Flag, redact
from app.redaction.respelling import respell

MOBILE = "13800138000"


@pytest.mark.clause("E14")
@pytest.mark.parametrize(
    "written",
    [
        "yao san ba ling ling yao san ba ling ling ling",
        "yaosanbalinglingyaosanbalinglingling",
        "yī sān bā líng líng yī sān bā líng líng líng",
        "OneThreeEightZeroZeroOneThreeEightZeroZeroZero",
        "I III VIII N N I III VIII N N N",
        "ⅠⅢⅧ⓪⓪ⅠⅢⅧ⓪⓪⓪",
        "依散爸灵灵依散爸灵灵灵",  # homophones
        "1散8灵0依三爸0零〇",
        ".---- ...-- ---.. ----- ----- .---- ...-- ---.. ----- ----- -----",
        "138杠0013杠8000",
        "138空格0013空格8000",
        "138然后0013再然后8000",
        "138……0013……8000",
        "138 -- 0013 -- 8000",
        "13800（换行）138000",
        "1a3b8c0d0e1f3a8b0c0d0",
        "1的3呀8啊0呢0的1呀3啊8呢0的0呀0",
        "[1][3][8][0][0][1][3][8][0][0][0]",
        "l38OO138OOO",
        "13三个8138000",
        "%31%33%38%30%30%31%33%38%30%30%30",
        "\\u0031\\u0033\\u0038\\u0030\\u0030\\u0031\\u0033\\u0038\\u0030\\u0030\\u0030",
        "<b>138</b><i>0013</i>8000",
        base64.b64encode(MOBILE.encode()).decode(),
        MOBILE.encode().hex(),
        "🀇🀉🀎13🀎00138",
        "⠁⠉⠓⠚⠚⠁⠉⠓⠚⠚⠚",
        "〡〣〨〇〇〡〣〨〇〇〇",
        "013800138000",
        "17951 13800138000",
        "138××××8000",
    ],
)
def test_a_mobile_number_in_disguise_is_hidden_and_a_person_is_told(written: str) -> None:
    redaction = redact(f"路灯坏了，请打{written}。")

    assert "〔电话〕" in redaction.text or "〔号码〕" in redaction.text
    shown = [character for character in redaction.text if character in written and character.isalnum()]
    assert len(shown) <= 2


@pytest.mark.parametrize(
    "text",
    [
        "电话前三位是138，后面是0013，最后四位8000",
        "号码00083100831，倒过来念",
        "手机尾号8000，开头138",
        "身份证后六位31002X",
        "手机号是1亿3800万138000",
        "电话🙃🙂🙃🙂🙃🙂🙃🙂🙃",
    ],
)
def test_what_may_have_escaped_is_flagged(text: str) -> None:
    assert Flag.ODD_WRITING in redact(text).flags


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("发到liwei(at)example(dot)com", "email"),
        ("发到liwei 艾特 qq 点 com", "email"),
        ("发到liwei圈a163点com", "email"),
        ("发到l i w e i @ q q . c o m", "email"),
        ("发到liwei%40qq.com", "email"),
        ("liwei99，163的邮箱", "email"),
        ("微❤liwei_99", "wechat"),
        ("wxid_a1b2c3d4", "wechat"),
        ("liwei_99是我微信", "wechat"),
        ("秋秋12345678", "qq"),
        ("浙 A 1 2 3 4 5", "plate"),
        ("京AD**345", "plate"),
        ("WJ浙1234X", None),
        ("身份证号11010519491231002×", "id_card"),
        ("身份证110105（1949年12月31日）002X", "id_card"),
        ("军官证：南字第1234567号", "document"),
        ("护照EA1234567", "passport"),
        ("往来港澳C12345678", "passport"),
    ],
)
def test_accounts_plates_and_papers_in_disguise(text: str, kind: str | None) -> None:
    kinds = {hit.kind for hit in redact(text).masked}

    assert kind is None or kind in kinds


@pytest.mark.parametrize("text", ["路灯不亮", "请问居住证在哪里办？", "共3件，合计1200元"])
def test_where_nothing_is_disguised_there_is_no_second_look(text: str) -> None:
    again = respell(fold(text))

    assert again is None or again.plain == text


@pytest.mark.parametrize(
    "text",
    [
        "一起就医的人五六七个",
        "三个一工程",
        "两个八小时",
        "8月9日至10月11日，每日3次，每次2小时",
        "一是要修路，二是要装灯",
    ],
)
def test_ordinary_words_that_sound_like_digits_stay(text: str) -> None:
    assert redact(text).text == text


def test_the_second_look_leads_back_to_the_first() -> None:
    folded = fold("电话138杠0013杠8000。")
    again = respell(folded)

    assert again is not None
    at = again.plain.index("138-0013-8000")
    assert folded.plain[slice(*again.original(at, at + 13))] == "138杠0013杠8000"


@pytest.mark.clause("E14")
@pytest.mark.parametrize(
    "written",
    [
        "一百三十八 零零一三 八零零零",
        "yi1 san1 ba1 ling2 ling2 yi1 san1 ba1 ling2 ling2 ling2",
        "one three eight double zero one three eight triple zero",
        "ㄧ ㄙㄢ ㄅㄚ ㄌㄧㄥ ㄌㄧㄥ ㄧ ㄙㄢ ㄅㄚ ㄌㄧㄥ ㄌㄧㄥ ㄌㄧㄥ",
        "jat saam baat ling ling jat saam baat ling ling ling",
        "イチサンハチゼロゼロイチサンハチゼロゼロゼロ",
        "일삼팔공공일삼팔공공공",
        "138[微笑]0013[微笑]8000",
        "138（哈哈）0013（哈哈）8000",
        "138哦哦0013哦哦8000",
        "138开头，0013居中，8000结尾",
        "前半截是13800。后半截是138000。",
        "第一位1，第二位3，第三位8，第四位0，第五位0，第六位1，第七位3，第八位8，第九位0，第十位0，第十一位0",
        '{"a":"138","b":"0013","c":"8000"}',
        "138%200013%208000",
        "138<!-- 空 -->0013<!-- 空 -->8000",
        "0x3366AD380（十六进制）",
        "1$8&&1$8&&&",
        "1\u31643\u31648\u31640\u31640\u31641\u31643\u31648\u31640\u31640\u31640",
        "8000 0013 138（从后往前读）",
    ],
)
def test_a_number_taken_apart_or_spelt_in_another_script_is_hidden(written: str) -> None:
    redaction = redact(f"路灯坏了，我的电话{written}，请尽快联系我。")

    left = [character for character in redaction.text if character.isdigit()]
    assert redaction.masked
    assert left == []


@pytest.mark.parametrize(
    "text",
    [
        "138户，2019年1200元",
        "小区有3栋，共1380户，补了8000元",
        "公交138路、0013号站台，8000人次",
        "面积1500平，3500元，300户",
    ],
)
def test_counts_beside_one_another_are_no_number_taken_apart(text: str) -> None:
    assert not any(hit.kind in {"phone", "id_card"} for hit in redact(text).masked)


@pytest.mark.clause("E14")
@pytest.mark.parametrize(
    "written",
    [
        "330106 1990 0101 1236",
        "【330106】【19900101】【1236】",
        "330106[微笑]19900101[微笑]1236",
        "前17位33010619900101123，末位6",
    ],
)
def test_an_identity_number_in_pieces_is_hidden(written: str) -> None:
    redaction = redact(f"本人身份证号码是{written}，社保断缴了。")

    assert [character for character in redaction.text.replace("17", "") if character.isdigit()] == []
