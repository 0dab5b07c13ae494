"""``huiying sandbox wechat --port 8701 --webhook http://127.0.0.1:8000/…``: a stand-in to try things with."""

import argparse
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from connectors.calls import utc_now
from connectors.sandbox import corrections
from connectors.sandbox.douyin import DouyinSandbox
from connectors.sandbox.robots import RobotsSandbox
from connectors.sandbox.server import Stand
from connectors.sandbox.wechat import WeChatSandbox
from connectors.sandbox.weibo import WeiboSandbox

# fmt: off
DEFAULTS: dict[str, dict[str, str]] = {
    "wechat": {
        "app-id": "wxfeedc0de00000001",
        "app-secret": "sandboxsecret0000000000000000000",
        "token": "zfxmtToken",
        "aes-key": "zfxmtTestKey0123456789ABCDEFGHIJKLMNOPQRSTU",
        "original-id": "gh_0123456789ab",
        "mode": "safe",
    },
    "weibo": {
        "uid": "1700009999",
        "app-secret": "sandboxsecret0000000000000000000",
        "access-token": "sandbox-access-token",
    },
    "douyin": {
        "client-key": "ttsandbox0000001",
        "client-secret": "sandboxsecret0000000000000000000",
        "open-id": "ba253642-0590-40bc-9bdf-9a1334b94059",
        "refresh-token": "rft.sandbox0000000000000001",
    },
    "robots": {"key": "robot-key-0001", "secret": "SECrobotsecret0001", "keyword": ""},
}
"""What a stand-in is called unless told otherwise: the same values go into the account's settings."""
# fmt: on


EXPORTS = "corrections"
"""找错 has no interface to stand in for: what it gives is a file."""


def run(argv: Sequence[str]) -> int:
    """Run one stand-in until it is interrupted, or write an export. Returns the exit status."""
    given = _parser().parse_args(argv)
    if given.platform == EXPORTS:
        return _write_export(given)
    stand = BUILDERS[given.platform](given)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with stand:
        print(f"{stand.name}模拟平台：{stand.url}（按 Ctrl+C 结束）", flush=True)
        stopped.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="huiying sandbox", description="在本机模拟一个平台")
    names = "|".join((*DEFAULTS, EXPORTS))
    platforms = parser.add_subparsers(dest="platform", required=True, metavar=names)
    for platform, defaults in DEFAULTS.items():
        one = platforms.add_parser(platform)
        one.add_argument("--port", type=int, default=0, help="端口，0 为任选")
        one.add_argument("--host", default="127.0.0.1", help="地址，默认只在本机")
        one.add_argument("--webhook", help="本系统接收推送的地址")
        one.add_argument("--ledger", help="记录留言人所见内容的文件（.jsonl）")
        for name, value in defaults.items():
            one.add_argument(f"--{name}", default=value, help=f"默认 {value}")
    files = platforms.add_parser(EXPORTS, help="写出一份找错导出文件，练习导入")
    files.add_argument("--out", required=True, help="写到哪个文件")
    files.add_argument("--rows", type=int, default=20, help="几条，默认 20")
    files.add_argument("--unreadable", type=int, default=0, help="另有几行读不懂的，默认没有")
    files.add_argument("--how", choices=tuple(corrections.WAYS), default="xlsx", help="文件格式，默认 xlsx")
    return parser


def _write_export(given: argparse.Namespace) -> int:
    made = corrections.export(given.how, given.rows, utc_now(), given.unreadable)
    Path(given.out).write_bytes(made.data)
    print(f"已写出 {given.out}：{made.messages} 条，另有 {made.unreadable} 行读不懂的", flush=True)
    return 0


def _standing_at(given: argparse.Namespace) -> dict[str, Any]:
    """Where a stand-in listens and what it writes into: the same for all of them."""
    return {name: getattr(given, name) for name in ("ledger", "host", "port")}


def _wechat(given: argparse.Namespace) -> Stand:
    return WeChatSandbox(
        given.app_id,
        given.app_secret,
        given.token,
        given.aes_key,
        given.original_id,
        given.webhook,
        mode=given.mode,
        **_standing_at(given),
    )


def _weibo(given: argparse.Namespace) -> Stand:
    return WeiboSandbox(
        given.uid,
        given.app_secret,
        given.access_token,
        given.webhook,
        **_standing_at(given),
    )


def _douyin(given: argparse.Namespace) -> Stand:
    return DouyinSandbox(
        given.client_key,
        given.client_secret,
        given.open_id,
        given.refresh_token,
        given.webhook,
        **_standing_at(given),
    )


def _robots(given: argparse.Namespace) -> Stand:
    return RobotsSandbox(
        given.key,
        given.secret,
        given.keyword,
        **_standing_at(given),
    )


BUILDERS: dict[str, Callable[[argparse.Namespace], Stand]] = {
    "wechat": _wechat,
    "weibo": _weibo,
    "douyin": _douyin,
    "robots": _robots,
}
"""Platform → what builds its stand-in."""
