"""Departments: add, name their leaders, close; and the table that says who is responsible for what."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from math import isinf
from multiprocessing import get_context
from typing import Any

from sqlmodel import Session, col, select

from app.base import db
from app.base.db import Database
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.base.standing import standing
from app.departments import queries, responsibility, suggesting, training
from app.departments.learned import TextModel
from app.departments.models import AssignmentRule, Department, LearnedModel, Responsibility
from app.departments.suggesting import Suggestion
from app.log import service as log
from app.staff import queries as staff
from app.staff.roles import Person, Role

LONGEST_NAME = 60
MOST_KEYWORDS = 60
_LEAST_RULE = 0.5
# Models of this process, by database and row: read once, not with every letter.
_opened: dict[tuple[str, int, datetime], TextModel] = {}


def add(session: Session, now: datetime, actor: Person | None, *, name: str, short: str = "") -> Department:
    """Add a handling department. Raises `Invalid`, `Conflict` (the name is taken), `NotAllowed`."""
    _only_system_admin(actor)
    db.lock(session, "departments")
    words = name.strip()
    if not words or len(words) > LONGEST_NAME:
        raise Invalid(f"请填写承办单位名称，最多 {LONGEST_NAME} 字", field="name")
    if _named(session, words) is not None:
        raise Conflict(f"已经有“{words}”了", field="name")
    made = Department(name=words, short=short.strip(), created_at=now)
    session.add(made)
    session.flush()
    _record(session, now, actor, "department_added", made.id, name=words)
    return made


def add_if_missing(session: Session, now: datetime, actor: Person | None, *, name: str) -> Department:
    """The department of this name, added where there is none yet."""
    return _named(session, name.strip()) or add(session, now, actor, name=name)


def set_leaders(
    session: Session,
    now: datetime,
    actor: Person | None,
    department_id: int,
    *,
    deputy_leader_id: int | None,
    principal_id: int | None,
) -> Department:
    """Name who is told when reminders have not helped: 分管领导, then 主要领导 (C26, B22)."""
    _only_system_admin(actor)
    found = require_open(session, department_id)
    for staff_id in (deputy_leader_id, principal_id):
        _require_person(session, staff_id)
    found.deputy_leader_id, found.principal_id = deputy_leader_id, principal_id
    session.add(found)
    _record(
        session, now, actor, "leaders_set", found.id, deputy_leader=deputy_leader_id, principal=principal_id
    )
    return found


def close(session: Session, now: datetime, actor: Person | None, department_id: int) -> None:
    """A department works no more. Refused (`Conflict`) while people or responsibilities are left in it."""
    _only_system_admin(actor)
    found = require_open(session, department_id)
    people = len(staff.people(session, department_id=department_id))
    rows = len(queries.responsibilities(session, department_id))
    if people or rows:
        raise Conflict(f"“{found.name}”还有 {people} 人、{rows} 项职责。请先调整到别的单位再撤销")
    found.closed_at = now
    session.add(found)
    _record(session, now, actor, "department_closed", found.id)


def require_open(session: Session, department_id: int) -> Department:
    """The department at work with this id. Raises `NotFound`."""
    found = session.get(Department, department_id)
    if found is None or found.closed_at is not None:
        raise NotFound("没有这个承办单位，或者已经撤销", field="department_id")
    return found


def require_named(session: Session, name: str) -> Department:
    """The department at work with this name or short name. Raises `NotFound`."""
    found = queries.by_name(session, name)
    if found is None:
        raise NotFound(f"找不到承办单位“{name}”。请用 huiying departments list 查看", field="department")
    return found


def add_responsibility(
    session: Session,
    now: datetime,
    actor: Person | None,
    *,
    category: str,
    department_id: int,
    place: str = "",
    keywords: Iterable[str] = (),
    assisting: Iterable[int] = (),
    handler_id: int | None = None,
    reason: str = "",
) -> Responsibility:
    """Add a row: matters of ``category`` in ``place`` (empty: everywhere) belong to this department.

    A row for the same category, place and department is replaced by a new version of itself; cases
    keep the version they were routed with. ``reason``: the document it rests on.
    """
    _only_system_admin(actor)
    db.lock(session, "departments")
    words = list(dict.fromkeys(word.strip() for word in keywords if word.strip()))
    if not category.strip() and not words:
        raise Invalid("类别和关键词至少填一样，否则什么都归它管", field="category")
    if len(words) > MOST_KEYWORDS:
        raise Invalid(f"一行最多 {MOST_KEYWORDS} 个关键词，请分成几行", field="keywords")
    require_open(session, department_id)
    helping = [other for other in dict.fromkeys(assisting) if other != department_id]
    for other in helping:
        require_open(session, other)
    _require_person(session, handler_id)
    before = _same_row(session, category.strip(), place.strip(), department_id)
    if before is not None:
        before.ended_at = now
        session.add(before)
    made = Responsibility(
        category=category.strip(),
        place=place.strip(),
        keywords=words,
        department_id=department_id,
        assisting=helping,
        handler_id=handler_id,
        reason=reason.strip(),
        version=before.version + 1 if before else 1,
    )
    session.add(made)
    session.flush()
    _record(
        session,
        now,
        actor,
        "responsibility_set",
        department_id,
        row=made.id,
        category=made.category,
        place=made.place,
        version=made.version,
    )
    return made


def end_responsibility(session: Session, now: datetime, actor: Person | None, row_id: int) -> Responsibility:
    """Take a row out of force; it stays readable for the cases it routed. Raises `NotFound`."""
    _only_system_admin(actor)
    row = session.get(Responsibility, row_id)
    if row is None or row.ended_at is not None:
        raise NotFound("没有这一项职责，或者已经停用")
    row.ended_at = now
    session.add(row)
    _record(session, now, actor, "responsibility_ended", row.department_id, row=row.id)
    return row


# ---------------------------------------------------------------- what is learned from handled cases


def suggest(session: Session, text: str, place: str) -> Suggestion | None:
    """Category and department for a new text, with reasons and confidence; None where nothing speaks.

    The category as learned from the office's own cases, else the table's; the department by the
    responsibility table, else as learned. A person decides.
    """
    rows, names = _table(session)
    judged = {kind: _judged(session, kind, text) for kind in suggesting.KINDS}
    category = suggesting.known_category(judged["category"])
    matches = responsibility.match(text, rows, category=category, place=place, names=names)
    return suggesting.suggestion(
        matches, {row.id: row for row in rows}, judged["category"], judged["department"]
    )


def learn(
    database: Database,
    now: datetime,
    kind: str,
    texts: Sequence[str],
    labels: Sequence[str],
    groups: Sequence[str | None],
) -> bool:
    """Learn ``kind`` from these examples in a process of its own, whose memory goes back when it is done.

    Too few examples: nothing is kept. The training is kept with its figures; it takes the place of the one
    in force if it is better. Returns whether it did.
    """
    if not training.is_enough(labels):
        return False
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere:
        model, figures = elsewhere.submit(training.learn, texts, labels, groups).result()
    with database.writing() as session:
        return keep_training(session, now, kind, model, figures)


def keep_training(
    session: Session, now: datetime, kind: str, model: TextModel, figures: training.Figures
) -> bool:
    """Write a training down; put it in force if it is better than what is. Returns whether it is."""
    db.lock(session, "departments")
    before = queries.learned(session, kind)
    better = before is None or suggesting.is_better(
        figures.macro_f1, figures.examples, before.macro_f1, before.examples
    )
    if better and before is not None:
        before.ended_at = now
        session.add(before)
    made = LearnedModel(
        kind=kind,
        trained_at=now,
        examples=figures.examples,
        labels=figures.labels,
        macro_f1=figures.macro_f1,
        accuracy=figures.accuracy,
        threshold=None if isinf(figures.threshold) else figures.threshold,
        auto_share=figures.auto_share,
        auto_precision=figures.auto_precision,
        weights=model.to_bytes() if better else b"",
        ended_at=None if better else now,
    )
    session.add(made)
    session.flush()
    log.record(
        session,
        now,
        None,
        "routing_learned",
        subject_type="learned_model",
        subject_id=made.id,
        kind=kind,
        examples=made.examples,
        macro_f1=round(made.macro_f1, 4),
        in_force=better,
    )
    return better


def set_assignment_rule(
    session: Session, now: datetime, actor: Person | None, least_confidence: float | None
) -> AssignmentRule:
    """From which confidence on a new case is assigned without a person; None switches it off.

    Raises `Invalid` outside 0.5 to 1, `NotAllowed`.
    """
    _only_system_admin(actor)
    if least_confidence is not None and not _LEAST_RULE <= least_confidence <= 1:
        raise Invalid("自动交办的把握要在 50% 到 100% 之间，留空就是不自动交办", field="least_confidence")
    made = AssignmentRule(least_confidence=least_confidence, set_by=actor.id if actor else None, set_at=now)
    session.add(made)
    session.flush()
    log.record(
        session,
        now,
        actor,
        "assignment_rule_set",
        subject_type="assignment_rule",
        subject_id=made.id,
        least_confidence=least_confidence,
    )
    return made


@standing
def _table(session: Session) -> tuple[list[Responsibility], dict[int, str]]:
    """The responsibility table in force and the names of its departments."""
    rows = queries.responsibilities(session)
    return rows, queries.names(session, [row.department_id for row in rows])


def _judged(session: Session, kind: str, text: str) -> suggesting.Judged | None:
    row = queries.learned(session, kind)
    if row is None:
        return None
    key = (str(session.get_bind().engine.url), row.id, row.trained_at)
    model = _opened.get(key)
    if model is None:
        try:
            model = TextModel.from_bytes(row.weights)
        except Invalid:  # of an older version: the table's rules hold until it is learned anew
            return None
        if len(_opened) >= len(suggesting.KINDS):
            _opened.clear()
        _opened[key] = model
    return suggesting.Judged(row.id, row.threshold, model.judge(text))


def _named(session: Session, name: str) -> Department | None:
    return session.exec(select(Department).where(col(Department.name) == name)).first()


def _same_row(session: Session, category: str, place: str, department_id: int) -> Responsibility | None:
    if not category:
        return None
    return next(
        (
            row
            for row in queries.responsibilities(session, department_id)
            if (row.category, row.place) == (category, place)
        ),
        None,
    )


def _require_person(session: Session, staff_id: int | None) -> None:
    if staff_id is not None and staff.person(session, staff_id) is None:
        raise NotFound("没有这个人，或者已经停用")


def _only_system_admin(actor: Person | None) -> None:
    if actor is not None and not actor.may(Role.SYSTEM_ADMIN):
        raise NotAllowed("承办单位和职责分工由系统管理员维护", code="wrong_role")


def _record(
    session: Session, now: datetime, actor: Person | None, action: str, department_id: int, **data: Any
) -> None:
    log.record(session, now, actor, action, subject_type="department", subject_id=department_id, **data)
