"""数据开放: what was decided becomes public, what was withdrawn is gone everywhere at once.

Pages, files, feeds and searches read one table, so a withdrawal needs nothing else to be brought up to
date. Every write happens under one lock: the numbers of the feed are in the order of the commits.
"""

import json
import logging
import secrets
import zipfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.base import db
from app.base.db import Database
from app.base.errors import NotAllowed
from app.base.rows import insert_once
from app.calendar import queries as calendar
from app.calendar.workdays import SHANGHAI, day_of, working_days_between
from app.cases.models import Case
from app.departments import queries as departments
from app.departments.models import Department
from app.disclosure import queries as disclosures
from app.disclosure import service as disclosure_service
from app.disclosure.decision import EXCEPTIONS, State
from app.disclosure.models import Disclosure, PublicRequest
from app.log import service as log_service
from app.opendata import catalog, formats, licences, queries
from app.opendata.anonymity import coarsened
from app.opendata.catalog import File, Publisher
from app.opendata.datasets import DATASETS, SHAPE
from app.opendata.feed import ChangeKind, cursor
from app.opendata.licences import Licence
from app.opendata.models import Change, Leak, LicenceChoice, PublishedCase, ReadCount
from app.opendata.places import Places
from app.opendata.queries import Source
from app.redaction.service import RedactionFailed, redact
from app.replies import queries as replies
from app.staff.roles import LABELS as ROLE_LABELS
from app.staff.roles import Person, Role
from kb.documents import Document
from kb.errors import IndexUnavailable
from kb.index import SearchIndex
from kb.models import AnswerEntry

LOCK = "publication"
AT_A_TIME = 200
"""Cases made public in one run of the job: the writer's lock is not held for longer than that takes."""
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


def publish_alike(
    session: Session, now: datetime, person: Person, disclosure_id: int, *, digest: str, **decided_on: Any
) -> list[PublishedCase]:
    """Confirm one, and with it every waiting one whose texts and things to consider are exactly the same.

    The only batch there is: one look is a look at all of them, since there is one text (journey 7.2.7).
    """
    alike = disclosures.alike(session, disclosure_id)
    shown = [publish(session, now, person, disclosure_id, digest=digest, **decided_on)]
    for other in alike:
        if disclosure_service.may_decide(session, person, other):
            shown.append(publish(session, now, person, other.id, digest=digest, **decided_on))
    return shown


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
    if withdraw_case(session, now, case.number, reason=reason):
        disclosure_service.forget_texts(session, decided)
    return decided


def withdraw(
    session: Session, now: datetime, person: Person | None, number: str, *, reason: str, note: str = ""
) -> Disclosure:
    """Take a public case down everywhere, in one transaction; number, time and reason code stay."""
    decided = disclosure_service.withdraw(session, now, person, number, reason=reason, note=note)
    case = session.get_one(Case, decided.case_id)
    withdraw_case(session, now, case.number, reason=reason)
    return decided


def grant(
    session: Session, now: datetime, person: Person, request_id: int, *, answer: str = ""
) -> PublicRequest:
    """Do what somebody asked for: one click takes the case down, or brings it back to be corrected."""
    asked = disclosure_service.decide_request(session, now, person, request_id, granted=True, answer=answer)
    case = session.get_one(Case, asked.case_id)
    if asked.kind == "correct":
        found = disclosures.of_case(session, case.id)
        if found is not None:
            disclosure_service.correct(session, now, person, found.id)
    elif queries.is_public(session, case.number):
        withdraw(session, now, person, case.number, reason="requested" if asked.own else "privacy")
    return asked


def report_leak(
    session: Session,
    now: datetime,
    person: Person | None,
    number: str,
    *,
    kinds: Collection[str],
    note: str = "",
) -> Leak:
    """The leak button: take the case down, count who may have seen it, keep what the report needs.

    国家网络安全事件报告管理办法 (2025-11-01): a grave one is reported within four hours of being found.
    ``kinds``: what was readable, by its kind; the values themselves are written nowhere.
    """
    shown = queries.public_case(session, number)
    published_at = shown.published_at
    decided = withdraw(session, now, person, number, reason="privacy", note=note)
    found = Leak(
        case_id=decided.case_id,
        number=shown.number,
        kinds=sorted(set(kinds)),
        note=note.strip(),
        published_at=published_at,
        found_at=now,
        found_by=person.id if person else None,
        withdrawn_at=now,
        reads=queries.reads_since(session, day_of(published_at), shown.number),
    )
    session.add(found)
    session.flush()
    log_service.record(
        session, now, person, "leak_reported",
        subject_type="leak", subject_id=found.id, case_id=found.case_id, kinds=found.kinds,
    )  # fmt: skip
    disclosure_service.tell_of_leak(session, now, found.id, shown.number)
    return found


def count_reads(session: Session, day: date, counts: Mapping[str, int]) -> None:
    """Add to how often each form was fetched on ``day`` (Asia/Shanghai)."""
    for form, times in counts.items():
        more = update(ReadCount).where(col(ReadCount.on) == day, col(ReadCount.form) == form)
        grown = more.values(times=ReadCount.times + times)
        if session.execute(grown).rowcount == 0 and not insert_once(  # type: ignore[attr-defined]
            session, ReadCount, on=day, form=form, times=times
        ):
            session.execute(grown)


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
    to_show = session.exec(late.order_by(col(Disclosure.id)).limit(AT_A_TIME)).all()
    shown = [_show(session, now, decided) for decided, _, _ in to_show]
    _settle(session, now, [case.received_on for case in shown], fresh=[case.number for case in shown])
    gone = (State.WITHHELD.value, State.WITHDRAWN.value)
    left = wanted.where(col(Disclosure.state).in_(gone), col(PublishedCase.withdrawn_at).is_(None))
    to_hide = session.exec(left.where(col(PublishedCase.id).is_not(None))).all()
    for decided, number, _ in to_hide:
        if withdraw_case(session, now, number, reason=decided.reason):
            disclosure_service.forget_texts(session, decided)
    return len(to_show) + len(to_hide)


def publish_case(session: Session, now: datetime, decided: Disclosure) -> PublishedCase:
    """Write the confirmed texts and the facts of the case where everybody reads; a line in the feed."""
    shown = _show(session, now, decided)
    _settle(session, now, [shown.received_on], fresh=[shown.number])
    return shown


def _show(session: Session, now: datetime, decided: Disclosure) -> PublishedCase:
    db.lock(session, LOCK)
    case = session.get_one(Case, decided.case_id)
    found = _published(session, case.number)
    shown = found or PublishedCase(number=case.number, published_at=now, changed_at=now)
    for name, value in _facts(session, case).items():
        setattr(shown, name, value)
    for name in ("title", "message", "summary", "reply", "digest", "rule_version"):
        setattr(shown, name, getattr(decided, name))
    is_named = decided.reason in EXCEPTIONS
    shown.exception = decided.reason if is_named else ""
    shown.legal_basis = _readable(decided.legal_basis, departments.office_places(session)) if is_named else ""
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
    received_on = shown.received_on
    blank = PublishedCase(number=number, published_at=shown.published_at, changed_at=now)
    for name, value in blank.model_dump(exclude={"id"}).items():
        setattr(shown, name, value)
    shown.withdrawn_at, shown.reason = now, reason
    session.add(shown)
    _note(session, now, "cases", number, ChangeKind.WITHDRAWN, reason)
    _settle(session, now, [received_on])
    return True


def _settle(
    session: Session, now: datetime, days: Iterable[date | None], fresh: Collection[str] = ()
) -> None:
    """Say of every public case of these weeks as much as five of them share (`anonymity`), in the same commit.

    Who is not ``fresh`` and says more or less than before is a change of its own in the feed.
    """
    session.flush()
    mondays = sorted({day - timedelta(days=day.weekday()) for day in days if day})
    places = Places(departments.office_places(session) if mondays else ())
    for monday in mondays:
        week = queries.week_of(session, monday)
        wanted = coarsened({number: known for number, (known, _) in week.items()}, places)
        moved = [number for number, (_, said) in week.items() if wanted[number] != said]
        for shown in session.exec(select(PublishedCase).where(col(PublishedCase.number).in_(moved))).all():
            for name, value in asdict(wanted[shown.number]).items():
                setattr(shown, name, value)
            if shown.number not in fresh:
                shown.changed_at = now
                _note(session, now, "cases", shown.number, ChangeKind.CHANGED)
            session.add(shown)
        session.flush()


def settle_all(session: Session, now: datetime) -> None:
    """Say of every public case what may be said of it today: after an upgrade that says it otherwise."""
    db.lock(session, LOCK)
    _settle(session, now, queries.weeks(session))


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
        # Said by `_settle` as far as five of the week share it.
        "category": "",
        "category_group": "",
        "place": "",
        "platform": "",
        "message_type": case.message_type,
        "department": department.name if department else "",
        "outcome": case.outcome,
        "basis": _readable(reply.basis, departments.office_places(session)) if reply else "",
        "received_on": received_on,
        "due_on": case.due_on,
        "replied_on": replied_on,
        "closed_on": day_of(case.closed_at) if case.closed_at else None,
        "on_time": case.replied_at <= case.due_at if case.replied_at else None,
        "working_days": working_days_between(received_on, replied_on, days) if replied_on else None,
        "due_days": list(case.due_days),
        "answer_key": entry.key if entry else "",
    }


def _readable(basis: str, places: frozenset[str]) -> str:
    """The basis as it may be read: documents, but nobody's number; empty when that cannot be told."""
    try:
        return redact(basis, by="office", places=places).text
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


# ------------------------------------------------------------------ under which licence


def set_licence(
    session: Session, now: datetime, person: Person | None, name: str, *, title: str = "", path: str = ""
) -> Licence:
    """Give the data away under another licence from now on; what it was before stays written down.

    Whoever took the data before keeps the licence of that day. The same choice again is no change.
    ``title``, ``path``: of the government's own licence. Raises `Invalid`, `NotAllowed`.
    """
    if person is not None and not person.may(Role.SYSTEM_ADMIN):
        raise NotAllowed(f"这一步要由{ROLE_LABELS[Role.SYSTEM_ADMIN]}来做", code="wrong_role")
    wanted = licences.chosen(name, title, path)
    db.lock(session, LOCK)
    if wanted == queries.licence(session):
        return wanted
    by = person.id if person else None
    made = LicenceChoice(name=wanted.name, title=wanted.title, path=wanted.path, set_by=by, set_at=now)
    session.add(made)
    session.flush()
    log_service.record(
        session, now, person, "data_licence_set",
        subject_type="licence_choice", subject_id=made.id, licence=made.name, title=made.title, path=made.path,
    )  # fmt: skip
    return wanted


# ------------------------------------------------------------------ what the files are


@dataclass(frozen=True)
class Described:
    """A file as it was when it was last looked at: rows, and per ending its digest and size.

    ``months``: the same of the monthly files, by month, the newest first.
    """

    stamp: str
    rows: int
    digests: dict[str, str]
    bytes: dict[str, int]
    months: dict[str, "Described"] = field(default_factory=dict)


ENDINGS = ("csv", "jsonl")


def lines_of(
    session: Session,
    now: datetime,
    dataset: str,
    source: Source,
    ending: str,
    address: str,
    *,
    bom: bool = False,
    month: str = "",
) -> Iterable[str]:
    """A file of a data set line by line; of one month only where ``month`` is given."""
    names = DATASETS[dataset].names
    rows = queries.month_rows(session, month, address) if month else source.rows(session, now, address)
    return formats.csv_lines(names, rows, bom=bom) if ending == "csv" else formats.json_lines(names, rows)


def write_files(
    database: Database, now: datetime, folder: Path, sources: Mapping[str, Source], address: str
) -> dict[str, Described]:
    """Work out rows and digests of every file and keep them in ``folder``, atomically.

    The files themselves are written by nobody: they are streamed from the table, so that no copy of a
    withdrawn text lies anywhere. Sets and months that have not changed are not read again.
    """
    before = files_described(folder)
    described = {}
    for dataset, source in sources.items():
        with database.reading() as session:
            described[dataset] = _described(session, now, dataset, source, address, before.get(dataset))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A name of its own: two people may open the page at the same moment.
    draft = folder / f"files-{secrets.token_hex(6)}.new"
    draft.write_text(json.dumps({dataset: asdict(found) for dataset, found in described.items()}), "utf-8")
    draft.replace(folder / "files.json")
    return described


def stamp_of(rows: str, address: str) -> str:
    """What a file depends on: its rows, its columns, and the address that stands in them."""
    return f"{rows}.{SHAPE}@{address}"


def files_described(folder: Path) -> dict[str, Described]:
    """What `write_files` found last; empty before its first run."""
    try:
        kept = json.loads((folder / "files.json").read_text("utf-8"))
        return {dataset: _read_back(found) for dataset, found in kept.items()}
    except (OSError, ValueError, TypeError):
        return {}


def _read_back(found: Mapping[str, Any]) -> Described:
    months = {month: Described(**one) for month, one in found.get("months", {}).items()}
    return Described(**{**found, "months": months})


def _described(
    session: Session, now: datetime, dataset: str, source: Source, address: str, before: Described | None
) -> Described:
    stamp = stamp_of(source.stamp(session, now), address)
    if before is not None and before.stamp == stamp:
        return before
    known = before.months if before else {}
    months = {}
    of_months = queries.case_months(session) if DATASETS[dataset].by_month else {}
    for month, of_month in ((month, stamp_of(one.stamp, address)) for month, one in of_months.items()):
        same = month in known and known[month].stamp == of_month
        months[month] = (
            known[month] if same else _looked_at(session, now, dataset, source, address, of_month, month)
        )
    whole = _looked_at(session, now, dataset, source, address, stamp)
    return replace(whole, months=months)


def _looked_at(
    session: Session,
    now: datetime,
    dataset: str,
    source: Source,
    address: str,
    stamp: str,
    month: str = "",
) -> Described:
    found = {
        ending: _measured(lines_of(session, now, dataset, source, ending, address, month=month))
        for ending in ENDINGS
    }
    return Described(
        stamp,
        found["jsonl"].lines,
        {ending: one.sha256 for ending, one in found.items()},
        {ending: one.bytes for ending, one in found.items()},
    )


@dataclass(frozen=True)
class _Measured:
    lines: int
    bytes: int
    sha256: str


def _measured(lines: Iterable[str], write: Callable[[bytes], Any] = lambda data: None) -> _Measured:
    """Count, measure and digest lines while they go by; how many rows, bytes, and their SHA-256."""
    hashed, size, number = sha256(), 0, 0
    for line in lines:
        data = line.encode()
        write(data)
        hashed.update(data)
        size, number = size + len(data), number + 1
    return _Measured(number, size, hashed.hexdigest())


# ------------------------------------------------------------------ everything in one piece


def write_snapshot(
    session: Session, now: datetime, target: IO[bytes], sources: Mapping[str, Source], publisher: Publisher
) -> str:
    """Every set in every shape as one zip, from the one view of ``session``; the name of the snapshot.

    A Data Package with CSVW metadata, the catalogue twice, and a manifest with rows, bytes, digests and, for
    each set, the cursor from which the change feed goes on: nothing is missed and nothing told twice.
    """
    stamps = {name: source.stamp(session, now) for name, source in sources.items()}
    changed = {name: queries.changed_at(session, name) for name in sources}
    snapshot = sha256(json.dumps(stamps, sort_keys=True).encode()).hexdigest()[:16]
    files: dict[str, File] = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as archive:
        for name, source in sources.items():
            for ending in ENDINGS:
                lines = lines_of(session, now, name, source, ending, publisher.address)
                with archive.open(_member(f"{name}.{ending}", now), "w") as member:
                    one = _measured(lines, member.write)
                # The header is a line and no row.
                rows = one.lines - (ending == "csv")
                files[f"{name}.{ending}"] = File(f"{name}.{ending}", rows, one.bytes, one.sha256)
        for path, text in _descriptions(publisher, changed, files).items():
            archive.writestr(_member(path, now), text)
        manifest = {
            "snapshot": snapshot,
            "made_at": formats.plain(now),
            "publisher": publisher.name,
            "licence": publisher.licence.told,
            "cursors": {name: cursor(name, queries.last_change(session, name)) for name in sources},
            "files": [asdict(file) for file in files.values()],
        }
        archive.writestr(_member("manifest.json", now), json.dumps(manifest, ensure_ascii=False, indent=1))
    return snapshot


def _descriptions(
    publisher: Publisher, changed: Mapping[str, datetime | None], files: Mapping[str, File]
) -> dict[str, str]:
    sets = DATASETS.values()
    latest = max((at for at in changed.values() if at), default=None)
    catalogue = catalog.dcat(publisher, sets, changed)
    described: dict[str, Any] = {
        "datapackage.json": catalog.data_package(publisher, sets, latest, files),
        "catalog.jsonld": catalogue,
        **{f"{one.name}.csv-metadata.json": catalog.csvw(publisher, one) for one in sets},
    }
    written = {path: json.dumps(told, ensure_ascii=False) for path, told in described.items()}
    return written | {"catalog.ttl": catalog.turtle(catalogue)}


def _member(name: str, now: datetime) -> zipfile.ZipInfo:
    """An entry with the time of the snapshot, readable by all, deflated."""
    info = zipfile.ZipInfo(name, now.astimezone(SHANGHAI).timetuple()[:6])
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    return info


# ------------------------------------------------------------------ searching public cases


class CaseIndex:
    """The search index of public cases: derived, disposable, and never the last word.

    Whatever it finds is looked up in the table before anybody sees it.
    """

    MOST_AT_ONCE = 2_000
    """Cases put in while somebody waits for a page; a larger backlog is left to `huiying publish`."""

    PURGED_AT_ONCE = 2_000
    """Public cases up to which the files are written anew while somebody waits; more are left to the job."""

    def __init__(self, folder: Path) -> None:
        self._index = SearchIndex(folder)
        self._unpurged = folder / "unpurged"

    def search(self, session: Session, words: str, limit: int = 60) -> list[str] | None:
        """Numbers of cases about ``words``, best first; None when the index cannot be used now."""
        try:
            self._follow(session, self.MOST_AT_ONCE)
            return [hit.key for hit in self._index.search(words, limit)]
        except IndexUnavailable:
            log.warning("index of public cases unavailable")
            return None

    def follow(self, session: Session) -> None:
        """Bring the index up to date, from the beginning where it is missing or damaged, withdrawn words purged."""
        try:
            mark = self._mark()
            self._follow(session, None)
            if mark:
                self._index.update([], [], purge=True)
                # Somebody may have left more to purge meanwhile: that is another mark.
                if mark == self._mark():
                    self._unpurged.unlink(missing_ok=True)
        except IndexUnavailable:
            self._rebuild(session)
            self._unpurged.unlink(missing_ok=True)

    def behind(self, session: Session) -> bool:
        """Whether something was published or withdrawn that the index, or its files, do not know yet."""
        if self._mark():
            return True
        try:
            return self._index.position != queries.last_change(session, "cases")
        except IndexUnavailable:
            return queries.last_change(session, "cases") > 0

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
        gone = set(numbers) - {document.key for document in documents}
        # What was withdrawn leaves the files too, not only the results: at once, or where that takes long by the job.
        at_once = bool(gone) and (most is None or self._is_small(session))
        if gone and not at_once:
            self._leave_a_mark()
        self._index.update(documents, gone, last, purge=at_once)
        if gone and not at_once:
            self._leave_a_mark()
        return None

    def _is_small(self, session: Session) -> bool:
        newest = session.exec(select(func.max(PublishedCase.id))).one() or 0
        return newest <= self.PURGED_AT_ONCE

    def _leave_a_mark(self) -> None:
        self._unpurged.write_text(secrets.token_hex(8), "ascii")

    def _mark(self) -> str:
        try:
            return self._unpurged.read_text("ascii")
        except FileNotFoundError:
            return ""

    def _rebuild(self, session: Session) -> None:
        last = queries.last_change(session, "cases")
        self._index.rebuild(_documents(session, None), last)


def follow_public_cases(database: Database, now: datetime) -> int:
    """Job: bring the search index of public cases up to date; what was withdrawn leaves its files."""
    index = CaseIndex(database.folder / "index" / "cases")
    with database.reading() as session:
        if not index.behind(session):
            return 0
        index.follow(session)
    return 1


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
