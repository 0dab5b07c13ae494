"""The entry that answers comes first, and we say how sure we are."""

import pytest

from kb.documents import Document
from kb.index import SearchIndex
from kb.ranking import ANSWERED, DOUBTFUL, Level, level_of

TOPICS = {
    "card": ("社保卡丢了怎么补办", "请先挂失，再持身份证到社保卡服务网点补办，当场领取，不收费。"),
    "password": ("社保卡密码忘了怎么重置", "持身份证和社保卡到银行网点柜台重置密码。"),
    "fund": ("租房怎样提取公积金", "无自有住房的，每年可以在网上申请提取一次公积金支付房租。"),
    "permit": ("居住证怎样签注", "居住证每年签注一次，在政务服务网或派出所窗口办理。"),
    "school": ("外地孩子上小学要什么材料", "需要居住证、户口簿和务工证明，五月在入学平台报名。"),
    "lamp": ("路灯不亮向谁报修", "拨打城市照明热线报修，一般两天内修好。"),
    "noise": ("工地夜间施工吵人怎么投诉", "夜间未经批准施工的，可以向生态环境部门投诉。"),
    "bus": ("老年人坐公交车免费吗", "年满七十周岁的老年人凭优待卡免费乘坐公交车。"),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory) -> SearchIndex:
    index = SearchIndex(tmp_path_factory.mktemp("ranking") / "answers")
    index.rebuild(Document(key, question, (), text) for key, (question, text) in TOPICS.items())
    return index


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("社保卡丢失补办", "card"),
        ("忘记社保卡密码", "password"),
        ("公积金付房租", "fund"),
        ("续签居住证", "permit"),
        ("小学报名材料 外地户口", "school"),
        ("我们小区门口的路灯坏了好几天\n晚上很黑，老人走路不安全，请尽快派人来报修路灯。", "lamp"),
        ("楼下工地半夜还在施工，吵得睡不着", "noise"),
        ("爷爷七十岁了坐公交要钱吗", "bus"),
    ],
)
def test_the_entry_that_answers_comes_first(index, query, key):
    assert index.search(query)[0].key == key


@pytest.mark.parametrize("query", [question for question, _ in TOPICS.values()])
def test_the_question_itself_is_answered_with_confidence(index, query):
    first = index.search(query)[0]
    assert first.answers
    assert first.level == Level.HIGH


@pytest.mark.parametrize(
    "query",
    ["今天天气怎么样", "推荐几部好看的电影", "社会上都在说什么", "怎么学游泳", "请问这个怎么办"],
)
def test_what_nobody_answered_is_not_said_to_be_answered(index, query):
    assert not any(hit.answers for hit in index.search(query))


def test_the_better_hit_has_the_higher_score_and_confidence_is_a_share(index):
    hits = index.search("社保卡怎么办", limit=8)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= hit.confidence <= 1 for hit in hits)


@pytest.mark.parametrize(
    ("confidence", "level"),
    [
        (1.0, Level.HIGH),
        (ANSWERED, Level.HIGH),
        (ANSWERED - 0.01, Level.MEDIUM),
        (DOUBTFUL, Level.MEDIUM),
        (DOUBTFUL - 0.01, Level.LOW),
        (0.0, Level.LOW),
    ],
)
def test_levels_of_confidence(confidence, level):
    assert level_of(confidence) == level


@pytest.mark.parametrize("towns", [100, 1_500])
def test_what_as_many_towns_say_alike_leaves_room_for_another_answer(tmp_path, towns):
    index = SearchIndex(tmp_path / "answers")
    question, text = TOPICS["card"]
    said = {f"card@{town:04}": (f"镇{town:04}{question}", text) for town in range(towns)}
    said["proxy"] = ("人在外地工作，社保卡丢了由家里人代办要带什么", "代办人携带双方身份证到窗口。")
    index.rebuild(Document(key, asked, (), told) for key, (asked, told) in said.items())
    found = {hit.key for hit in index.search(question, 80)}
    assert "proxy" in found
    assert len(found) > 2
