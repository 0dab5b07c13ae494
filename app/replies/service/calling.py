"""One call to a platform by the intent protocol: in no transaction, with the account's token, its end as a value."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import httpx

from app.base.db import Database
from app.official_accounts import service as accounts
from app.official_accounts.service import HeldToken
from app.replies import sending
from app.replies.service.within import Failure, failure_of
from connectors.errors import DeliveryError

Done = TypeVar("Done")


class Watch:
    """The time in a run that lasts: what it was told at its start, and how long ago that is."""

    def __init__(self, now: datetime) -> None:
        self._told, self._started = now, time.monotonic()

    def now(self) -> datetime:
        return self._told + timedelta(seconds=time.monotonic() - self._started)


def call(
    db: Database,
    watch: Watch,
    account_id: int,
    intent_at: datetime,
    act: Callable[[str | None], Done],
    transport: httpx.BaseTransport | None,
) -> Done | Failure:
    """What ``act`` brings with the account's token, called once; or why not.

    What happens before it can never have reached the platform's users, so it is no unknown end.
    """
    try:
        token = accounts.token_for(db, watch.now(), account_id, transport=transport)
    except DeliveryError as error:
        return failure_of(error, sending.before_the_call(error.kind))
    if not sending.may_start(watch.now() - intent_at):
        return Failure("back_off", "late", "", "系统刚才停顿了一下，没有发出，稍后自动再试。")
    try:
        return act(token.value if token else None)
    except DeliveryError as error:
        if error.kind == "refresh" and token is not None:
            return _refreshed(db, watch, account_id, token, error, transport)
        return failure_of(error, error.kind)


def _refreshed(
    db: Database,
    watch: Watch,
    account_id: int,
    token: HeldToken,
    error: DeliveryError,
    transport: httpx.BaseTransport | None,
) -> Failure:
    """The platform refused the token: have it fetched anew, once for all who were refused."""
    seen = token.generation
    try:
        accounts.token_for(db, watch.now(), account_id, force=True, seen_generation=seen, transport=transport)
    except DeliveryError as worse:
        return failure_of(worse, sending.before_the_call(worse.kind))
    return failure_of(error, error.kind)
