"""Which new mails are in the mailbox that corrections are forwarded to? IMAP4rev1 over TLS (RFC 3501).

Mails are looked at without marking them (BODY.PEEK). Only in the next round, when the cursor proves that they
were stored, are they marked as read or moved: whatever breaks in between, none is lost and none comes twice.
"""

import contextlib
import email
import hashlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.policy import default
from email.utils import parseaddr
from functools import partial
from typing import Any

from connectors.addresses import may_call
from connectors.calls import INSIDE
from connectors.contract import RawItem
from connectors.errors import DeliveryError

SECONDS = 15.0
LONGEST = 12_000_000
MOST_A_ROUND = 20
BROKEN = "没有连上收件邮箱，稍后自动再试。一直连不上，请核对服务器、端口和网络。"

Opener = Callable[[str, int, Callable[[str], bool]], imaplib.IMAP4]
"""Opens a connection to (host, port), to an address that may be reached."""


class _Guarded(imaplib.IMAP4_SSL):
    """Looks whom it has really reached before it says anything."""

    may_reach: Callable[[str], bool]

    def __init__(
        self, host: str, port: int, may_reach: Callable[[str], bool], context: ssl.SSLContext
    ) -> None:
        self.may_reach = may_reach
        super().__init__(host, port, ssl_context=context, timeout=SECONDS)

    def _create_socket(self, timeout: float | None) -> Any:
        plain = imaplib.IMAP4._create_socket(self, timeout)  # type: ignore[attr-defined]
        if not self.may_reach(plain.getpeername()[0]):
            plain.close()
            raise DeliveryError("stop", "address_inside", "", INSIDE)
        return self.ssl_context.wrap_socket(plain, server_hostname=self.host)


def open_tls(host: str, port: int, may_reach: Callable[[str], bool]) -> imaplib.IMAP4:
    """With the certificates that this machine trusts, and the server's name checked."""
    return _Guarded(host, port, may_reach, ssl.create_default_context())


@dataclass(frozen=True)
class Mailbox:
    """``senders``: addresses or @domains whose mails are taken; empty: everybody's. ``done``: the folder
    where mails go that were stored; empty: they stay, marked as read."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str
    senders: tuple[str, ...]
    done: str
    inside: bool
    opener: Opener

    @property
    def is_set(self) -> bool:
        """Whether there is a mailbox at all."""
        return bool(self.host)

    def fetch(self, cursor: Mapping[str, str]) -> tuple[list[RawItem], dict[str, str]]:
        """At most twenty new mails, oldest first. Raises DeliveryError.

        At first the unread ones; from then on every mail that came later, read by somebody or not. When the
        server numbers its mails anew (UIDVALIDITY) it begins again; a mail is known by its Message-ID.
        """
        with self._opened() as box:
            validity = _validity(box)
            same = cursor.get("mail_validity") == validity
            if same and cursor.get("mail_brought"):
                self._put_away(box, cursor["mail_brought"])
            last = int(cursor.get("mail_last", "0")) if same else 0
            everything_since = int(cursor.get("mail_since", "0")) if same else _highest(box)
            uids = _new(box, last, everything_since)
            items, brought = [], []
            for uid in uids[:MOST_A_ROUND]:
                raw = self._get(box, uid)
                if raw is not None:
                    items.append(RawItem(_fingerprint(raw, validity, uid), raw))
                    brought.append(str(uid))
            reached = uids[:MOST_A_ROUND][-1] if uids else max(last, 0)
            return items, {
                "mail_validity": validity,
                "mail_since": str(everything_since),
                "mail_last": str(reached),
                "mail_brought": ",".join(brought),
            }

    def look(self) -> str:
        """Say how many unread mails are there. Raises DeliveryError."""
        with self._opened(readonly=True) as box:
            return f"能打开邮箱，有 {len(_search(box, 'UNSEEN'))} 封未读邮件"

    @contextlib.contextmanager
    def _opened(self, readonly: bool = False) -> Iterator[imaplib.IMAP4]:
        """The folder, opened. Raises DeliveryError for all that goes wrong with the server."""
        try:
            box = self.opener(self.host, self.port, partial(may_call, inside=self.inside))
        except ssl.SSLError:
            words = "收件邮箱服务器的证书不对（过期、不全或名称不符），没有登录。请核对服务器名称。"
            raise DeliveryError("stop", "tls", "", words) from None
        except (OSError, imaplib.IMAP4.error):
            raise DeliveryError("back_off", "connect", "", BROKEN) from None
        try:
            self._sign_in(box)
            status, _ = box.select(f'"{_in_utf7(self.folder)}"', readonly=readonly)
            if status != "OK":
                raise DeliveryError("stop", "no_folder", "", "邮箱里没有要收的文件夹。请核对名称。")
            yield box
        except (OSError, imaplib.IMAP4.error, ValueError):
            raise DeliveryError("back_off", "broken", "", BROKEN) from None
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                box.logout()

    def _sign_in(self, box: imaplib.IMAP4) -> None:
        try:
            box.login(self.user, self.password)
        except (imaplib.IMAP4.abort, OSError):
            raise
        except imaplib.IMAP4.error:
            words = "邮箱没有让我们登录。请核对账号和密码；许多邮箱要用专门的授权码，并要先开通 IMAP。"
            raise DeliveryError("stop", "login", "", words) from None

    def _get(self, box: imaplib.IMAP4, uid: int) -> bytes | None:
        """A mail as it came, without marking it; None where it is not for us, too large or gone."""
        if self.senders and not self._is_ours(_part(box, uid, "BODY.PEEK[HEADER.FIELDS (FROM)]") or b""):
            return None
        size = re.search(rb"RFC822\.SIZE (\d+)", _answer(box, uid, "RFC822.SIZE"))
        if size is None:
            return None
        if int(size[1]) > LONGEST:
            # Its head and the beginning: enough to be seen as a mail that a person must open.
            return _part(box, uid, "BODY.PEEK[HEADER]")
        return _part(box, uid, "BODY.PEEK[]")

    def _is_ours(self, head: bytes) -> bool:
        address = parseaddr(str(_headers(head).get("From", "")))[1].lower()
        return any(address.endswith(one) if one.startswith("@") else address == one for one in self.senders)

    def _put_away(self, box: imaplib.IMAP4, uids: str) -> None:
        """Mark what was stored as read, and move it where the office wants that."""
        if not re.fullmatch(r"[\d,]+", uids):
            return
        box.uid("STORE", uids, "+FLAGS.SILENT", r"(\Seen)")
        if not self.done:
            return
        to = f'"{_in_utf7(self.done)}"'
        if "MOVE" in box.capabilities:
            moved, _ = box.uid("MOVE", uids, to)
        else:
            moved, _ = box.uid("COPY", uids, to)
            if moved == "OK":
                box.uid("STORE", uids, "+FLAGS.SILENT", r"(\Deleted)")
                box.expunge()
        if moved != "OK":
            raise DeliveryError("stop", "no_folder", "", "“收完移到”的文件夹不在邮箱里。请先建好，或不填。")


def _validity(box: imaplib.IMAP4) -> str:
    _, found = box.response("UIDVALIDITY")
    return (found[0] or b"0").decode("ascii") if found else "0"


def _highest(box: imaplib.IMAP4) -> int:
    return max(_search(box, "ALL"), default=0)


def _new(box: imaplib.IMAP4, last: int, everything_since: int) -> list[int]:
    """Mails above ``last``: of those that were there at first only the unread ones."""
    # "n:*" names the last mail even where its number is below n (RFC 3501 §6.4.8).
    later = [uid for uid in _search(box, "UID", f"{max(last, everything_since) + 1}:*") if uid > last]
    old = _search(box, "UID", f"{last + 1}:{everything_since}", "UNSEEN") if last < everything_since else []
    return sorted({*old, *(uid for uid in later if uid > everything_since)})


def _search(box: imaplib.IMAP4, *criteria: str) -> list[int]:
    status, found = box.uid("SEARCH", *criteria)
    words = b" ".join(one for one in found if isinstance(one, bytes)) if status == "OK" else b""
    return [int(one) for one in words.split() if one.isdigit()]


def _fetched(box: imaplib.IMAP4, uid: int, what: str) -> list[Any]:
    status, found = box.uid("FETCH", str(uid), f"({what})")
    return list(found) if status == "OK" else []


def _part(box: imaplib.IMAP4, uid: int, what: str) -> bytes | None:
    return next((one[1] for one in _fetched(box, uid, what) if isinstance(one, tuple)), None)


def _answer(box: imaplib.IMAP4, uid: int, what: str) -> bytes:
    return b" ".join(one for one in _fetched(box, uid, what) if isinstance(one, bytes))


def _headers(raw: bytes) -> Message:
    return email.message_from_bytes(raw, policy=default)


def _fingerprint(raw: bytes, validity: str, uid: int) -> str:
    """The mail's own Message-ID; without one, its number in the folder."""
    own = re.search(rb"(?im)^message-id:\s*(<[^>\r\n]{1,900}>)", raw.split(b"\r\n\r\n", 1)[0])
    if own is None:
        return f"mail:uid:{validity}:{uid}"
    return "mail:id:" + hashlib.sha256(own[1]).hexdigest()


def _in_utf7(name: str) -> str:
    """A folder's name as IMAP writes it: 已处理 is &XfJZBHQG- (RFC 3501 §5.1.3)."""

    def packed(found: "re.Match[str]") -> str:
        coded = found[0].encode("utf-7").decode("ascii").rstrip("-")
        return "&" + coded.removeprefix("+").replace("/", ",") + "-"

    return re.sub(r"[^\x20-\x7e]+", packed, name.replace("&", "&-"))
