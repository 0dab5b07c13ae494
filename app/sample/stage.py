"""On which clock does the sample office live, and who plays the platforms? Weeks pass in seconds.

What happens is written as generators: each waits by yielding the instant at which it goes on. They are
played in the order of these instants, so that the log, the numbers and the due dates are those of an
office that really lived through them. The platforms are the stand-ins of `connectors.sandbox`, asked
directly: no address is ever called.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import httpx
from sqlmodel import Session

from app.base.clock import SHANGHAI
from app.base.db import Database
from app.base.standing import standing_still
from app.calendar.workdays import Calendar, day_of
from app.replies import service as replies
from connectors.sandbox.command import DEFAULTS
from connectors.sandbox.server import Call, Stand
from connectors.sandbox.wechat import WeChatSandbox
from connectors.sandbox.weibo import WeiboSandbox

Life = Iterator[datetime]
AT_ONCE = 400
"""Steps in one transaction."""
SENT_AFTER = timedelta(seconds=5)
PORTS = {"wechat": 8701, "weibo": 8702}
"""Where `huiying sandbox wechat|weibo` may listen, so that the sample accounts reach it."""


class Hours:
    """When people are at their desks: 8:30–12:00 and 13:30–17:30 of working days; on duty 8:00–22:00 always."""

    TURNS = ((time(8, 30), time(12)), (time(13, 30), time(17, 30)))
    WATCH = ((time(8), time(22)),)
    LONG = 300  # minutes that somebody plans with

    def __init__(self, calendar: Calendar, dice: Random) -> None:
        self._calendar, self._dice = calendar, dice

    def after(self, at: datetime, minutes: float, *, on_watch: bool = False) -> datetime:
        """``minutes`` of work after ``at`` (UTC); short ones give or take a third."""
        luck = self._dice.uniform(0.67, 1.33) if minutes < self.LONG else 1.0
        left = timedelta(minutes=minutes * luck, seconds=self._dice.randrange(60))
        for begins, ends in self._turns(day_of(at), on_watch):
            if ends <= at:
                continue
            start = max(at, begins)
            if start + left < ends:
                return start + left
            left -= ends - start
        raise AssertionError("turns never end")

    def _turns(self, on: date, on_watch: bool) -> Iterator[tuple[datetime, datetime]]:
        for days in itertools.count():
            day = on + timedelta(days=days)
            if on_watch or self._calendar.is_working_day(day):
                for begins, ends in self.WATCH if on_watch else self.TURNS:
                    yield _instant(day, begins), _instant(day, ends)


def _instant(on: date, at: time) -> datetime:
    return datetime.combine(on, at, SHANGHAI).astimezone(UTC)


class Stage:
    """The moved clock and the open transaction. ``session`` and ``now`` are of the step being played."""

    session: Session

    def __init__(
        self, db: Database, ends_at: datetime, calendar: Calendar, say: Callable[[float], None]
    ) -> None:
        self.db, self.ends_at, self.calendar = db, ends_at, calendar
        self.dice = Random(400)
        self.hours = Hours(calendar, self.dice)
        self.now = datetime(2000, 1, 1, tzinfo=UTC)
        self.platforms = Platforms(lambda: self.now)
        self._say = say
        self._order = itertools.count()
        self._waiting: list[tuple[datetime, int, Life]] = []
        self._send_at: datetime | None = None

    def begin(self, at: datetime, life: Life) -> None:
        """Let something happen from ``at`` on."""
        heapq.heappush(self._waiting, (at, next(self._order), life))

    def send_soon(self) -> None:
        """A reply was released: the sending job runs a few seconds later."""
        self._send_at = self._send_at or self.now + SENT_AFTER

    def play(self) -> None:
        """Everything up to the end, in order; what lies beyond it does not happen."""
        while self._next_at() is not None:
            # Its office decides nothing anew while a batch of steps is lived through.
            with self.db.writing() as session, standing_still(session):
                self.session = session
                self._play_some()
            if self._send_at is not None:
                self.now, self._send_at = self._send_at, None
                replies.deliver_released(self.db, self.now, transport=self.platforms.transport)
        self.now = self.ends_at

    def _next_at(self) -> datetime | None:
        at = self._waiting[0][0] if self._waiting else None
        return at if at is not None and at < self.ends_at else None

    def _play_some(self) -> None:
        for _ in range(AT_ONCE):
            at = self._next_at()
            if at is None or (self._send_at is not None and at >= self._send_at):
                break
            _, _, life = heapq.heappop(self._waiting)
            self.now = max(at, self.now)
            following = next(life, None)
            if following is not None:
                self.begin(max(following, self.now), life)
        self._say(self.now.timestamp())

    # ------------------------------------------------------------ how long people take

    def desk(self, minutes: float) -> datetime:
        """When somebody at a desk is done with ``minutes`` of it."""
        return self.hours.after(self.now, minutes)

    def watch(self, minutes: float) -> datetime:
        """The same for whoever is on duty, weekends too."""
        return self.hours.after(self.now, minutes, on_watch=True)


class Platforms:
    """A WeChat and a Weibo that carry what we send, asked without any network."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        wechat, weibo = DEFAULTS["wechat"], DEFAULTS["weibo"]
        self.wechat = WeChatSandbox(
            wechat["app-id"], wechat["app-secret"], wechat["token"], wechat["aes-key"], wechat["original-id"],
            clock=clock,
        )  # fmt: skip
        self.weibo = WeiboSandbox(
            weibo["uid"], weibo["app-secret"], weibo["access-token"], clock=clock, calls_per_day=10_000
        )
        self._stands: dict[int, Stand] = {PORTS["wechat"]: self.wechat, PORTS["weibo"]: self.weibo}
        self.transport = httpx.MockTransport(self._answer)
        self.silent_after: set[str] = set()  # WeChat ids: the message arrives, its confirmation does not

    def close(self) -> None:
        """Let go of the addresses that the stand-ins hold."""
        for stand in self._stands.values():
            stand.stop()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        stand = self._stands.get(request.url.port or 0)
        if stand is None:
            raise httpx.ConnectError("the sample office knows no other address", request=request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = dict(request.url.params)
        body = request.read()
        answer, _ = stand.answer(Call(request.method, request.url.path, query, headers, body))
        if any(person.encode() in body for person in self.silent_after):
            raise httpx.ReadTimeout("no answer", request=request)
        told = {"Content-Type": answer.content_type, **answer.headers}
        return httpx.Response(answer.status, headers=told, content=answer.encoded())


SETTINGS = {
    "wechat": {
        "app_id": DEFAULTS["wechat"]["app-id"],
        "app_secret": DEFAULTS["wechat"]["app-secret"],
        "original_id": DEFAULTS["wechat"]["original-id"],
        "token": DEFAULTS["wechat"]["token"],
        "aes_key": DEFAULTS["wechat"]["aes-key"],
        "mode": DEFAULTS["wechat"]["mode"],
        "api_base": f"http://127.0.0.1:{PORTS['wechat']}",
    },
    "weibo": {
        "uid": DEFAULTS["weibo"]["uid"],
        "app_secret": DEFAULTS["weibo"]["app-secret"],
        "access_token": DEFAULTS["weibo"]["access-token"],
        "real_ip": "127.0.0.1",
        "api_base": f"http://127.0.0.1:{PORTS['weibo']}",
        "message_base": f"http://127.0.0.1:{PORTS['weibo']}",
    },
}
"""Settings of the sample accounts: those of the stand-ins, so that a demonstration reaches no live platform."""
