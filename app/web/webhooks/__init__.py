"""The door of platforms: verify, keep, answer. One view for all of them; nothing else happens here.

WeChat and Weibo wait five seconds and show the citizen an error when we are slow (platforms §1.4):
reading, classifying and answering are the jobs' business. What the citizen is shown at once is a reviewed
text or nothing (`receipts`).
"""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from app.base import clock
from app.base.db import Database
from app.base.errors import NotAllowed, NotFound
from app.official_accounts import queries as accounts
from app.official_accounts import service as accounts_service
from app.web.context import client_address, services
from app.web.webhooks.kept import Kept
from connectors import addresses
from connectors.contract import Receiver, WebhookAnswer, WebhookRequest

webhooks = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@dataclass(frozen=True)
class Receiving:
    """An account that takes pushes. ``gate``: the only addresses it takes them from; None: from any."""

    account_id: int
    connector: Receiver
    gate: tuple[str, ...] | None


class Receivers:
    """The connectors of the accounts, kept beside the database: a push costs one INSERT."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: Kept[tuple[str, str], Receiving] = Kept(self._look_up)

    def find(self, platform: str, key: str) -> Receiving:
        """Raises `NotFound` for an unknown or closed account, `Unavailable` while nobody can tell."""
        return self._kept.get((platform, key))

    def _look_up(self, wanted: tuple[str, str]) -> Receiving:
        platform, key = wanted
        with self._db.reading() as session:
            account = accounts.by_key(session, key)
            if account is None or account.platform != platform or account.closed_at:
                raise NotFound("没有这个接入地址")
            connector = accounts_service.connector_for(session, account)
            if not isinstance(connector, Receiver):
                raise NotFound("这个平台不会推送消息到这里")
            gate = tuple(account.gate_addresses) if account.gate_on else None
            return Receiving(account.id, connector, gate)


@webhooks.route("/<platform>/<key>", methods=["GET", "POST"])
def receive(platform: str, key: str) -> Response:
    """Challenge or push. Signature and payload errors become statuses in the table of errors."""
    account = services().receivers.find(platform, key)
    if account.gate is not None and not addresses.allowed(client_address(), account.gate):
        raise NotAllowed("这个地址不在平台公布的推送地址里", code="gate")
    call = WebhookRequest(
        method=request.method,
        query=request.args.to_dict(),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.get_data(),
        received_at=clock.now(),
    )
    if call.method == "GET":
        return _response(account.connector.answer_challenge(call))
    return _response(_take(platform, account, call))


def _take(platform: str, account: Receiving, call: WebhookRequest) -> WebhookAnswer:
    """Keep the push, then answer: the answer goes out only once the push is on disk."""
    here, connector = services(), account.connector
    checked = connector.check(call)
    offer = here.receipts.offer(account.account_id, connector, checked, call)
    shown = here.intake.accept(
        account.account_id,
        platform,
        call.received_at,
        checked.fingerprint,
        call.body,
        checked.body,
        offer.receipt if offer else None,
        offer.writer if offer else "",
    )
    if offer and shown == offer.receipt:
        return offer.answer
    if shown:  # told before, in the words of that time
        return here.receipts.again(account.account_id, connector, checked, call, shown)
    return connector.acknowledgement(checked, None, call.received_at)


def _response(answer: WebhookAnswer) -> Response:
    return Response(answer.body, answer.status, content_type=answer.content_type)
