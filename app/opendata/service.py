"""数据开放: what was decided becomes public, what was withdrawn is gone everywhere at once.

Pages, files, feeds and searches read one table, so a withdrawal needs nothing else to be brought up to
date. Every write happens under one lock: the numbers of the feed are in the order of the commits.
"""

import json
import logging
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from app.base import db
from app.base.db import Database
from app.calendar import queries as calendar
from app.calendar.workdays import day_of, working_days_between
from app.cases.models import Case
from app.departments.models import Department
from app.disclosure import service as disclosure_service
from app.disclosure.decision import State
from app.disclosure.models import Disclosure
from app.opendata import formats, queries
from app.opendata.datasets import DATASETS
from app.opendata.feed import ChangeKind
from app.opendata.models import Change, PublishedCase
from app.opendata.queries import Source
from app.redaction.service import RedactionFailed, redact
from app.replies import queries as replies
from app.staff.roles import Person
from kb.documents import Document
from kb.errors import IndexUnavailable
from kb.index import SearchIndex
from kb.models import AnswerEntry

LOCK = "publication"
GONE = "gone"
"""Reason code of a line that left its data set by itself: run out, closed, retired."""

log = logging.getLogger("huiying.opendata")


# ------------------------------------------------------------------ one case


def publish(
    session: Session, now: datetime, person: Person, disclosure_id: int, *, digest: str, **decided_on: Any
) -> PublishedCase:
    """Confirm the exact texts (`disclosure.service.confirm`) and make them public, in one transaction."""
    decided = disclosure_service.confirm(session, now, person, disclosure_id, digest=digest, **decided_on)
    return publish_case(session, now, decided)


def withhold(
    session: Session,
    now: datetime,
    person: Person,
    disclosure_id: int,
    *,
    reason: str,
    legal_basis: str = "",
    note: str = "",
) -> Disclosure:
    """Decide that a case is not shown; what was public of it before goes down with it."""
    decided = disclosure_service.withhold(
        session, now, person, disclosure_id, reason=reason, legal_basis=legal_basis, note=note
    )
    case = session.get_one(Case, decided.case_id)
    withdraw_case(session, now, case.number, reason=reason)
    return decided


def withdraw(
    session: Session, now: datetime, person: Person | None, number: str, *, reason: str, note: str = ""
) -> Disclosure:
    """Take a public case down everywhere, in one transaction; number, time and reason code stay."""
    decided = disclosure_service.withdraw(session, now, person, number, reason=reason, note=note)
    case = session.get_one(Case, decided.case_id)
    withdraw_case(session, now, case.number, reason=reason)
    return decided


def publish_decided(session: Session, now: datetime) -> int:
    """Job: make public what was decided and is not public yet, take down what should be; how many."""
    db.lock(session, LOCK)
    wanted = (
        select(Disclosure, Case.number, PublishedCase)
        .join(Case, col(Case.id) == col(Disclosure.case_id))
        .join(PublishedCase, col(PublishedCase.number) == col(Case.number), isouter=True)
    )
    late = wanted.where(
        col(Disclosure.state) == State.PUBLISHED.value,
        col(PublishedCase.id).is_(None) | (col(PublishedCase.changed_at) < col(Disclosure.decided_at)),
    )
    to_show = session.exec(late).all()
    for decided, _, _ in to_show:
        publish_case(session, now, decided)
    gone = (State.WITHHELD.value, State.WITHDRAWN.value)
    left = wanted.where(col(Disclosure.state).in_(gone), col(PublishedCase.withdrawn_at).is_(None))
    to_hide = session.exec(left.where(col(PublishedCase.id).is_not(None))).all()
    for decided, number, _ in to_hide:
        withdraw_case(session, now, number, reason=decided.reason)
    return len(to_show) + len(to_hide)


def publish_case(session: Session, now: datetime, decided: Disclosure) -> PublishedCase:
    """Write the confirmed texts and the facts of the case where everybody reads; a line in the feed."""
    db.lock(session, LOCK)
    case = session.get_one(Case, decided.case_id)
    found = _published(session, case.number)
    shown = found or PublishedCase(number=case.number, published_at=now, changed_at=now)
    for name, value in _facts(session, case).items():
        setattr(shown, name, value)
    for name in ("title", "message", "summary", "reply", "digest", "rule_version"):
        setattr(shown, name, getattr(decided, name))
    shown.changed_at, shown.withdrawn_at, shown.reason = now, None, ""
    session.add(shown)
    _note(session, now, "cases", case.number, ChangeKind.CHANGED if found else ChangeKind.CREATED)
    return shown


def withdraw_case(session: Session, now: datetime, number: str, *, reason: str) -> bool:
    """Blank a public case to number, times and reason, and leave a tombstone; False if none was public."""
    db.lock(session, LOCK)
    shown = _published(session, number)
    if shown is None or shown.withdrawn_at is not None:
        return False
    blank = PublishedCase(number=number, published_at=shown.published_at, changed_at=now)
    for name, value in blank.model_dump(exclude={"id"}).items():
        setattr(shown, name, value)
    shown.withdrawn_at, shown.reason = now, reason
    session.add(shown)
    _note(session, now, "cases", number, ChangeKind.WITHDRAWN, reason)
    return True


def _published(session: Session, number: str) -> PublishedCase | None:
    return session.exec(select(PublishedCase).where(PublishedCase.number == number)).first()


def _facts(session: Session, case: Case) -> dict[str, Any]:
    """What stands beside the words: dates, the office, the deadline and whether it was kept."""
    reply = replies.last_released(session, case.id)
    entry = session.get(AnswerEntry, reply.entry_id) if reply and reply.entry_id else None
    department = session.get(Department, case.department_id) if case.department_id else None
    received_on = day_of(case.received_at)
    replied_on = day_of(case.replied_at) if case.replied_at else None
    days = calendar.calendar(session)
    return {
        "message_type": case.message_type,
        "category": case.category,
        "place": case.place,
        "platform": case.platform,
        "department": department.name if department else "",
        "outcome": case.outcome,
        "basis": _readable(reply.basis) if reply else "",
        "received_on": received_on,
        "due_on": case.due_on,
        "replied_on": replied_on,
        "closed_on": day_of(case.closed_at) if case.closed_at else None,
        "on_time": case.replied_at <= case.due_at if case.replied_at else None,
        "working_days": working_days_between(received_on, replied_on, days) if replied_on else None,
        "due_days": list(case.due_days),
        "answer_key": entry.key if entry else "",
    }


def _readable(basis: str) -> str:
    """The basis as it may be read: documents, but nobody's number; empty when that cannot be told."""
    try:
        return redact(basis, by="office").text
    except RedactionFailed:
        return ""


def _note(
    session: Session, now: datetime, dataset: str, key: str, kind: ChangeKind, reason: str = ""
) -> None:
    session.add(Change(dataset=dataset, key=key, kind=kind.value, reason=reason, at=now))
    session.flush()


# ------------------------------------------------------------------ sets that others write


def follow_sources(session: Session, now: datetime) -> int:
    """Job: put into the feed what changed in the answer library and among the official accounts."""
    return follow(session, now, "answers", queries.answers_in_force(session, now)) + follow(
        session, now, "accounts", queries.accounts_as_they_are(session, now)
    )


def follow(session: Session, now: datetime, dataset: str, present: Mapping[str, str]) -> int:
    """Compare what is there (key → its version) with the feed, and write the differences; how many.

    The version a line was written for stands in its `reason`, so that nothing is told twice and nothing
    is missed, whatever was published while this ran.
    """
    db.lock(session, LOCK)
    told = queries.latest_by_key(session, dataset)
    live = {key: change.reason for key, change in told.items() if change.kind != ChangeKind.WITHDRAWN}
    fresh = [key for key in present if live.get(key) != present[key]]
    for key in fresh:
        kind = ChangeKind.CHANGED if key in live else ChangeKind.CREATED
        _note(session, now, dataset, key, kind, present[key])
    gone = [key for key in live if key not in present]
    for key in gone:
        _note(session, now, dataset, key, ChangeKind.WITHDRAWN, GONE)
    return len(fresh) + len(gone)


# ------------------------------------------------------------------ what the files are


@dataclass(frozen=True)
class Described:
    """A data set's files as they were when they were last looked at: rows, and a digest of each."""

    stamp: str
    rows: int
    digests: dict[str, str]
    bytes: dict[str, int]


def lines_of(
    session: Session,
    now: datetime,
    dataset: str,
    source: Source,
    ending: str,
    address: str,
    *,
    bom: bool = False,
) -> Iterable[str]:
    """A file of a data set, line by line."""
    names = DATASETS[dataset].names
    rows = source.rows(session, now, address)
    return formats.csv_lines(names, rows, bom=bom) if ending == "csv" else formats.json_lines(names, rows)


def write_files(
    database: Database, now: datetime, folder: Path, sources: Mapping[str, Source], address: str
) -> dict[str, Described]:
    """Work out rows and digests of every file and keep them in ``folder``, atomically.

    The files themselves are written by nobody: they are streamed from the table, so that no copy of a
    withdrawn text lies anywhere. Sets that have not changed are not read again.
    """
    before = files_described(folder)
    described = {}
    for dataset, source in sources.items():
        with database.reading() as session:
            stamp = source.stamp(session, now)
            known = before.get(dataset)
            fresh = known is None or known.stamp != stamp
            described[dataset] = _described(session, now, dataset, source, stamp, address) if fresh else known
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A name of its own: two people may open the page at the same moment.
    draft = folder / f"files-{secrets.token_hex(6)}.new"
    kept = {dataset: asdict(found) for dataset, found in described.items() if found}
    draft.write_text(json.dumps(kept), "utf-8")
    draft.replace(folder / "files.json")
    return {dataset: found for dataset, found in described.items() if found}


def files_described(folder: Path) -> dict[str, Described]:
    """What `write_files` found last; empty before its first run."""
    try:
        kept = json.loads((folder / "files.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {dataset: Described(**found) for dataset, found in kept.items()}


def _described(
    session: Session, now: datetime, dataset: str, source: Source, stamp: str, address: str
) -> Described:
    digests, sizes, rows = {}, {}, 0
    for ending in ("csv", "jsonl"):
        hashed, size, rows = sha256(), 0, 0
        for line in lines_of(session, now, dataset, source, ending, address):
            data = line.encode()
            hashed.update(data)
            size, rows = size + len(data), rows + 1
        digests[ending], sizes[ending] = hashed.hexdigest(), size
    return Described(stamp, rows, digests, sizes)


# ------------------------------------------------------------------ searching public cases


class CaseIndex:
    """The search index of public cases: derived, disposable, and never the last word.

    Whatever it finds is looked up in the table before anybody sees it.
    """

    MOST_AT_ONCE = 2_000
    """Cases put in while somebody waits for a page; a larger backlog is left to `huiying publish`."""

    def __init__(self, folder: Path) -> None:
        self._index = SearchIndex(folder)

    def search(self, session: Session, words: str, limit: int = 60) -> list[str] | None:
        """Numbers of cases about ``words``, best first; None when the index cannot be used now."""
        try:
            self._follow(session, self.MOST_AT_ONCE)
            return [hit.key for hit in self._index.search(words, limit)]
        except IndexUnavailable:
            log.warning("index of public cases unavailable")
            return None

    def follow(self, session: Session) -> None:
        """Bring the index up to date, from the beginning where it is missing or damaged."""
        try:
            self._follow(session, None)
        except IndexUnavailable:
            self._rebuild(session)

    def _follow(self, session: Session, most: int | None) -> None:
        last = queries.last_change(session, "cases")
        try:
            position = self._index.position
        except IndexUnavailable:
            if most is not None and last > most:
                raise
            return self._rebuild(session)
        if position == last:
            return None
        wanted = select(Change.key).where(Change.dataset == "cases", col(Change.id) > position).distinct()
        numbers = list(session.exec(wanted))
        if most is not None and len(numbers) > most:
            raise IndexUnavailable("公开办件的索引落后太多", code="behind")
        documents = _documents(session, numbers)
        self._index.update(documents, set(numbers) - {document.key for document in documents}, last)
        return None

    def _rebuild(self, session: Session) -> None:
        last = queries.last_change(session, "cases")
        self._index.rebuild(_documents(session, None), last)


def _documents(session: Session, numbers: Sequence[str] | None) -> list[Document]:
    wanted = select(PublishedCase).where(col(PublishedCase.withdrawn_at).is_(None))
    if numbers is not None:
        wanted = wanted.where(col(PublishedCase.number).in_(numbers))
    return [
        Document(
            key=case.number,
            question=case.title,
            text=f"{case.message or case.summary}\n{case.reply}",
        )
        for case in session.exec(wanted)
    ]
