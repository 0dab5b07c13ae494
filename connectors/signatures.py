"""Does this call prove that the platform made it, and made it just now? (WeChat and Weibo alike)"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime

from connectors.errors import SignatureError

FRESH_SECONDS = 300
"""How far the platform's clock may be from ours. Its retries come within some twenty seconds."""

MAX_PART = 256


def sign(*parts: str) -> str:
    """Lower-case hex SHA-1 of the parts, sorted as strings and joined with nothing between."""
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8")).hexdigest()


def parts_of(query: Mapping[str, str], *names: str) -> tuple[str, ...]:
    """Take these parameters from a query. A missing, empty or oversized one proves nothing.

    The timestamp must be digits only: otherwise "timestamp + nonce" could be cut elsewhere and still
    give the same hash. Raises SignatureError("missing").
    """
    values = tuple(query.get(name, "") for name in names)
    if any(not value or len(value) > MAX_PART for value in values):
        raise SignatureError("missing")
    if not re.fullmatch(r"[0-9]{10}|[0-9]{13}", query.get("timestamp", "")):
        raise SignatureError("timestamp")
    return values


def matches(given: str, *parts: str) -> bool:
    """Compare in constant time. No key among the parts may be empty: that is the caller's duty."""
    return hmac.compare_digest(given.encode("utf-8"), sign(*parts).encode("ascii"))


def challenge(secret: str, now: datetime) -> dict[str, str]:
    """The query of a call by which an address is verified, signed with ``secret``."""
    timestamp, nonce, echo = str(int(now.timestamp())), secrets.token_hex(5), secrets.token_hex(8)
    return {
        "signature": sign(secret, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": echo,
    }


def require_fresh(timestamp: str, received_at: datetime) -> None:
    """Refuse a call signed more than five minutes from now. Seconds or milliseconds.

    Not for the GET by which an address is verified: an administrator may press the button again.
    Raises SignatureError("stale").
    """
    seconds = int(timestamp) / (1000 if len(timestamp) == 13 else 1)
    if abs(received_at.timestamp() - seconds) > FRESH_SECONDS:
        raise SignatureError("stale")
