"""One value for every macro of parts.html, as the style guide and its tests show them.

The clock stands at Friday 9 October 2026, 10:42, the day before a make-up Saturday.
"""

from datetime import date, datetime
from typing import Any

from app.base.clock import SHANGHAI
from app.web.presenting import STATUS_SHAPES, clock_view, ruler_view


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant of 2026 on the office's wall clock."""
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


NOW = at(10, 9, 10, 42)
DIGEST = "7c1e94b051de8b643fa907c251de8b64" * 2

WEEK: list[Any] = [
    {"on": "2026-10-07", "counts": False, "why": "国庆假期"},  # Wednesday
    {"on": "2026-10-08", "counts": True, "why": "工作日"},
    {"on": "2026-10-09", "counts": True, "why": "工作日"},
    {"on": "2026-10-10", "counts": True, "why": "周六调休"},
    {"on": "2026-10-11", "counts": False, "why": "周日"},
    {"on": "2026-10-12", "counts": True, "why": "工作日"},
    {"on": "2026-10-13", "counts": True, "why": "工作日"},
]
HOLIDAY: list[Any] = [
    {"on": f"2026-{month:02}-{day:02}", "counts": counts, "why": why}
    for month, day, counts, why in (
        (9, 28, False, "收到当天不计"),
        (9, 29, True, "工作日"),
        (9, 30, True, "工作日"),
        *((10, day, False, "国庆假期") for day in range(1, 8)),
        (10, 8, True, "工作日"),
        (10, 9, True, "工作日"),
        (10, 10, True, "周六调休"),
        (10, 11, False, "周日"),
        (10, 12, True, "工作日"),
        (10, 13, True, "工作日"),
    )
]

LAW = clock_view(NOW, "法定", at(10, 14), at(10, 7, 20, 31), 3)
WINDOW = clock_view(NOW, "窗口", at(10, 9, 20, 31), at(10, 7, 20, 31))
TODAY = clock_view(NOW, "法定", at(10, 10), at(10, 8, 16, 12), 0)
LATE = clock_view(NOW, "法定", at(10, 9), at(9, 23, 22, 40), -1)
CLOSED = clock_view(NOW, "窗口", at(10, 8, 22, 5), at(10, 6, 22, 5))
PROVISIONAL = clock_view(NOW, "法定", datetime(2027, 1, 6, tzinfo=SHANGHAI), at(10, 9), 60, provisional=True)

RAIL: dict[str, Any] = {
    "items": [
        {"href": "/desk/", "key": "work", "icon": "work", "label": "我的工作", "count": 14},
        {"href": "/desk/queue", "key": "queue", "icon": "queue", "label": "队列", "count": 128},
        {"href": "/desk/review", "key": "review", "icon": "review", "label": "审核", "count": 4},
        {"href": "/desk/board", "key": "board", "icon": "board", "label": "值班看板", "count": None},
        {"href": "/desk/answers", "key": "answers", "icon": "book", "label": "问答库", "count": None},
        {"href": "/desk/disclosure", "key": "disclosure", "icon": "eye", "label": "公开审核", "count": 9},
        {"href": "/desk/accounts", "key": "accounts", "icon": "plug", "label": "账号与接入", "count": None},
        {"href": "/desk/statistics", "key": "statistics", "icon": "chart", "label": "统计", "count": None},
    ],
    "current": "work",
    "office_name": "云泽市",
    "duty": {"text": "周敏（白班）至 18:00", "href": "/desk/duty"},
    "person": {"name": "陈晓", "role": "受理员", "href": "/desk/me"},
    "sign_out_href": "/desk/logout",
}
OFFICE: dict[str, Any] = {
    "office": {"name": "云泽市人民政府办公室", "place": "云泽市"},
    "phone": "12345",
    "phone_hours": "每天 24 小时",
    "site_code": "0000000000",
    "icp": "示例备 00000000 号",
    "police_record": "示例公网安备 00000000000000 号",
    "footer": "本页可以大声读出来",
}


def row(number: str, title: str, status: str, clocks: list[Any], **more: Any) -> dict[str, Any]:
    """One row of the queue."""
    return {
        "number": f"20261007-{number}",
        "short_number": number,
        "title": title,
        "href": f"/desk/cases/{number}",
        "platform": "微信",
        "received_at": at(10, 7, 20, 31),
        "status": status,
        "clocks": clocks,
        **more,
    }


def suggestion(confidence: str, number: int, title: str, **more: Any) -> dict[str, Any]:
    """One suggested answer."""
    return {
        "confidence": confidence,
        "number": number,
        "title": title,
        "href": f"/desk/answers/{number}",
        "excerpt": "可用房东签名的居住证明或社区出具的实际居住证明代替……",
        "reasons": ["都问到：租房、没有合同、居住证", "近 90 天用过 41 次，满意 39 次"],
        "owner": "公安局户政科",
        "version": 4,
        "valid_until": date(2027, 6, 30),
        "expires_soon": False,
        "insert_action": "/desk/insert",
        "fields": {"version_id": number},
        "compare_href": "/desk/compare",
        "is_inserted": False,
        **more,
    }


ORIGINAL = "我叫林某禾，住城东街道柳荫巷 9 号，电话１３８ ００００ ００００。"
BEFORE = "住满半年即可到派出所申请，20个工作日内发证。"
AFTER = "住满半年即可到派出所申请，15个工作日内发证，不收费。"
LETTER = (
    "你好，我在城东街道〔住址〕租房刚满半年，能不能办居住证？\n依据云政发〔2025〕12 号。我电话 138****0000。"
)
REPLY = "您好！父母在外省购房，您可以提取自己的公积金，每年一次。\n到任一服务厅办理，5个工作日到账。"

DEMO: dict[str, Any] = {
    "errors": [
        {"field": "lookup", "message": "查询码是 8 位，您只写了 4 位"},
        {"field": None, "message": "请选一个承办单位"},
    ],
    "next": {
        "why": "下一件 · 微信窗口先到，今天 20:31 后将不能在微信内答复",
        "title": "租房没有正式合同，能不能办居住证？",
        "href": "/desk/cases/7K2M9Q",
        "text": "答复已起草，还有 1 处与问答库不一致。",
        "clocks": [LAW, WINDOW],
        "verb": "继续写答复",
    },
    "tallies": [
        {
            "count": 1,
            "label": "已超期",
            "note": "开发区路灯",
            "href": "/q?late",
            "icon": "stop",
            "state": "over",
        },
        {
            "count": 3,
            "label": "今日到期",
            "note": "都在 24:00 前",
            "href": "/q?today",
            "icon": "clock",
            "state": "soon",
        },
        {
            "count": 2,
            "label": "窗口将关闭",
            "note": "最早 20:31",
            "href": "/q?window",
            "icon": "clock",
            "state": "soon",
        },
        {"count": 2, "label": "退回给我", "note": "一审 1 · 二审 1", "href": "/q?back", "icon": "back"},
        {"count": 4, "label": "待我审核", "note": "含 1 件重要", "href": "/q?review", "icon": "review"},
        {
            "count": 2,
            "label": "没有送到",
            "note": "失败 1 · 不明 1",
            "href": "/q?failed",
            "icon": "question",
            "state": "over",
        },
    ],
    "views": [
        {"label": "我经手的", "count": 31, "href": "/q?mine", "is_current": True},
        {"label": "待受理", "count": 17, "href": "/q?new"},
        {"label": "全部", "href": "/q"},
    ],
    "search": {"name": "q", "value": "", "placeholder": "搜编号、内容、承办单位", "label": "在队列中搜索"},
    "selects": [
        {
            "name": "platform",
            "label": "平台",
            "value": "wechat",
            "options": [("", "全部平台"), ("wechat", "微信")],
        }
    ],
    "deeds": [{"label": "转办", "name": "do", "value": "assign", "kind": ""}],
    "queue": [
        row(
            "3HD8KW",
            "开发区创业大道路灯连着三晚不亮",
            "in_progress",
            [LATE],
            detail="等承办单位",
            tags=["舆情关注"],
            excerpt="晚上骑车看不见路，已经有人摔了",
            department="城管局照明所",
        ),
        row(
            "7K2M9Q",
            "租房没有正式合同，能不能办居住证？",
            "in_progress",
            [LAW, WINDOW],
            is_here=True,
            tags=["疑似重复 3"],
        ),
        row("9QX2AB", "社保卡丢了，电子社保卡还能就医吗", "unknown", [TODAY, CLOSED], department="人社局"),
    ],
    "page": {
        "first": 1,
        "last": 25,
        "total": 128,
        "measure": "件",
        "previous_href": None,
        "next_href": "/q?after=1",
        "next_count": 25,
    },
    "large_clocks": [LAW, WINDOW],
    "clocks": [LAW, TODAY, LATE, PROVISIONAL],
    "letter": LETTER,
    "draft": "您好！关于租房没有正式合同能否办理居住证，答复如下：\n一、可以办理。",
    "counts": [
        {"platform": "微信", "used": 756, "limit": 2048, "unit": "bytes", "note": None},
        {
            "platform": "微博评论",
            "used": 258,
            "limit": 140,
            "unit": "chars",
            "note": "本件不发微博；若并案需发，用短版加查询链接",
        },
        {"platform": "网站与查询页", "used": 272, "limit": None, "unit": "chars", "note": None},
    ],
    "findings": [
        {
            "is_blocking": True,
            "title": "办结天数与问答库不一致",
            "found": "20个工作日",
            "expected": "15个工作日",
            "source": "第 4 版",
            "repair": {"label": "改为 15", "action": "/desk/repair", "name": "finding", "value": "1"},
        },
        {
            "is_blocking": False,
            "title": "“材料补验”不在问答库中",
            "text": "请写明出处，或删去这半句。",
            "explain": {"action": "/desk/explain", "name": "2"},
        },
        {"is_blocking": False, "title": "有一句空话", "answered": "这是来信人的原话"},
    ],
    "departments": [("1", "公安局户政科"), ("2", "城管局照明所")],
    "ruler": ruler_view(WEEK, NOW, at(10, 7, 20, 31), date(2026, 10, 13), at(10, 9, 20, 31)),
    "long_ruler": ruler_view(HOLIDAY, NOW, at(9, 28, 9, 5), date(2026, 10, 13), None),
    "steps": [
        {"label": "起草", "state": "done", "lines": ["何静 · 09:18"]},
        {"label": "初审", "state": "back", "lines": ["罗建 · 09:54", "“材料请核对”"]},
        {"label": "复审", "state": "now", "lines": ["等您处理 · 已等 48 分钟"]},
        {"label": "终审并签发", "state": "waiting", "lines": ["周敏（代 郑局长）"]},
    ],
    "digest": DIGEST,
    "screens": [
        {
            "platform": "网站与查询页",
            "length": "154 字，不限长",
            "text": REPLY,
            "foot": "签发后立即可见",
            "is_chat": False,
        },
        {
            "platform": "微信",
            "length": "435 / 2048 字节",
            "text": REPLY,
            "foot": "窗口 10-10 16:02 关闭",
            "is_chat": True,
        },
        {
            "platform": "微博评论",
            "length": "90 / 140 字",
            "text": REPLY,
            "is_chat": True,
            "must_keep": ["每年一次"],
        },
    ],
    "compared": [
        {"item": "到账时间", "library": "5个工作日", "reply": "3个工作日", "verdict": "differs"},
        {"item": "提取次数", "library": "每年一次", "reply": "每年一次", "verdict": "same"},
        {
            "item": "办理地点",
            "library": "任一服务厅；也可在线办理",
            "reply": "任一服务厅",
            "verdict": "missing",
            "word": None,
        },
    ],
    "before": BEFORE,
    "after": AFTER,
    "original": ORIGINAL,
    "public": "我叫〔姓名〕，住城东街道〔住址〕，电话１３８ ００００ ００００。",
    "hits": [
        {"id": 1, "start": 2, "end": 5, "kind": "姓名", "text": "林某禾", "cue": "“我叫”之后", "keep": False},
        {
            "id": 2,
            "start": 11,
            "end": 18,
            "kind": "住址",
            "text": "柳荫巷 9 号",
            "cue": "街道以下",
            "keep": False,
        },
        {
            "id": 3,
            "start": 21,
            "end": 34,
            "kind": "电话",
            "text": "１３８ ００００ ００００",
            "cue": None,
            "keep": True,
        },
    ],
    "flow": {
        "caption": "昨天节后首日收到 88 件，是平日的 1.3 倍，办结 84 件",
        "subject": "日期",
        "bar_label": "收到",
        "line_label": "办结",
        "points": [
            {
                "label": label,
                "bar": bar,
                "line": line,
                "is_rest": label not in ("28", "29", "30", "08", "今天"),
            }
            for label, bar, line in zip(
                ("09-26", "27", "28", "29", "30", "10-01", "02", "03", "04", "05", "06", "07", "08", "今天"),
                (24, 19, 71, 66, 69, 22, 18, 25, 21, 26, 19, 31, 88, 27),
                (12, 8, 64, 63, 72, 9, 6, 8, 7, 8, 10, 12, 84, 19),
                strict=True,
            )
        ],
    },
    "bars": {
        "caption": "36 件在办，10 件今明到期，1 件超期",
        "subject": "承办单位",
        "series": ["时限内", "今明到期", "超期"],
        "measure": "件",
        "rows": [
            {"label": "城市管理局", "values": [8, 4, 1], "href": "/q?d=1", "note": "超期 1"},
            {"label": "公安局", "values": [10, 3, 0], "href": "/q?d=2"},
            {"label": "住房和城乡建设局", "values": [7, 3, 0], "href": "/q?d=3"},
        ],
    },
    "rows": [
        {"title": "云泽发布 · 微博", "href": "/desk/accounts/1", "status": "silent", "note": "最近 04:31"},
        {
            "title": "找错平台",
            "state": {"icon": "check", "word": "正常", "colour": "is-good"},
            "note": "10:15 导入 3 条",
            "link": {"href": "/desk/imports/1", "label": "看结果"},
        },
    ],
    "head": ["文件", {"text": "行数", "is_number": True}, "结果"],
    "table": [
        [
            {"text": "找错-1009.xlsx", "href": "/desk/imports/1", "note": "陈晓 · 今天 10:15"},
            3,
            {"status": "done"},
        ],
        ["hotline.csv", 12, {"text": "3fa9", "is_code": True}],
    ],
    "alarms": [
        {
            "level": "over",
            "icon": "stop",
            "title": "1 件已超期 1 个工作日",
            "note": "城管局照明所 · 已催办 2 次",
            "href": "/q?late",
            "verb": "督办",
        },
        {
            "level": "soon",
            "icon": "user",
            "title": "10 月 11 日（周日）20:00 起无人值班",
            "note": None,
            "href": "/desk/duty",
            "verb": "补班",
        },
    ],
    "suggestions": [
        suggestion("high", 1, "没有租赁合同怎样申领居住证", is_inserted=True),
        suggestion("middle", 2, "随迁子女入学对居住证年限的要求", expires_soon=True),
        suggestion("low", 3, "居住登记与居住证的区别"),
    ],
    "timeline": [
        {"verb": "起草答复", "who": "陈晓", "at": at(10, 9, 10, 38), "is_now": True},
        {
            "verb": "交办",
            "object": "公安局户政科",
            "who": "陈晓",
            "at": at(10, 8, 8, 47),
            "note": "职责表：居住证 → 户政科",
        },
        {"verb": "收到来信，发出回执", "at": at(10, 7, 20, 31)},
    ],
    "statuses": [*STATUS_SHAPES, "等待签发"],
    "gates": [
        {"key": "politics", "label": "政治关", "hint": "表述、称谓准确，没有不当导向", "is_ticked": True},
        {"key": "policy", "label": "政策关", "hint": "与现行政策一致，依据有效"},
        {
            "key": "secrecy",
            "label": "保密关",
            "hint": "不涉密",
            "is_barred": "保密审查要由有此权限的人来勾选，可转给周敏",
        },
    ],
    "codes": [("01", "01 答非所问"), ("03", "03 与问答库口径不一致")],
    "roles": [("clerk", "受理员"), ("reviewer", "审核员", "不能同时签发")],
}

PUBLIC_DEMO: dict[str, Any] = {
    "path": [
        {"label": "已收到", "lines": ["10 月 7 日 20:31"], "is_done": True},
        {"label": "已受理", "lines": ["10 月 8 日", "公安局户政科"], "is_done": True},
        {"label": "已答复", "lines": ["预计 10 月 13 日前"], "is_done": False},
        {"label": "已办结", "lines": [], "is_done": False},
    ],
    "letter": LETTER,
    "result": {
        "href": "/answers/1",
        "title": "没有租赁合同怎样申领居住证",
        "title_spans": [(4, 6), (10, 13)],
        "text": "可以。没有租赁合同的，用房东签名的居住证明代替。",
        "text_spans": [(7, 9)],
        "owner": "公安局户政科",
        "updated_on": date(2026, 7, 1),
        "valid_until": date(2027, 6, 30),
        "basis": "云政发〔2025〕12 号 第九条",
    },
    "dataset": {
        "title": "公开办件",
        "text": "每件已办结来信的问题、答复与结果，已隐去个人信息。",
        "rows": 12406,
        "updated_at": at(10, 9, 10, 40),
        "digest": DIGEST,
        "downloads": [{"label": "CSV", "href": "/data/cases.csv"}],
        "fields_href": "/data#fields",
    },
    "ruler": ruler_view(
        WEEK, at(11, 1), at(10, 7, 20, 31), date(2026, 10, 13), for_public=True, replied_at=at(10, 9, 18, 5)
    ),
}


PAPER: dict[str, Any] = {
    "heading": "催办通知书",
    "number": "云政信催〔2026〕 12 号",
    "addressee": "城管局照明所",
    "digest": DIGEST,
    "log_position": 4183,
    "signed": {"unit": "云泽市人民政府办公室", "on": date(2026, 10, 9)},
    "attachments": ["办件流转记录"],
    "copies_to": "市政府督查室",
    "back_href": "/desk/cases/3HD8KW",
}
