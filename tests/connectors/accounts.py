"""The office's accounts on each platform, as every test of the connectors knows them. All invented."""

from typing import Any

SETTINGS: dict[str, dict[str, Any]] = {
    "wechat": {
        "app_id": "wxfeedc0de00000001",
        "app_secret": "sandboxsecret0000000000000000000",
        "original_id": "gh_a1b2c3d4e5f6",
        "token": "zfxmtToken",
        "aes_key": "zfxmtTestKey0123456789ABCDEFGHIJKLMNOPQRSTU",
    },
    "weibo": {
        "uid": "1700009999",
        "app_secret": "appsecretDEADBEEF",
        "access_token": "sandbox-access-token",
        "real_ip": "203.0.113.9",
    },
    "douyin": {
        "client_key": "ttsandbox0000001",
        "client_secret": "sandboxsecret0000000000000000000",
        "open_id": "ba253642-0590-40bc-9bdf-9a1334b94059",
        "refresh_token": "rft.sandbox0000000000000001",
        "real_ip": "203.0.113.9",
    },
    "corrections": {},
    "website": {},
    "hotline": {},
}
