"""What may a citizen be shown the moment they write? A reviewed text of the library, or nothing (A18)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from app.base import clock
from app.base.db import Database
from app.base.errors import Unavailable
from app.calendar.workdays import day_of
from app.cases import service as cases
from app.messages.classify import message_type_of
from app.messages.pseudonym import pseudonym_of
from app.web.webhooks.kept import Kept
from connectors.contract import Checked, Receiver, WebhookAnswer, WebhookRequest
from connectors.errors import PayloadError
from kb import queries as library


@dataclass(frozen=True)
class Approved:
    """The text in force, and the day by which a message that comes now is answered."""

    entry_id: int
    version: int
    text: str
    due_on: date


@dataclass(frozen=True)
class Offer:
    """A receipt that could be shown: what is kept of it, to whom, and the answer in the platform's form."""

    receipt: dict[str, Any]
    writer: str
    answer: WebhookAnswer


class Receipts:
    """Makes the receipts of one process; the approved text is looked up beside the requests."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._approved: Kept[str, tuple[Approved | None]] = Kept(self._look_up)

    def offer(
        self, account_id: int, connector: Receiver, checked: Checked, call: WebhookRequest
    ) -> Offer | None:
        """The receipt for a push that will open a case; None where nothing may or can be shown.

        Nothing is shown to subscriptions and menus, to what everybody could read, where no text is
        approved, and while the database is away.
        """
        try:
            (approved,) = self._approved.get("")
            if approved is None:
                return None
            messages = connector.read(checked.body)
        except (PayloadError, Unavailable):
            return None
        if len(messages) != 1 or not messages[0].is_question or not messages[0].sender:
            return None
        message = messages[0]
        (approved,) = self._approved.get(message_type_of(message.kind, message.text))
        if approved is None:
            return None
        received_on = day_of(call.received_at)
        number, code = cases.told(self._db.keys, account_id, checked.fingerprint, received_on)
        words = filled(approved.text, number, code, approved.due_on)
        answer = connector.acknowledgement(checked, words, call.received_at)
        if not answer.shows:
            return None
        receipt = {
            "entry": approved.entry_id,
            "version": approved.version,
            "received_on": received_on.isoformat(),
            "due_on": approved.due_on.isoformat(),
        }
        return Offer(receipt, pseudonym_of(self._db.keys, account_id, message.sender or ""), answer)

    def again(
        self,
        account_id: int,
        connector: Receiver,
        checked: Checked,
        call: WebhookRequest,
        receipt: dict[str, Any],
    ) -> WebhookAnswer:
        """The answer of the first time, for a push that is told again after the text or the day changed."""
        with self._db.reading() as session:
            version = library.version(session, receipt["entry"], receipt["version"])
        if version is None:
            return connector.acknowledgement(checked, None, call.received_at)
        received_on = date.fromisoformat(receipt["received_on"])
        number, code = cases.told(self._db.keys, account_id, checked.fingerprint, received_on)
        words = filled(version.text, number, code, date.fromisoformat(receipt["due_on"]))
        return connector.acknowledgement(checked, words, call.received_at)

    def _look_up(self, message_type: str) -> tuple[Approved | None]:
        """The approved text; with ``message_type`` (empty: whether there is one at all) the day as well."""
        now = clock.now()
        with self._db.reading() as session:
            found = library.approved_acknowledgement(session, day_of(now))
            if found is None:
                return (None,)
            entry, version = found
            due_on = cases.expected_on(session, now, message_type) if message_type else day_of(now)
            return (Approved(entry.id, version.number, version.text, due_on),)


def filled(text: str, number: str, code: str, due_on: date) -> str:
    """The approved text with what belongs to this message. Only these three places are filled."""
    places = {"{number}": number, "{code}": code, "{due}": f"{due_on.month} 月 {due_on.day} 日"}
    for place, value in places.items():
        text = text.replace(place, value)
    return text
