"""People, what they may do, and how they prove who they are: passwords, sessions, links, tokens, attempts.

Passwords are argon2id. A browser's cookie, a sign-in address and an API token are 256 random bits each
and kept only as keyed digests: a copy of the database opens no door (reliability §5).
"""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from app.base import db as base_db
from app.base.db import Database
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from app.base.keys import Keys
from app.departments import service as departments_service
from app.log import service as log
from app.staff import passwords, permissions, queries, scopes, sign_in_names
from app.staff.addresses import is_loopback, limit_key
from app.staff.models import ApiToken, Attempt, Office, SignInLink, SignInSession, StaffMember, StaffRole
from app.staff.roles import Person, Role, check_roles

IDLE = timedelta(minutes=30)
LONGEST_SESSION = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)
LINK_LASTS = timedelta(hours=24)
SIGN_IN_TRIES = 5
SIGN_IN_WITHIN = timedelta(minutes=15)
KEEP_ATTEMPTS = timedelta(days=1)
KEEP_SESSIONS = timedelta(days=180)
"""Who was signed in from where is kept six months (B20), then forgotten."""

TOKEN_BYTES = 32
REFUSED = "登录名或密码不对，或者试得太多了。请核对后再试；连错 5 次要等 15 分钟"
"""The same words whatever was wrong: nobody learns here which accounts exist or are locked."""
LINK_REFUSED = "这个登录地址用过了，或者过了 24 小时。请找系统管理员另开一个"

_hasher = PasswordHasher()


@dataclass(frozen=True)
class OpenedSession:
    """A session just opened. ``token`` goes into the cookie and is kept nowhere else."""

    token: str = field(repr=False)
    staff_id: int


@dataclass(frozen=True)
class _Candidate:
    """What is needed to judge a sign-in outside of any transaction."""

    staff_id: int
    password_hash: str = field(repr=False)
    barred: bool


# ---------------------------------------------------------------- the office


def office(session: Session) -> Office | None:
    """The office of this installation; None before the first-run page was filled in."""
    return queries.office(session)


def set_up_office(
    session: Session,
    now: datetime,
    actor: Person | None,
    *,
    name: str,
    place: str,
    profile: str,
    departments: Iterable[str],
    sample: bool = False,
) -> Office:
    """What the first-run page asks for, once. Departments already there are left as they are.

    Raises `Conflict` when the office is set up, `Invalid` for an empty name, `NotAllowed`.
    """
    _only_administrators(actor, Role.SYSTEM_ADMIN)
    base_db.lock(session, "office")
    if queries.office(session) is not None:
        raise Conflict("单位信息已经填过了。要修改请到“单位设置”页")
    if not name.strip():
        raise Invalid("请填写单位名称", field="name")
    made = Office(name=name.strip(), place=place.strip(), profile=profile, sample=sample, set_up_at=now)
    session.add(made)
    session.flush()
    for department in dict.fromkeys(words.strip() for words in departments if words.strip()):
        departments_service.add_if_missing(session, now, actor, name=department)
    log.record(
        session, now, actor, "office_set_up", subject_type="office", subject_id=made.id, profile=profile
    )
    return made


def change_office(
    session: Session, now: datetime, actor: Person | None, *, name: str, place: str, profile: str
) -> Office:
    """Change what the first-run page asked for; a new profile holds for letters that come from now on.

    Raises `Invalid` for an empty name, `NotAllowed`, `NotFound` before the office is set up.
    """
    _only_administrators(actor, Role.SYSTEM_ADMIN)
    found = queries.office(session)
    if found is None:
        raise NotFound("单位信息还没有填。请先填首次设置页")
    if not name.strip():
        raise Invalid("请填写单位名称", field="name")
    found.name, found.place, found.profile = name.strip(), place.strip(), profile
    session.add(found)
    log.record(
        session, now, actor, "office_changed", subject_type="office", subject_id=found.id, profile=profile
    )
    return found


# ---------------------------------------------------------------- people


def add(
    session: Session,
    now: datetime,
    actor: Person | None,
    *,
    name: str,
    department_id: int | None,
    roles: frozenset[Role],
    sign_in: str | None = None,
    contractor: bool = False,
    contract_ends_on: date | None = None,
    sample: bool = False,
) -> StaffMember:
    """Add a person without a password; `sign_in_link` lets them in for the first time.

    Raises `Invalid` (name, roles that exclude each other, contractor's roles), `Conflict` (sign-in name
    was given before, also to somebody who left), `NotAllowed`, `NotFound` (department). Clause E27.
    """
    base_db.lock(session, "staff")
    _check_granting(session, actor, roles, to_id=None, contractor=contractor)
    if not name.strip():
        raise Invalid("请填写姓名", field="name")
    if department_id is not None:
        departments_service.require_open(session, department_id)
    made = StaffMember(
        sign_in=_sign_in_name(session, name, sign_in),
        name=name.strip(),
        department_id=department_id,
        contractor=contractor,
        contract_ends_on=contract_ends_on,
        sample=sample,
        created_at=now,
    )
    session.add(made)
    session.flush()
    _store_roles(session, made.id, roles)
    _record(session, now, actor, "staff_added", made.id, roles=sorted(roles), contractor=contractor)
    return made


def set_roles(
    session: Session, now: datetime, actor: Person | None, staff_id: int, roles: frozenset[Role]
) -> None:
    """Give a person exactly these roles; their sessions end, so that nobody works on with old rights."""
    found = require(session, staff_id)
    _check_granting(session, actor, roles, to_id=staff_id, contractor=found.contractor)
    before = queries.roles_of(session, [staff_id])[staff_id]
    if before == roles:
        return
    _store_roles(session, staff_id, roles)
    end_sessions_of(session, now, staff_id)
    _record(session, now, actor, "roles_set", staff_id, before=sorted(before), after=sorted(roles))


def move(session: Session, now: datetime, actor: Person | None, staff_id: int, department_id: int) -> None:
    """Let a person work in another department from now on."""
    _only_administrators(actor, Role.SYSTEM_ADMIN)
    found = require(session, staff_id)
    departments_service.require_open(session, department_id)
    before, found.department_id = found.department_id, department_id
    session.add(found)
    _record(session, now, actor, "staff_moved", staff_id, before=before, after=department_id)


def disable(session: Session, now: datetime, actor: Person | None, staff_id: int) -> None:
    """A person leaves: no more sign-in; sessions, links and tokens end now. The name stays taken."""
    _only_administrators(actor, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)
    if actor is not None and actor.id == staff_id:
        raise NotAllowed("不能停用自己，请另一位管理员来做")
    found = require(session, staff_id)
    found.disabled_at = now
    found.password_hash = None
    session.add(found)
    end_sessions_of(session, now, staff_id)
    _end_links(session, now, staff_id)
    for token in queries.tokens(session, staff_id):
        token.revoked_at = now
        session.add(token)
    _record(session, now, actor, "staff_disabled", staff_id)


def require(session: Session, staff_id: int) -> StaffMember:
    """The person at work with this id. Raises `NotFound`."""
    found = session.get(StaffMember, staff_id)
    if found is None or found.disabled_at is not None:
        raise NotFound("没有这个人，或者已经停用")
    return found


def require_named(session: Session, words: str) -> StaffMember:
    """The one person at work with this sign-in name, name or id. Raises `NotFound`, `Invalid`."""
    if words.isdecimal():
        return require(session, int(words))
    found = queries.find(session, words.strip())
    if not found:
        raise NotFound(f"找不到人员“{words}”。请用 huiying staff list 查看登录名")
    if len(found) > 1:
        listed = "、".join(row.sign_in for row in found)
        raise Invalid(f"有 {len(found)} 位叫“{words}”，请改用登录名：{listed}")
    return found[0]


# ---------------------------------------------------------------- passwords


def hash_password(password: str, about: Iterable[str] = ()) -> str:
    """The hash to keep, argon2id; takes about 100 ms: do it before a writing transaction.

    Raises `Invalid` with what is wrong with the password (`passwords.problem`).
    """
    if wrong := passwords.problem(password, about):
        raise Invalid(wrong, field="password")
    return _hasher.hash(password)


def set_password(
    session: Session,
    now: datetime,
    person: Person,
    password: str | None = None,
    *,
    password_hash: str | None = None,
    keep: str | None = None,
) -> None:
    """Give a person a new password: in words, or already hashed by `hash_password`.

    Every other session of theirs ends; ``keep`` is the cookie of the one that stays. Unused links end.
    """
    found = require(session, person.id)
    found.password_hash = password_hash or hash_password(password or "", (found.name, found.sign_in))
    session.add(found)
    end_sessions_of(session, now, person.id, keep=keep)
    _end_links(session, now, person.id)
    _record(session, now, person, "password_set", person.id)


def confirm_password(db: Database, now: datetime, person: Person, password: str) -> None:
    """Ask again for the person's password, before it is changed. Opens its own transactions, as `sign_in`.

    Raises `Invalid` when it is another one, `TooMany` after five tries in 15 minutes.
    """
    key = ("confirm", str(person.id))
    with db.writing() as session:
        refused = _count_try(session, now, (key,))
        kept = require(session, person.id).password_hash
    if refused is not None:
        raise refused
    if kept is None or not _matches(kept, password):
        raise Invalid("现在的密码不对，密码没有改", field="current")
    with db.writing() as session:
        forget_attempts(session, *key)


# ---------------------------------------------------------------- signing in


def sign_in(
    db: Database,
    now: datetime,
    name: str,
    password: str,
    *,
    address: str,
    browser: str,
    replaces: str | None = None,
) -> OpenedSession:
    """Sign in by sign-in name and password. Opens its own transactions, since hashing takes long and a
    failed try must stay counted.

    1. Count the try for the name and for the address (the /64 of IPv6); the sixth in 15 minutes is refused.
    2. Compare the hash, outside of any transaction; for an unknown name with nobody's, in the same time.
    3. Forgive the name's tries and open a session; the one in the cookie (``replaces``) ends.

    Every refusal says `REFUSED`: `TooMany` or `Invalid`. Sample people come in from this machine only.
    """
    sign_in_name = sign_in_names.plain(name)[:64]
    nobodys = _nobodys_hash()
    with db.writing() as session:
        refused = _count_try(session, now, _sign_in_keys(sign_in_name, address))
        candidate = None if refused else _candidate(session, now, sign_in_name, address)
    if refused is not None:
        raise refused
    matches = _matches(candidate.password_hash if candidate else nobodys, password)
    if candidate is None or candidate.barred or not matches:
        raise Invalid(REFUSED, field="password")
    with db.writing() as session:
        forget_attempts(session, "sign_in", sign_in_name)
        _forgive_one(session, "sign_in_address", limit_key(address))
        if replaces:
            end_session(session, now, replaces)
        return _open_session(session, now, candidate.staff_id, address, browser)


def sign_in_link(session: Session, now: datetime, actor: Person | None, staff_id: int) -> str:
    """The token of a one-time sign-in address, good for 24 hours; earlier unused ones end.

    Whoever may not grant the person's roles may not hand out their key either.
    """
    found = require(session, staff_id)
    _check_granting(
        session,
        actor,
        queries.roles_of(session, [staff_id])[staff_id],
        to_id=staff_id,
        contractor=found.contractor,
    )
    _end_links(session, now, staff_id)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        SignInLink(
            token_digest=_keys(session).digest(token, "link"),
            staff_id=staff_id,
            made_at=now,
            ends_at=now + LINK_LASTS,
        )
    )
    _record(session, now, actor, "sign_in_link_made", staff_id)
    return token


def person_for_link(session: Session, now: datetime, token: str) -> Person:
    """Whose one-time address this is; looking does not use it up. Raises `NotFound`."""
    link = _live_link(session, now, token)
    found = queries.person(session, link.staff_id)
    if found is None:
        raise NotFound(LINK_REFUSED)
    return found


def use_link(session: Session, now: datetime, token: str, *, address: str, browser: str) -> OpenedSession:
    """Come in by a one-time address, once. Raises `NotFound` for one that is used, old or unknown."""
    link = _live_link(session, now, token)
    used = session.execute(
        update(SignInLink)
        .where(col(SignInLink.id) == link.id, col(SignInLink.used_at).is_(None))
        .values(used_at=now)
    )
    found = session.get(StaffMember, link.staff_id)
    if used.rowcount != 1 or found is None or _is_barred(found, now, address):  # type: ignore[attr-defined]
        raise NotFound(LINK_REFUSED)
    return _open_session(session, now, link.staff_id, address, browser)


def first_sign_in(
    session: Session, now: datetime, token: str, password_hash: str, *, address: str, browser: str
) -> OpenedSession:
    """Come in by a one-time address and keep the password just chosen (hashed by `hash_password`).

    Whoever was signed in as this person before is signed out. Raises `NotFound` as `use_link`.
    """
    opened = use_link(session, now, token, address=address, browser=browser)
    person = queries.person(session, opened.staff_id)
    if person is None:
        raise NotFound(LINK_REFUSED)
    set_password(session, now, person, password_hash=password_hash, keep=opened.token)
    return opened


def person_for_session(session: Session, now: datetime, token: str) -> tuple[Person, SignInSession] | None:
    """Who holds this cookie; None when it ended: signed out, 30 minutes idle, 12 hours old, disabled."""
    digest = _keys(session).digest(token, "session")
    row = session.exec(select(SignInSession).where(SignInSession.token_digest == digest)).first()
    if row is None or row.ended_at is not None or now >= row.ends_at or now - row.seen_at >= IDLE:
        return None
    found = session.get(StaffMember, row.staff_id)
    if found is None or not queries.is_at_work(found, now):
        return None
    return queries.as_person(found, queries.roles_of(session, [found.id])[found.id]), row


def needs_touch(row: SignInSession, now: datetime) -> bool:
    """Whether it is worth a write to note that this session is in use: once a minute."""
    return now - row.seen_at >= TOUCH_EVERY


def touch(session: Session, now: datetime, token: str) -> None:
    """Note that a live session is in use; one that ended stays ended."""
    session.execute(
        update(SignInSession)
        .where(
            col(SignInSession.token_digest) == _keys(session).digest(token, "session"),
            col(SignInSession.ended_at).is_(None),
        )
        .values(seen_at=now)
    )


def end_session(session: Session, now: datetime, token: str) -> None:
    """Sign out: the row ends, the cookie opens nothing any more."""
    digest = _keys(session).digest(token, "session")
    row = session.exec(select(SignInSession).where(SignInSession.token_digest == digest)).first()
    if row is None or row.ended_at is not None:
        return
    row.ended_at = now
    session.add(row)
    person = queries.person(session, row.staff_id)
    _record(session, now, person, "signed_out", row.staff_id)


def end_own_session(session: Session, now: datetime, person: Person, session_id: int) -> None:
    """Sign out another browser of one's own. Raises `NotFound` for anybody else's session."""
    row = session.get(SignInSession, session_id)
    if row is None or row.staff_id != person.id:
        raise NotFound("没有这条登录记录")
    row.ended_at = row.ended_at or now
    session.add(row)
    _record(session, now, person, "session_ended", person.id, session_id=session_id)


def end_sessions_of(session: Session, now: datetime, staff_id: int, *, keep: str | None = None) -> int:
    """End every live session of one person but the one whose cookie is ``keep``; how many ended."""
    kept = _keys(session).digest(keep, "session") if keep else ""
    ended = session.execute(
        update(SignInSession)
        .where(
            col(SignInSession.staff_id) == staff_id,
            col(SignInSession.ended_at).is_(None),
            col(SignInSession.token_digest) != kept,
        )
        .values(ended_at=now)
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]


# ---------------------------------------------------------------- programs


def add_token(
    session: Session,
    now: datetime,
    actor: Person | None,
    staff_id: int,
    wanted: Iterable[str],
    label: str = "",
) -> str:
    """A key for a program that acts as this person within ``wanted`` scopes. Shown once, kept as digest.

    Raises `Invalid` for an unknown scope, `NotAllowed`, `NotFound`.
    """
    _only_administrators(actor, Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN)
    require(session, staff_id)
    listed = sorted(set(wanted))
    if wrong := scopes.problem(listed):
        raise Invalid(wrong, field="scope")
    token = "hy_" + secrets.token_urlsafe(TOKEN_BYTES)
    made = ApiToken(
        token_digest=_keys(session).digest(token, "token"),
        staff_id=staff_id,
        label=label.strip(),
        scopes=listed,
        created_at=now,
    )
    session.add(made)
    session.flush()
    _record(session, now, actor, "token_added", staff_id, token_id=made.id, scopes=listed)
    return token


def revoke_token(session: Session, now: datetime, actor: Person | None, which: int | str) -> ApiToken:
    """End a token, named by its number or by itself. Raises `NotFound`."""
    _only_administrators(actor, Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN)
    if isinstance(which, int) or which.isdecimal():
        found = session.get(ApiToken, int(which))
    else:
        found = _token_row(session, which)
    if found is None or found.revoked_at is not None:
        raise NotFound("没有这个令牌，或者已经撤销")
    found.revoked_at = now
    session.add(found)
    _record(session, now, actor, "token_revoked", found.staff_id, token_id=found.id)
    return found


def person_for_token(session: Session, now: datetime, token: str) -> tuple[Person, frozenset[str]] | None:
    """As whom a program with this token acts, and within which scopes; None for a dead or unknown one."""
    row = _token_row(session, token)
    if row is None or row.revoked_at is not None:
        return None
    found = session.get(StaffMember, row.staff_id)
    if found is None or not queries.is_at_work(found, now):
        return None
    held = queries.roles_of(session, [found.id])[found.id]
    return queries.as_person(found, held), frozenset(row.scopes)


# ---------------------------------------------------------------- attempts


def check_attempts(
    session: Session, now: datetime, purpose: str, key: str, *, limit: int, within: timedelta
) -> None:
    """Raise `TooMany` when ``key`` (an account, a number, `limit_key` of an address) has failed ``limit``
    times within that time; ``retry_after`` says when the next try is free."""
    own = _attempt_key(session, purpose, key)
    recent = select(Attempt.at).where(
        Attempt.purpose == purpose, Attempt.key == own, Attempt.at > now - within
    )
    times = list(session.exec(recent.order_by(col(Attempt.at).desc()).limit(limit)))
    if len(times) >= limit:
        wait = times[-1] + within - now
        minutes = max(1, -(-int(wait.total_seconds()) // 60))
        raise TooMany(f"试得太多了，请过 {minutes} 分钟再试", retry_after=max(1, int(wait.total_seconds())))


def count_attempt(session: Session, now: datetime, purpose: str, key: str) -> None:
    """Count one failed try. It must be committed: a transaction that ends in an error counts nothing."""
    session.add(Attempt(purpose=purpose, key=_attempt_key(session, purpose, key), at=now))
    session.flush()


def forget_attempts(session: Session, purpose: str, key: str) -> None:
    """Start again from none, after a success."""
    session.execute(
        delete(Attempt).where(
            col(Attempt.purpose) == purpose, col(Attempt.key) == _attempt_key(session, purpose, key)
        )
    )


def forget_old_attempts(session: Session, now: datetime) -> int:
    """Delete attempts older than a day and sessions that ended half a year ago (a job); how many rows."""
    old = session.execute(delete(Attempt).where(col(Attempt.at) < now - KEEP_ATTEMPTS))
    gone = session.execute(delete(SignInSession).where(col(SignInSession.ends_at) < now - KEEP_SESSIONS))
    return int(old.rowcount) + int(gone.rowcount)  # type: ignore[attr-defined]


def same_secret(given: str, wanted: str) -> bool:
    """Compare in a time that tells nothing about where they differ."""
    return hmac.compare_digest(given.encode(), wanted.encode())


# ---------------------------------------------------------------- within


def _keys(session: Session) -> Keys:
    keys: Keys = session.info["keys"]
    return keys


@cache
def _nobodys_hash() -> str:
    """The hash of a password that nobody has: an unknown name costs the same time as a known one."""
    return _hasher.hash(secrets.token_urlsafe(TOKEN_BYTES))


def _matches(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def _count_try(session: Session, now: datetime, keys: Iterable[tuple[str, str]]) -> TooMany | None:
    """Count a try before it is judged, so that many at once do not all slip through; the refusal if any."""
    base_db.lock(session, "attempts")
    listed = tuple(keys)
    try:
        for purpose, key in listed:
            check_attempts(session, now, purpose, key, limit=SIGN_IN_TRIES, within=SIGN_IN_WITHIN)
    except TooMany as refused:
        return TooMany(REFUSED, retry_after=refused.retry_after, field="password")
    for purpose, key in listed:
        count_attempt(session, now, purpose, key)
    return None


def _sign_in_keys(sign_in_name: str, address: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("sign_in", sign_in_name), ("sign_in_address", limit_key(address))


def _forgive_one(session: Session, purpose: str, key: str) -> None:
    """Take back the last count of a key: it was no failure. Earlier ones stay."""
    own = (col(Attempt.purpose) == purpose, col(Attempt.key) == _attempt_key(session, purpose, key))
    last = select(func.max(Attempt.id)).where(*own).scalar_subquery()
    session.execute(delete(Attempt).where(col(Attempt.id) == last))


def _attempt_key(session: Session, purpose: str, key: str) -> str:
    return _keys(session).digest(key, f"attempt:{purpose}")


def _candidate(session: Session, now: datetime, sign_in_name: str, address: str) -> _Candidate | None:
    found = queries.by_sign_in(session, sign_in_name)
    if found is None or found.password_hash is None:
        return None
    return _Candidate(found.id, found.password_hash, barred=_is_barred(found, now, address))


def _is_barred(found: StaffMember, now: datetime, address: str) -> bool:
    """Gone, or a sample person from another machine."""
    return not queries.is_at_work(found, now) or (found.sample and not is_loopback(address))


def _open_session(
    session: Session, now: datetime, staff_id: int, address: str, browser: str
) -> OpenedSession:
    opened = OpenedSession(secrets.token_urlsafe(TOKEN_BYTES), staff_id)
    session.add(
        SignInSession(
            token_digest=_keys(session).digest(opened.token, "session"),
            staff_id=staff_id,
            created_at=now,
            seen_at=now,
            ends_at=now + LONGEST_SESSION,
            address=address[:64],
            browser=browser[:200],
        )
    )
    _record(session, now, queries.person(session, staff_id), "signed_in", staff_id)
    return opened


def _live_link(session: Session, now: datetime, token: str) -> SignInLink:
    digest = _keys(session).digest(token, "link")
    found = session.exec(select(SignInLink).where(SignInLink.token_digest == digest)).first()
    if found is None or found.used_at is not None or now >= found.ends_at:
        raise NotFound(LINK_REFUSED)
    return found


def _end_links(session: Session, now: datetime, staff_id: int) -> None:
    session.execute(
        update(SignInLink)
        .where(col(SignInLink.staff_id) == staff_id, col(SignInLink.used_at).is_(None))
        .values(used_at=now)
    )


def _token_row(session: Session, token: str) -> ApiToken | None:
    digest = _keys(session).digest(token, "token")
    return session.exec(select(ApiToken).where(ApiToken.token_digest == digest)).first()


def _only_administrators(actor: Person | None, *roles: Role) -> None:
    if actor is not None and not actor.may(*roles):
        raise NotAllowed("这一步由管理员来做，请找系统管理员", code="wrong_role")


def _check_granting(
    session: Session, actor: Person | None, roles: frozenset[Role], *, to_id: int | None, contractor: bool
) -> None:
    wrong = permissions.problem_with_granting(
        actor,
        roles,
        to_id=to_id,
        contractor=contractor,
        has_security_admin=queries.has_role(session, Role.SECURITY_ADMIN),
    )
    if wrong:
        refusal = Invalid if check_roles(roles, contractor=contractor) else NotAllowed
        raise refusal(wrong, field="roles")


def _sign_in_name(session: Session, name: str, wanted: str | None) -> str:
    taken = queries.sign_in_names(session)
    if not wanted:
        return sign_in_names.proposal(name, taken)
    chosen = sign_in_names.plain(wanted)
    if not sign_in_names.is_allowed(chosen):
        raise Invalid("登录名用 2 到 32 个字母、汉字或数字，不能以数字开头", field="sign_in")
    if chosen in taken:
        raise Conflict(f"登录名 {chosen} 用过了（离职人员的也不再用）。请换一个", field="sign_in")
    return chosen


def _store_roles(session: Session, staff_id: int, roles: frozenset[Role]) -> None:
    session.execute(delete(StaffRole).where(col(StaffRole.staff_id) == staff_id))
    session.add_all(StaffRole(staff_id=staff_id, role=role.value) for role in sorted(roles))
    session.flush()


def _record(
    session: Session, now: datetime, actor: Person | None, action: str, staff_id: int, **data: Any
) -> None:
    log.record(session, now, actor, action, subject_type="staff", subject_id=staff_id, **data)
