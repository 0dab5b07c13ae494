"""How does a sample letter come in? As on that platform: a push, a comment, a form, a row of a file."""

import csv
import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select

from app.base.clock import SHANGHAI
from app.calendar.workdays import at_time, day_of
from app.cases import service as cases
from app.messages import queries as message_queries
from app.messages import service as messages
from app.messages.models import Arrival
from app.official_accounts import queries as account_queries
from app.official_accounts import service as accounts
from app.official_accounts.models import OfficialAccount
from app.sample.house import CLERKS, House
from app.sample.plan import IMPORTED, Plan
from app.sample.stage import Life, Stage
from connectors.contract import Fetcher, Reader

Handling = Callable[[Plan, str], Life]
"""What happens to a case from now on, given its number."""

FILE_TIMES = ("08:40", "16:40")
"""When a clerk brings the files of the systems without an interface."""
POST = "云泽发布：今天的办事提醒（示例微博）"


class Mail:
    """Lets every plan's letter arrive, and hands its case to ``handling``."""

    def __init__(self, stage: Stage, house: House, handling: Handling) -> None:
        self._stage, self._house, self._handling = stage, house, handling
        self._status = 0
        self._cursor: Mapping[str, str] = {}
        self.citizens: dict[str, str] = {}  # case number → WeChat id, for those who write again

    def expect(self, plans: Sequence[Plan]) -> None:
        """Put every arrival on the stage; rows of files together, as they would come."""
        files: dict[tuple[str, datetime], list[Plan]] = defaultdict(list)
        for plan in plans:
            if plan.platform in IMPORTED:
                files[(plan.platform, _brought_at(plan.arrives_at))].append(plan)
            else:
                self._stage.begin(plan.arrives_at, self._one(plan))
        for (platform, at), rows in sorted(files.items(), key=lambda item: item[0][1]):
            self._stage.begin(at, self._file(platform, rows))

    def writes_again(self, number: str, text: str) -> None:
        """The WeChat citizen of a case sends another message."""
        self._pushed("text", self.citizens[number], {"Content": text})

    def leaves(self, number: str) -> None:
        """The WeChat citizen of a case no longer follows the account."""
        self._stage.platforms.wechat.citizens[self.citizens[number]].subscribed = False
        self._pushed("unsubscribe", self.citizens[number], {})

    def event(self, kind: str, person: int, fields: Mapping[str, str]) -> Life:
        """Something that is no letter: kept, but no case."""
        self._pushed(kind, _openid(person), fields)
        yield from ()

    def unreadable(self, body: bytes) -> Life:
        """An arrival that nobody understands: it stays visible under its error's name."""
        account = self._account("wechat")
        messages.keep_arrival(
            self._stage.session, self._stage.now, account, hashlib.sha256(body).hexdigest(), body
        )
        self._read(account)
        yield from ()

    # ------------------------------------------------------------ one letter at a time

    def _one(self, plan: Plan) -> Life:
        number = COMES[plan.platform](self, plan)
        yield from self._handling(plan, number)

    def _by_wechat(self, plan: Plan) -> str:
        kind = plan.odd.kind if plan.odd else "text"
        person = _openid(plan.index)
        fields = {"Content": plan.text} if kind == "text" else {"Recognition": ""}
        (number,) = self._pushed(kind, person, fields)
        self.citizens[number] = person
        return number

    def _pushed(self, kind: str, person: str, fields: Mapping[str, str]) -> list[str]:
        stage, wechat = self._stage, self._stage.platforms.wechat
        body = wechat.inner_xml(kind, person, fields, created_at=stage.now).encode()
        if kind not in ("subscribe", "unsubscribe"):
            wechat.note_message(person)
        account = self._account("wechat")
        messages.keep_arrival(stage.session, stage.now, account, hashlib.sha256(body).hexdigest(), body)
        return self._read(account)

    def _by_weibo(self, plan: Plan) -> str:
        stage, weibo = self._stage, self._stage.platforms.weibo
        self._status = self._status or weibo.post(POST)
        weibo.comment(f"17{plan.index:08d}", plan.text, self._status, stage.now - timedelta(seconds=90))
        account = self._account("weibo")
        connector = accounts.connector_for(stage.session, account, transport=stage.platforms.transport)
        assert isinstance(connector, Fetcher)
        result = connector.fetch(self._cursor, stage.now)
        self._cursor = result.cursor
        for item in result.raw_items:
            messages.keep_arrival(stage.session, stage.now, account, item.fingerprint, item.body)
        (number,) = self._read(account)
        return number

    def _by_form(self, plan: Plan) -> str:
        account = self._account("website")
        connector = accounts.connector_for(self._stage.session, account)
        assert isinstance(connector, Reader)
        letter = {
            "id": f"sample-{plan.index}",
            "title": plan.odd.title if plan.odd else plan.letter.title,
            "text": plan.text,
            "contact": f"13900000{plan.index:03d}",
            "public": plan.letter.public_consent,
        }
        (incoming,) = connector.read(json.dumps(letter, ensure_ascii=False).encode())
        case, _ = cases.receive_letter(self._stage.session, self._stage.now, account, incoming)
        accounts.note_arrival(self._stage.session, self._stage.now, account.id)
        return case.number

    def _read(self, account: OfficialAccount) -> list[str]:
        """What the intake job does with the arrivals that wait; the numbers of their cases."""
        session, now = self._stage.session, self._stage.now
        session.flush()
        numbers = []
        waiting = select(Arrival).where(Arrival.state == message_queries.WAITING).order_by(col(Arrival.id))
        for arrival in list(session.exec(waiting)):
            for message in messages.read_arrival(session, now, arrival):
                numbers.append(cases.take_in(session, now, message).number)
            session.add(arrival)
        accounts.note_arrival(session, now, account.id)
        return numbers

    def _account(self, platform: str) -> OfficialAccount:
        return account_queries.get(self._stage.session, self._house.accounts[platform])

    # ------------------------------------------------------------ files

    def _file(self, platform: str, plans: Sequence[Plan]) -> Iterator[datetime]:
        stage = self._stage
        clerk = self._house.people[stage.dice.choice(CLERKS)]
        name = f"{FILE_NAMES[platform]}{stage.now.astimezone(SHANGHAI):%Y%m%d-%H%M}.csv"
        data = _table([ROWS[platform](plan) for plan in plans])
        run = cases.import_file(stage.session, stage.now, clerk, self._account(platform), name, data)
        for plan, row in zip(plans, run.report, strict=True):
            stage.begin(stage.now, self._handling(plan, row["number"]))
        yield from ()


COMES: Mapping[str, Callable[[Mail, Plan], str]] = {
    "wechat": Mail._by_wechat,
    "weibo": Mail._by_weibo,
    "website": Mail._by_form,
}
FILE_NAMES = {"hotline": "热线工单", "corrections": "找错留言"}


def _brought_at(arrives_at: datetime) -> datetime:
    """The next time a file is brought after ``arrives_at``."""
    on = day_of(arrives_at)
    times = (at_time(on + timedelta(days=days), hour) for days in (0, 1) for hour in FILE_TIMES)
    return next(at for at in times if at > arrives_at)


def _openid(person: int) -> str:
    return f"oSAMPLE{person:021d}"


def _hotline_row(plan: Plan) -> dict[str, str]:
    return {
        "工单编号": f"12345-{plan.index:05d}",
        "工单标题": plan.letter.title,
        "诉求内容": plan.letter.text,
        "来电时间": _written(plan.arrives_at),
        "联系电话": f"13900001{plan.index:03d}",
        "是否公开": "是" if plan.letter.public_consent else "否",
    }


def _correction_row(plan: Plan) -> dict[str, str]:
    return {
        "留言编号": f"ZC{plan.index:06d}",
        "网站名称": "云泽市政府网站",
        "网站标识码": "0000000001",
        "问题类型": "错别字" if "字" in plan.letter.title else "其他",
        "问题网页": f"https://www.yunze.example/page/{plan.index}.html",
        "问题描述": plan.letter.text,
        "提交时间": _written(plan.arrives_at),
    }


ROWS: Mapping[str, Callable[[Plan], dict[str, str]]] = {
    "hotline": _hotline_row,
    "corrections": _correction_row,
}


def _written(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _table(rows: Sequence[Mapping[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
