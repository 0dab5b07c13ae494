"""Is the stand-in a true WeChat? WeRoBot, written by others, is asked as the account's server."""

import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from werobot import WeRoBot
from werobot.crypto import MessageCrypt

from connectors.sandbox import wechat_pushes
from connectors.sandbox.wechat_pushes import KINDS
from connectors.signatures import sign
from connectors.wechat.envelope import Key, open_encrypted
from tests.connectors.accounts import SETTINGS
from tests.connectors.stands import CITIZEN, a_wechat

ACCOUNT = SETTINGS["wechat"]
KEY = Key(ACCOUNT["token"], ACCOUNT["aes_key"])


class Quiet(WSGIRequestHandler):
    """No access log."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Threaded(ThreadingMixIn, WSGIServer):
    """One thread per call."""

    daemon_threads = True


class ReferenceServer:
    """WeRoBot behind an address; it remembers what it understood."""

    def __init__(self, encrypted: bool) -> None:
        self.understood: list[tuple[str, str]] = []
        config: dict[str, object] = {"TOKEN": ACCOUNT["token"], "SESSION_STORAGE": False}
        if encrypted:
            config |= {"APP_ID": ACCOUNT["app_id"], "ENCODING_AES_KEY": ACCOUNT["aes_key"]}
        robot = WeRoBot(config=config)
        robot.add_handler(self._answer)
        self.server = make_server("127.0.0.1", 0, robot.wsgi, Threaded, Quiet)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def _answer(self, message: object) -> str:
        kind = str(getattr(message, "type", ""))
        self.understood.append((kind, str(getattr(message, "content", ""))))
        return "已收到您的留言"


@pytest.fixture(params=["safe", "plain"])
def reference(request: pytest.FixtureRequest) -> Iterator[tuple[ReferenceServer, str]]:
    server = ReferenceServer(encrypted=request.param == "safe")
    yield server, request.param
    server.server.shutdown()
    server.server.server_close()


def test_werobot_accepts_the_address_check(reference: tuple[ReferenceServer, str]) -> None:
    server, mode = reference
    assert a_wechat(webhook_url=server.url, mode=mode).verify_webhook()
    stranger = a_wechat(webhook_url=server.url, mode=mode)
    stranger.key = Key("anotherToken", ACCOUNT["aes_key"])
    assert not stranger.verify_webhook()


def test_werobot_understands_every_push_and_we_its_answers(reference: tuple[ReferenceServer, str]) -> None:
    server, mode = reference
    stand = a_wechat(webhook_url=server.url, mode=mode)
    for kind in KINDS:
        outcome = stand.push(kind, CITIZEN)
        assert outcome.accepted and len(outcome.attempts) == 1, (kind, outcome.attempts)
    assert len(server.understood) == len(KINDS)
    assert ("text", KINDS["text"]["Content"]) in server.understood
    assert stand.ledger.seen_by(CITIZEN, "receipt") == ["已收到您的留言"] * len(KINDS)


def test_werobot_takes_compatible_pushes_and_odd_texts() -> None:
    server = ReferenceServer(encrypted=True)
    try:
        stand = a_wechat(webhook_url=server.url, mode="compatible")
        for text in ("路灯😀坏了", "a]]>b", "x" * 500, "<b>&amp;</b>"):
            assert stand.push_text(CITIZEN, text).accepted
            assert server.understood[-1] == ("text", text)
    finally:
        server.server.shutdown()
        server.server.server_close()


def test_werobot_refuses_what_another_token_signed(reference: tuple[ReferenceServer, str]) -> None:
    server, mode = reference
    stranger = a_wechat(webhook_url=server.url, mode=mode)
    stranger.key = Key("anotherToken", ACCOUNT["aes_key"])
    outcome = stranger.push_text(CITIZEN, "路灯坏了")
    assert not outcome.accepted
    assert [status for status, _ in outcome.attempts] == [403, 403, 403]
    assert server.understood == []


@pytest.mark.parametrize("length", [*range(0, 40), 255, 256, 1000])
def test_pitfall_3_werobots_cipher_and_ours_agree_in_both_directions(length: int) -> None:
    theirs = MessageCrypt(KEY.token, KEY.aes_key, ACCOUNT["app_id"])
    text = ("路a😀" * length)[:length]
    sealed = wechat_pushes.seal(text, KEY.aes_key, ACCOUNT["app_id"])
    signature = sign(KEY.token, "1763600000", "7", sealed)
    opened = theirs.decrypt_message("1763600000", "7", signature, sealed)
    assert opened.decode("utf-8") == text

    query = {"timestamp": "1763600000", "nonce": "7", "signature": sign(KEY.token, "1763600000", "7")}
    envelope = theirs.encrypt_message(text, "1763600000", "7")
    query["msg_signature"] = envelope.split("<MsgSignature><![CDATA[")[1][:40]
    assert open_encrypted(query, envelope.encode(), [KEY], ACCOUNT["app_id"])[0] == text
