"""One HTTP call to a platform: bounded in time and size, never redirected, every failure in its class.

The only question a caller must be able to answer afterwards is: can the citizen have got it already?
A failure before the request went out is ``back_off``; from then on it is ``unknown``, unless the platform
itself answered. Calls that only read (``repeatable``) harm nobody twice: they are ``back_off`` always.
"""

import json
import logging
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, NamedTuple

import httpx

from connectors.errors import DeliveryError

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
FILE_SECONDS = 60.0
"""For a file, which takes its time; never within a request or a transaction."""
MAX_ANSWER_BYTES = 1_000_000
INSIDE = "地址指向本机或内网，没有访问。确实在政务内网的，请在设置里写明允许。"
NOT_YET_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

Clock = Callable[[], datetime]


class Code(NamedTuple):
    """One row of a platform's table of codes: what may be done, and what to tell the office."""

    kind: str
    message_zh: str


def utc_now() -> datetime:
    """The real time (UTC): what a client uses unless it is handed another clock."""
    return datetime.now(UTC)


class _KeepTokensOut(logging.Filter):
    """httpx and httpcore log whole addresses, and platforms want tokens in them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let only warnings and errors through; those carry no address."""
        return record.levelno >= logging.WARNING


for _name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy"):
    logging.getLogger(_name).addFilter(_KeepTokensOut())


@dataclass(frozen=True)
class Answer:
    """What came back: HTTP status, the JSON object in the body, and the platform's own time (its Date
    header, to the second; None where it gives none)."""

    status: int
    data: dict[str, Any]
    dated_at: datetime | None = None


@dataclass(frozen=True)
class File:
    """What came back where a file was asked for: HTTP status, what the platform calls it, the bytes."""

    status: int
    content_type: str
    data: bytes


class _Deadline:
    """Cuts the connection when the whole call has taken too long.

    httpx limits single reads only: a server that sends one byte a second would hold us for hours.
    """

    def __init__(self, seconds: float, may_reach: Callable[[str], bool] | None = None) -> None:
        self._sockets: list[Any] = []
        self._may_reach = may_reach
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self.passed = False

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpx at each step; remembers the socket once there is one.

        Whom we have really reached is looked at here, before a byte is sent: a name can be made to point
        elsewhere between looking it up and calling it.
        """
        if event == "connection.connect_tcp.complete":
            sock = info["return_value"].get_extra_info("socket")
            self._sockets.append(sock)
            if self._may_reach is not None and not self._may_reach(sock.getpeername()[0]):
                sock.close()
                raise DeliveryError("stop", "address_inside", "", INSIDE)

    def _cut(self) -> None:
        self.passed = True
        for sock in self._sockets:
            try:
                sock.shutdown(2)
            except OSError:
                continue  # it was closed already, which is what we want


@cache
def _tls() -> ssl.SSLContext:
    """One context for all calls: building it reads the whole list of authorities."""
    return httpx.create_ssl_context()


def call(
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    form: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
    repeatable: bool = False,
    total_seconds: float = TOTAL_SECONDS,
) -> Answer:
    """Make one call and return the platform's answer. Raises DeliveryError (back_off, unknown, stop)."""
    request = {"params": params, "headers": headers, "content": content, "data": form}
    response, body = _exchange(method, url, request, transport, repeatable, total_seconds, MAX_ANSWER_BYTES)
    return _judge(response, body or b"", repeatable)


def fetch_file(
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    longest: int,
    transport: httpx.BaseTransport | None = None,
    total_seconds: float = FILE_SECONDS,
    may_reach: Callable[[str], bool] | None = None,
) -> File:
    """Get a file of at most ``longest`` bytes, read piece by piece and dropped once it is longer.

    ``may_reach`` says of an IP address whether it may be called: for addresses that people fill in.
    Raises DeliveryError: ``final``/too_large, ``stop``/address_inside, else as `call` for what may be repeated.
    """
    request = {"params": params, "headers": headers}
    response, body = _exchange("GET", url, request, transport, True, total_seconds, longest, may_reach)
    _refuse_gateways(response, repeatable=True)
    if body is None:
        raise DeliveryError("final", "too_large", "", "附件太大，没有保存。请到平台后台查看。")
    return File(response.status_code, response.headers.get("Content-Type", ""), body)


def told_instead(file: File) -> Answer | None:
    """What the platform says instead of giving the file: JSON, and as long as any answer; None where it is a
    file. Raises DeliveryError (back_off/truncated) where it can be neither."""
    if file.data[:1] != b"{":
        return None
    try:
        data = json.loads(file.data.decode("utf-8")) if len(file.data) <= MAX_ANSWER_BYTES else None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise lost("truncated", "", repeatable=True)
    return Answer(file.status, data)


def _exchange(
    method: str,
    url: str,
    request: Mapping[str, Any],
    transport: httpx.BaseTransport | None,
    repeatable: bool,
    total_seconds: float,
    longest: int,
    may_reach: Callable[[str], bool] | None = None,
) -> tuple[httpx.Response, bytes | None]:
    """One request and its whole body (None: too long, or packed). Every failure gets its class."""
    timeout = httpx.Timeout(total_seconds, connect=min(CONNECT_SECONDS, total_seconds))
    fixed = {"Accept-Encoding": "identity", "Connection": "close"}
    try:
        with (
            _Deadline(total_seconds, may_reach) as deadline,
            httpx.Client(
                transport=transport, verify=_tls(), timeout=timeout, follow_redirects=False, trust_env=False
            ) as client,
            client.stream(
                method,
                url,
                **{**request, "headers": {**fixed, **(request.get("headers") or {})}},
                extensions={"trace": deadline.trace},
            ) as response,
        ):
            return response, _read(response, longest)
    except NOT_YET_SENT as problem:
        name = type(problem).__name__
        raise DeliveryError("back_off", "connect", name, "连不上平台，稍后自动再试。") from None
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as problem:
        name = type(problem).__name__
        raise DeliveryError("stop", "address", name, "平台接口地址填写有误，请联系系统管理员。") from None
    except httpx.TimeoutException:
        raise lost("timeout", "", repeatable) from None
    except httpx.HTTPError as problem:
        code = "timeout" if deadline.passed else "reset"
        raise lost(code, type(problem).__name__, repeatable) from None


def lost(code: str, words: str, repeatable: bool) -> DeliveryError:
    """The error for a call of which we do not know whether it took effect."""
    if repeatable:
        return DeliveryError("back_off", code, words, "平台没有给出完整的回应，稍后自动再试。")
    message = "没有收到平台的明确回应，对方可能已经收到，请先核对，不要直接重发。"
    return DeliveryError("unknown", code, words, message)


def refused(codes: Mapping[str, Code], code: str, words: str) -> DeliveryError:
    """The error for a code with which the platform refused; an unlisted code goes to a person."""
    row = codes.get(code) or Code("human", f"平台返回了未登记的代码 {code[:12]}，请人工核对后处理。")
    return DeliveryError(row.kind, code, words, row.message_zh)


def _read(response: httpx.Response, longest: int) -> bytes | None:
    """Read the body up to ``longest`` bytes; a longer one is dropped. A compressed one was not asked for,
    and could unpack to anything."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return None
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > longest:
            return None
        parts.append(part)
    return b"".join(parts)


def _refuse_gateways(response: httpx.Response, repeatable: bool) -> None:
    """What no platform answers itself: too many calls, a gateway's trouble, a way to somewhere else."""
    status = response.status_code
    if status == 429:
        words = "平台限制了调用频率，稍后自动再试。"
        raise DeliveryError("back_off", "http_429", "", words, _asked_to_wait(response))
    if status >= 500 or 300 <= status < 400:
        raise lost(f"http_{status}", "", repeatable)


def _asked_to_wait(response: httpx.Response) -> timedelta | None:
    """Retry-After in seconds (RFC 9110 §10.2.3). A date there is compared with the platform's own clock."""
    said = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,7}", said):
        return timedelta(seconds=int(said))
    until, there = _instant(said), _date_of(response)
    return max(until - there, timedelta(0)) if until and there else None


def _judge(response: httpx.Response, body: bytes, repeatable: bool) -> Answer:
    """Tell an answer of the platform from what a gateway, a wall or half a line made of it."""
    _refuse_gateways(response, repeatable)
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise lost("html" if b"<" in body[:64] else "truncated", "", repeatable) from None
    if not isinstance(data, dict):
        raise lost("not_an_object", "", repeatable)
    return Answer(response.status_code, data, _date_of(response))


def _date_of(response: httpx.Response) -> datetime | None:
    return _instant(response.headers.get("Date", ""))


def _instant(written: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(written)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None
