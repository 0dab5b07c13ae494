"""A mailbox that corrections are forwarded to: looked at unmarked, put away only once it is certain that they
were stored, and never called where nobody may call."""

import datetime as dt
import imaplib
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.contract import FetchResult
from connectors.corrections.connector import CorrectionsConnector
from connectors.corrections.mailbox import open_tls
from connectors.errors import DeliveryError
from connectors.sandbox.imap import ImapServer, Mailboxes

NOW = dt.datetime(2026, 11, 20, 2, 0, tzinfo=dt.UTC)
Connect = Callable[..., CorrectionsConnector]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and certificate of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def server(certificate: Path) -> Iterator[ImapServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ImapServer(Mailboxes(), context) as made:
        yield made


@pytest.fixture
def connect(server: ImapServer, certificate: Path) -> Connect:
    """A connector whose mailbox is the server; it trusts its certificate and may call this machine."""

    def opener(host: str, port: int, _: Callable[[str], bool]) -> imaplib.IMAP4:
        trusting = ssl.create_default_context(cafile=str(certificate))
        return imaplib.IMAP4_SSL(host, port, ssl_context=trusting, timeout=5)

    def make(**change: str) -> CorrectionsConnector:
        settings = {
            "mail_host": "127.0.0.1",
            "mail_port": str(server.port),
            "mail_user": "jiucuo",
            "mail_password": "sandbox-password",
        }
        return CorrectionsConnector(**{**settings, **change}, open_mail=opener)  # type: ignore[arg-type]

    return make


def a_mail(number: str = "JC1", sender: str = "notice@zfwzgl.example", own: str | None = "") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = f"找错平台 <{sender}>", "转办"
    mail["Date"] = "Fri, 20 Nov 2026 10:02:00 +0800"
    if own is not None:
        mail["Message-ID"] = own or f"<{number}@zfwzgl.example>"
    mail.set_content(f"留言编号：{number}\n问题描述：首页打不开\n")
    return mail.as_bytes(policy=SMTP)


def fetch(connector: CorrectionsConnector, after: FetchResult | None = None) -> FetchResult:
    return connector.fetch(after.cursor if after else {}, NOW)


def seen(server: ImapServer) -> list[bool]:
    return [mail.seen for mail in server.boxes.folders["INBOX"]]


def test_a_mail_is_looked_at_unmarked_and_put_away_only_once_it_was_stored(
    server: ImapServer, connect: Connect
) -> None:
    server.boxes.arrive(a_mail())
    connector = connect()
    first = fetch(connector)
    assert [item.fingerprint[:8] for item in first.raw_items] == ["mail:id:"]
    assert seen(server) == [False]
    (message,) = connector.read(first.raw_items[0].body)
    assert (message.external_id, message.text) == ("no:JC1", "首页打不开")
    # The cursor comes back: now, and only now, it is certain that the first round was kept.
    second = fetch(connector, first)
    assert (second.raw_items, seen(server)) == ((), [True])


def test_a_round_that_was_not_stored_is_brought_again_as_the_very_same_item(
    server: ImapServer, connect: Connect
) -> None:
    server.boxes.arrive(a_mail())
    lost, again = fetch(connect()), fetch(connect())
    assert lost.raw_items == again.raw_items


def test_stored_mails_go_to_the_folder_the_office_named(server: ImapServer, connect: Connect) -> None:
    server.boxes.folders["&XfJZBHQG-"] = []
    for can_move in (True, False):
        server.boxes.can_move = can_move
        server.boxes.arrive(a_mail(f"JC{can_move}"))
        connector = connect(mail_done="已处理")
        fetch(connector, fetch(connector))
        assert server.boxes.folders["INBOX"] == []
    assert len(server.boxes.folders["&XfJZBHQG-"]) == 2


def test_at_first_only_unread_mails_then_all_that_come_also_those_somebody_read_first(
    server: ImapServer, connect: Connect
) -> None:
    server.boxes.arrive(a_mail("OLD"), seen=True)
    server.boxes.arrive(a_mail("NEW"))
    first = fetch(connect())
    assert len(first.raw_items) == 1 and b"NEW" in first.raw_items[0].body
    server.boxes.arrive(a_mail("READ-BY-A-COLLEAGUE"), seen=True)
    second = fetch(connect(), first)
    assert len(second.raw_items) == 1 and b"COLLEAGUE" in second.raw_items[0].body
    assert fetch(connect(), second).raw_items == ()


def test_many_mails_come_twenty_a_round_and_each_once(server: ImapServer, connect: Connect) -> None:
    for number in range(45):
        server.boxes.arrive(a_mail(f"JC{number}"))
    came, after = [], None
    for _ in range(4):
        after = fetch(connect(), after)
        came.append([item.fingerprint for item in after.raw_items])
    assert [len(part) for part in came] == [20, 20, 5, 0]
    assert len({one for part in came for one in part}) == 45


def test_numbers_given_anew_bring_no_second_mail(server: ImapServer, connect: Connect) -> None:
    server.boxes.arrive(a_mail("JC1"))
    server.boxes.arrive(a_mail("JC2", own=None))
    first = fetch(connect())
    server.boxes.validity = 2
    again = fetch(connect(), first)
    # One is known by its Message-ID; one without gets a new name, and is the same by its own number in it.
    assert first.raw_items[0] == again.raw_items[0]
    keys = [connect().read(found.raw_items[1].body)[0].external_id for found in (first, again)]
    assert keys == ["no:JC2", "no:JC2"]


def test_mails_of_others_are_left_alone(server: ImapServer, connect: Connect) -> None:
    server.boxes.arrive(a_mail("AD", sender="ad@shop.example"))
    server.boxes.arrive(a_mail("TRICK", sender="notice@zfwzgl.example.evil.example"))
    server.boxes.arrive(a_mail("JC1"))
    connector = connect(mail_senders="@zfwzgl.example")
    first = fetch(connector)
    fetch(connector, first)
    assert len(first.raw_items) == 1 and b"JC1" in first.raw_items[0].body
    assert seen(server) == [False, False, True]


@pytest.mark.parametrize(
    ("change", "kind", "code"),
    [
        ({"mail_password": "wrong"}, "stop", "login"),
        ({"mail_folder": "没有"}, "stop", "no_folder"),
        ({"mail_port": "1"}, "back_off", "connect"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_in_words_and_nothing_secret_is_in_them(
    connect: Connect, change: dict[str, str], kind: str, code: str
) -> None:
    with pytest.raises(DeliveryError) as failed:
        fetch(connect(**change))
    assert (failed.value.kind, failed.value.code) == (kind, code)
    assert "wrong" not in str(failed.value) + failed.value.message_zh
    (probe,) = connect(**change).probe(NOW, None)
    assert (probe.ok, probe.words) == (False, failed.value.message_zh)


def test_the_self_test_counts_and_marks_nothing(server: ImapServer, connect: Connect) -> None:
    server.boxes.arrive(a_mail())
    (probe,) = connect().probe(NOW, None)
    assert (probe.ok, probe.words, seen(server)) == (True, "能打开邮箱，有 1 封未读邮件", [False])
    assert any(call.startswith("EXAMINE") for call in server.boxes.calls)


def test_this_machine_is_never_called_and_a_stranger_s_certificate_not_trusted(server: ImapServer) -> None:
    settings = {
        "mail_host": "127.0.0.1",
        "mail_port": str(server.port),
        "mail_user": "a",
        "mail_password": "b",
    }
    for inside in ("是", "否"):
        with pytest.raises(DeliveryError) as failed:
            fetch(CorrectionsConnector(**settings, inside=inside))  # type: ignore[arg-type]
        assert failed.value.code == "address_inside"
    with pytest.raises(ssl.SSLError):
        open_tls("127.0.0.1", server.port, lambda _: True)
    assert server.boxes.calls == []
