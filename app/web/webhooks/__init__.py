"""The door of platforms: verify, keep, answer. One view for all of them; nothing else happens here.

WeChat and Weibo wait five seconds and show the citizen an error when we are slow (platforms §1.4):
reading, classifying and answering are the jobs' business.
"""

import time

from flask import Blueprint, Response, request

from app.base import clock
from app.base.db import Database
from app.base.errors import NotFound
from app.official_accounts import queries as accounts
from app.official_accounts import service as accounts_service
from app.web.context import services
from connectors.contract import Receiver, WebhookAnswer, WebhookRequest

webhooks = Blueprint("webhooks", __name__, url_prefix="/webhooks")

# How long a closed account or a changed key may still be honoured. The platforms' own caches are longer.
_CACHE_SECONDS = 2.0


class Receivers:
    """The connectors of the accounts, made once and kept for two seconds: a push costs one INSERT."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: dict[tuple[str, str], tuple[float, int, Receiver]] = {}

    def find(self, platform: str, key: str) -> tuple[int, Receiver]:
        """(account id, connector). Raises `NotFound` for an unknown or closed account."""
        kept = self._kept.get((platform, key))
        if kept and kept[0] > time.monotonic():
            return kept[1], kept[2]
        with self._db.reading() as session:
            account = accounts.by_key(session, key)
            if account is None or account.platform != platform or account.closed_at:
                raise NotFound("没有这个接入地址")
            connector = accounts_service.connector_for(session, account)
            if not isinstance(connector, Receiver):
                raise NotFound("这个平台不会推送消息到这里")
            found = (account.id, connector)
        self._kept[platform, key] = (time.monotonic() + _CACHE_SECONDS, *found)
        return found


@webhooks.route("/<platform>/<key>", methods=["GET", "POST"])
def receive(platform: str, key: str) -> Response:
    """Challenge or push. Signature and payload errors become statuses in the table of errors."""
    account_id, connector = services().receivers.find(platform, key)
    call = WebhookRequest(
        method=request.method,
        query=request.args.to_dict(),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.get_data(),
        received_at=clock.now(),
    )
    if call.method == "GET":
        return _response(connector.answer_challenge(call))
    checked = connector.check(call)
    # The acknowledgement is sent only once the arrival is on disk; a repetition gets the same one.
    services().intake.accept(
        account_id, platform, call.received_at, checked.fingerprint, call.body, checked.body
    )
    return _response(connector.acknowledgement(checked, None, call.received_at))


def _response(answer: WebhookAnswer) -> Response:
    return Response(answer.body, answer.status, content_type=answer.content_type)
