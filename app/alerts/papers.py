"""Which papers does an alert need, and what are they called and numbered?"""

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    """What is written to somebody outside."""

    REPORT = "report"  # 初报
    FOLLOW_UP = "follow_up"  # 续报
    FINAL = "final"  # 终报
    TRANSFER = "transfer"  # 转送单


TITLES: Mapping[str, str] = {
    Kind.REPORT: "重大舆情报告（初报）",
    Kind.FOLLOW_UP: "重大舆情报告（续报）",
    Kind.FINAL: "重大舆情报告（终报）",
    Kind.TRANSFER: "舆情转送单",
}
LABELS: Mapping[str, str] = {
    Kind.REPORT: "初报",
    Kind.FOLLOW_UP: "续报",
    Kind.FINAL: "终报",
    Kind.TRANSFER: "转送",
}
SERIES: Mapping[str, str] = {
    Kind.REPORT: "舆报",
    Kind.FOLLOW_UP: "舆续",
    Kind.FINAL: "舆终",
    Kind.TRANSFER: "舆转",
}
REPORTS = (Kind.REPORT, Kind.FOLLOW_UP, Kind.FINAL)
SPHERES = ("宣传", "网信", "机构编制", "公安", "上级主管", "承办单位", "其他")
"""Whom the offices must keep in touch with (C28), and where else an alert may have to go."""


def number(kind: str, year: int, serial: int) -> str:
    """舆报〔2026〕3号."""
    return f"{SERIES[kind]}〔{year}〕{serial}号"


def problem(kind: str, *, is_major: bool, reported: bool) -> str | None:
    """Why such a paper cannot be written now, as a sentence; None when it can."""
    if kind not in set(Kind):
        return "请选初报、续报、终报或转送"
    if kind in REPORTS and not is_major:
        return "研判为重大的才上报，请先研判"
    if kind == Kind.REPORT and reported:
        return "初报已经发过，之后的情况写续报"
    if kind in (Kind.FOLLOW_UP, Kind.FINAL) and not reported:
        return "还没有初报，请先写初报"
    return None
