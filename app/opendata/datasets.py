"""Which data sets do we give away, and what should a reader know of each? One table for every format.

The same rows are the columns of the CSV, the keys of the JSON lines, the schema of the Data Package, the
CSVW metadata, the catalogue and the table of fields on the page: none of them can drift.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from app.opendata.fields import ACCOUNTS, ANSWERS, BREAKDOWN, CASES, STATISTICS, Column


@dataclass(frozen=True)
class Dataset:
    """One data set. ``key``: the column by which a row is known for ever; ``page``: for people.

    ``quality``: what to know before relying on it. ``by_month``: the column whose month divides it into
    monthly files; empty where there are none. ``method``: how what points to a person was taken out of it.
    """

    name: str
    title: str
    title_en: str
    description: str
    description_en: str
    quality: str
    quality_en: str
    frequency: str
    page: str
    key: str
    columns: tuple[Column, ...]
    by_month: str = ""
    method: str = ""
    method_en: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column | None:
        """The column of that name, if there is one."""
        return next((column for column in self.columns if column.name == name), None)


SMALL = "<5"
"""What stands for 1 to 4 in figures for the public: a count that small may point at a person."""

# fmt: off
DATASETS: Mapping[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            "cases", "公开办件", "Public cases",
            "每件已办结来信的问题、答复、承办单位、时限与结果，已隐去个人信息。",
            "Every closed letter with its reply, department, deadline and outcome, de-identified.",
            "只有办结并审看过的。类型和事项由工作人员确认。同一周里事项、地点、来源相同的不到 5 件时，依次省去来源、"
            "把地点写粗一级再省去、把事项改成大类，还不够就全部留空；够了再补上，所以旧的行也会改。空着的多是少见的事，不要拿它们数多少。"
            "撤下的只留编号、时间和原因。",
            "Only what was closed and screened. Type and matter are set by staff. Where fewer than five of a week "
            "share matter, place and platform, the platform is left out, the place becomes coarser, the matter its "
            "group, or nothing at all, and is filled in later: old rows may change, and empty cells are not missing "
            "at random.",
            "随时", "/cases", "number", CASES, by_month="closed_on",
            method="先由规则找出号码、姓名、地址和别的能认出人的话，换成〔电话〕〔姓名〕这样的说明，再由没有办理过这件的人逐件确认；"
            "事项、地点、来源这几列和收到的那一周合起来至少 5 件相同才写。规则改了会复查，漏掉的马上撤下。",
            method_en="Rules replace numbers, names, addresses and whatever else tells a person by what it was, such "
            "as 〔电话〕 for a phone number; then somebody who had no hand in the case confirms exactly that text. "
            "In the columns matter, place, platform and week of receipt are told only where at least five cases share "
            "them (k = 5). Public texts are scanned again when the rules change; what slipped through is withdrawn.",
        ),
        Dataset(
            "answers", "问答库", "Answer library",
            "正在生效的全部答案，带依据、负责单位和有效期。",
            "All answers in force, with basis, department and validity.",
            "都经过三级审核。过了有效期的当天就不再列出。",
            "Each passed three reviews; expired ones leave on the day.",
            "随时", "/answers", "key", ANSWERS,
        ),
        Dataset(
            "accounts", "政务新媒体账号", "Official accounts",
            "开设和注销的全部账号，带主办单位和备案号。",
            "All accounts, open and closed, with department and filing number.",
            "没有备案号的是刚开设、还在备案期限内的。",
            "No number yet: opened recently, the time for filing still runs.",
            "随时", "/accounts", "id", ACCOUNTS,
        ),
        Dataset(
            "statistics", "每月统计", "Monthly statistics",
            "收到、答复、按时、满意、公开与不公开件数及原因，和统计页同一来源。",
            "Received, answered, on time, satisfied, published and withheld by reason; the same source as the page.",
            "由流转记录和办件算出，不手工填。1 到 4 写作 <5；能从合计推出小数的那一格也留空。本月的数还会变。",
            "Computed from the log. 1 to 4 is <5; whatever would give it away is empty. This month still moves.",
            "每天", "/statistics", "month", STATISTICS,
        ),
        Dataset(
            "breakdown", "每月统计（分单位、类型、来源）",
            "Monthly statistics by department, type and platform",
            "每月收到、答复、按时、满意的数，按承办单位、类型和来源分开。",
            "What was received and answered each month by department, type and platform.",
            "各组相加等于每月统计的那一行。公开与不公开的原因只按月数，分开就多是小数。"
            "1 到 4 写作 <5；能从合计推出小数的那一格也留空。",
            "Groups add up to the row of the month; reasons are counted by month only. "
            "1 to 4 is <5, and whatever would give such a count away is empty.",
            "每天", "/statistics", "id", BREAKDOWN,
        ),
    )
}
# fmt: on

SHAPE = sha256(json.dumps({one.name: one.names for one in DATASETS.values()}).encode()).hexdigest()[:8]
"""Changes with any column of any set: a file with a new column is another file, though no row has changed."""
