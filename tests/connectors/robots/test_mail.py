"""Mail against a real SMTP server: over TLS and STARTTLS, refused at each step, and gone silent."""

import email
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from connectors.errors import DeliveryError
from connectors.robots.mail import Mail
from connectors.robots.messengers import Errand
from tests.connectors.stands import NOW

ERRAND = Errand(
    "办件提醒：20261120-7K2M9Q 今天到期", ("chen@yunze.example",), "回应：1 条提醒", "notice-17-3"
)


class Box:
    """What a server is told to answer, and what it took."""

    def __init__(self, **answers: str) -> None:
        self.answers, self.taken = answers, list[Any]()

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, _: Any) -> str:
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, _: Any) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers.get("data") == "drop":
            server.transport.abort()
            return ""
        self.taken.append((envelope, server.transport.get_extra_info("ssl_object") is not None))
        return self.answers.get("data", "250 OK")


def authenticator(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    right = isinstance(given, LoginPassword) and given == LoginPassword(b"huiying", b"code-0001")
    return AuthResult(success=right, handled=right)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, chain = folder / "key.pem", folder / "chain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", chain],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, chain


@pytest.fixture
def served(certificate: tuple[Path, Path]) -> Iterator[Any]:
    key, chain = certificate
    ours = ssl.create_default_context(cafile=str(chain))
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(chain, key)
    running: list[Controller] = []

    def serve(security: str, box: Box) -> Any:
        way: dict[str, Any] = {
            "tls": {"ssl_context": theirs},
            "starttls": {"tls_context": theirs, "require_starttls": True, "auth_required": True},
            "plain": {},
        }[security]
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        auth = {"authenticator": authenticator, "auth_require_tls": False} if security != "plain" else {}
        controller = Controller(box, hostname="localhost", port=port, **way, **auth)
        controller.start()
        running.append(controller)

        def ours_to(**more: Any) -> Mail:
            login = {} if security == "plain" else {"user": "huiying", "password": "code-0001"}
            settings = {"server": "localhost", "port": str(port), "security": security, **login, **more}
            return Mail(sender="tixing@yunze.example", context=ours, clock=lambda: NOW, **settings)

        return ours_to

    yield serve
    for controller in running:
        controller.stop()


@pytest.mark.parametrize(("security", "encrypted"), [("tls", True), ("starttls", True), ("plain", False)])
def test_a_mail_arrives_as_it_was_written(served: Any, security: str, encrypted: bool) -> None:
    box = Box()
    served(security, box)().send(ERRAND)
    ((envelope, was_encrypted),) = box.taken
    mail = email.message_from_bytes(envelope.content, policy=default)
    assert was_encrypted is encrypted
    assert (envelope.mail_from, envelope.rcpt_tos) == ("tixing@yunze.example", ["chen@yunze.example"])
    assert (mail["Subject"], mail.get_content().strip()) == (ERRAND.subject, ERRAND.text)
    assert mail["Message-ID"] == "<notice-17-3@yunze.example>"
    assert mail["Date"].datetime == NOW


@pytest.mark.parametrize(
    ("answers", "more", "kind", "code"),
    [
        ({}, {"password": "guessed"}, "stop", "535"),
        ({"mail": "550 no"}, {}, "stop", "550"),
        ({"mail": "451 later"}, {}, "back_off", "451"),
        ({"rcpt": "550 unknown"}, {}, "final", "550"),
        ({"rcpt": "450 greylisted"}, {}, "back_off", "450"),
        ({"data": "554 refused"}, {}, "final", "554"),
        ({"data": "452 full"}, {}, "back_off", "452"),
        ({"data": "drop"}, {}, "unknown", "mail_lost"),
    ],
    ids=lambda value: str(value),
)
def test_each_no_has_its_class(
    served: Any, answers: dict[str, str], more: dict[str, str], kind: str, code: str
) -> None:
    with pytest.raises(DeliveryError) as refused:
        served("tls", Box(**answers))(**more).send(ERRAND)
    assert (refused.value.kind, refused.value.code) == (kind, code)
    assert "yunze.example" not in f"{refused.value.words}{refused.value.message_zh}"


def test_a_password_never_travels_in_the_clear(served: Any) -> None:
    box = Box()
    with pytest.raises(DeliveryError) as refused:
        served("plain", box)(password="code-0001").send(ERRAND)
    assert (refused.value.kind, box.taken) == ("stop", [])


def test_a_server_nobody_vouches_for_is_not_spoken_to(served: Any) -> None:
    box = Box()
    ours = served("tls", box)()
    ours._context = ssl.create_default_context()
    with pytest.raises(DeliveryError) as refused:
        ours.send(ERRAND)
    assert (refused.value.kind, refused.value.code, box.taken) == ("stop", "tls", [])


def test_no_server_there_means_later(served: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DeliveryError) as refused:
        Mail("localhost", "a@yunze.example", str(port), "plain").send(ERRAND)
    assert refused.value.kind == "back_off"


def test_a_server_that_says_one_letter_at_a_time_is_left() -> None:
    stop = threading.Event()

    def trickle(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            while not stop.wait(0.05):
                try:
                    connection.send(b"2")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=trickle, args=(listening,), daemon=True)
        thread.start()
        port = str(listening.getsockname()[1])
        with pytest.raises(DeliveryError) as refused:
            Mail("127.0.0.1", "a@yunze.example", port, "plain", total_seconds=0.5).send(ERRAND)
        stop.set()
        thread.join(5)
    assert refused.value.kind == "back_off"
