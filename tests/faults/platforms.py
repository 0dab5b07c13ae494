"""An office beside three platforms that fail when told to: citizens write, are answered, and get the answer.

Messages come in by the real door, replies go out by the real call over the loopback address; the clock is moved
to whenever something is due. Afterwards the three invariants are asked of the database and of what citizens saw.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from sqlmodel import Session, col, func, select

from app import jobs
from app.base import clock
from app.base.db import Database
from app.cases import service as cases
from app.cases.models import Case
from app.cases.transitions import Action, Status
from app.messages.models import Arrival, Message
from app.official_accounts import service as accounts
from app.official_accounts.models import OfficialAccount
from app.replies import service as replies
from app.replies.models import Delivery, Reply
from connectors.sandbox.douyin import DouyinSandbox
from connectors.sandbox.server import Stand
from connectors.sandbox.wechat import WeChatSandbox
from connectors.sandbox.weibo import WeiboSandbox
from tests.app.messages.test_attachments import a_photo
from tests.app.replies.acting import BASIS, REVIEWERS, TEXT, approve
from tests.conftest import NOW, WECHAT, WEIBO, TheOffice, make_app, open_office
from tests.connectors.accounts import SETTINGS
from tests.connectors.stands import MovingClock
from tests.factories import LETTER
from tests.faults.office import count
from tests.faults.side import Side

SENDERS, PATIENT = 3, 20
"""So many processes send at once; where the platform is silent, so many that all wait together."""
ROUNDS = 60
ARTICLE = 2650000123
ADDRESS = f"https://mp.weixin.qq.com/s?__biz=x&mid={ARTICLE}&idx=1"


class Door(httpx.WSGITransport):
    """Our own address, and the bytes of every push that it acknowledged."""

    def __init__(self, app: object, at: MovingClock) -> None:
        super().__init__(app=app)  # type: ignore[arg-type]
        self._at, self.acknowledged = at, list[bytes]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """As it comes from outside, at the time of the office."""
        body = request.read()
        with clock.at(self._at()):
            answer = super().handle_request(request)
        if request.method == "POST" and answer.status_code == 200:
            self.acknowledged.append(body)
        return answer


@dataclass
class Failing:
    """The office, its platforms and the time; ``commented``: how many comments citizens wrote."""

    office: TheOffice
    at: MovingClock
    door: Door
    wechat: WeChatSandbox
    weibo: WeiboSandbox
    douyin: DouyinSandbox
    commented: int = 0
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def db(self) -> Database:
        return self.office.db

    @property
    def stands(self) -> tuple[Stand, ...]:
        return (self.wechat, self.weibo, self.douyin)

    def stand_of(self, way: str) -> Stand:
        """The platform on which citizens write in this one of `WAYS`."""
        return {stand.__class__: stand for stand in self.stands}[STANDS[way.partition(" ")[0]]]

    # ------------------------------------------------------------ what people do

    def write(self, way: str) -> None:
        """One more citizen writes, in one of `WAYS`."""
        WAYS[way](self, next(self.numbers))

    def take_in(self) -> list[int]:
        """Ask, read and file everything; the cases that nobody has answered yet."""
        self.at.at += timedelta(minutes=45)  # longer than any platform's pause between two rounds
        jobs.run(self.db, "fetch_new", self.at())
        while jobs.run(self.db, "take_in_arrivals", self.at()):
            continue
        with self.db.reading() as session:
            return list(session.exec(select(Case.id).where(Case.status == Status.NEW).order_by(col(Case.id))))

    def answer(self, cases_there: list[int]) -> list[int]:
        """Each goes to the department, is answered, reviewed three times and released; the deliveries."""
        with self.db.writing() as session:
            for case_id in cases_there:
                self._answer(session, session.get_one(Case, case_id))
        with self.db.reading() as session:
            wanted = select(Delivery.id).where(col(Delivery.case_id).in_(cases_there))
            return list(session.exec(wanted.order_by(col(Delivery.id))))

    def _answer(self, session: Session, case: Case) -> None:
        people, now = self.office.people, self.at()
        own = self.office.departments["公安局户政科"].id
        cases.act(session, now, people["小陈"], case.number, Action.ACCEPT)
        cases.act(session, now, people["小陈"], case.number, Action.ASSIGN, department_id=own)
        cases.act(session, now, people["老李"], case.number, Action.ACKNOWLEDGE)
        text = f"{TEXT}（第 {case.id} 件）"
        reply = replies.draft(session, now, people["老李"], case, text=text, basis=BASIS)
        replies.submit(session, now, people["老李"], reply.id)
        approve(session, self.office, reply, *REVIEWERS, now=now)
        replies.release(session, now, people["周局长"], reply.id, digest=reply.digest)

    def send(self, deliveries: list[int], at_once: int = SENDERS) -> None:
        """Send until nothing more is due, whatever time passes meanwhile."""

        def all_at_once() -> None:
            told = [pool.submit(replies.deliver_released, self.db, self.at()) for _ in range(at_once)]
            for one in told:
                one.result()

        with ThreadPoolExecutor(at_once) as pool:
            self._until_sent(deliveries, all_at_once)

    def send_from(self, nodes: Sequence[Side], deliveries: list[int]) -> None:
        """The same by processes of their own."""
        self._until_sent(deliveries, lambda: Side.together(*((node, "deliver", self.at()) for node in nodes)))

    def _until_sent(self, deliveries: list[int], one_round: Callable[[], object]) -> None:
        for _ in range(ROUNDS):
            one_round()
            due = self._next_due(deliveries)
            if due is None:
                return
            self.at.at = max(self.at(), due) + timedelta(seconds=1)
        raise AssertionError("something is still waiting to be sent")

    def _next_due(self, deliveries: list[int]) -> datetime | None:
        """When something may be sent next: when its wait and the account's pause are over."""
        with self.db.reading() as session:
            wanted = select(func.min(Delivery.next_try_at), func.max(OfficialAccount.held_until)).join(
                OfficialAccount, col(OfficialAccount.id) == Delivery.account_id
            )
            waiting = wanted.where(col(Delivery.id).in_(deliveries), Delivery.state == "ready")
            due, held = session.exec(waiting).one()
        return max(due, held) if due and held else due

    def go_on(self) -> None:
        """The leader on duty stops everything and lets it go on: no account is held back any more."""
        leader = self.office.people["值班长老徐"]
        with self.db.writing() as session:
            accounts.stop(session, self.at(), leader)
            accounts.resume(session, self.at(), leader)

    # ------------------------------------------------------------ what must hold

    def require_the_invariants(self) -> None:
        """I1–I3 of all that happened so far."""
        self.require_all_kept()
        self.require_all_answered()

    def require_all_kept(self) -> None:
        """I1 every acknowledged push is kept once, byte for byte; I2 it and every comment is one message on one
        case. (A comment that was answered is listed anew, and kept as it then stands.)"""
        pushed = self.door.acknowledged
        with self.db.reading() as session:
            kept = Counter(session.exec(select(Arrival.raw)))
            assert {raw: kept[raw] for raw in pushed} == dict.fromkeys(pushed, 1)
            assert set(session.exec(select(Arrival.state))) <= {"read", "event"}
            wrote = len(pushed) + self.commented
            assert (count(session, Message), count(session, Case)) == (wrote, wrote)

    def require_all_answered(self) -> None:
        """I3 each released reply has one delivery, which is done once or says why not."""
        with self.db.reading() as session:
            released = count(session, Reply, Reply.state == "released")
            rows = session.exec(select(Delivery)).all()
        assert len(rows) == released
        seen = self.seen()
        for row in rows:
            assert row.state in {"done", "unknown", "failed", "elsewhere"}, row.state
            assert (row.state == "failed") <= (row.fallback == "page")
            assert seen[row.text] <= 1, "sent twice"
            assert (row.state == "done") <= (seen[row.text] == 1), "called sent, and was not"
            assert (row.state in {"failed", "elsewhere"}) <= (seen[row.text] == 0), (
                "called failed, and was not"
            )

    def seen(self) -> Counter[str]:
        """How often each reply was seen; every reply's words are its own."""
        return Counter(
            entry.text
            for stand in self.stands
            for entry in stand.ledger.entries()
            if entry.kind in ("reply", "comment")
        )


@contextmanager
def failing(db: Database, folder: Path) -> Iterator[Failing]:
    """The office on ``db`` with the platforms at hand, from `NOW` on."""
    at = MovingClock(NOW)
    office = open_office(db)
    folder.mkdir(exist_ok=True)
    door = Door(make_app(db, folder), at)
    wechat_settings = {
        name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")
    }
    weibo_settings = {name: WEIBO[name] for name in ("uid", "app_secret", "access_token")}
    douyin_settings = {name: value for name, value in SETTINGS["douyin"].items() if name != "real_ip"}
    common = {"clock": at, "webhook_transport": door}
    addresses = {
        key: f"http://localhost/webhooks/{key}/{office.accounts[key].key}" for key in ("wechat", "weibo")
    }
    with (
        WeChatSandbox(**wechat_settings, webhook_url=addresses["wechat"], **common) as wechat,
        WeiboSandbox(
            **weibo_settings, webhook_url=addresses["weibo"], calls_per_day=10**6, **common
        ) as weibo,
        DouyinSandbox(**douyin_settings, clock=at) as douyin,
    ):
        douyin.publish()
        with db.writing() as session:
            given = {"api_base": wechat.url, "comment_days": "1", "articles": ADDRESS}
            accounts.change_settings(session, NOW, None, office.accounts["wechat"].id, given)
            bases = dict.fromkeys(("api_base", "message_base", "upload_base"), weibo.url)
            given = {**bases, "also_mentions": "no", "daily_calls": "9999"}
            accounts.change_settings(session, NOW, None, office.accounts["weibo"].id, given)
            office.accounts["douyin"] = accounts.add(
                session,
                NOW,
                None,
                platform="douyin",
                name="云泽发布",
                department_id=office.people["小陈"].department_id,
                responsible_id=office.people["值班长老徐"].id,
                settings={**SETTINGS["douyin"], "api_base": douyin.url, "daily_calls": "9999"},
            )
        yield Failing(office, at, door, wechat, weibo, douyin)


def _wechat(made: Failing, number: int) -> None:
    assert made.wechat.push_text(f"oTEST{number:023}", f"第 {number} 位：{LETTER}").accepted


def _wechat_comment(made: Failing, number: int) -> None:
    made.wechat.comment(f"oTEST{number:023}", f"第 {number} 位：{LETTER}", ARTICLE)
    made.commented += 1


def _weibo(made: Failing, number: int) -> None:
    assert made.weibo.push_text(str(1_700_000_000 + number), f"第 {number} 位：{LETTER}")


def _weibo_comment(made: Failing, number: int) -> None:
    made.weibo.comment(str(1_700_000_000 + number), f"第 {number} 位：{LETTER}")
    made.commented += 1


def _douyin_comment(made: Failing, number: int) -> None:
    made.douyin.comment(f"citizen-{number}", f"第 {number} 位：{LETTER}")
    made.commented += 1


PHOTO = a_photo(size=(320, 240))
WAITS = ("silent", "a byte", "headers")
"""How the names of faults begin that are waited for."""


def _wechat_picture(made: Failing, number: int, film: bool = False) -> None:
    made.wechat.keep_file(f"MEDIA{number}", FILM if film else PHOTO, film=film)
    kind = "video" if film else "image"
    fields = {"MediaId": f"MEDIA{number}", "PicUrl": "http://mmbiz.qpic.cn/sandbox/0", "ThumbMediaId": ""}
    assert made.wechat.push(kind, f"oTEST{number:023}", fields).accepted


def _wechat_film(made: Failing, number: int) -> None:
    _wechat_picture(made, number, film=True)


def _weibo_picture(made: Failing, number: int) -> None:
    made.weibo.files[str(number)] = PHOTO
    assert made.weibo.push("image", str(1_700_000_000 + number), "", {"vfid": "1", "tovfid": str(number)})


FILM = b"\x00\x00\x00\x18ftypmp42" + bytes(4_000)
STANDS: dict[str, type[Stand]] = {"wechat": WeChatSandbox, "weibo": WeiboSandbox, "douyin": DouyinSandbox}
WAYS: dict[str, Callable[[Failing, int], None]] = {
    "wechat": _wechat,
    "wechat comment": _wechat_comment,
    "weibo": _weibo,
    "weibo comment": _weibo_comment,
    "douyin comment": _douyin_comment,
    "wechat picture": _wechat_picture,
    "wechat film": _wechat_film,
    "weibo picture": _weibo_picture,
}
"""How a citizen writes, and so to what the reply goes."""
