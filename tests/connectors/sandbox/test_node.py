"""Is the stand-in a true WeChat? npm's `wechat`, written by others in another language, is asked too.

Only where Node and the package are there (`npm install wechat`, found by way of NODE_PATH).
"""

import shutil
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from connectors.sandbox.wechat_pushes import Push
from tests.connectors.accounts import SETTINGS
from tests.connectors.stands import CITIZEN, a_wechat

ACCOUNT = SETTINGS["wechat"]
NODE = shutil.which("node")
SERVER = """
const http = require("http"), url = require("url"), wechat = require("wechat");
const [token, appid, encodingAESKey] = process.argv.slice(1);
const answer = wechat({token, appid, encodingAESKey, checkSignature: true}, (req, res) => {
  res.reply("已收到您的留言");
});
http.createServer((req, res) => {
  req.query = url.parse(req.url, true).query;
  answer(req, res, () => res.end());
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });
"""


def _is_there() -> bool:
    if NODE is None:
        return False
    return subprocess.run([NODE, "-e", "require('wechat')"], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def reference() -> Iterator[str]:
    if not _is_there():
        pytest.skip("npm package `wechat` is not installed")
    assert NODE
    command = [
        NODE,
        "--no-deprecation",
        "-e",
        SERVER,
        ACCOUNT["token"],
        ACCOUNT["app_id"],
        ACCOUNT["aes_key"],
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/hook"
        process.kill()


@pytest.mark.parametrize("mode", ["safe", "plain"])
@pytest.mark.parametrize("kind", ["text", "image", "location", "subscribe", "click"])
def test_it_takes_our_pushes_and_we_understand_its_answer(reference: str, mode: str, kind: str) -> None:
    stand = a_wechat(webhook_url=reference, mode=mode)
    outcome = stand.push(kind, CITIZEN)
    assert (outcome.accepted, len(outcome.attempts)) == (True, 1)
    assert stand.ledger.seen_by(CITIZEN, "receipt") == ["已收到您的留言"]


def test_it_gives_our_echo_back(reference: str) -> None:
    assert a_wechat(webhook_url=reference).verify_webhook()


@pytest.mark.parametrize("name", ["signature", "msg_signature"])
def test_what_it_refuses_was_signed_wrongly(reference: str, name: str) -> None:
    """A sealed push is proved by ``msg_signature``, a plain one by ``signature``."""
    stand = a_wechat(mode="safe" if name == "msg_signature" else "plain")
    push = stand.push_of(stand.inner_xml("text", CITIZEN), CITIZEN)
    turned = Push({**push.query, name: "0" * 40}, push.headers, push.body)
    answer = httpx.post(reference, params=dict(turned.query), content=turned.body)
    assert answer.status_code == 401
