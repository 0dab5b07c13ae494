"""Invented letters of two kinds, enough of them to learn from."""

PLACES = (
    "柳荫社区",
    "东门街",
    "西关村",
    "南河小区",
    "北湾镇",
    "桥头路",
    "新塘里",
    "石井巷",
    "云泽大道",
    "花园新村",
)
WATER = ("水压太低，楼上没有水", "自来水发黄有味", "水管爆裂一直漏水", "停水没有通知")
BUS = ("公交车等了四十分钟不来", "公交站台没有座位", "末班公交太早了", "公交司机到站不停车")


def letters() -> tuple[list[str], list[str]]:
    """Eighty letters and their categories."""
    texts, labels = [], []
    for category, matters in (("供水", WATER), ("公交", BUS)):
        for place in PLACES:
            for matter in matters:
                texts.append(f"{place}{matter}，请尽快处理")
                labels.append(category)
    return texts, labels
