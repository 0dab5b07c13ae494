"""Official accounts: register, connect, file, stop and resume; and the one keeper of each access token.

Secrets are sealed as one JSON (purpose "account") and leave this file only inside a connector.
"""

import inspect
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import func
from sqlmodel import Session, col, select

from app.base import db as base_db
from app.base.db import Database
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.base.rows import insert_once
from app.calendar import queries as calendar
from app.calendar.workdays import day_of
from app.departments import service as departments
from app.log import service as log
from app.official_accounts import filing, queries
from app.official_accounts.models import AccountToken, OfficialAccount, Registration
from app.staff import service as staff
from app.staff.roles import Person, Role
from connectors import registry
from connectors.contract import Connector, Fetcher, Importer, Receiver, SettingField, TokenOwner
from connectors.errors import DeliveryError

SEALED_FOR = "account"
KEY_BYTES = 24
LEASE = timedelta(seconds=30)
"""Longer than any call to a platform may take (`connectors.calls.TOTAL_SECONDS`)."""
REFRESH_BEFORE = timedelta(minutes=5)
"""WeChat keeps the old token alive for five minutes after a new one was made (platforms §1)."""

DETAILS: dict[str, str] = {
    "handle": "平台上的名称",
    "url": "网址",
    "purpose": "功能定位",
    "site_code": "网站标识码",
    "phone": "电话",
}
"""What may be noted of an account on any platform, for the filing form (B5) and the public list."""


@dataclass(frozen=True)
class HeldToken:
    """An access token in force. ``generation`` is raised with each new one: hand it back as
    ``seen_generation`` when the platform refused this one."""

    value: str = field(repr=False)
    generation: int
    ends_at: datetime


@dataclass(frozen=True)
class Check:
    """One line of a self-test: what was looked at, whether it is right (None: not known), in words."""

    name: str
    ok: bool | None
    words: str


# ---------------------------------------------------------------- registering


def add(
    session: Session,
    now: datetime,
    actor: Person | None,
    *,
    platform: str,
    name: str,
    department_id: int,
    responsible_id: int | None,
    settings: Mapping[str, str],
    opened_on: date | None = None,
) -> OfficialAccount:
    """Register an account; its filing is due seven working days after the opening (B2).

    1. A named person at work must answer for it (B7). 2. A department has one account a platform (A1).
    3. The settings must be what the platform's connector takes. Raises `Invalid`, `Conflict`,
    `NotFound`, `NotAllowed`.
    """
    _only_system_admin(actor)
    base_db.lock(session, "official_accounts")
    row = _platform(platform)
    if not name.strip():
        raise Invalid("请填写账号名称", field="name")
    if responsible_id is None:
        raise Invalid("请指定一位负责人。没有专人负责的账号不能登记", field="responsible")
    staff.require(session, responsible_id)
    department = departments.require_open(session, department_id)
    if queries.of_department(session, department_id, platform) is not None:
        raise Conflict(f"“{department.name}”在{row.label}已有一个账号，同一平台只开一个", field="platform")
    open_ones, secret_ones = _split(row.connector, settings, kept={})
    made = OfficialAccount(
        key=secrets.token_urlsafe(KEY_BYTES),
        platform=platform,
        name=name.strip(),
        department_id=department_id,
        responsible_id=responsible_id,
        settings=open_ones,
        secrets_sealed=_sealed(session, secret_ones),
        secrets_changed_at=now if secret_ones else None,
        opened_on=opened_on or day_of(now),
        created_at=now,
    )
    session.add(made)
    session.flush()
    _record(session, now, actor, "account_added", made.id, platform=platform, department_id=department_id)
    register(session, now, actor, made.id, "open", made.opened_on)
    return made


def require_named(session: Session, words: str) -> OfficialAccount:
    """The one open account with this key, name or id. Raises `NotFound`, `Invalid`."""
    if words.isdecimal():
        return _require_open(session, int(words))
    found = queries.find(session, words.strip())
    if not found:
        raise NotFound(f"找不到账号“{words}”。请用 huiying accounts list 查看", field="account")
    if len(found) > 1:
        raise Invalid(f"有 {len(found)} 个账号叫“{words}”，请改用账号代码", field="account")
    return found[0]


def change_settings(
    session: Session, now: datetime, actor: Person | None, account_id: int, settings: Mapping[str, str]
) -> OfficialAccount:
    """Set what is given anew; a secret left empty stays as it is. The kept token is forgotten.

    Raises `Invalid` with the field that is wrong, `NotAllowed`, `NotFound`.
    """
    _only_system_admin(actor)
    account = _require_open(session, account_id)
    before = settings_of(session, account)
    given = {name: value for name, value in settings.items() if value or not _is_secret(account, name)}
    open_ones, secret_ones = _split(_platform(account.platform).connector, given, kept=before)
    after = {**open_ones, **secret_ones}
    changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    if not changed:
        return account
    account.settings = open_ones
    if any(_is_secret(account, key) for key in changed):
        account.secrets_sealed = _sealed(session, secret_ones)
        account.secrets_changed_at = now
    session.add(account)
    _forget_token(session, account_id)
    _record(session, now, actor, "account_changed", account.id, changed=changed)
    return account


def set_responsible(
    session: Session, now: datetime, actor: Person | None, account_id: int, responsible_id: int
) -> OfficialAccount:
    """Another person answers for the account from now on (B7)."""
    _only_system_admin(actor)
    account = _require_open(session, account_id)
    staff.require(session, responsible_id)
    before, account.responsible_id = account.responsible_id, responsible_id
    session.add(account)
    _record(session, now, actor, "responsible_set", account.id, before=before, after=responsible_id)
    return account


def close(session: Session, now: datetime, actor: Person | None, account_id: int) -> OfficialAccount:
    """Cancel an account: its address is dead at once, its filing due in five working days (B3)."""
    _only_system_admin(actor)
    account = _require_open(session, account_id)
    account.closed_at = now
    session.add(account)
    _forget_token(session, account_id)
    _record(session, now, actor, "account_closed", account.id)
    register(session, now, actor, account.id, "cancel", day_of(now))
    return account


def register(
    session: Session, now: datetime, actor: Person | None, account_id: int, kind: str, occurred_on: date
) -> Registration:
    """Open a filing with a number of its own, gap-free and never used again (B4)."""
    _only_system_admin(actor)
    if kind not in filing.KINDS:
        raise Invalid("备案分开设、变更、关停、注销四种", field="kind")
    base_db.lock(session, "registrations")
    last = session.exec(select(func.max(Registration.number))).one()
    made = Registration(
        number=(last or 0) + 1,
        account_id=queries.get(session, account_id).id,
        kind=kind,
        occurred_on=occurred_on,
        due_on=filing.due_on(kind, occurred_on, calendar.calendar(session)),
    )
    session.add(made)
    session.flush()
    _record(session, now, actor, "registration_opened", account_id, number=made.number, kind=kind)
    return made


def file_registration(
    session: Session, now: datetime, actor: Person | None, registration_id: int, note: str = ""
) -> Registration:
    """Note that the filing was handed in. Raises `NotFound`, `Conflict` when it was noted before."""
    _only_system_admin(actor)
    found = session.get(Registration, registration_id)
    if found is None:
        raise NotFound("没有这件备案")
    if found.filed_at is not None:
        raise Conflict("这件备案已经登记过了")
    found.filed_at, found.filed_by, found.note = now, actor.id if actor else None, note.strip()[:200]
    session.add(found)
    _record(session, now, actor, "registration_filed", found.account_id, number=found.number)
    return found


# ---------------------------------------------------------------- stop and resume


def stop(session: Session, now: datetime, actor: Person | None, account_id: int | None = None) -> list[int]:
    """紧急停发: nothing is sent on this account (None: on any) until `resume`; the ids that were stopped.

    Messages are taken in as before; what was released waits.
    """
    return _hold(session, now, actor, account_id, stopped_at=now, action="sending_stopped")


def resume(session: Session, now: datetime, actor: Person | None, account_id: int | None = None) -> list[int]:
    """Let this account (None: all) send again; the ids that were stopped."""
    return _hold(session, now, actor, account_id, stopped_at=None, action="sending_resumed")


def note_trouble(session: Session, now: datetime, account_id: int, words: str) -> None:
    """Keep why a platform refuses this account, for the board; ``words`` in Chinese, without ids."""
    account = queries.get(session, account_id)
    if account.trouble != words:
        account.trouble, account.trouble_at = words[:200], now
        session.add(account)
        _record(session, now, None, "account_trouble", account_id, words=words[:200])


def clear_trouble(session: Session, now: datetime, account_id: int) -> None:
    """The platform took a call again: nothing to alarm about any more."""
    account = queries.get(session, account_id)
    if account.trouble:
        account.trouble, account.trouble_at = "", None
        session.add(account)
        _record(session, now, None, "account_recovered", account_id)


def note_arrival(session: Session, now: datetime, account_id: int) -> None:
    """Something came in at ``now``: the account is alive."""
    account = queries.get(session, account_id)
    if account.last_arrival_at is None or account.last_arrival_at < now:
        account.last_arrival_at = now
        session.add(account)


# ---------------------------------------------------------------- connecting


def settings_of(session: Session, account: OfficialAccount) -> dict[str, str]:
    """All settings of an account, the secret ones opened. Never show, log or export this."""
    opened: dict[str, str] = {}
    if account.secrets_sealed:
        opened = json.loads(session.info["keys"].unseal(account.secrets_sealed, SEALED_FOR))
    return {**account.settings, **opened}


def connector_for(
    session: Session,
    account: OfficialAccount,
    *,
    transport: httpx.BaseTransport | None = None,
    now: datetime | None = None,
) -> Connector:
    """The platform's connector with this account's settings. ``now`` is its clock where it keeps one.

    Raises `Unavailable` when the installation's secret was changed.
    """
    kind = _platform(account.platform).connector
    wanted = {setting.name for setting in kind.SETTINGS}
    given = {name: value for name, value in settings_of(session, account).items() if name in wanted}
    extras: dict[str, Any] = {"transport": transport, "clock": (lambda: now) if now else None}
    takes = inspect.signature(kind).parameters
    return kind(**given, **{name: value for name, value in extras.items() if value and name in takes})


def token_for(
    db: Database,
    now: datetime,
    account_id: int,
    *,
    force: bool = False,
    seen_generation: int | None = None,
    transport: httpx.BaseTransport | None = None,
) -> HeldToken | None:
    """The access token of an account, shared by all processes; None where its platform wants none.

    1. A kept token with more than five minutes to live is used. 2. Otherwise one process takes the lease
    and fetches, outside of any transaction; the others use the old token while it lives, or get a
    ``back_off``. 3. The new token is stored with a higher generation, unless the lease was lost.

    ``force``: the platform refused the token. It is fetched anew only if the kept one is still of
    ``seen_generation``: many processes that were refused refresh once. Raises DeliveryError.
    """
    with db.reading() as session:
        connector = connector_for(session, queries.get(session, account_id), transport=transport, now=now)
        kept = _held(session, account_id)
    if not isinstance(connector, TokenOwner):
        return None
    if kept and not _wants_new(kept, now, force, seen_generation):
        return kept
    holder = secrets.token_urlsafe(12)
    with db.writing() as session:
        # The row must stand before it is locked: nothing holds back a second process from a row not there.
        insert_once(session, AccountToken, account_id=account_id)
        kept = _held(session, account_id, lock=True)
        if kept and not _wants_new(kept, now, force, seen_generation):
            return kept
        has_lease = _take_lease(session, now, account_id, holder)
    if has_lease:
        return _refresh(db, now, account_id, holder, connector)
    if kept and kept.ends_at > now and not force:
        return kept
    raise DeliveryError("back_off", "token_busy", "", "访问凭证正在更新，稍后自动再试。")


def self_test(
    db: Database,
    now: datetime,
    actor: Person | None,
    account_id: int,
    *,
    transport: httpx.BaseTransport | None = None,
) -> list[Check]:
    """Try an account: can its settings be opened, does the platform know us, does anything come in?

    Calls the platform, outside of transactions. The result is written to the log and shown on the page.
    """
    with db.reading() as session:
        account = queries.get(session, account_id)
        connector = connector_for(session, account, transport=transport, now=now)
    checks = [Check("设置", True, "各项设置齐全，密钥能打开")]
    if isinstance(connector, TokenOwner):
        checks.append(_test_token(db, now, account_id, transport))
    if isinstance(connector, Fetcher):
        checks.append(_test_fetch(connector, now))
    if isinstance(connector, Importer):
        checks.append(Check("导入", True, "这个平台按文件导入，不用连接"))
    if isinstance(connector, Receiver):
        checks.append(_test_arrivals(account))
    with db.writing() as session:
        _record(session, now, actor, "account_tested", account_id, checks=[asdict(one) for one in checks])
    return checks


# ---------------------------------------------------------------- within


def _platform(key: str) -> registry.Platform:
    if key not in registry.PLATFORMS:
        raise Invalid(f"没有这个平台。可以用的是：{'、'.join(registry.PLATFORMS)}", field="platform")
    return registry.PLATFORMS[key]


def _split(
    kind: type[Connector], settings: Mapping[str, str], *, kept: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """(open, secret) settings as they are to be kept, checked by the connector itself."""
    fields = {setting.name: setting for setting in kind.SETTINGS}
    unknown = sorted(settings.keys() - fields.keys() - DETAILS.keys())
    if unknown:
        raise Invalid(f"这个平台没有 {unknown[0]} 这一项设置", field=unknown[0])
    given = {**kept, **{name: value.strip() for name, value in settings.items()}}
    wanted = {name: given.get(name, setting.default) for name, setting in fields.items()}
    for name, setting in fields.items():
        if wrong := setting.problem(wanted[name]):
            raise Invalid(wrong, field=name)
    _build(kind, fields, wanted)
    details = {name: given[name] for name in DETAILS if given.get(name)}
    plain = {name: value for name, value in wanted.items() if value and not fields[name].secret}
    return {**details, **plain}, {n: v for n, v in wanted.items() if v and fields[n].secret}


def _build(kind: type[Connector], fields: Mapping[str, SettingField], wanted: Mapping[str, str]) -> None:
    """Let the connector judge what only it can see: settings that do not go together."""
    try:
        kind(**{name: value for name, value in wanted.items() if value or fields[name].required})
    except ValueError as wrong:
        raise Invalid(str(wrong)) from None


def _is_secret(account: OfficialAccount, name: str) -> bool:
    return any(s.secret and s.name == name for s in _platform(account.platform).connector.SETTINGS)


def _sealed(session: Session, values: Mapping[str, str]) -> str:
    if not values:
        return ""
    sealed: str = session.info["keys"].seal(json.dumps(dict(values), sort_keys=True), SEALED_FOR)
    return sealed


def _require_open(session: Session, account_id: int) -> OfficialAccount:
    account = queries.get(session, account_id)
    if account.closed_at is not None:
        raise Conflict("这个账号已经注销，不能再改")
    return account


def _hold(
    session: Session,
    now: datetime,
    actor: Person | None,
    account_id: int | None,
    *,
    stopped_at: datetime | None,
    action: str,
) -> list[int]:
    if actor is not None and not actor.may(Role.DUTY_LEADER, Role.SYSTEM_ADMIN):
        raise NotAllowed("紧急停发和恢复由值班长或系统管理员来做", code="wrong_role")
    chosen = [_require_open(session, account_id)] if account_id is not None else queries.all_open(session)
    touched = [account for account in chosen if (account.stopped_at is None) != (stopped_at is None)]
    for account in touched:
        account.stopped_at = stopped_at
        session.add(account)
        _record(session, now, actor, action, account.id, all=account_id is None)
    return [account.id for account in touched]


def _held(session: Session, account_id: int, *, lock: bool = False) -> HeldToken | None:
    wanted = select(AccountToken).where(AccountToken.account_id == account_id)
    row = session.exec(wanted.with_for_update() if lock else wanted).first()
    if row is None or not row.token_sealed or row.ends_at is None:
        return None
    return HeldToken(session.info["keys"].unseal(row.token_sealed, SEALED_FOR), row.generation, row.ends_at)


def _wants_new(kept: HeldToken, now: datetime, force: bool, seen_generation: int | None) -> bool:
    if force and seen_generation in (None, kept.generation):
        return True
    return kept.ends_at - REFRESH_BEFORE <= now


def _take_lease(session: Session, now: datetime, account_id: int, holder: str) -> bool:
    """Whether ``holder`` may fetch now; one at a time, and for 30 seconds at most."""
    wanted = select(AccountToken).where(AccountToken.account_id == account_id).with_for_update()
    row = session.exec(wanted).one()
    if row.lease_until is not None and row.lease_until > now:
        return False
    row.lease_until, row.lease_holder = now + LEASE, holder
    session.add(row)
    return True


def _refresh(db: Database, now: datetime, account_id: int, holder: str, connector: TokenOwner) -> HeldToken:
    """Fetch outside of any transaction, then store it, unless another took the lease meanwhile."""
    try:
        # Unforced: the platform then gives the one valid now; forcing has a quota of twenty a day.
        fetched = connector.fetch_token(force=False)
    except DeliveryError as failed:
        with db.writing() as session:
            _give_lease_back(session, account_id, holder)
            if failed.kind in ("stop", "human"):
                note_trouble(session, now, account_id, failed.message_zh)
        raise
    with db.writing() as session:
        row = _give_lease_back(session, account_id, holder)
        if row is None:
            kept = _held(session, account_id)
            return kept or HeldToken(fetched.value, 0, fetched.expires_at)
        row.token_sealed = session.info["keys"].seal(fetched.value, SEALED_FOR)
        row.ends_at, row.generation = fetched.expires_at, row.generation + 1
        session.add(row)
        clear_trouble(session, now, account_id)
        return HeldToken(fetched.value, row.generation, fetched.expires_at)


def _give_lease_back(session: Session, account_id: int, holder: str) -> AccountToken | None:
    """The row with the lease ended; None when it had run out and another holds it now."""
    wanted = select(AccountToken).where(
        AccountToken.account_id == account_id, AccountToken.lease_holder == holder
    )
    row = session.exec(wanted.with_for_update()).first()
    if row is not None:
        row.lease_until, row.lease_holder = None, ""
        session.add(row)
    return row


def _forget_token(session: Session, account_id: int) -> None:
    row = session.exec(select(AccountToken).where(col(AccountToken.account_id) == account_id)).first()
    if row is not None:
        row.token_sealed, row.ends_at = "", None
        session.add(row)


def _test_token(db: Database, now: datetime, account_id: int, transport: httpx.BaseTransport | None) -> Check:
    try:
        token_for(db, now, account_id, force=True, transport=transport)
    except DeliveryError as failed:
        return Check("平台接口", False, _told(failed))
    return Check("平台接口", True, "平台认得这个账号，访问凭证已更新")


def _test_fetch(connector: Fetcher, now: datetime) -> Check:
    try:
        connector.fetch({}, now, 1)
    except DeliveryError as failed:
        return Check("读取留言", False, _told(failed))
    return Check("读取留言", True, "能从平台读到留言")


def _test_arrivals(account: OfficialAccount) -> Check:
    if account.last_arrival_at is None:
        return Check("收到推送", None, "还没有收到过。请在平台后台填好接收地址，再用手机发一条试试")
    return Check("收到推送", True, "收到过平台的推送")


def _told(failed: DeliveryError) -> str:
    return f"{failed.message_zh}（{failed.code}）"


def _only_system_admin(actor: Person | None) -> None:
    if actor is not None and not actor.may(Role.SYSTEM_ADMIN):
        raise NotAllowed("账号和接入由系统管理员维护", code="wrong_role")


def _record(
    session: Session, now: datetime, actor: Person | None, action: str, account_id: int, **data: Any
) -> None:
    log.record(session, now, actor, action, subject_type="official_account", subject_id=account_id, **data)
