"""Does our own address answer as the platform will expect it? The platform's first call, made by ourselves."""

import ipaddress
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from connectors.contract import Probe

NAME = "接收地址"
SECONDS = 6.0
"""Longer than the platforms wait for us."""
PORTS = {"http": 80, "https": 443}
"""WeChat calls no others (platforms §1.1)."""

# What an answer of this status means for whoever set the address up.
WORDS: Mapping[int, str] = {
    301: "地址会跳转到别处，平台不跟随跳转。请把最终的网址填成对外网址",
    302: "地址会跳转到别处，平台不跟随跳转。请把最终的网址填成对外网址",
    308: "地址会跳转到别处，平台不跟随跳转。请把最终的网址填成对外网址",
    403: "地址能到达，但验证签名没有通过。令牌刚改过请过几秒再试；仍不行请核对令牌或 App Secret",
    404: "地址能到达，但没有转到本系统。请检查反向代理有没有把 /webhooks/ 转过来",
    413: "反向代理不让请求通过。请放宽它对请求大小的限制",
    502: "反向代理连不上本系统。请检查它转到的地址和端口，以及本系统有没有在运行",
    503: "地址能到达，但数据库暂时连不上",
    504: "反向代理等不到本系统的回应。请检查它转到的地址和端口",
}


def reach(
    address: str, challenge: Mapping[str, str], *, gated: bool, transport: httpx.BaseTransport | None = None
) -> Probe:
    """Call ``address`` with a signed ``challenge`` and see whether its echo comes back.

    ``gated``: calls from elsewhere than the platform are refused, so ours is too. Never raises.
    """
    try:
        with httpx.Client(
            transport=transport, timeout=SECONDS, follow_redirects=False, trust_env=False
        ) as client:
            answer = client.get(address, params=dict(challenge))
    except httpx.HTTPError as problem:
        return Probe(NAME, False, _unreached(problem))
    if answer.status_code == 200 and answer.text == challenge["echostr"]:
        return _where(address)
    if answer.status_code == 403 and gated:
        return Probe(NAME, None, "地址能到达。开着来源地址核对，自检不从平台来，所以没能核对签名")
    if answer.status_code == 200:
        return Probe(NAME, False, "地址上答话的不是本系统。请检查域名和反向代理")
    words = WORDS.get(answer.status_code, f"地址能到达，但回应是 {answer.status_code}。请检查反向代理")
    return Probe(NAME, False, words)


def _unreached(problem: httpx.HTTPError) -> str:
    if isinstance(problem, httpx.TimeoutException):
        return "服务器自己访问对外网址超时。请检查防火墙和反向代理；平台也只等 5 秒"
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "对外网址的证书不对（过期、不全或域名不符），平台会拒绝连接。请更换证书"
        cause = cause.__cause__ or cause.__context__
    return "服务器自己连不上对外网址。请检查 HUIYING_PUBLIC_URL、域名解析、端口和反向代理"


def _where(address: str) -> Probe:
    """It answers; whether the platform can come there at all is another matter."""
    parts = urlsplit(address)
    if _is_inner(parts.hostname or ""):
        return Probe(NAME, None, "地址和签名都对，但这是本机或内网地址，平台访问不到。请设置对外网址")
    if parts.port not in (None, PORTS.get(parts.scheme)):
        return Probe(NAME, None, f"地址和签名都对，但微信只访问 80 和 443 端口，这里是 {parts.port}")
    return Probe(NAME, True, "地址能到达，签名核对通过")


def _is_inner(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or "." not in host
