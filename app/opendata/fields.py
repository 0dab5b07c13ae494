"""What does each field of the open data mean, in Chinese and in English? One table for every format."""

from dataclasses import dataclass

from app.opendata.matters import GROUPS, OTHER
from connectors.registry import PLATFORMS


@dataclass(frozen=True)
class Column:
    """One field. ``type`` is a type of Table Schema: string, integer, number, boolean, date, datetime.

    ``long``: running text, which is searched for and not sorted or compared.
    """

    name: str
    title: str
    title_en: str
    type: str
    description: str
    description_en: str
    example: str
    required: bool = False
    long: bool = False


C = Column
_PLATFORMS = "、".join(PLATFORMS)
_PLATFORMS_EN = ", ".join(PLATFORMS)
_FEW = "同一周里这样的不到 5 件时为空"
_FEW_EN = "empty where fewer than five of the week are alike"
_GROUPS = "、".join((*GROUPS, OTHER))

# fmt: off
CASES = (
    C("number", "办件编号", "Case number", "string", "八位日期和六个随机字符，永不改变",
      "Eight digits of the date and six random characters; never changes", "20261007-K3M9TQ", required=True),
    C("title", "标题", "Title", "string", "这件事的一句话，已隐去个人信息",
      "The matter in one line, de-identified", "租房没有正式合同，能不能办居住证", required=True, long=True),
    C("message", "来信", "Letter", "string", "来信原文，已隐去个人信息；来信人不同意公开时为空",
      "The citizen's words, de-identified; empty where the citizen objected", "我在城东区〔住址〕租房……",
      long=True),
    C("summary", "概要", "Summary", "string", "工作人员写的概要", "A summary by the staff", "关于居住证的咨询",
      long=True),
    C("reply", "答复", "Reply", "string", "发给来信人的答复，已隐去个人信息",
      "The reply as sent, de-identified", "您好！可以办理……", required=True, long=True),
    C("message_type", "类型代码", "Type code", "string",
      "consultation、suggestion、complaint、help、correction、report、comment",
      "consultation, suggestion, complaint, help, correction, report, comment", "consultation", required=True),
    C("message_type_name", "类型", "Type", "string", "类型的中文", "The type in Chinese", "咨询",
      required=True),
    C("category", "事项", "Matter", "string", f"所属事项；{_FEW}", f"What it is about; {_FEW_EN}", "居住证"),
    C("category_group", "大类", "Group of matters", "string",
      f"事项属于哪一类：{_GROUPS}；事项太少见时只写大类，{_FEW}",
      f"Told where the matter itself is too rare; {_FEW_EN}", "户籍证件"),
    C("place", "地点", "Place", "string", f"区、县，或者到街道、镇，最细到社区、村；够 5 件的才写那么细，{_FEW}",
      f"District, street office or community, as far as five share it; {_FEW_EN}", "城东区"),
    C("platform", "来源代码", "Platform code", "string", f"{_PLATFORMS}；{_FEW}", f"{_PLATFORMS_EN}; {_FEW_EN}",
      "wechat"),
    C("platform_name", "来源", "Platform", "string", f"来源平台的中文；{_FEW}",
      f"The platform in Chinese; {_FEW_EN}", "微信公众号"),
    C("department", "承办单位", "Department", "string", "办理这件事的单位", "The department that handled it",
      "公安局户政科"),
    C("outcome", "结果代码", "Outcome code", "string",
      "solved、partly、explained、not_ours、cannot；不予受理的为空",
      "solved, partly, explained, not_ours, cannot; empty for declined ones", "explained"),
    C("outcome_name", "办理结果", "Outcome", "string", "办理结果的中文，不是答复的内容",
      "The outcome in Chinese, not what the reply says", "解释说明"),
    C("basis", "依据", "Basis", "string", "答复所依据的文件", "The documents the reply rests on",
      "《云泽市居住证管理办法》第九条", long=True),
    C("received_on", "收到日期", "Received on", "date", "收到那一天（北京时间）",
      "Day of receipt (Asia/Shanghai)",
      "2026-10-07", required=True),
    C("due_on", "应答复日期", "Due on", "date", "最晚应当答复的那一天", "The last day for the reply",
      "2026-10-13"),
    C("replied_on", "答复日期", "Replied on", "date", "答复签发的那一天", "Day on which the reply was released",
      "2026-10-09"),
    C("closed_on", "办结日期", "Closed on", "date", "办结的那一天", "Day on which the case was closed",
      "2026-10-16"),
    C("on_time", "是否按时", "On time", "boolean", "是否在时限内答复；不予受理的为空",
      "Whether the reply kept the deadline; empty for declined ones", "true"),
    C("working_days", "用时", "Working days", "integer", "从收到到答复的工作日数，收到当天不算",
      "Working days from receipt to reply, the day of receipt not counted", "2"),
    C("answer_key", "引用的答案", "Answer used", "string", "答复引用的问答条目，见“问答库”的 key",
      "The entry of the answer library that the reply used", "a7k2m9x4"),
    C("exception", "点名公示", "Named by law", "string",
      "依法没有隐去姓名的：penalty 惩戒公示、mandatory 强制性信息披露；其余为空",
      "Why people are named: penalty, mandatory (disclosure required by law); empty for all others", ""),
    C("legal_basis", "点名的依据", "Basis of naming", "string", "点名公示所依据的法律文件",
      "The law that the naming rests on", "", long=True),
    C("url", "网址", "Page", "string", "公开办件页", "The page of the case",
      "https://hy.example/cases/20261007-K3M9TQ",
      required=True, long=True),
    C("published_at", "公开时间", "Published at", "datetime", "第一次公开的时间", "When it was first published",
      "2026-10-17T09:12:04+08:00", required=True),
    C("changed_at", "更新时间", "Changed at", "datetime", "最近一次改动的时间", "When it last changed",
      "2026-10-17T09:12:04+08:00", required=True),
    C("rule_version", "隐去规则版本", "De-identification rules", "string", "隐去个人信息时所用规则的版本",
      "Version of the rules of de-identification", "2026.10"),
    C("digest", "文字指纹", "Digest of the texts", "string",
      "标题、概要、来信、答复的 SHA-256，审看人确认的就是它",
      "SHA-256 of title, summary, letter and reply: what the officer confirmed", "b41e09d7……"),
)

ANSWERS = (
    C("key", "条目编号", "Key", "string", "永不改变", "Never changes", "a7k2m9x4", required=True),
    C("question", "问题", "Question", "string", "人们会怎样问", "As people ask it",
      "没有租赁合同怎样申领居住证",
      required=True, long=True),
    C("answer", "答案", "Answer", "string", "统一口径的答案", "The agreed answer", "可以。没有租赁合同的……",
      required=True, long=True),
    C("phrasings", "其他问法", "Other phrasings", "string", "别的问法，一行一个",
      "Other ways to ask, one a line",
      "没签合同能办居住证吗", long=True),
    C("category", "事项", "Matter", "string", "所属事项", "What it is about", "居住证"),
    C("basis", "依据", "Basis", "string", "文件标题和文号，一行一个",
      "Titles and numbers of documents, one a line",
      "《云泽市居住证管理办法》（云泽示〔2025〕12 号）", long=True),
    C("department", "负责单位", "Department", "string", "对这条答案负责的单位",
      "The department that answers for it", "公安局户政科"),
    C("version", "版本", "Version", "integer", "第几版", "Number of the version", "6", required=True),
    C("valid_from", "起效日期", "Valid from", "date", "从这一天起有效", "First day of validity", "2026-07-01",
      required=True),
    C("valid_until", "有效期至", "Valid until", "date", "有效的最后一天；长期有效的为空",
      "Last day of validity; empty where there is none", "2027-06-30"),
    C("licence", "许可", "Licence", "string", "使用许可；空着的按数据开放页的许可",
      "Empty: the licence of all open data", ""),
    C("url", "网址", "Page", "string", "答案页", "The page of the answer",
      "https://hy.example/answers/a7k2m9x4",
      required=True, long=True),
    C("published_at", "发布时间", "Published at", "datetime", "这一版发布的时间",
      "When this version was published",
      "2026-07-01T09:15:00+08:00"),
)

ACCOUNTS = (
    C("number", "备案号", "Filing number", "integer", "开设备案的编号；还没有备案的为空",
      "Number of the filing of its opening; empty where there is none yet", "3"),
    C("platform", "平台代码", "Platform code", "string", _PLATFORMS, _PLATFORMS_EN, "wechat", required=True),
    C("platform_name", "平台", "Platform", "string", "平台的中文", "The platform in Chinese", "微信公众号",
      required=True),
    C("name", "账号名称", "Name", "string", "在平台上显示的名称", "As shown on the platform", "云泽发布",
      required=True),
    C("department", "主办单位", "Department", "string", "对账号负责的单位", "Who answers for it",
      "市政府办公室", required=True),
    C("state", "状态代码", "State code", "string", "open、closed", "open, closed", "open", required=True),
    C("state_name", "状态", "State", "string", "使用中或已注销", "The state in Chinese", "使用中",
      required=True),
    C("opened_on", "开设日期", "Opened on", "date", "开设的那一天", "Day of opening", "2026-03-02",
      required=True),
    C("closed_on", "注销日期", "Closed on", "date", "注销的那一天", "Day of closing", ""),
    C("filed_on", "备案日期", "Filed on", "date", "最近一次备案的那一天", "Day of the last filing",
      "2026-03-05"),
    C("id", "编号", "Id", "string", "数据集里的编号，永不改变", "Within this data set; never changes",
      "wechat-1", required=True),
)

RECEIVED = (
    C("received", "留言数", "Received", "integer", "这个月收到的留言", "Messages received in the month", "1530",
      required=True),
    C("valid", "有效留言", "Valid", "integer", "去掉广告、重复、辱骂、空白和测试",
      "Without adverts, repeats, abuse, empty ones and tests", "1498", required=True),
    C("due", "应答复数", "To be answered", "integer", "有效留言中不含并案和不予受理的",
      "Valid ones that were neither merged nor declined", "1461", required=True),
    C("replied", "答复数", "Answered", "integer", "应答复的里面已经答复的", "Answered among those", "1450",
      required=True),
    C("on_time", "按时答复数", "Answered on time", "integer", "在时限内答复的", "Answered within the deadline",
      "1402",
      required=True),
    C("overdue", "超期未答复数", "Overdue", "integer", "过了时限还没有答复的", "Unanswered after the deadline",
      "5",
      required=True),
    C("reply_rate", "答复率", "Answered, %", "number", "答复数÷应答复数，百分数",
      "Answered ÷ to be answered, per cent", "99.2"),
    C("on_time_rate", "按时率", "On time, %", "number", "按时答复数÷（答复数＋超期未答复数），百分数",
      "On time ÷ (answered + overdue), per cent", "96.4"),
    C("average_working_days", "平均用时", "Average working days", "number", "从收到到答复的平均工作日数",
      "From receipt to reply", "2.8"),
    C("rated", "评价数", "Ratings", "integer", "来信人给出的评价", "Ratings given by citizens", "312",
      required=True),
    C("satisfaction", "满意率", "Satisfied, %", "number", "四分和五分÷评价数，百分数",
      "Ratings of 4 or 5 ÷ all, per cent", "91.0"),
)
CLOSED = (
    C("closed", "办结数", "Closed", "integer", "这个月办结（含不予受理）的办件",
      "Closed in the month, declined ones included",
      "1487", required=True),
    C("published", "公开数", "Published", "integer", "这个月办结的里面现在公开的",
      "Public now, of those closed", "1439",
      required=True),
    C("withheld_privacy", "不公开：个人隐私", "Withheld: privacy", "integer", "因个人隐私不公开的",
      "Withheld for privacy", "31",
      required=True),
    C("withheld_secret", "不公开：涉密", "Withheld: secret", "integer", "因涉密不公开的", "Withheld as secret",
      "0", required=True),
    C("withheld_other", "不公开：其他", "Withheld: other", "integer", "因其他原因不公开的，各有依据",
      "Withheld for another reason, each with its basis", "12", required=True),
    C("withdrawn", "已撤下", "Withdrawn", "integer", "公开过又撤下的", "Published once and withdrawn", "0",
      required=True),
    C("undecided", "待审看", "Undecided", "integer", "还没有决定是否公开的", "Not decided yet", "5",
      required=True),
)
MONTH = C("month", "月份", "Month", "string", "年和月（北京时间），按收到的时间计",
  "Year and month of receipt (Asia/Shanghai)",
          "2026-10", required=True)
POSITION = C("log_position", "记录位置", "Position of the log", "integer", "算出这些数时流转记录走到第几条",
             "Number of the last event of the log that was counted", "184220", required=True)

STATISTICS = (MONTH, *RECEIVED, *CLOSED, POSITION)

BREAKDOWN = (
    C("id", "编号", "Id", "string", "月份、分法和组的代码，永不改变",
      "Month, way of dividing and code of the group; never changes",
      "2026-10.platform.wechat", required=True),
    MONTH,
    C("by", "分法", "Divided by", "string", "department 承办单位、message_type 类型、platform 来源",
      "department, message_type, platform", "platform", required=True),
    C("group", "组", "Group", "string", "单位、类型或来源的中文；还没有交办的写“未交办”",
      "Name of the department, type or platform", "微信公众号", required=True),
    *RECEIVED,
    POSITION,
)
# fmt: on
