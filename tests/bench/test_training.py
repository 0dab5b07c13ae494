"""What is learned from labelled questions is the same every time, and can be read by the ranking."""

import json

import pytest

from bench.training import answers
from kb import learned
from kb.forest import Judge

MATTERS = {
    "card": ("社保卡丢了怎么补办", ["社保卡遗失后如何补办？", "社会保障卡不见了去哪里补"], "社保卡有什么用"),
    "fund": ("租房怎样提取公积金", ["公积金能付房租吗", "租房提取住房公积金的办法"], "公积金贷款利率是多少"),
    "permit": ("居住证怎样签注", ["居住证到期如何续签", "居住证签注怎么办"], "居住证能不能买车"),
    "school": (
        "外地孩子上小学要什么材料",
        ["随迁子女入小学需要哪些材料", "外地户口小学报名材料"],
        "小学几点放学",
    ),
    "lamp": ("路灯不亮向谁报修", ["路灯坏了找谁修", "小区门口路灯不亮"], "路灯几点开"),
    "noise": ("工地夜间施工吵人怎么投诉", ["夜里施工太吵怎么举报", "工地半夜施工投诉电话"], "工地几点上班"),
    "bus": ("老年人坐公交车免费吗", ["老人乘公交要钱吗", "七十岁坐公交车免费不"], "公交车几点末班"),
    "water": ("自来水发黄怎么办", ["家里自来水是黄的", "水龙头出黄水找谁"], "自来水多少钱一吨"),
}
ANSWERS = {
    key: f"{question}：请到政务服务中心窗口或者网上办理，工作日受理。"
    for key, (question, *_) in MATTERS.items()
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three sets about the same matters: paraphrases with traps, passages, and what nothing answers."""
    monkeypatch.setattr(answers, "_ORDER_TREES", {"count": 3, "step": 0.1, "caution": 1.0, "least": 4})
    monkeypatch.setattr(answers, "_SURE_TREES", {"count": 2, "step": 0.1, "caution": 1.0, "least": 4})
    asked = [(key, text) for key, (_, texts, _) in MATTERS.items() for text in texts]
    rows = {
        "faq.base": [{"id": key, "question": one[0]} for key, one in MATTERS.items()],
        "faq.queries": [{"text": text, "relevant": [key]} for key, text in asked],
        "faq_traps.queries": [{"text": one[2], "not_relevant": [key]} for key, one in MATTERS.items()],
        "policy.base": [{"id": key, "answer": text} for key, text in ANSWERS.items()],
        "policy.queries": [{"text": text, "relevant": [key]} for key, text in asked],
        "none.queries": [{"text": "怎样才能学会游泳", "relevant": []}],
    }
    for name, lines in rows.items():
        text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
        (tmp_path / f"{name}.jsonl").write_text(text, "utf-8")
    return tmp_path


def test_learning_twice_gives_the_same_numbers_for_every_judge_and_no_words(folder):
    weights, figures = answers.learn(folder)
    again, _ = answers.learn(folder)
    assert json.dumps(weights) == json.dumps(again)
    assert {name: Judge.of(weights[name], names).short.shape for name, names in learned.NAMES.items()} == {
        name: (len(names),) for name, names in learned.NAMES.items()
    }
    assert figures["faq"]["count"] == figures["policy"]["count"] == 16
    assert figures["faq"]["recall@1"][0] > 0.5
    assert set(figures) == {"faq", "faq_traps", "none_faq", "none_policy", "policy"}
    answers.write(folder / "weights.json", weights)
    written = (folder / "weights.json").read_text("utf-8")
    assert written.isascii()
    assert json.loads(written) == weights
