"""口径一致: what a reply should agree with, where it departs, who accepted that; answers that contradict each other.

「各渠道回复口径准确、一致」 (A9). The rule is `kb.consistency`; here stands what was found, and what people said to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.base.errors import Invalid, NotAllowed, NotFound
from app.consistency import queries
from app.consistency.comparing import Agreed, Point, points
from app.consistency.models import AnswerConflict, ReplyDifference
from app.log import service as log
from app.notices import service as notices
from app.staff import queries as staff
from app.staff.roles import Person, Role
from kb import queries as library
from kb import service as kb
from kb.alike import Asked, pairs
from kb.consistency import differences
from kb.models import AnswerEntry, EntryVersion
from kb.states import EntryKind, RecheckReason

LONGEST_NOTE = 500
MOST_POINTS = 60
"""Points kept of one comparison; a text that departs in more is another text."""


# ------------------------------------------------------------------ replies


def agreed_with(session: Session, used: tuple[int, int] | None, alike: Iterable[int] = ()) -> list[Agreed]:
    """The answers a reply should agree with: the one it used, as it is in force now, and those about the same.

    ``used``: (entry, version). Where the entry is out of force, the version that was used is the measure.
    """
    found: dict[int, Agreed] = {}
    if used is not None:
        version = library.version_in_force(session, used[0]) or library.version(session, *used)
        if version is not None:
            found[used[0]] = _agreed(version, was_used=True)
    for entry_id in alike:
        version = library.version_in_force(session, entry_id)
        if version is not None and entry_id not in found:
            found[entry_id] = _agreed(version, was_used=False)
    return list(found.values())


def compare(text: str, answers: Sequence[Agreed], *, short: Iterable[str] = ()) -> list[Point]:
    """Where ``text``, or a ``short`` form of it, departs from these answers."""
    return points(text, answers, short)[:MOST_POINTS]


def keep(
    session: Session,
    now: datetime,
    *,
    reply_id: int,
    digest: str,
    found: Sequence[Point],
    reasons: Mapping[tuple[str, str, str], str],
) -> None:
    """Keep what was found in a text sent for review, with the author's reasons (label, library, said) → words."""
    session.execute(
        delete(ReplyDifference).where(
            col(ReplyDifference.reply_id) == reply_id,
            col(ReplyDifference.digest) == digest,
            col(ReplyDifference.accepted_at).is_(None),
        )
    )
    kept = {row.place for row in queries.of_reply(session, reply_id, digest)}
    for place, point in enumerate(found):
        if place in kept:
            continue
        session.add(
            ReplyDifference(
                reply_id=reply_id,
                digest=digest,
                place=place,
                entry_id=point.agreed.entry_id,
                version=point.agreed.version,
                was_used=point.agreed.was_used,
                kind=point.kind,
                library=point.library,
                said=point.said,
                reason=reasons.get((point.label, point.library, point.said), ""),
                found_at=now,
            )
        )
    session.flush()


def accept(session: Session, now: datetime, person: Person, *, reply_id: int, digest: str, note: str) -> int:
    """A reviewer accepts, with a reason, that exactly this text departs from the library; how many points.

    Whoever approves must, unless a colleague did for the same text. Raises `Invalid` without words.
    """
    waiting = [row for row in queries.of_reply(session, reply_id, digest) if row.accepted_at is None]
    if not waiting:
        return 0
    words = note.strip()[:LONGEST_NOTE]
    if not words:
        raise Invalid(
            f"有 {len(waiting)} 处与问答库不一致。接受的请写明理由，不接受的请退回修改",
            field="accept_note",
            code="differences",
        )
    for row in waiting:
        row.accepted_by, row.accepted_note, row.accepted_at = person.id, words, now
        session.add(row)
    session.flush()
    log.record(
        session, now, person, "accept_differences",
        subject_type="reply", subject_id=reply_id, reason=words, digest=digest, points=len(waiting),
    )  # fmt: skip
    return len(waiting)


def _agreed(version: EntryVersion, *, was_used: bool) -> Agreed:
    return Agreed(
        entry_id=version.entry_id,
        version=version.number,
        question=version.question,
        text=version.text,
        basis=version.basis,
        must_keep=version.must_keep,
        was_used=was_used,
    )


# ------------------------------------------------------------------ the library against itself


COMPARED_KINDS = frozenset({EntryKind.ANSWER.value, EntryKind.CLARIFICATION.value})
SETTLERS = (Role.EDITOR, Role.HANDLER)


def find_contradictions(session: Session, now: datetime) -> int:
    """Job: compare answers in force to nearly the same question; how many contradictions are new.

    What was settled stays settled while both say what they said then; what no longer contradicts is gone.
    """
    rows = {
        entry.id: (entry, version)
        for entry, version in queries.in_force(session)
        if entry.kind in COMPARED_KINDS
    }
    asked = [Asked(entry.id, (version.question, *version.phrasings)) for entry, version in rows.values()]
    known = {(row.entry_id, row.other_id): row for row in queries.conflicts(session)}
    found = 0
    seen: set[tuple[int, int]] = set()
    for left, right in pairs(asked):
        one, other = _in_order(rows[left], rows[right])
        if one[0].origin and other[0].origin:
            continue  # both are read only here; their owners see it where they can act
        pair = (one[0].id, other[0].id)
        seen.add(pair)
        found += _look_at(session, now, one, other, known.get(pair))
    for pair, row in known.items():
        if pair not in seen and row.state == "open":
            _change(session, now, row, "gone", None, "不再矛盾")
    return found


def look_at_entry(session: Session, now: datetime, entry_id: int) -> int:
    """Compare one answer with all others to nearly the same question; how many contradictions are new."""
    rows = {
        entry.id: (entry, version)
        for entry, version in queries.in_force(session)
        if entry.kind in COMPARED_KINDS
    }
    if entry_id not in rows:
        return 0
    asked = [Asked(entry.id, (version.question, *version.phrasings)) for entry, version in rows.values()]
    found = 0
    for left, right in pairs(asked, only=entry_id):
        one, other = _in_order(rows[left], rows[right])
        if not (one[0].origin and other[0].origin):
            known = queries.conflict_of(session, one[0].id, other[0].id)
            found += _look_at(session, now, one, other, known)
    return found


def settle_conflict(
    session: Session, now: datetime, person: Person, conflict_id: int, note: str
) -> AnswerConflict:
    """A person looked at a contradiction: it is none, or it is justified, and why."""
    row = session.get(AnswerConflict, conflict_id)
    if row is None:
        raise NotFound("没有这一条矛盾，可能已经处理过了")
    if not person.may(*SETTLERS):
        raise NotAllowed("口径矛盾由问答库编辑或承办单位经办人处理", code="wrong_role")
    if not note.strip():
        raise Invalid("请写明为什么两条可以不一样，或者已经怎样改", field="note")
    _change(session, now, row, "settled", person.id, note)
    log.record(
        session, now, person, "settle_conflict",
        subject_type="answer_conflict", subject_id=row.id, reason=note.strip()[:LONGEST_NOTE],
    )  # fmt: skip
    return row


Row = tuple[AnswerEntry, EntryVersion]


def _in_order(left: Row, right: Row) -> tuple[Row, Row]:
    """Our own before an imported one; of two own ones the older."""
    return (
        (left, right)
        if (bool(left[0].origin), left[0].id) < (bool(right[0].origin), right[0].id)
        else (right, left)
    )


def _look_at(session: Session, now: datetime, one: Row, other: Row, known: AnswerConflict | None) -> int:
    numbers = (one[1].number, other[1].number)
    if known is not None and (known.entry_version, known.other_version) == numbers and known.state != "gone":
        return 0
    told = [
        {"kind": point.kind.value, "ours": point.reply, "theirs": point.library}
        for point in differences(one[1].text, other[1].text, basis=other[1].basis)
    ]
    if not told:
        if known is not None and known.state == "open":
            _change(session, now, known, "gone", None, "不再矛盾")
        return 0
    row = known or AnswerConflict(
        entry_id=one[0].id,
        other_id=other[0].id,
        entry_version=numbers[0],
        other_version=numbers[1],
        found_at=now,
    )
    row.entry_version, row.other_version = numbers
    row.points, row.state, row.found_at = told[:MOST_POINTS], "open", now
    row.settled_at, row.settled_by, row.note = None, None, ""
    session.add(row)
    session.flush()
    words = f"与“{other[1].question[:60]}”说法不一"
    kb.recheck(session, now, one[0].id, RecheckReason.CONFLICT, f"{words}（第 {other[1].number} 版）")
    _tell_owner(session, now, row, one, other)
    return 1


def _tell_owner(session: Session, now: datetime, row: AnswerConflict, one: Row, other: Row) -> None:
    """The owner of our own answer and the editors; of two own ones the other's owner too."""
    people = {person.id for person in staff.people(session, role=Role.EDITOR)}
    for entry in (one[0], other[0]):
        if not entry.origin and entry.owner_department_id is not None:
            owners = staff.people(session, role=Role.HANDLER, department_id=entry.owner_department_id)
            people |= {person.id for person in owners}
    whose = f"（来自{other[0].owner_name or '别的问答库'}）" if other[0].origin else ""
    text = f"两条答案说法不一：“{one[1].question[:30]}”与“{other[1].question[:30]}”{whose}，请核对"
    for staff_id in sorted(people):
        notices.tell(
            session,
            now,
            staff_id,
            key=f"answer_conflict:{row.id}:{row.entry_version}:{row.other_version}:{staff_id}",
            kind="answer_conflict",
            text=text,
            address="/desk/answers/upkeep#conflicts",
        )


def _change(
    session: Session, now: datetime, row: AnswerConflict, state: str, by: int | None, note: str
) -> None:
    row.state, row.settled_at, row.settled_by, row.note = state, now, by, note.strip()[:LONGEST_NOTE]
    session.add(row)
    session.flush()
    for entry_id in (row.entry_id, row.other_id):
        for one in library.open_rechecks(session, entry_id):
            if one.reason == RecheckReason.CONFLICT:
                kb.settle_recheck(session, now, one.id, "", row.note or "已核对")


def words_of(points_kept: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The points of a contradiction with their labels, for a table."""
    return [
        {
            "item": Point(Agreed(0, 0, "", ""), str(one["kind"]), "", "").label,
            "ours": str(one["ours"]),
            "theirs": str(one["theirs"]),
        }
        for one in points_kept
    ]


def open_conflicts_of(session: Session, entry_id: int) -> list[AnswerConflict]:
    """Open contradictions of one entry."""
    wanted = select(AnswerConflict).where(
        (col(AnswerConflict.entry_id) == entry_id) | (col(AnswerConflict.other_id) == entry_id),
        AnswerConflict.state == "open",
    )
    return list(session.exec(wanted.order_by(col(AnswerConflict.id))))
