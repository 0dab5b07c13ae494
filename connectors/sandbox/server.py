"""How does a stand-in listen, and how does it fail when told to?

A stand-in answers calls from a table ``name of the call → method``; ``fail_next`` puts a fault before one.
"""

import json
import socket
import struct
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

from connectors.calls import Clock, utc_now
from connectors.sandbox.ledger import Ledger
from connectors.sandbox.page import PAGE

TRICKLE_BYTES = 600
TRICKLE_SECONDS = 0.05
RETRY_AFTER_SECONDS = 40
UNITS = ("seconds", "hours", "days")
HTML_WALL = "<html><body><h1>访问被拦截</h1></body></html>"


class Fault(NamedTuple):
    """``takes_effect``: was the call carried out before it went wrong? ``how``: what the caller gets."""

    takes_effect: bool
    how: str


# fmt: off
FAULTS: dict[str, Fault] = {
    "timeout_before": Fault(False, "silence"),
    "timeout_after":  Fault(True,  "silence"),
    "reset_before":   Fault(False, "reset"),
    "reset_after":    Fault(True,  "reset"),
    "html":           Fault(False, "html"),
    "html_after":     Fault(True,  "html"),
    "http_500":       Fault(False, "http_500"),
    "http_502":       Fault(False, "http_502"),
    "http_503":       Fault(False, "http_503"),
    "http_429":       Fault(False, "http_429"),
    "truncated":      Fault(True,  "truncated"),
    "redirect":       Fault(False, "redirect"),
    "huge":           Fault(True,  "huge"),
    "slow":           Fault(True,  "slow"),
    "slow_headers":   Fault(True,  "slow_headers"),
}
# fmt: on


@dataclass(frozen=True)
class Call:
    """One call that came in."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Planned:
    """What is to happen to the next call of one name: a code of the platform, or a fault."""

    code: int | str | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Response:
    """What a stand-in answers."""

    data: Any
    status: int = 200
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The body as bytes."""
        if isinstance(self.data, bytes):
            return self.data
        if isinstance(self.data, str):
            return self.data.encode("utf-8")
        return json.dumps(self.data, ensure_ascii=False).encode("utf-8")


Handler = Callable[[Call], Response]


class Stand:
    """A local server in a thread. Subclasses fill ``routes()`` and ``refusal()``; use as ``with … as``."""

    name = ""
    accepted_codes: frozenset[str] = frozenset()
    """Codes with which the platform says that it did take the call."""

    def __init__(self, ledger: Ledger | None, clock: Clock | None, host: str, port: int) -> None:
        self.ledger = ledger or Ledger()
        self.clock = clock or utc_now
        self.ahead = timedelta(0)
        """How far this platform's time is ahead of its clock: to let days pass in a test or a lesson."""
        self.calls: Counter[str] = Counter()
        self._planned: dict[str, deque[Planned]] = defaultdict(deque)
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._server = ThreadingHTTPServer((host, port), _door_to(self), bind_and_activate=False)
        self._server.daemon_threads = True
        self._server.allow_reuse_address = True
        self._server.server_bind()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens: give this to a connector as ``api_base``."""
        host, port = self._server.server_address[:2]
        shown = f"[{host!s}]" if ":" in str(host) else str(host)
        return f"http://{shown}:{port}"

    def start(self) -> Self:
        """Begin to listen."""
        self._server.server_activate()
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and let go of callers that were kept waiting."""
        self._stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def fail_next(
        self,
        call: str,
        *,
        errcode: int | str | None = None,
        fault: str | None = None,
        times: int = 1,
        after: int = 0,
    ) -> None:
        """Let the next calls of this name fail, ``after`` so many good ones: with a code of the platform, or
        with one of FAULTS."""
        if call not in self.routes():
            raise ValueError(f"no such call: {call}; there are {', '.join(self.routes())}")
        if (errcode is None) == (fault is None) or (fault is not None and fault not in FAULTS):
            raise ValueError(f"give an errcode or one of {', '.join(FAULTS)}")
        with self._lock:
            self._planned[call].extend([Planned()] * after + [Planned(errcode, fault)] * times)

    def forgive(self) -> None:
        """Nothing that was asked to fail fails any more."""
        with self._lock:
            self._planned.clear()

    @property
    def unmet(self) -> int:
        """How many of the failures asked for no call has met yet."""
        with self._lock:
            return sum(plan != Planned() for planned in self._planned.values() for plan in planned)

    def routes(self) -> Mapping[str, Handler]:
        """Name of a call (the end of its path) → what carries it out."""
        raise NotImplementedError

    def control(self) -> Mapping[str, Handler]:
        """Addresses for people and scripts, under ``/sandbox/``."""
        return {"ledger": self._show_ledger, "fail": self._plan_failure, "clock": self._move_clock}

    def refusal(self, code: int | str) -> Response:
        """The platform's way of saying no."""
        raise NotImplementedError

    def now(self) -> datetime:
        """The stand-in's time (UTC)."""
        return self.clock() + self.ahead

    def answer(self, call: Call) -> tuple[Response, str | None]:
        """Carry a call out. The second value says how its answer is to be spoiled, if at all."""
        path = call.path.strip("/").removesuffix(".json")
        if not path:
            return Response(PAGE.replace("{name}", self.name), content_type="text/html; charset=utf-8"), None
        if path.startswith("sandbox/"):
            return self._controlled(path.removeprefix("sandbox/"), call), None
        for name, handler in self.routes().items():
            if path.endswith(name):
                return self._carried_out(name, handler, call)
        return Response({"error": "no such call"}, 404), None

    def _carried_out(self, name: str, handler: Handler, call: Call) -> tuple[Response, str | None]:
        with self._lock:
            self.calls[name] += 1
            planned = self._planned[name].popleft() if self._planned[name] else Planned()
            if planned.code is not None:
                if str(planned.code) in self.accepted_codes:
                    handler(call)
                return self.refusal(planned.code), None
            if planned.fault is None:
                return _safely(handler, call), None
            fault = FAULTS[planned.fault]
            return (_safely(handler, call) if fault.takes_effect else Response({})), fault.how

    def _controlled(self, name: str, call: Call) -> Response:
        handler = self.control().get(name)
        # A page of another origin may post a form to this address, but not JSON.
        if handler is None or (call.method == "POST" and "json" not in call.headers.get("content-type", "")):
            return Response({"error": "no such address, or not JSON"}, 404)
        try:
            return handler(call)
        except (ValueError, KeyError, TypeError) as problem:
            return Response({"error": str(problem)}, 400)

    def _show_ledger(self, call: Call) -> Response:
        person = call.query.get("person")
        entries = [e.__dict__ for e in self.ledger.entries() if person in (None, e.person)]
        return Response({"entries": entries, "calls": dict(self.calls)})

    def _plan_failure(self, call: Call) -> Response:
        given = json.loads(call.body)
        self.fail_next(
            given["call"],
            errcode=given.get("errcode"),
            fault=given.get("fault"),
            times=int(given.get("times", 1)),
            after=int(given.get("after", 0)),
        )
        return Response({"ok": True})

    def _move_clock(self, call: Call) -> Response:
        """Let time pass: ``seconds``, ``hours`` or ``days`` from now on; asked with GET, only tell it."""
        if call.method == "POST":
            given = json.loads(call.body)
            self.ahead += timedelta(**{unit: float(given[unit]) for unit in UNITS if unit in given})
        return Response({"now": self.now().isoformat()})

    def wait(self, seconds: float) -> None:
        """Keep a caller waiting, but not beyond the end of the stand-in."""
        self._stopping.wait(seconds)


def _safely(handler: Handler, call: Call) -> Response:
    """A call with nonsense in it gets a refusal, not a broken connection."""
    try:
        return handler(call)
    except (ValueError, KeyError, TypeError):
        return Response({"error": "nonsense in the call"}, 400)


def _door_to(stand: Stand) -> type[BaseHTTPRequestHandler]:
    """A request handler class that belongs to one stand-in."""

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the addresses carry tokens."""

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            call = Call(self.command, parts.path, query, headers, self.rfile.read(length))
            response, spoiled = stand.answer(call)
            SPOILERS[spoiled](self, stand, response)

    return Door


def _send(door: BaseHTTPRequestHandler, status: int, content_type: str, body: bytes, **more: str) -> None:
    door.send_response(status)
    door.send_header("Content-Type", content_type)
    door.send_header("Content-Length", more.pop("length", str(len(body))))
    door.send_header("Connection", "close")
    for name, value in more.items():
        door.send_header(name, value)
    door.end_headers()
    door.wfile.write(body)
    door.wfile.flush()
    door.close_connection = True


def _whole(door: BaseHTTPRequestHandler, stand: Stand, response: Response) -> None:
    _send(door, response.status, response.content_type, response.encoded(), **response.headers)


def _silence(door: BaseHTTPRequestHandler, stand: Stand, response: Response) -> None:
    stand.wait(30)
    door.close_connection = True


def _reset(door: BaseHTTPRequestHandler, stand: Stand, response: Response) -> None:
    door.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    door.close_connection = True
    door.connection.close()


def _html(door: BaseHTTPRequestHandler, stand: Stand, response: Response) -> None:
    _send(door, 200, "text/html; charset=utf-8", HTML_WALL.encode("utf-8"))


def _status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler, Stand, Response], None]:
    def spoil(door: BaseHTTPRequestHandler, stand: Stand, response: Response) -> None:
        _send(door, code, "text/html", HTML_WALL.encode("utf-8"), **headers)

    return spoil


def _truncated(door: BaseHTTPRequestHandler, stand: Stand, response: Response) -> None:
    body = response.encoded()
    _send(door, 200, "application/json", body[: len(body) // 2])


def _redirect(door: BaseHTTPRequestHandler, stand: Stand, response: Response) -> None:
    _send(door, 302, "text/html", b"", Location="http://169.254.169.254/latest/")


def _huge(door: BaseHTTPRequestHandler, stand: Stand, response: Response) -> None:
    try:
        _send(door, 200, "application/json", b'{"errcode":0,"x":"' + b"x" * 10_000_000 + b'"}')
    except OSError:
        door.close_connection = True  # the caller had enough, as it should


def _slow(door: BaseHTTPRequestHandler, stand: Stand, response: Response) -> None:
    try:
        _send(door, 200, "application/json", b"{", length=str(TRICKLE_BYTES + 1))
        _trickle(door, stand)
    except OSError:
        door.close_connection = True


def _slow_headers(door: BaseHTTPRequestHandler, stand: Stand, response: Response) -> None:
    try:
        door.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        _trickle(door, stand)
    except OSError:
        door.close_connection = True


def _trickle(door: BaseHTTPRequestHandler, stand: Stand) -> None:
    """Send a byte now and then, each soon enough that nobody who only waits for the next one gives up."""
    for _ in range(TRICKLE_BYTES):
        stand.wait(TRICKLE_SECONDS)
        door.wfile.write(b" ")
        door.wfile.flush()


SPOILERS: dict[str | None, Callable[[BaseHTTPRequestHandler, Stand, Response], None]] = {
    None: _whole,
    "silence": _silence,
    "reset": _reset,
    "html": _html,
    "http_500": _status(500),
    "http_502": _status(502),
    "http_503": _status(503),
    "http_429": _status(429, **{"Retry-After": str(RETRY_AFTER_SECONDS)}),
    "truncated": _truncated,
    "redirect": _redirect,
    "huge": _huge,
    "slow": _slow,
    "slow_headers": _slow_headers,
}
