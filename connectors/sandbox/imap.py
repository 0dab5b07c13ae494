"""A mailbox server to try the reading of forwarded mails with: the part of IMAP4rev1 that a reader needs.

RFC 3501 (greeting, LOGIN, SELECT, EXAMINE, UID SEARCH/FETCH/STORE/COPY, EXPUNGE, LOGOUT) and RFC 6851 (MOVE).
One folder of mails and any number to move them to; it keeps its promises about \\Seen and about numbers.
"""

import re
import socketserver
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Mail:
    """One mail in a folder."""

    uid: int
    raw: bytes
    seen: bool = False
    deleted: bool = False


@dataclass
class Mailboxes:
    """The folders of one person. ``calls`` are the commands as they came, without the password."""

    user: str = "jiucuo"
    password: str = "sandbox-password"
    validity: int = 1
    can_move: bool = True
    folders: dict[str, list[Mail]] = field(default_factory=lambda: {"INBOX": []})
    calls: list[str] = field(default_factory=list)
    last_uid: int = 0

    def arrive(self, raw: bytes, *, seen: bool = False) -> int:
        """A mail comes in; its number."""
        self.last_uid += 1
        self.folders["INBOX"].append(Mail(self.last_uid, raw, seen))
        return self.last_uid


class _Session(socketserver.StreamRequestHandler):
    """One connection."""

    server: "ImapServer"
    folder: list[Mail]

    def handle(self) -> None:
        self.folder, self.readonly = [], False
        self._say("* OK ready")
        while line := self.rfile.readline(65_536):
            words = line.decode("utf-8", "replace").strip()
            tag, _, rest = words.partition(" ")
            name, _, arguments = rest.partition(" ")
            name = name.upper()
            if name == "UID":
                verb, _, arguments = arguments.partition(" ")
                name = f"UID {verb.upper()}"
            self.server.boxes.calls.append(name if name == "LOGIN" else f"{name} {arguments}".strip())
            answer = _COMMANDS.get(name, _Session._unknown)(self, arguments)
            self._say(f"{tag} {answer} done")  # a tagged answer ends in words (§7.1)
            if name == "LOGOUT":
                return

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode("utf-8") + b"\r\n")

    def _unknown(self, _: str) -> str:
        return "BAD unknown"

    def _capability(self, _: str) -> str:
        self._say("* CAPABILITY IMAP4rev1" + (" MOVE" if self.server.boxes.can_move else ""))
        return "OK"

    def _login(self, arguments: str) -> str:
        given = [one.strip('"') for one in re.findall(r'"[^"]*"|\S+', arguments)]
        return (
            "OK"
            if given == [self.server.boxes.user, self.server.boxes.password]
            else "NO [AUTHENTICATIONFAILED]"
        )

    def _select(self, arguments: str) -> str:
        return self._open(arguments, readonly=False)

    def _examine(self, arguments: str) -> str:
        return self._open(arguments, readonly=True)

    def _open(self, arguments: str, *, readonly: bool) -> str:
        name = arguments.strip('"')
        if name not in self.server.boxes.folders:
            return "NO no such folder"
        self.folder, self.readonly = self.server.boxes.folders[name], readonly
        self._say(f"* {len(self.folder)} EXISTS")
        self._say(f"* OK [UIDVALIDITY {self.server.boxes.validity}]")
        return f"OK [{'READ-ONLY' if readonly else 'READ-WRITE'}]"

    def _search(self, arguments: str) -> str:
        found = list(self.folder)
        if numbers := re.search(r"UID (\S+)", arguments):
            found = self._of(numbers[1])
        if "UNSEEN" in arguments:
            found = [mail for mail in found if not mail.seen]
        self._say("* SEARCH" + "".join(f" {mail.uid}" for mail in found))
        return "OK"

    def _of(self, numbers: str) -> list[Mail]:
        """The mails of a set of numbers. ``n:*`` always names the last one (§6.4.8)."""
        last = max((mail.uid for mail in self.folder), default=0)
        wanted: set[int] = set()
        for part in numbers.split(","):
            first, _, until = part.partition(":")
            ends = [last if one == "*" else int(one) for one in (first, until or first)]
            wanted |= set(range(min(ends), max(ends) + 1))
        return [mail for mail in self.folder if mail.uid in wanted]

    def _fetch(self, arguments: str) -> str:
        numbers, _, what = arguments.partition(" ")
        for mail in self._of(numbers):
            place = self.folder.index(mail) + 1
            if "RFC822.SIZE" in what:
                self._say(f"* {place} FETCH (UID {mail.uid} RFC822.SIZE {len(mail.raw)})")
                continue
            mail.seen = mail.seen or (".PEEK" not in what and not self.readonly)
            part = mail.raw.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n" if "HEADER" in what else mail.raw
            name = what.strip("()").replace(".PEEK", "")
            self.wfile.write(
                f"* {place} FETCH (UID {mail.uid} {name} {{{len(part)}}}\r\n".encode() + part + b")\r\n"
            )
        return "OK"

    def _store(self, arguments: str) -> str:
        numbers, _, flags = arguments.partition(" ")
        for mail in [] if self.readonly else self._of(numbers):
            mail.seen = mail.seen or r"\Seen" in flags
            mail.deleted = mail.deleted or r"\Deleted" in flags
        return "OK"

    def _copy(self, arguments: str) -> str:
        numbers, _, name = arguments.partition(" ")
        target = self.server.boxes.folders.get(name.strip('"'))
        if target is None:
            return "NO [TRYCREATE]"
        target += [Mail(len(target) + 1, mail.raw, mail.seen) for mail in self._of(numbers)]
        return "OK"

    def _move(self, arguments: str) -> str:
        answer = self._copy(arguments)
        for mail in self._of(arguments.split(" ")[0]) if answer == "OK" else []:
            self.folder.remove(mail)
        return answer

    def _expunge(self, _: str) -> str:
        self.folder[:] = [mail for mail in self.folder if not mail.deleted]
        return "OK"

    def _logout(self, _: str) -> str:
        self._say("* BYE")
        return "OK"


_COMMANDS: dict[str, Callable[[Any, str], str]] = {
    "CAPABILITY": _Session._capability,
    "LOGIN": _Session._login,
    "SELECT": _Session._select,
    "EXAMINE": _Session._examine,
    "UID SEARCH": _Session._search,
    "UID FETCH": _Session._fetch,
    "UID STORE": _Session._store,
    "UID COPY": _Session._copy,
    "UID MOVE": _Session._move,
    "EXPUNGE": _Session._expunge,
    "LOGOUT": _Session._logout,
}


class ImapServer(socketserver.ThreadingTCPServer):
    """Serves ``boxes`` on a free port of this machine, over TLS, until it is left."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, boxes: Mailboxes, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.boxes = boxes
        self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up, or that does not trust our certificate, is no fault of the server."""

    def __enter__(self) -> "ImapServer":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self.shutdown()
        self.server_close()
