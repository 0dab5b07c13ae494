"""What an office sets itself: the values of its deadline profile, and its ladder of reminders, in versions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from app.base.db import lock
from app.base.errors import Invalid, NotAllowed
from app.cases import profiles, queries, reminders
from app.cases.models import Case, LadderVersion, ProfileVersion
from app.cases.service.details import words_of
from app.log import service as log
from app.staff.roles import Person, Role


def set_profile(
    session: Session,
    now: datetime,
    person: Person | None,
    key: str,
    values: Mapping[str, Any],
    *,
    reason: object,
) -> ProfileVersion:
    """The office's own values for a profile, as a new version; it holds for letters that come from now on.

    Raises `Invalid` at the field, `NotAllowed`.
    """
    _only_system_admin(person)
    lock(session, "profiles")
    if key not in profiles.PROFILES:
        raise Invalid("没有这套时限方案", field="profile")
    why = words_of(reason, "reason", "为什么改（依据的文件）", 200)
    current = queries.profile(session, key)
    changed = profiles.with_values(current, values, current.version + 1)
    shipped = profiles.values_of(profiles.PROFILES[key])
    row = ProfileVersion(
        key=key,
        version=changed.version,
        limits={name: value for name, value in profiles.values_of(changed).items() if value != shipped[name]},
        reason=why,
        set_by=person.id if person else None,
        set_at=now,
    )
    session.add(row)
    session.flush()
    log.record(
        session,
        now,
        person,
        "profile_set",
        subject_type="profile",
        subject_id=row.id,
        key=key,
        version=row.version,
        limits=row.limits,
    )
    return row


def set_ladder(
    session: Session, now: datetime, person: Person | None, rows: Sequence[Mapping[str, Any]]
) -> LadderVersion:
    """The office's own ladder, as a new version; every open case is looked at again. Raises `Invalid`."""
    _only_system_admin(person)
    lock(session, "ladder")
    rungs = reminders.rows_of(reminders.read_ladder(rows))
    before = queries.ladder_versions(session)
    made = LadderVersion(
        version=before[0].version + 1 if before else 1,
        rungs=rungs,
        set_by=person.id if person else None,
        set_at=now,
    )
    session.add(made)
    session.flush()
    session.execute(
        update(Case)
        .where(col(Case.open))
        .values(remind_at=Case.received_at)
        .execution_options(synchronize_session=False)
    )
    log.record(
        session,
        now,
        person,
        "ladder_set",
        subject_type="ladder",
        subject_id=made.id,
        version=made.version,
        rungs=[rung["key"] for rung in rungs],
    )
    return made


def _only_system_admin(person: Person | None) -> None:
    if person is not None and not person.may(Role.SYSTEM_ADMIN):
        raise NotAllowed("时限方案和催办由系统管理员维护", code="wrong_role")
