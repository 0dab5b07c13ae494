"""What a citizen is told the moment they write: number, look-up code and expected date, before there is a case.

The number and the code stand in the push itself: they are worked out from its fingerprint with the key of
this installation. So a push told again gets the same ones, nothing need be reserved, nobody can guess them,
and the case made of the push later bears them. Where it goes into another case after all, or the number was
drawn already, what was told leads there (`ToldNumber`).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from app.base.keys import Keys
from app.calendar.workdays import day_of
from app.cases import numbers, queries
from app.cases.models import Case
from app.cases.service.clocks import due_for_letter
from app.cases.transitions import Status
from app.log import service as log
from app.messages.models import Arrival, Requester, ToldNumber

_FOR = "told"


def told(keys: Keys, account_id: int, fingerprint: str, received_on: date) -> tuple[str, str]:
    """(number, look-up code) of the case that this push will open; ``received_on``: day in Shanghai."""
    drawn = keys.digest(f"{account_id}:{fingerprint}", _FOR)
    return numbers.number_drawn(received_on, drawn), numbers.code_drawn(drawn)


def expected_on(session: Session, now: datetime, message_type: str) -> date:
    """The day by which a message of this type that comes now is answered."""
    return due_for_letter(session, now, message_type).due_on


ASKED = (
    select(Requester.pseudonym)
    .join(Case, col(Case.requester_id) == Requester.id)
    .where(col(Requester.pseudonym) == bindparam("pseudonym"), Case.status == Status.WAITING_CITIZEN)
    .limit(1)
)
"""Whether we have asked ``pseudonym`` something: what they write now belongs to that case."""


def number_and_code(session: Session, arrival: Arrival | None) -> tuple[str, str] | None:
    """What the citizen was told of this arrival, if anything, and as long as nobody else has the number."""
    if arrival is None or not arrival.receipt:
        return None
    number, code = _told_of(session, arrival)
    return (number, code) if queries.by_number(session, number) is None else None


def keep_promise(session: Session, now: datetime, arrival: Arrival, case: Case) -> None:
    """Write down that the citizen was shown a receipt, and see to it that what it says leads to ``case``."""
    if not arrival.receipt:
        return
    number, code = _told_of(session, arrival)
    if number != case.number:
        sealed = session.info["keys"].seal(code, "lookup")
        session.add(ToldNumber(number=number, code_sealed=sealed, case_id=case.id))
    log.record(
        session,
        now,
        None,
        "receipt_shown",
        subject_type="case",
        subject_id=case.number,
        case_id=case.id,
        **_words(arrival.receipt),
    )


def case_told(session: Session, number: str, code: str, same: Any) -> Case | None:
    """The case to which a number and code lead that were told for another; ``same`` compares secrets."""
    for row in session.exec(select(ToldNumber).where(ToldNumber.number == number)):
        if same(session.info["keys"].unseal(row.code_sealed, "lookup"), code):
            return session.get(Case, row.case_id)
    return None


def _told_of(session: Session, arrival: Arrival) -> tuple[str, str]:
    received_on = day_of(arrival.received_at)
    return told(session.info["keys"], arrival.account_id, arrival.fingerprint, received_on)


def _words(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """What the log keeps: which approved text, which date. The code is nobody's business there."""
    return {name: receipt[name] for name in ("entry", "version", "due_on") if name in receipt}
