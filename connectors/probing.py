"""How is what was tried with a platform told to the office?"""

from datetime import datetime

from connectors.contract import Probe
from connectors.errors import DeliveryError
from connectors.signatures import FRESH_SECONDS

WARN_SECONDS = FRESH_SECONDS / 5


def clock_probe(now: datetime, dated_at: datetime | None) -> Probe:
    """Whether our clock is near the platform's: pushes that seem older than five minutes are refused."""
    if dated_at is None:
        return Probe("服务器时钟", None, "平台没有告知时间，无法比较")
    seconds = round(abs((now - dated_at).total_seconds()))
    if seconds <= WARN_SECONDS:
        return Probe("服务器时钟", True, f"与平台相差 {seconds} 秒")
    return Probe(
        "服务器时钟",
        False,
        f"与平台相差 {seconds} 秒，超过 {FRESH_SECONDS} 秒时推送会被拒收。请开启服务器的时间同步",
    )


def failed_probe(name: str, failed: DeliveryError) -> Probe:
    """A call that the platform did not take: in its class's plain words, with the code to look up."""
    return Probe(name, False, f"{failed.message_zh}（{failed.code}）")
