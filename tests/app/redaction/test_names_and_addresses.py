"""People go by whatever gives them away; of an address the district stays."""

import pytest

from app.redaction.masking import redact


def hidden(text: str, kind: str) -> list[str]:
    """The words of one kind that were hidden."""
    return [text[hit.start : hit.end] for hit in redact(text).masked if hit.kind == kind]


@pytest.mark.clause("D19")
@pytest.mark.clause("E14")
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("我叫张伟，反映一件事", ["张伟"]),
        ("本人欧阳明珠，女", ["欧阳明珠"]),
        ("联系人：王建国", ["王建国"]),
        ("投诉人：李明、赵小芳", ["李明", "赵小芳"]),
        ("陈先生说的", ["陈先生"]),
        ("找过刘科长两次", ["刘"]),
        ("邻居老王家", ["老王"]),
        ("村民周某某说", ["周某某"]),
        ("买买提·艾力来办证", ["买买提·艾力"]),
        ("工作人员沈美成态度不好", ["沈美成"]),
        ("丈夫約翰·史密斯", ["約翰·史密斯"]),
        ("外教 John Smith 教得好", ["John Smith"]),
        ("来电人仲桂兰，55岁", ["仲桂兰"]),
        ("来电人：贺春生", ["贺春生"]),
        ("反映人施婉，来窗口两次", ["施婉"]),
        ("当事人贺春生与施婉反映", ["贺春生", "施婉"]),
        ("来电人纪老先生，住在河边", ["纪老先生"]),
        ("来电人鞠老太，独居", ["鞠老太"]),
        ("楼下的陈阿姨和王大爷", ["陈阿姨", "王大爷"]),
    ],
)
def test_a_name_is_hidden(text: str, names: list[str]) -> None:
    assert hidden(text, "name") == names


@pytest.mark.parametrize(
    "text",
    [
        "居住证怎么办理",
        "希望马上解决停车难问题",
        "经济适用房申请条件是什么",
        "高中入学需要什么材料",
        "小区物业费太高",
        "习近平总书记指出",
        "任何单位不得拒绝",
        "请问公积金贷款额度",
        "依据《丰水市居住证管理办法》（丰水示〔2025〕12 号）",
        "见韩城办发[2024]7号",
        "按贺政函(2023)第15号办理",
        "谢谢您的答复",
        "养老金下月恢复",
        "工资未付清，已立案，查明总包单位欠薪",
        "早高峰人多，司机张口要六十元",
        "我在高新区上班",
        "没有房本，房绑钢筋，房至今没办证",
        "群众把宣传单和宣传册带走了",
        "凭爱心卡坐车，穿马甲的不收钱",
        "楼前搭阳光房",
        "幼儿园有托班和晚托班",
        "孩子后年上学，教室冷得很",
        "卡里的钱能不能取",
        "备用车清完并消毒，门上贴张纸",
        "和老太太一起坐车",
        "申请人方可办理，来电人何时能收到回复",
        "当事人应当在三日内到场，申请人单位盖章",
    ],
)
def test_ordinary_words_that_begin_like_a_surname_stay(text: str) -> None:
    assert hidden(text, "name") == []


def test_a_place_that_looks_like_a_name_is_taken_for_one_while_nobody_says_it_is_a_place() -> None:
    assert redact("从云泽离职").text != "从云泽离职"


@pytest.mark.parametrize("text", ["我在云泽住", "从云泽离职", "打开“云泽办”", "在云泽缴公积金", "用回云泽"])
def test_the_offices_own_place_is_nobodys_name(text: str) -> None:
    assert redact(text, places=frozenset({"云泽市"})).text == text


def test_beside_the_offices_own_place_a_person_is_still_hidden() -> None:
    redaction = redact("云泽的联系人：王建国", places=frozenset({"云泽市"}))

    assert redaction.text == "云泽的联系人：〔姓名〕"


@pytest.mark.clause("E14")
@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("我住在云泽市东湖区人民路12号3栋2单元301室。", "我住在〔云泽市东湖区门牌地址〕。"),
        ("家住东湖区滨江街道金茂花园5-2-301", "家住〔东湖区滨江街道门牌地址〕"),
        ("地址：云泽市青山镇石桥村三组18号", "地址：〔云泽市青山镇门牌地址〕"),
        ("3栋2单元的电梯坏了", "〔门牌地址〕的电梯坏了"),
        ("中山北路的路灯不亮", "〔门牌地址〕的路灯不亮"),
        ("解放路积水", "〔门牌地址〕积水"),
        ("来电人称东湖区砚台路井盖丢了", "来电人称〔东湖区门牌地址〕井盖丢了"),
        ("开车行至东湖区新城路", "开车行至〔东湖区门牌地址〕"),
        ("湖滨花园6号楼都不热", "〔门牌地址〕都不热"),
    ],
)
def test_an_address_keeps_its_district_and_loses_the_rest(text: str, public: str) -> None:
    assert redact(text).text == public


@pytest.mark.parametrize(
    "text",
    [
        "这条路坑坑洼洼",
        "农村道路没有路灯",
        "小区里停车难",
        "我们村还没通自来水",
        "滨江街道的同志",
        "地铁2号线",
        "公交22路很挤",
        "地下电缆进水短路",
        "我们是一个村的",
        "群里有人说停水",
        "请先换证再上路",
        "请问还有没有路走",
        "材料五日送到小区",
        "只能走四站路",
        "健身房跑路了",
        "骑车往小区里走",
        "凌晨打桩一栋楼都醒",
        "南面要建一幢28层住宅",
    ],
)
def test_a_road_without_a_name_is_no_address(text: str) -> None:
    assert hidden(text, "address") == []


def test_a_phone_within_an_address_is_named_a_phone() -> None:
    assert redact("地址：东湖区人民路12号13800138000").text.endswith("〔电话〕")


def test_a_name_known_once_is_hidden_wherever_it_stands_and_so_is_who_is_listed_with_it() -> None:
    text = "投诉人：王小明。昨天小明和邻居吵架，王小明、李二牛、赵铁柱等人都在场。"

    assert redact(text).text == (
        "投诉人：〔姓名〕。昨天〔姓名〕和邻居吵架，〔姓名〕、〔姓名〕、〔姓名〕等人都在场。"
    )


def test_a_list_of_matters_beside_one_another_names_nobody() -> None:
    text = "请问人才补贴、购房补贴、落户政策在哪里办？"

    assert redact(text).text == text


def test_a_long_list_of_names_takes_no_longer_than_its_length() -> None:
    asked = []
    redact("王小明、" * 900, budget=lambda: asked.append(1))

    assert len(asked) < 10 * 900
