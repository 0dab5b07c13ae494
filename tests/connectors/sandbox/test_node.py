"""Is the stand-in a true WeChat? npm's `wechat`, written by others in another language, is asked too, and two
ciphers (`wechat-crypto`, and `@wecom/crypto` of the platform's own maker).

Only where Node and the packages are (`npm ci` in a copy of tests/npm, found by way of NODE_PATH).
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from connectors.sandbox import wechat_pushes
from connectors.sandbox.wechat_pushes import Push
from connectors.signatures import sign
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


CIPHERS = """
const [key, appid, token] = process.argv.slice(1);
const theirs = require("@wecom/crypto"), older = new (require("wechat-crypto"))(token, key, appid);
let given = "";
process.stdin.on("data", part => given += part).on("end", () => {
  const {texts, sealed} = JSON.parse(given);
  console.log(JSON.stringify({
    opened: sealed.map(one => [theirs.decrypt(key, one).message, older.decrypt(one).message]),
    ids: sealed.map(one => [theirs.decrypt(key, one).id, older.decrypt(one).id]),
    sealed: texts.map(one => [theirs.encrypt(key, one, appid), older.encrypt(one)]),
    signed: sealed.map(one => [theirs.getSignature(token, "1763600000", "7", one),
                               older.getSignature("1763600000", "7", one)]),
  }));
});
"""


def node() -> str:
    """The address of Node where everything is there that is asked here; else these tests are skipped, or fail
    where `.ci/run` fetched it."""
    needed = "require('wechat'); require('wechat-crypto'); require('@wecom/crypto')"
    if NODE and subprocess.run([NODE, "-e", needed], capture_output=True, check=False).returncode == 0:
        return NODE
    words = "no Node, or the packages of tests/npm are not on NODE_PATH"
    if "NODE_PATH" in os.environ:
        pytest.fail(words)
    pytest.skip(words)


@pytest.fixture(scope="module")
def reference() -> Iterator[str]:
    command = [
        node(),
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


def test_three_ciphers_agree_in_both_directions() -> None:
    texts = [("路a😀" * length)[:length] for length in (*range(1, 70), 255, 256, 1000)]
    sealed = [wechat_pushes.seal(text, ACCOUNT["aes_key"], ACCOUNT["app_id"]) for text in texts]
    command = [node(), "--no-deprecation", "-e", CIPHERS]
    done = subprocess.run(
        [*command, ACCOUNT["aes_key"], ACCOUNT["app_id"], ACCOUNT["token"]],
        input=json.dumps({"texts": texts, "sealed": sealed}),
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["opened"] == [[text, text] for text in texts]
    assert told["ids"] == [[ACCOUNT["app_id"]] * 2] * len(texts)
    for text, theirs in zip(texts, told["sealed"], strict=True):
        for one in theirs:
            assert wechat_pushes.unseal(one, ACCOUNT["aes_key"], ACCOUNT["app_id"]) == text
    assert told["signed"] == [[sign(ACCOUNT["token"], "1763600000", "7", one)] * 2 for one in sealed]
