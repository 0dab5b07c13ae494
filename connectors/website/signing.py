"""Was this letter handed over by the site that shares our key, and just now, and unchanged?

X-Huiying-Timestamp: 1795138262
X-Huiying-Signature: v1=<hex of HMAC-SHA256(key, "timestamp.idempotency-key." + body)>
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

from connectors.errors import SignatureError

TIMESTAMP, SIGNATURE = "X-Huiying-Timestamp", "X-Huiying-Signature"
FRESH = timedelta(minutes=5)
"""How far the two clocks may differ. A letter repeated within it is the same letter by its key."""


def signature(key: str, timestamp: str, idempotency_key: str, body: bytes) -> str:
    """What the site writes into the header."""
    said = f"{timestamp}.{idempotency_key}.".encode() + body
    return "v1=" + hmac.new(key.encode(), said, hashlib.sha256).hexdigest()


def check(key: str, timestamp: str, idempotency_key: str, body: bytes, given: str, now: datetime) -> None:
    """Raises SignatureError: ``missing``, ``stale`` or ``mismatch``."""
    if not given or not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise SignatureError("missing")
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > FRESH:
        raise SignatureError("stale")
    expected = signature(key, timestamp, idempotency_key, body)
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        raise SignatureError("mismatch")
