"""One office says it is done one way, the other that it is done the other way: that is a contradiction without a 不."""

import pytest

from kb.stances import STANCES, opposed

# One side, the other, and the first side in other words.
SIDES = {
    "在哪里办": ("须到窗口现场办理。", "在手机上点几下就能办。", "只能去政务大厅柜台办。"),
    "谁来办": ("必须本人到场。", "可以委托家人代办。", "不得代办。"),
    "要不要本地户籍": ("须具有本市户籍。", "外地户口同样能办。", "仅限本市户籍的家庭。"),
    "要不要原件": ("凭身份证原件办理。", "带复印件就行。", "只认原件。"),
    "到期怎样": ("到期须重新申请。", "到期自动续期。", "每年签注一次。"),
    "哪里都行还是回原地": ("须回户籍地办理。", "全市任一窗口都能办。", "只能到参保地申请。"),
    "晚了怎样": ("逾期不予受理。", "逾期也能补办。", "过期作废。"),
    "怎样发放": ("一次性发放到社保卡。", "分三年发放。", "一笔打到卡上。"),
    "从哪天算": ("自批准之日起算。", "从受理之日起算。", "自审核通过之日起。"),
    "先办还是先交钱": ("先安装后付费。", "先缴费再安装。", "装好再交。"),
    "退不退": ("概不退费。", "按剩余月份退费。", "不予退款。"),
    "能不能转给别人": ("不得转租。", "可以转租。", "不能借给别人住，也不得转借。"),
    "休息日办不办": ("仅工作日办理。", "周末照常办理。", "双休日休息。"),
    "一样就行还是都要": ("须同时具备以下条件。", "符合条件之一即可。", "三样都要带。"),
    "自愿还是必须": ("自愿参加。", "必须参加。", "不强制购买。"),
    "要不要预约": ("无需预约。", "须提前预约。", "随到随办。"),
    "谁出钱": ("费用由业主承担。", "由政府全额承担。", "自费。"),
    "单位办还是自己办": ("由用人单位申请。", "由职工本人申请。", "单位统一申报。"),
    "要不要先垫钱": ("出院时直接结算。", "先垫付再报销。", "无需垫付。"),
    "一次还是多次": ("限享受1次。", "可以多次申请。", "不得重复申请。"),
    "上不上门": ("医生上门服务还没开通。", "可以申请医生上门。", "目前不能上门。"),
    "有没有效力": ("电子证没有法律效力。", "与纸质证同等效力。", "电子证仅供查看。"),
    "罚不罚": ("首次违停不罚款。", "违停要缴纳罚款。", "首违不罚。"),
    "以前的补不补": ("此前的不补发。", "以前的一并补发。", "不予追溯。"),
    "书面还是口头": ("口头说一声就行。", "须提交书面申请。", "打个电话就行。"),
    "全部还是部分": ("费用全免。", "按比例减免。", "全额报销。"),
    "先报还是后补": ("出院后再备案。", "须提前备案。", "事后补办登记。"),
}


def test_every_either_or_has_its_examples() -> None:
    assert [stance.name for stance in STANCES] == list(dict.fromkeys(stance.name for stance in STANCES))
    assert {stance.name for stance in STANCES} == set(SIDES)


@pytest.mark.clause("A9")
@pytest.mark.parametrize("name", SIDES)
def test_one_side_against_the_other_is_a_contradiction_and_the_same_side_is_none(name: str) -> None:
    one, other, again = SIDES[name]
    assert opposed(one, other)
    assert opposed(other, one)
    assert opposed(again, other)
    assert opposed(again, one) == []
    assert opposed(one, again) == []


@pytest.mark.parametrize(
    "reply",
    [
        "您来信说家人代办被拒，我们已核实。",  # what happened
        "不是可以委托家人代办，须本人到场。",  # what it is not
        "门口写着“可以委托家人代办”。",  # what somebody wrote
        "请带身份证。",  # neither
    ],
)
def test_what_takes_no_side_contradicts_none(reply: str) -> None:
    assert opposed(reply, "必须本人到场。") == []


def test_an_entry_that_leaves_both_open_is_not_contradicted() -> None:
    assert opposed("须到窗口现场办理。", "在手机上就能办，也可到窗口，网上没传成功的须到窗口现场办理。") == []
