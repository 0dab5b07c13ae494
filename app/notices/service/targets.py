"""Where do notices go outside the house? An administrator says so; secrets are sealed and never shown again."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
from sqlmodel import Session, col, select

from app.base.db import Database
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.log import service as log
from app.notices.kinds import KINDS, URGENT
from app.notices.models import NoticeTarget
from app.staff import service as staff
from app.staff.roles import Person, Role
from connectors.errors import DeliveryError
from connectors.robots.mail import Mail
from connectors.robots.messengers import Errand, Messenger
from connectors.robots.registry import WAYS, Way

SEALED_FOR = "notice_target"
LONGEST_NAME = 40
TRIAL = "【回应】这是一条试发的提醒。看到它，说明设置是对的。"


def add_target(
    session: Session,
    now: datetime,
    actor: Person | None,
    *,
    way: str,
    name: str,
    settings: Mapping[str, str],
    handle: str = "",
    staff_id: int | None = None,
    department_id: int | None = None,
    via_id: int | None = None,
    kinds: Sequence[str] = (),
    link_base: str = "",
) -> NoticeTarget:
    """Add a way out for a person, a department, or (neither) everybody's notices of ``kinds``.

    With ``via_id`` the settings are another target's. Raises `Invalid` with the field, `NotAllowed`.
    """
    _only_system_admin(actor)
    if way not in WAYS:
        raise Invalid("请选一种外发方式", field="way")
    if not name.strip() or len(name) > LONGEST_NAME:
        raise Invalid(f"请起一个名字，最多 {LONGEST_NAME} 字", field="name")
    if staff_id is not None and department_id is not None:
        raise Invalid("发给一个人，或发给一个单位，两样选一样", field="department_id")
    if staff_id is not None:
        staff.require(session, staff_id)
    kinds = _checked_kinds(kinds, WAYS[way], to_everybody=staff_id is None and department_id is None)
    _check_via(session, way, via_id)
    open_ones, secret_ones = ({}, {}) if via_id else _split(WAYS[way], settings, kept={})
    made = NoticeTarget(
        way=way,
        name=name.strip(),
        staff_id=staff_id,
        department_id=department_id,
        via_id=via_id,
        kinds=kinds,
        settings=open_ones,
        secrets_sealed=_seal(session, json.dumps(secret_ones)) if secret_ones else "",
        handle_sealed=_checked_handle(session, WAYS[way], handle),
        link_base=link_base.rstrip("/"),
        added_at=now,
        added_by=actor.id if actor else None,
    )
    session.add(made)
    session.flush()
    _record(session, now, actor, "notice_target_added", made, way=way)
    return made


def change_target(
    session: Session,
    now: datetime,
    actor: Person | None,
    target_id: int,
    *,
    settings: Mapping[str, str],
    kinds: Sequence[str],
) -> NoticeTarget:
    """Set settings and kinds anew; a secret left empty stays. What was wrong with it is forgotten."""
    _only_system_admin(actor)
    target = require_open(session, target_id)
    to_everybody = target.staff_id is None and target.department_id is None
    kinds = _checked_kinds(kinds, WAYS[target.way], to_everybody=to_everybody)
    if target.via_id is None:
        kept = _secrets(session, target)
        target.settings, secret_ones = _split(WAYS[target.way], settings, kept=kept)
        target.secrets_sealed = _seal(session, json.dumps(secret_ones)) if secret_ones else ""
    target.kinds, target.trouble, target.next_at = kinds, "", None
    session.add(target)
    _record(session, now, actor, "notice_target_changed", target)
    return target


def close_target(session: Session, now: datetime, actor: Person | None, target_id: int) -> NoticeTarget:
    """Nothing more is sent there; what is on its way is not sent either. Raises `Conflict` while others use it."""
    _only_system_admin(actor)
    target = require_open(session, target_id)
    users = select(NoticeTarget).where(
        NoticeTarget.via_id == target_id, col(NoticeTarget.closed_at).is_(None)
    )
    if used := session.exec(users.limit(1)).first():
        raise Conflict(f"“{used.name}”还在用它发，请先停用那一个")
    target.closed_at = now
    session.add(target)
    _record(session, now, actor, "notice_target_closed", target)
    return target


def try_target(
    db: Database,
    now: datetime,
    actor: Person,
    target_id: int,
    *,
    transport: httpx.BaseTransport | None = None,
) -> str:
    """Send one trial message. Returns "" where it was taken, else what is wrong in words."""
    _only_system_admin(actor)
    with db.reading() as session:
        target = require_open(session, target_id)
        sender, handle = sender_of(session, target, transport), handle_of(session, target)
        is_mail_without = WAYS[target.way].to_one and not handle
    if is_mail_without:
        return "这一个只借给别人发信用，没有填收件地址，请试用借它发的那一个"
    try:
        key = f"trial-{target_id}-{int(now.timestamp())}"
        sender.send(Errand(TRIAL, tuple(filter(None, [handle])), TRIAL[:10], key))
    except DeliveryError as error:
        words = error.message_zh
    else:
        words = ""
    with db.writing() as session:
        target = require_open(session, target_id)
        target.trouble = words
        session.add(target)
        _record(session, now, actor, "notice_target_tried", target, taken=not words)
    return words


def require_open(session: Session, target_id: int) -> NoticeTarget:
    """The target, unless it was closed. Raises `NotFound`."""
    found = session.get(NoticeTarget, target_id)
    if found is None or found.closed_at is not None:
        raise NotFound("没有这个外发对象，或者已经停用")
    return found


def root_of(session: Session, target: NoticeTarget) -> NoticeTarget:
    """The target whose settings this one uses: its own, or the one it goes via."""
    return session.get_one(NoticeTarget, target.via_id) if target.via_id else target


def handle_of(session: Session, target: NoticeTarget) -> str:
    """What the person is called there; "" where nobody is named. Personal data: never show or log it."""
    if not target.handle_sealed:
        return ""
    opened: str = session.info["keys"].unseal(target.handle_sealed, SEALED_FOR)
    return opened


def sender_of(
    session: Session, target: NoticeTarget, transport: httpx.BaseTransport | None = None
) -> Messenger:
    """The messenger with its settings, secrets opened. Make it in a transaction, use it in none."""
    root = root_of(session, target)
    settings: dict[str, Any] = {**root.settings, **_secrets(session, root)}
    made = WAYS[root.way].sender
    if issubclass(made, Mail):
        return made(**settings)
    return made(**settings, transport=transport)  # type: ignore[call-arg]


def _check_via(session: Session, way: str, via_id: int | None) -> None:
    if via_id is None:
        return
    via = require_open(session, via_id)
    if via.way != way or via.via_id is not None:
        raise Invalid("只能借用同一种方式、自己有设置的那一个", field="via_id")


def _checked_handle(session: Session, way: Way, handle: str) -> str:
    if not handle.strip():
        return ""
    if not re.fullmatch(way.handle, handle.strip()):
        raise Invalid(f"“{way.handle_label}”的格式不对", field="handle")
    return _seal(session, handle.strip())


def _checked_kinds(kinds: Sequence[str], way: Way, *, to_everybody: bool) -> list[str]:
    """A group for everybody hears what cannot wait, unless told otherwise."""
    if wrong := [kind for kind in kinds if kind not in KINDS]:
        raise Invalid(f"没有“{wrong[0]}”这种提醒", field="kinds")
    return sorted(URGENT) if not kinds and to_everybody and not way.to_one else list(kinds)


def _split(
    way: Way, settings: Mapping[str, str], kept: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    open_ones: dict[str, str] = {}
    secret_ones: dict[str, str] = {}
    for one in way.sender.SETTINGS:
        value = settings.get(one.name, "").strip() or kept.get(one.name, "") or one.default
        if wrong := one.problem(value):
            raise Invalid(wrong, field=one.name)
        if value:
            (secret_ones if one.secret else open_ones)[one.name] = value
    return open_ones, secret_ones


def _secrets(session: Session, target: NoticeTarget) -> dict[str, str]:
    if not target.secrets_sealed:
        return {}
    opened: dict[str, str] = json.loads(session.info["keys"].unseal(target.secrets_sealed, SEALED_FOR))
    return opened


def _seal(session: Session, text: str) -> str:
    sealed: str = session.info["keys"].seal(text, SEALED_FOR)
    return sealed


def _record(
    session: Session, now: datetime, actor: Person | None, action: str, target: NoticeTarget, **data: Any
) -> None:
    log.record(session, now, actor, action, subject_type="notice_target", subject_id=target.id, **data)


def _only_system_admin(actor: Person | None) -> None:
    if actor is not None and not actor.may(Role.SYSTEM_ADMIN):
        raise NotAllowed("提醒外发由系统管理员设置", code="wrong_role")
