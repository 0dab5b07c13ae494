"""What is wrong with the draft as it stands? The facts for the rule (`checklist`) are brought together here."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from app.cases.models import Case
from app.consistency import service as consistency
from app.consistency.comparing import Point
from app.departments import queries as departments
from app.messages.classify import letter_of
from app.redaction import service as redaction
from app.redaction.masking import TOKENS
from app.redaction.numbers import Kind
from app.replies import checklist, queries
from app.replies.checklist import Difference, Draft, Finding, PersonalData
from app.replies.models import Reply
from app.replies.rendering import form_of, render
from app.staff import queries as staff
from connectors.registry import count_text
from kb import queries as library
from kb.facts import Fact
from kb.models import EntryVersion


def check(
    session: Session,
    now: datetime,
    reply: Reply,
    case: Case,
    *,
    own_hosts: Iterable[str] = (),
    alike: Iterable[int] = (),
) -> list[Finding]:
    """What is found in the draft as it stands (see `checklist`). ``own_hosts``: of our own public pages.

    ``alike``: entries that are surely about the same; the text should agree with them too (A9).
    """
    entry = entry_of(session, reply)
    targets = queries.targets_of(session, case)
    seen = queries.previews(session, now, reply, targets)
    endings = queries.endings_for(session, reply, targets)
    forms = {
        form_of(one.platform, one.private): render(
            reply.text, one.platform, one.private, count_text, reply.short_texts, endings
        )
        for one in seen
    }
    return checklist.findings(
        Draft(
            text=reply.text,
            question=letter_of(case.title, case.text),
            basis=reply.basis,
            message_type=case.message_type,
            has_entry=entry is not None,
            must_keep=entry.must_keep if entry else (),
            forms=list(forms.values()),
            platform_labels={one.form: one.label for one in seen},
            allowed_hosts=_allowed_hosts(session, entry) | set(own_hosts),
            personal_data=_personal_data(
                "\n".join([reply.text, *reply.short_texts.values()]), departments.office_places(session)
            ),
            differences=[_difference(point) for point in departures(session, reply, alike)],
            closed_windows=[one.label for one in seen if one.problem],
        )
    )


def entry_of(session: Session, reply: Reply) -> EntryVersion | None:
    if reply.entry_id is None or reply.entry_version is None:
        return None
    return library.version(session, reply.entry_id, reply.entry_version)


def _allowed_hosts(session: Session, entry: EntryVersion | None) -> set[str]:
    """Where links may lead: what the office allows, and what the reviewed entry itself names."""
    office = staff.office(session)
    allowed = set(office.settings.get("allowed_hosts", ())) if office else set()
    if entry is not None:
        named = " ".join([entry.text, *(str(item.get("url") or "") for item in entry.basis)])
        allowed.update(checklist.hosts(named))
    return allowed


def _personal_data(text: str, places: frozenset[str]) -> list[PersonalData] | None:
    """What of a person stands in a reply; None where the rules could not finish, and a person must look.

    Names and addresses only where something points to them: an office's text is full of places.
    """
    try:
        hits = redaction.redact(text, by="office", places=places).masked
    except redaction.RedactionFailed:
        return None
    found = [(hit, text[hit.start : hit.end]) for hit in hits]
    return [
        PersonalData(TOKENS[Kind(hit.kind)], words, hit.kind in NEVER_SENT)
        for hit, words in found
        if hit.kind != Kind.LINK and not (hit.kind in GUESSED and _is_guess(hit.value_cue, words))
    ]


GUESSED = frozenset({Kind.NAME, Kind.ADDRESS})


NEVER_SENT = frozenset({Kind.ID_CARD, Kind.BANK_CARD, Kind.PASSPORT})
"""No reply may carry them, whatever the reason."""


def _is_guess(cue: str, words: str) -> bool:
    return "词性" in cue or (cue == "地址" and not any(character.isdigit() for character in words))


def departures(session: Session, reply: Reply, alike: Iterable[int] = ()) -> list[Point]:
    """Where a reply departs from the answer it used and from those that are surely about the same.

    Its short texts are compared as well: they are what is read on a small platform.
    """
    used = (reply.entry_id, reply.entry_version) if reply.entry_id and reply.entry_version else None
    agreed = consistency.agreed_with(session, used, alike)
    return consistency.compare(reply.text, agreed, short=[*reply.short_texts.values()])


def _difference(point: Point) -> Difference:
    return Difference(
        point.label,
        point.library,
        point.said,
        "" if point.agreed.was_used else point.agreed.question[:40],
        point.kind == Fact.NEGATION,
    )
