"""How does one reminder leave by mail? Over TLS, once; what happened after the text was sent is unknown.

Source: RFC 5321 (4yz: try later, 5yz: never), RFC 6409 (587 with STARTTLS), RFC 8314 (465 with TLS).
"""

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TypeVar

from connectors import calls
from connectors.calls import Clock
from connectors.contract import SettingField
from connectors.errors import DeliveryError
from connectors.robots.messengers import Errand, Messenger

SECONDS = 20.0
"""For the whole conversation."""
ADDRESS = r"[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9.-]{1,190}"
TLS, STARTTLS, PLAIN = "tls", "starttls", "plain"
_EHLO = "huiying"
Result = TypeVar("Result")


class Mail(Messenger):
    """One mail server with one sender. The recipient is the errand's only mention."""

    SETTINGS = (
        SettingField("server", "邮件服务器", pattern=r"[A-Za-z0-9.-]{1,190}"),
        SettingField("port", "端口", pattern=r"[0-9]{2,5}", help="465（TLS）或 587（STARTTLS）", default="465"),
        SettingField(
            "security", "加密方式", pattern=r"tls|starttls|plain", default=TLS,
            help="tls、starttls，或 plain（只用于内网中转，不能带密码）",
        ),
        SettingField("user", "登录名", required=False, pattern=r"\S{1,200}"),
        SettingField("password", "密码或授权码", secret=True, required=False, pattern=r".{1,200}"),
        SettingField("sender", "发件地址", pattern=ADDRESS),
    )  # fmt: skip
    longest_bytes = 100_000
    pause = timedelta(minutes=1)
    rest = timedelta(minutes=5)

    def __init__(
        self,
        server: str,
        sender: str,
        port: str = "465",
        security: str = TLS,
        user: str = "",
        password: str = "",
        *,
        context: ssl.SSLContext | None = None,
        clock: Clock = calls.utc_now,
        total_seconds: float = SECONDS,
    ) -> None:
        self._server, self._port, self._security = server, int(port), security
        self._user, self._password, self._sender = user, password, sender
        self._context = context or ssl.create_default_context()
        self._clock, self._total_seconds = clock, total_seconds

    def send(self, errand: Errand) -> None:
        """One mail to one address."""
        if self._security == PLAIN and self._password:
            raise DeliveryError("stop", "plain", "", "不加密的连接不能带密码。请改用 tls 或 starttls。")
        (recipient,) = errand.mentions
        with self._conversation() as smtp:
            _step(lambda: self._introduce(smtp))
            _step(lambda: self._envelope(smtp, recipient))
            _last_step(smtp, self._written(errand, recipient).as_bytes())

    @contextmanager
    def _conversation(self) -> Iterator[smtplib.SMTP]:
        """A connection that is cut when the whole has taken too long: single reads have limits of their own,
        and a server may say one letter a second."""
        smtp = self._made()
        cut = threading.Timer(self._total_seconds, _cut, [smtp])
        cut.daemon = True
        cut.start()
        try:
            _step(lambda: _greeted(smtp.connect(self._server, self._port)))
            yield smtp
        finally:
            cut.cancel()
            smtp.close()

    def _made(self) -> smtplib.SMTP:
        seconds = min(self._total_seconds, calls.TOTAL_SECONDS)
        if self._security == TLS:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                local_hostname=_EHLO, timeout=seconds, context=self._context
            )
        else:
            smtp = smtplib.SMTP(local_hostname=_EHLO, timeout=seconds)
        # What the certificate must say: the library takes it from its constructor only, which would connect
        # at once, before anything could cut it.
        smtp._host = self._server  # type: ignore[attr-defined]
        return smtp

    def _introduce(self, smtp: smtplib.SMTP) -> None:
        if self._security == STARTTLS:
            smtp.starttls(context=self._context)
        smtp.ehlo_or_helo_if_needed()
        if self._user:
            smtp.login(self._user, self._password)

    def _envelope(self, smtp: smtplib.SMTP, recipient: str) -> None:
        code, words = smtp.mail(self._sender)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, words, self._sender)
        code, words = smtp.rcpt(recipient)
        if code not in (250, 251):
            raise smtplib.SMTPResponseException(code, words)

    def _written(self, errand: Errand, recipient: str) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = errand.subject, self._sender, recipient
        mail["Date"] = format_datetime(self._clock())
        # The same for every try: servers and readers know a repetition by it.
        mail["Message-ID"] = f"<{errand.key}@{self._sender.partition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(errand.text)
        return mail


def _greeted(answer: tuple[int, bytes]) -> None:
    if answer[0] != 220:
        raise smtplib.SMTPConnectError(*answer)


def _cut(smtp: smtplib.SMTP) -> None:
    try:
        if smtp.sock:
            smtp.sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was closed already, which is what we want


def _step(do: Callable[[], Result]) -> Result:
    """Anything before the text: nobody can have got it, so every failure may be tried again or is ours."""
    try:
        return do()
    except smtplib.SMTPAuthenticationError as error:
        raise _refused(
            "stop", error, "邮箱登录名或授权码不对。QQ、163 等邮箱要用授权码，不是登录密码。"
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise DeliveryError(
            "stop", "not_supported", "", "邮件服务器不支持这种加密或登录方式。请核对端口和加密方式。"
        ) from None
    except smtplib.SMTPSenderRefused as error:
        raise _refused(
            "back_off" if error.smtp_code < 500 else "stop", error, "邮件服务器不接受这个发件地址。"
        ) from None
    except smtplib.SMTPResponseException as error:
        kind = "back_off" if error.smtp_code < 500 else "final"
        raise _refused(kind, error, "邮件服务器没有接受收件地址。请核对。") from None
    except ssl.SSLError as error:
        raise DeliveryError(
            "stop", "tls", str(error.reason), "邮件服务器的证书或加密方式不对。请核对。"
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(
            "back_off", "connect", type(error).__name__, "连不上邮件服务器，稍后自动再试。"
        ) from None


def _last_step(smtp: smtplib.SMTP, text: bytes) -> None:
    """Hand over the text. A silence from here on may mean that it was taken."""
    try:
        code, words = smtp.data(text)
    except smtplib.SMTPDataError as error:
        raise _data_refused(error.smtp_code, error) from None
    except (OSError, smtplib.SMTPException) as error:
        raise calls.lost("mail_lost", type(error).__name__, repeatable=False) from None
    if code != 250:
        raise _data_refused(code, smtplib.SMTPDataError(code, words))


def _data_refused(code: int, error: smtplib.SMTPResponseException) -> DeliveryError:
    return _refused("back_off" if code < 500 else "final", error, "邮件服务器没有收下这封信。")


def _refused(kind: str, error: smtplib.SMTPResponseException, message_zh: str) -> DeliveryError:
    """The server's words are kept without addresses: they often repeat the recipient's."""
    return DeliveryError(kind, str(error.smtp_code), "", message_zh)
