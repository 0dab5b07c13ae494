"""Which tables in the documents are the code's own? `python -m tests.documents` writes them anew.

A document holds `<!-- table: jobs -->` … `<!-- end -->`; what stands between is what the code says, so that
neither can drift from the other (`tests/test_documents.py` compares).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import click

from app.base.config import SETTINGS
from app.base.errors import AppError
from app.cases.deadlines import LABELS as TYPE_LABELS
from app.cases.deadlines import MessageType
from app.cases.profiles import PROFILES
from app.cases.queries import VIEWS
from app.cases.reminders import LADDER, PAPER_LABELS, RECIPIENT_LABELS
from app.cases.service import ACTION_DETAILS
from app.cases.transitions import ACTION_LABELS, BY_REPLY, FINAL, STATUS_LABELS, TRANSITIONS, Status
from app.cli import main
from app.disclosure.decision import REASONS, WITHDRAWALS
from app.jobs import JOBS
from app.official_accounts.service import DETAILS
from app.opendata.datasets import DATASETS
from app.replies.moderating import DEEDS
from app.replies.routes import ROUTES, STEP_LABELS
from app.replies.sending import STATE_LABELS, choices
from app.staff.roles import BARRED_TO_CONTRACTORS, GRANTABLE, LABELS, SEES_ALL_CASES, Role
from app.staff.scopes import SCOPES
from app.statistics.indicators import INDICATORS
from app.web import DOORS
from app.web.api.operations import OPERATIONS
from app.web.api.schemas import ActionBody
from app.web.dashboard.rail import PLACES
from app.web.errors import HTTP_STATUS
from app.web.presenting import KEYS
from connectors.contract import SettingField
from connectors.errors import ERROR_CLASSES
from connectors.registry import PLATFORMS, Platform, Window
from kb.review import GATES, RETURN_CODES

ROOT = Path(__file__).parent.parent
DOCUMENTS = tuple(
    sorted(
        [
            ROOT / "README.md",
            ROOT / "app" / "README.md",
            *(ROOT / "docs").rglob("*.md"),
            *(ROOT / "docker").rglob("*.md"),
        ]
    )
)
_MARKED = re.compile(r"(<!-- table: ([a-z_]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_TARGET = re.compile(r"^([a-z-]+):.*?## (.*)$", re.MULTILINE)

Row = tuple[object, ...]


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ").strip() or "–"


def _table(head: Row, rows: Iterable[Row]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def _code(words: str) -> str:
    return f"`{words}`" if words else ""


def _roles(roles: Iterable[Role]) -> str:
    held = set(roles)
    return "、".join(LABELS[role] for role in Role if role in held)


# ---------------------------------------------------------------- what runs it


def settings() -> str:
    """Environment variables."""
    rows = ((_code(row.variable), _code(row.default), row.meaning) for row in SETTINGS)
    return _table(("name", "default", "meaning"), rows)


def commands_of(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, as it is typed after `huiying`."""
    if isinstance(command, click.Group):
        if path and command.invoke_without_command:
            yield " ".join(path), command
        for name in sorted(command.commands):
            yield from commands_of(command.commands[name], (*path, name))
    else:
        yield " ".join(path), command


def _arguments(command: click.Command) -> str:
    context = click.Context(command)
    return " ".join(one.make_metavar(context) for one in command.params if isinstance(one, click.Argument))


def _options(command: click.Command) -> str:
    return " ".join(_code(max(one.opts, key=len)) for one in command.params if isinstance(one, click.Option))


def commands() -> str:
    """The `huiying` command, one row a subcommand."""
    rows = (
        (_code(f"huiying {name} {_arguments(one)}".strip()), (one.help or "").splitlines()[0], _options(one))
        for name, one in commands_of(main)
    )
    return _table(("command", "does", "options"), rows)


def make() -> str:
    """What `make help` lists."""
    rows = (
        (_code(f"make {name}"), words)
        for name, words in _TARGET.findall((ROOT / "Makefile").read_text("utf-8"))
    )
    return _table(("target", "does"), rows)


def jobs() -> str:
    """What the clock does."""
    rows = ((_code(job.name), _code(job.cron) if job.cron else f"{job.every} s", job.why) for job in JOBS)
    return _table(("job", "every / cron (Asia/Shanghai)", "what for"), rows)


def doors() -> str:
    """Who comes in where, and how large a request may be."""
    rows = (
        (
            _code(door.blueprint.name),
            _code(door.blueprint.url_prefix or "/"),
            (door.may_enter.__doc__ or "").splitlines()[0],
            "yes" if door.csrf else "no",
            f"{door.bytes // 1024} kB",
        )
        for door in DOORS
    )
    return _table(("door", "addresses", "who may enter", "form token", "largest request"), rows)


# ---------------------------------------------------------------- what goes wrong


def _subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("app."):
            yield one
            yield from _subclasses(one)


def errors() -> str:
    """Refusals of the app and the one table of statuses."""
    rows = [
        (_code(kind.__name__), status, _code(kind.code) if issubclass(kind, AppError) else "")
        for kind, status in HTTP_STATUS.items()
    ]
    known = {kind.__name__ for kind in HTTP_STATUS}
    rows += [(_code(kind.__name__), 500, "") for kind in _subclasses(AppError) if kind.__name__ not in known]
    return _table(("error", "HTTP", "`code`"), rows)


def delivery_errors() -> str:
    """What may follow a failed call to a platform."""
    return _table(("类别", "系统怎样做"), ((_code(kind), words) for kind, words in ERROR_CLASSES.items()))


# ---------------------------------------------------------------- platforms


def _window(window: Window | None) -> str:
    if window is None:
        return ""
    hours = int(window.lasts / timedelta(hours=1))
    return f"{hours} 小时" + (f"，{window.replies} 条" if window.replies else "")


_UNITS: Mapping[str | None, str] = {"bytes": "字节", "chars": "字（半角算半个）", "points": "字", None: ""}
_DELIVERS = {"api": "系统发送", "by_hand": "人工录入", "page": "查询页"}


def _ways_in(row: Platform) -> str:
    ways = (
        (row.receives, "平台推送"),
        (row.polls, "定时去取"),
        (row.imports, "按文件导入"),
        (row.delivers == "page", "网站表单和接口"),
    )
    return "、".join(words for is_so, words in ways if is_so)


def _in_public(row: Platform) -> str:
    return f"；公开的 {row.longest_public} {_UNITS[row.unit_public]}" if row.longest_public else ""


def platforms() -> str:
    """The registry of platforms."""
    rows = (
        (
            _code(row.key),
            row.label,
            _ways_in(row),
            _both(
                row,
                f"{row.longest} {_UNITS[row.unit]}{_in_public(row)}" if row.longest else "不限",
                str(row.longest_private or ""),
            ),
            _both(row, _window(row.window) or "不限", _window(row.window_private)),
            _DELIVERS[row.delivers],
        )
        for row in PLATFORMS.values()
    )
    return _table(("平台", "名称", "来信怎样来", "答复最长", "平台窗口", "答复怎样去"), rows)


def _both(row: Platform, usual: str, private: str) -> str:
    return f"{usual}；私信 {private}" if private else usual


def _needed(field: SettingField) -> str:
    return "、".join(
        word
        for is_so, word in ((field.required and not field.default, "必填"), (field.secret, "加密保存"))
        if is_so
    )


def _account_settings(platform: str) -> Callable[[], str]:
    def made() -> str:
        rows = (
            (
                _code("--" + field.name.replace("_", "-")),
                field.label,
                _needed(field),
                _code(field.default) if field.default else "",
                field.help,
            )
            for field in PLATFORMS[platform].connector.SETTINGS
        )
        return _table(("选项", "页面上叫", "要求", "默认", "说明"), rows)

    return made


def account_details() -> str:
    """What may be noted of every account."""
    return _table(
        ("选项", "页面上叫"), ((_code("--" + key.replace("_", "-")), words) for key, words in DETAILS.items())
    )


# ---------------------------------------------------------------- cases


def statuses() -> str:
    """Where a case may stand."""
    rows = (
        (_code(status), words, "是" if status in FINAL else "") for status, words in STATUS_LABELS.items()
    )
    return _table(("状态", "页面上叫", "到此为止"), rows)


def transitions() -> str:
    """Everything that can be done with a case."""
    rows = (
        (
            _code(row.action),
            ACTION_LABELS[row.action] + ("（在答复里做）" if row.action in BY_REPLY else ""),
            "、".join(STATUS_LABELS[status] for status in Status if status in row.sources),
            STATUS_LABELS[row.target] if row.target else "不变",
            _roles(row.roles),
        )
        for row in TRANSITIONS
    )
    return _table(("操作", "页面上叫", "从哪些状态", "到", "谁可以做"), rows)


def action_details() -> str:
    """What each action takes, for programs."""
    known = set(ActionBody().fields) - {"version"}
    rows = (
        (_code(action), ACTION_LABELS[action], "、".join(_code(name) for name in sorted(details & known)))
        for action, details in ACTION_DETAILS.items()
    )
    return _table(("操作", "意思", "要给的字段"), rows)


def views() -> str:
    """Saved views of the queue."""
    return _table(("视图", "地址"), ((view.label, _code(f"/desk/cases?view={view.key}")) for view in VIEWS))


def profiles() -> str:
    """Shipped sets of time limits."""
    kinds = (MessageType.CONSULTATION, MessageType.SUGGESTION, MessageType.COMPLAINT, MessageType.CORRECTION)
    rows = (
        (_code(row.key), row.name, *(row.days[kind] for kind in kinds), row.complex_days, row.source)
        for row in PROFILES.values()
    )
    return _table(("方案", "名称", *(TYPE_LABELS[kind] for kind in kinds), "复杂", "依据"), rows)


def message_types() -> str:
    """What a message may want."""
    return _table(("类型", "页面上叫"), ((_code(kind), words) for kind, words in TYPE_LABELS.items()))


def ladder() -> str:
    """The rungs of reminding."""
    rows = (
        (
            rung.label,
            f"到期时刻 {rung.offset:+} 小时"
            if rung.by_hour
            else f"到期日 {rung.offset:+} 个工作日 {rung.at}",
            RECIPIENT_LABELS[rung.to],
            "、".join(RECIPIENT_LABELS[one] for one in rung.copies),
            PAPER_LABELS[rung.paper],
        )
        for rung in LADDER
    )
    return _table(("提醒", "什么时候", "给谁", "抄送", "出单"), rows)


# ---------------------------------------------------------------- replies and publication


def routes() -> str:
    """Ways through the reviews."""
    rows = (
        (route.label, " → ".join([*(STEP_LABELS[step.value] for step in route.steps), "签发"]),
         "主要领导" if route.principal else "签发人", "要写" if route.note else "可不写")
        for route in ROUTES.values()
    )  # fmt: skip
    return _table(("路线", "步骤", "谁签发", "通过时的意见"), rows)


def gates() -> str:
    """The five gates."""
    return _table(("关", "记录里的代码"), ((words, _code(key)) for key, words in GATES.items()))


def return_codes() -> str:
    """Why a text is sent back."""
    return _table(("退回原因", "记录里的代码"), ((words, _code(key)) for key, words in RETURN_CODES.items()))


_CHOICES = {
    "settle": "核对后选“对方收到了”或“没收到，再发一次”",
    "enter": "记“已人工录入”",
    "retry": "“再发一次”",
}


def delivery_states() -> str:
    """How far a delivery may be, and what a person can do."""
    rows = (
        (_code(state), words, "；".join(_CHOICES[one] for one in choices(state, "")))
        for state, words in STATE_LABELS.items()
    )
    return _table(("状态", "页面上叫", "人可以做"), rows)


def moderation() -> str:
    """What may be done to a comment beside answering it, by whom."""
    rows = ((deed.label, _roles(deed.roles), deed.effect) for deed in DEEDS.values())
    return _table(("操作", "谁可以做", "之后"), rows)


def withhold_reasons() -> str:
    """Why a closed case is not shown."""
    rows = (
        (reason.label, _code(key), "要写" if reason.needs_basis else "") for key, reason in REASONS.items()
    )
    return _table(("不予公开的原因", "代码", "依据"), rows)


def withdrawals() -> str:
    """Why something public is taken down."""
    return _table(("撤下的原因", "代码"), ((words, _code(key)) for key, words in WITHDRAWALS.items()))


# ---------------------------------------------------------------- people


def _sees(role: Role) -> str:
    if role in SEES_ALL_CASES:
        return "全部"
    return "本单位的和请本单位会签、核实的" if role is Role.HANDLER else "看不到"


def roles() -> str:
    """Roles, what they see, and whether a contractor may hold them."""
    rows = (
        (
            LABELS[role],
            _code(role),
            "全部"
            if role in SEES_ALL_CASES
            else "本单位的和请本单位会签、核实的"
            if role is Role.HANDLER
            else "看不到",
            "不可以" if role in BARRED_TO_CONTRACTORS else "可以",
        )
        for role in GRANTABLE
    )
    return _table(("角色", "命令里写", "能看哪些办件", "外包人员"), rows)


def places() -> str:
    """The rail of the desk and who sees each place."""
    rows = (
        (place.label, _code(place.href), "所有人" if place.roles == GRANTABLE else _roles(place.roles))
        for place in PLACES
    )
    return _table(("栏目", "地址", "谁看得到"), rows)


def keys() -> str:
    """Keys of the desk."""
    return _table(("按键", "作用"), ((f"<kbd>{words}</kbd>", does) for words, does in KEYS))


# ---------------------------------------------------------------- for programs


def scopes() -> str:
    """What a token may do."""
    return _table(("权限", "可以做"), ((_code(key), words) for key, words in SCOPES.items()))


def operations() -> str:
    """Calls of the API."""
    rows = (
        (
            _code(f"{one.method} /api/v1{one.path}"),
            one.summary,
            _code(one.scope),
            "、".join(map(str, one.statuses)),
        )
        for one in OPERATIONS
    )
    return _table(("调用", "做什么", "权限", "成功"), rows)


def datasets() -> str:
    """What is given away."""
    rows = (
        (_code(row.name), row.title, row.description, _code(row.key), len(row.columns), _code(row.page))
        for row in DATASETS.values()
    )
    return _table(("数据集", "名称", "内容", "主键", "字段数", "页面"), rows)


def _columns(dataset: str) -> Callable[[], str]:
    def made() -> str:
        rows = (
            (_code(one.name), one.title, one.type, "是" if one.required else "", one.description)
            for one in DATASETS[dataset].columns
        )
        return _table(("字段", "名称", "类型", "必有", "说明"), rows)

    return made


def indicators() -> str:
    """Figures and how each is worked out."""
    return _table(("指标", "怎样算", "单位"), ((row.label, row.formula, row.unit) for row in INDICATORS))


TABLES: Mapping[str, Callable[[], str]] = {
    made.__name__: made
    for made in (
        settings, commands, make, jobs, doors, errors, delivery_errors, platforms, account_details, statuses,
        transitions, action_details, views, profiles, message_types, ladder, routes, gates, return_codes,
        delivery_states, moderation, withhold_reasons, withdrawals, roles, places, keys, scopes, operations,
        datasets, indicators,
    )
} | {f"account_{key}": _account_settings(key) for key, row in PLATFORMS.items() if row.connector.SETTINGS} | {
    f"columns_{name}": _columns(name) for name in DATASETS
}  # fmt: skip


def tables_in(text: str) -> list[str]:
    """The tables a document holds."""
    return [found[1] for found in _MARKED.findall(text)]


def filled(text: str) -> str:
    """A document with its tables as the code has them. Raises `KeyError` for a table that is not made here."""
    return _MARKED.sub(lambda found: found[1] + TABLES[found[2]]() + found[4], text)


if __name__ == "__main__":
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        if (anew := filled(text)) != text:
            path.write_text(anew, "utf-8")
            print(path.relative_to(ROOT))
