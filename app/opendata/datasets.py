"""Which data sets do we give away, and what does each field of them mean? One table for every format.

The same rows are the columns of the CSV, the keys of the JSON lines, the schema of the Data Package,
the catalogue and the table of fields on the page: none of them can drift.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One field. ``type`` is a type of Table Schema: string, integer, number, boolean, date, datetime."""

    name: str
    title: str
    type: str
    description: str
    example: str
    required: bool = False


@dataclass(frozen=True)
class Dataset:
    """One data set. ``key``: the column by which a row is known for ever; ``page``: for people."""

    name: str
    title: str
    description: str
    frequency: str
    page: str
    key: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in order."""
        return tuple(column.name for column in self.columns)


C = Column

CASES = (
    C("number", "办件编号", "string", "八位日期和六个随机字符，永不改变", "20261007-K3M9TQ", required=True),
    C(
        "title",
        "标题",
        "string",
        "这件事的一句话，已隐去个人信息",
        "租房没有正式合同，能不能办居住证",
        required=True,
    ),
    C(
        "message",
        "来信",
        "string",
        "来信原文，已隐去个人信息；来信人不同意公开时为空",
        "我在城东区〔住址〕租房……",
    ),
    C("summary", "概要", "string", "工作人员写的概要", "关于居住证的咨询（城东区）"),
    C("reply", "答复", "string", "发给来信人的答复，已隐去个人信息", "您好！可以办理……", required=True),
    C(
        "message_type",
        "类型代码",
        "string",
        "consultation、suggestion、complaint、help、correction、report、comment",
        "consultation",
        required=True,
    ),
    C("message_type_name", "类型", "string", "类型的中文", "咨询", required=True),
    C("category", "事项", "string", "所属事项", "居住证"),
    C("place", "地点", "string", "只到区、街道", "城东区"),
    C(
        "platform",
        "来源代码",
        "string",
        "wechat、weibo、corrections、website、hotline",
        "wechat",
        required=True,
    ),
    C("platform_name", "来源", "string", "来源平台的中文", "微信公众号", required=True),
    C("department", "承办单位", "string", "办理这件事的单位", "公安局户政科"),
    C(
        "outcome",
        "结果代码",
        "string",
        "solved、partly、explained、not_ours、cannot；不予受理的为空",
        "explained",
    ),
    C("outcome_name", "办理结果", "string", "办理结果的中文，不是答复的内容", "解释说明"),
    C("basis", "依据", "string", "答复所依据的文件", "《云泽市居住证管理办法》第九条"),
    C("received_on", "收到日期", "date", "收到那一天（北京时间）", "2026-10-07", required=True),
    C("due_on", "应答复日期", "date", "最晚应当答复的那一天", "2026-10-13"),
    C("replied_on", "答复日期", "date", "答复签发的那一天", "2026-10-09"),
    C("closed_on", "办结日期", "date", "办结的那一天", "2026-10-16"),
    C("on_time", "是否按时", "boolean", "是否在时限内答复；不予受理的为空", "true"),
    C("working_days", "用时", "integer", "从收到到答复的工作日数，收到当天不算", "2"),
    C("answer_key", "引用的答案", "string", "答复引用的问答条目，见“问答库”的 key", "a7k2m9x4"),
    C("url", "网址", "string", "公开办件页", "https://hy.example/cases/20261007-K3M9TQ", required=True),
    C("published_at", "公开时间", "datetime", "第一次公开的时间", "2026-10-17T09:12:04+08:00", required=True),
    C("changed_at", "更新时间", "datetime", "最近一次改动的时间", "2026-10-17T09:12:04+08:00", required=True),
    C("rule_version", "隐去规则版本", "string", "隐去个人信息时所用规则的版本", "2026.10"),
    C("digest", "文字指纹", "string", "标题、概要、来信、答复的 SHA-256，审看人确认的就是它", "b41e09d7……"),
)

ANSWERS = (
    C("key", "条目编号", "string", "永不改变", "a7k2m9x4", required=True),
    C("question", "问题", "string", "人们会怎样问", "没有租赁合同怎样申领居住证", required=True),
    C("answer", "答案", "string", "统一口径的答案", "可以。没有租赁合同的……", required=True),
    C("phrasings", "其他问法", "string", "别的问法，一行一个", "没签合同能办居住证吗"),
    C("category", "事项", "string", "所属事项", "居住证"),
    C(
        "basis",
        "依据",
        "string",
        "文件标题和文号，一行一个",
        "《云泽市居住证管理办法》（云泽示〔2025〕12 号）",
    ),
    C("department", "负责单位", "string", "对这条答案负责的单位", "公安局户政科"),
    C("version", "版本", "integer", "第几版", "6", required=True),
    C("valid_from", "起效日期", "date", "从这一天起有效", "2026-07-01", required=True),
    C("valid_until", "有效期至", "date", "有效的最后一天；长期有效的为空", "2027-06-30"),
    C("licence", "许可", "string", "使用许可；空着的按数据开放页的许可", ""),
    C("url", "网址", "string", "答案页", "https://hy.example/answers/a7k2m9x4", required=True),
    C("published_at", "发布时间", "datetime", "这一版发布的时间", "2026-07-01T09:15:00+08:00"),
)

ACCOUNTS = (
    C("number", "备案号", "integer", "开设备案的编号；还没有备案的为空", "3"),
    C(
        "platform",
        "平台代码",
        "string",
        "wechat、weibo、corrections、website、hotline",
        "wechat",
        required=True,
    ),
    C("platform_name", "平台", "string", "平台的中文", "微信公众号", required=True),
    C("name", "账号名称", "string", "在平台上显示的名称", "云泽发布", required=True),
    C("department", "主办单位", "string", "对账号负责的单位", "市政府办公室", required=True),
    C("state", "状态代码", "string", "open、closed", "open", required=True),
    C("state_name", "状态", "string", "使用中或已注销", "使用中", required=True),
    C("opened_on", "开设日期", "date", "开设的那一天", "2026-03-02", required=True),
    C("closed_on", "注销日期", "date", "注销的那一天", ""),
    C("filed_on", "备案日期", "date", "最近一次备案的那一天", "2026-03-05"),
    C("id", "编号", "string", "数据集里的编号，永不改变", "wechat-1", required=True),
)

STATISTICS = (
    C("month", "月份", "string", "年和月（北京时间），按收到的时间计", "2026-10", required=True),
    C("received", "留言数", "integer", "这个月收到的留言", "1530", required=True),
    C("valid", "有效留言", "integer", "去掉广告、重复、辱骂、空白和测试", "1498", required=True),
    C("due", "应答复数", "integer", "有效留言中不含并案和不予受理的", "1461", required=True),
    C("replied", "答复数", "integer", "应答复的里面已经答复的", "1450", required=True),
    C("on_time", "按时答复数", "integer", "在时限内答复的", "1402", required=True),
    C("overdue", "超期未答复数", "integer", "过了时限还没有答复的", "5", required=True),
    C("reply_rate", "答复率", "number", "答复数÷应答复数，百分数", "99.2"),
    C("on_time_rate", "按时率", "number", "按时答复数÷（答复数＋超期未答复数），百分数", "96.4"),
    C("average_working_days", "平均用时", "number", "从收到到答复的平均工作日数", "2.8"),
    C("rated", "评价数", "integer", "来信人给出的评价", "312", required=True),
    C("satisfaction", "满意率", "number", "四分和五分÷评价数，百分数", "91.0"),
    C("closed", "办结数", "integer", "这个月办结（含不予受理）的办件", "1487", required=True),
    C("published", "公开数", "integer", "这个月办结的里面现在公开的", "1439", required=True),
    C("withheld_privacy", "不公开：个人隐私", "integer", "因个人隐私不公开的", "31", required=True),
    C("withheld_secret", "不公开：涉密", "integer", "因涉密不公开的", "0", required=True),
    C("withheld_other", "不公开：其他", "integer", "因其他原因不公开的，各有依据", "12", required=True),
    C("withdrawn", "已撤下", "integer", "公开过又撤下的", "0", required=True),
    C("undecided", "待审看", "integer", "还没有决定是否公开的", "5", required=True),
    C("log_position", "记录位置", "integer", "算出这些数时流转记录走到第几条", "184220", required=True),
)

SMALL = "<5"
"""What stands for 1 to 4 in figures for the public: a count that small may point at a person."""

DATASETS: Mapping[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        Dataset("cases", "公开办件", "每件已办结来信的问题、答复、承办单位、时限与结果，已隐去个人信息。",
                "随时", "/cases", "number", CASES),
        Dataset("answers", "问答库", "正在生效的全部答案，带依据、负责单位和有效期。",
                "随时", "/answers", "key", ANSWERS),
        Dataset("accounts", "政务新媒体账号", "开设和注销的全部账号，带主办单位和备案号。",
                "随时", "/accounts", "id", ACCOUNTS),
        Dataset("statistics", "每月统计", "收到、答复、按时、满意、公开与不公开件数及原因，和统计页同一来源。",
                "每天", "/statistics", "month", STATISTICS),
    )
}  # fmt: skip

LICENCE = {
    "name": "CC-BY-4.0",
    "title": "知识共享 署名 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
