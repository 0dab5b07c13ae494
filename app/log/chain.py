"""Has the log been changed? Each event's hash covers its content and the hash before it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
FIELDS = ("id", "at", "actor_id", "actor_name", "action", "subject_type", "subject_id", "case_id", "data")


@dataclass(frozen=True)
class Verdict:
    """What walking the chain found: how many events, the last hash, and where it broke (if it did)."""

    events: int
    head: str
    broken_at: int | None = None
    why: str = ""

    @property
    def ok(self) -> bool:
        return self.broken_at is None


def canonical(fields: Mapping[str, Any]) -> str:
    """The exact text that is hashed: JSON with sorted keys, instants in UTC to the microsecond."""
    plain = {name: fields[name] for name in FIELDS}
    if isinstance(plain["at"], datetime):
        plain["at"] = plain["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def link(previous_hash: str, fields: Mapping[str, Any]) -> str:
    """The hash of an event that follows ``previous_hash``; 64 hex characters."""
    return hashlib.sha256((previous_hash + canonical(fields)).encode()).hexdigest()


def verify(events: Iterable[Mapping[str, Any]]) -> Verdict:
    """Walk events in order of id and recompute every hash."""
    head, count, last_id = GENESIS, 0, 0
    for event in events:
        if event["id"] <= last_id:
            return Verdict(count, head, event["id"], "编号没有递增")
        if event["previous_hash"] != head:
            return Verdict(count, head, event["id"], "与前一条接不上，中间有记录被删或被插入")
        if event["hash"] != link(head, event):
            return Verdict(count, head, event["id"], "内容与哈希不符，这一条被改过")
        head, count, last_id = event["hash"], count + 1, event["id"]
    return Verdict(count, head)
