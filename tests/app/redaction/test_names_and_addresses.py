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
    ],
)
def test_ordinary_words_that_begin_like_a_surname_stay(text: str) -> None:
    assert hidden(text, "name") == []


@pytest.mark.clause("E14")
@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("我住在云泽市东湖区人民路12号3栋2单元301室。", "我住在〔云泽市东湖区门牌地址〕。"),
        ("家住东湖区滨江街道金茂花园5-2-301", "家住〔东湖区滨江街道门牌地址〕"),
        ("地址：云泽市青山镇石桥村三组18号", "地址：〔云泽市青山镇门牌地址〕"),
        ("3栋2单元的电梯坏了", "〔门牌地址〕的电梯坏了"),
        ("中山北路的路灯不亮", "〔门牌地址〕的路灯不亮"),
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
    ],
)
def test_a_road_without_a_name_is_no_address(text: str) -> None:
    assert hidden(text, "address") == []


def test_a_phone_within_an_address_is_named_a_phone() -> None:
    assert redact("地址：东湖区人民路12号13800138000").text.endswith("〔电话〕")
