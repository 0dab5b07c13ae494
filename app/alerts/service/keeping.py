"""The office's own words to watch for, and the directory of whom to tell outside (C28)."""

from datetime import datetime

from sqlmodel import Session, select

from app.alerts.models import AlertWord, LiaisonContact
from app.alerts.papers import SPHERES
from app.base.errors import Invalid, NotAllowed, NotFound
from app.log import service as log
from app.staff.roles import Person, Role

SEALED_FOR = "liaison"
LONGEST_WORD = 20
LONGEST_LINE = 60


def set_word(
    session: Session, now: datetime, actor: Person | None, *, topic: str, word: str, watched: bool
) -> AlertWord:
    """Watch for a word from now on, or no longer (a shipped one too). Raises `Invalid`, `NotAllowed`."""
    _only_keepers(actor)
    topic, word = topic.strip(), word.strip()
    if not topic or len(topic) > LONGEST_WORD:
        raise Invalid(f"请写类别，最多 {LONGEST_WORD} 字", field="topic")
    if len(word) < 2 or len(word) > LONGEST_WORD:
        raise Invalid(f"词要 2 到 {LONGEST_WORD} 字，单个字会误报", field="word")
    same = select(AlertWord).where(AlertWord.topic == topic, AlertWord.word == word)
    row = session.exec(same).first() or AlertWord(topic=topic, word=word, watched=watched, set_at=now)
    row.watched, row.set_at, row.set_by = watched, now, actor.id if actor else None
    session.add(row)
    session.flush()
    log.record(
        session, now, actor, "alert_word_set",
        subject_type="alert_word", subject_id=row.id, topic=topic, word=word, watched=watched,
    )  # fmt: skip
    return row


def add_contact(
    session: Session, now: datetime, actor: Person | None, *, unit: str, sphere: str, how: str
) -> LiaisonContact:
    """Note whom to report or pass on to, and how. Raises `Invalid`, `NotAllowed`."""
    _only_keepers(actor)
    if not unit.strip() or len(unit) > LONGEST_LINE:
        raise Invalid(f"请写单位名称，最多 {LONGEST_LINE} 字", field="unit")
    if sphere not in SPHERES:
        raise Invalid(f"类别请选{'、'.join(SPHERES)}", field="sphere")
    if not how.strip() or len(how) > LONGEST_LINE:
        raise Invalid(f"请写联系方式，最多 {LONGEST_LINE} 字", field="how")
    sealed = session.info["keys"].seal(how.strip(), SEALED_FOR)
    made = LiaisonContact(
        unit=unit.strip(),
        sphere=sphere,
        how_sealed=sealed,
        added_at=now,
        added_by=actor.id if actor else None,
    )
    session.add(made)
    session.flush()
    log.record(session, now, actor, "contact_added", subject_type="liaison_contact", subject_id=made.id)
    return made


def end_contact(session: Session, now: datetime, actor: Person | None, contact_id: int) -> None:
    """Take a contact out of the directory; what was written to it stays."""
    _only_keepers(actor)
    found = require_contact(session, contact_id)
    found.ended_at = now
    session.add(found)
    log.record(session, now, actor, "contact_ended", subject_type="liaison_contact", subject_id=found.id)


def require_contact(session: Session, contact_id: int) -> LiaisonContact:
    """The contact, unless it was taken out. Raises `NotFound`."""
    found = session.get(LiaisonContact, contact_id)
    if found is None or found.ended_at is not None:
        raise NotFound("通讯录里没有这个单位")
    return found


def how_to_reach(session: Session, contact: LiaisonContact) -> str:
    """The telephone or duty room, opened."""
    opened: str = session.info["keys"].unseal(contact.how_sealed, SEALED_FOR)
    return opened


def _only_keepers(actor: Person | None) -> None:
    if actor is not None and not actor.may(Role.DUTY_LEADER, Role.SYSTEM_ADMIN):
        raise NotAllowed("关键词和通讯录由值班长或系统管理员维护", code="wrong_role")
