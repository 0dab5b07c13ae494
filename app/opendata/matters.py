"""To which group of matters does one belong, where the matter itself would be too telling?

The groups follow how hotlines and petition offices divide what they are asked; what fits nowhere is 其他.
"""

from collections.abc import Mapping

OTHER = "其他"
# Group → what the name of a matter has in it. The first that fits.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "教育": ("教育", "入学", "入托", "学籍", "考试", "学校", "幼儿园", "招生"),
    "医疗卫生": ("医疗", "医保", "医院", "疫苗", "生育", "卫生", "防疫"),
    "社会保障": ("社保", "社会保", "养老", "就业", "救助", "残疾", "老年", "退休", "失业", "低保", "工伤", "劳动"),
    "住房物业": ("住房", "公积金", "物业", "不动产", "房产", "租房", "拆迁"),
    "交通出行": ("交通", "公交", "道路", "停车", "车驾", "车辆", "运输", "地铁"),
    "环境保护": ("环保", "污染", "噪声", "噪音", "油烟", "水质"),
    "城市管理": (
        "市政", "市容", "路灯", "垃圾", "供水", "排水", "供电", "供暖", "供热", "燃气", "绿化", "规划", "违建", "城管",
    ),
    "户籍证件": ("户籍", "户口", "居住证", "身份证", "婚姻", "出入境"),
    "企业与市场": ("企业", "消费", "食品", "市场", "药品", "价格", "税"),
    "农业农村": ("农业", "农村", "土地", "林业", "水利"),
    "公共安全": ("治安", "消防", "安全", "诈骗"),
    "政务服务": ("政务", "网站", "纠错", "热线"),
}  # fmt: skip


def group_of(category: str) -> str:
    """The group of a matter; empty for none."""
    fits = (group for group, words in GROUPS.items() if any(word in category for word in words))
    return next(fits, OTHER) if category else ""
