"""Which access tokens are valid now? WeChat's two families of tokens, with their real habits.

Source: developers.weixin.qq.com, api_getstableaccesstoken.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LIFE = timedelta(seconds=7200)
RENEWED_BEFORE_END = timedelta(minutes=5)
FORCE_APART = timedelta(seconds=30)
FORCED_PER_DAY = 20


@dataclass
class Tokens:
    """``stable``: the same one for everybody until near its end. ``classic``: each call makes a new one
    and kills the one before. Neither family touches the other."""

    stable: str = ""
    stable_ends_at: datetime | None = None
    forced_at: list[datetime] = field(default_factory=list)
    ends_at: dict[str, datetime] = field(default_factory=dict)
    classic: str = ""

    def stable_token(self, now: datetime, force: bool) -> tuple[str, int]:
        """The stable token and its remaining life in seconds."""
        if force and self._may_force(now):
            self.forced_at.append(now)
            self.ends_at.pop(self.stable, None)
            self.stable_ends_at = None
        if self.stable_ends_at is None or now >= self.stable_ends_at - RENEWED_BEFORE_END:
            self.stable = self._new(now)
            self.stable_ends_at = now + LIFE
        return self.stable, int((self.stable_ends_at - now).total_seconds())

    def classic_token(self, now: datetime) -> tuple[str, int]:
        """A new classic token; the one before ends at once."""
        self.ends_at.pop(self.classic, None)
        self.classic = self._new(now)
        return self.classic, int(LIFE.total_seconds())

    def problem(self, token: str, now: datetime) -> int:
        """0, or the code with which this token is refused."""
        if not token:
            return 41001
        if token not in self.ends_at:
            return 40001
        return 42001 if now >= self.ends_at[token] else 0

    def expire(self, now: datetime) -> None:
        """Let every token end now, as if two hours had passed."""
        self.ends_at = dict.fromkeys(self.ends_at, now)
        self.stable_ends_at = None

    def _may_force(self, now: datetime) -> bool:
        recent = [at for at in self.forced_at if now - at < timedelta(days=1)]
        return len(recent) < FORCED_PER_DAY and not any(now - at < FORCE_APART for at in recent)

    def _new(self, now: datetime) -> str:
        token = "SANDBOX_" + secrets.token_urlsafe(96)
        self.ends_at[token] = now + LIFE
        return token
