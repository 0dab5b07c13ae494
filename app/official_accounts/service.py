"""Official accounts: register, connect, file, stop and resume; and the one keeper of each access token.

Secrets are sealed as one JSON (purpose "account") and leave this file only inside a connector.
"""

import inspect
import json
import secrets
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import httpx
from sqlalchemy import func, or_, update
from sqlmodel import Session, col, select

from app.base import db as base_db
from app.base.db import Database
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from app.base.rows import insert_once
from app.calendar import queries as calendar
from app.calendar.workdays import day_of
from app.departments import service as departments
from app.log import service as log
from app.official_accounts import breaker, filing, queries
from app.official_accounts.breaker import Breaker
from app.official_accounts.models import AccountToken, OfficialAccount, Registration
from app.staff import service as staff
from app.staff.roles import Person, Role
from connectors import registry
from connectors.addresses import readable
from connectors.contract import (
    AddressLister,
    Connector,
    Fetcher,
    Granted,
    Importer,
    Probed,
    Receiver,
    SettingField,
    TokenOwner,
)
from connectors.errors import DeliveryError
from connectors.reaching import reach

SEALED_FOR = "account"
WEBHOOK_KEY_LENGTH = 32
"""Letters and digits of an account's webhook key (190 bits): no dash, which a command would take for an option."""
LEASE = timedelta(seconds=30)
"""Longer than any call to a platform may take (`connectors.calls.TOTAL_SECONDS`)."""
REFRESH_BEFORE = timedelta(minutes=5)
"""WeChat keeps the old token alive for five minutes after a new one was made (platforms §1)."""

GATE_FRESH, GATE_STALE = timedelta(hours=20), timedelta(days=3)
"""The platform's addresses are asked for daily; after three days without an answer somebody must look."""

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
        key=_made(WEBHOOK_KEY_LENGTH),
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
    _close_breaker(account)
    session.add(account)
    _forget_token(session, account_id)
    _record(session, now, actor, "account_changed", account.id, changed=changed)
    return account


def set_endings(
    session: Session, now: datetime, actor: Person | None, account_id: int, words: Iterable[str]
) -> OfficialAccount:
    """Set which endings may be added to a reply where the platform refuses the same words twice.

    Each is approved with every reply sent for review from now on; what is under review keeps its own. One
    that is taken off the list is not used any more. Raises `Invalid`, `NotAllowed`, `NotFound`.
    """
    _only_system_admin(actor)
    account = _require_open(session, account_id)
    given = list(dict.fromkeys(one.strip() for one in words if one.strip()))
    if given and not _platform(account.platform).repeat_codes:
        raise Invalid("这个平台不拒收重复的话，不用结尾", field="endings")
    if len(given) > MOST_ENDINGS:
        raise Invalid(f"结尾最多 {MOST_ENDINGS} 句，这里有 {len(given)} 句", field="endings")
    for one in given:
        if len(one) > LONGEST_ENDING or not one.isprintable():
            raise Invalid(f"每句结尾一行，最多 {LONGEST_ENDING} 个字：{one[:20]}", field="endings")
    if given != account.endings:
        _record(session, now, actor, "endings_set", account.id, before=account.endings, after=given)
        account.endings = given
        session.add(account)
    return account


MOST_ENDINGS = 10
LONGEST_ENDING = 30


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


def breaker_of(account: OfficialAccount) -> Breaker:
    """The breaker of this account's sending."""
    return Breaker(account.failures, account.held_until)


def may_try(session: Session, now: datetime, account_id: int) -> bool:
    """Whether something may be sent on this account now. While its breaker is half open one try at a time
    is let through; the others wait for what comes of it."""
    kept = breaker_of(queries.get(session, account_id))
    if not kept.is_open:
        return True
    taken = session.execute(
        update(OfficialAccount)
        .where(
            col(OfficialAccount.id) == account_id,
            or_(col(OfficialAccount.held_until).is_(None), col(OfficialAccount.held_until) <= now),
        )
        .values(held_until=breaker.probing(kept, now).held_until)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]


def note_try(
    session: Session, now: datetime, account_id: int, error_class: str | None, words: str = ""
) -> bool:
    """Count what came of a try (None: it went through); whether the breaker opened by it just now."""
    account = session.get_one(OfficialAccount, account_id, with_for_update=True, populate_existing=True)
    before = breaker_of(account)
    then = breaker.after(before, error_class, now)
    if then == before:
        return False
    account.failures, account.held_until = then.failures, then.held_until
    session.add(account)
    session.flush()
    if then.is_open and not before.is_open:
        _record(session, now, None, "breaker_opened", account_id, error=error_class, words=words[:200])
        return True
    if before.is_open and not then.is_open:
        _record(session, now, None, "breaker_closed", account_id)
    return False


def _close_breaker(account: OfficialAccount) -> None:
    """A person has seen to it: everything is tried again."""
    account.failures, account.held_until = 0, None


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


_Answer = TypeVar("_Answer")


def asked_with_token(
    db: Database,
    now: datetime,
    account_id: int,
    ask: Callable[[str | None], _Answer],
    *,
    transport: httpx.BaseTransport | None = None,
) -> _Answer:
    """What ``ask`` brings with the account's token; asked once more with a new one where it was refused.

    For reading alone: asking twice does no harm. Raises DeliveryError.
    """
    held = token_for(db, now, account_id, transport=transport)
    try:
        return ask(held.value if held else None)
    except DeliveryError as refused:
        if refused.kind != "refresh" or held is None:
            raise
    seen = held.generation
    held = token_for(db, now, account_id, force=True, seen_generation=seen, transport=transport)
    return ask(held.value if held else None)


def self_test(
    db: Database,
    now: datetime,
    actor: Person | None,
    account_id: int,
    *,
    public_url: str = "",
    transport: httpx.BaseTransport | None = None,
    own_transport: httpx.BaseTransport | None = None,
) -> list[Check]:
    """Try an account: can its settings be opened, does our address (below ``public_url``) answer with a
    right signature, does the platform know us and permit what we need, do the clocks agree, does anything
    come in? Each says in plain words what to put right.

    Calls the platform and ourselves, outside of transactions, each call bounded in time. The result is
    written to the log and shown on the page. ``own_transport``: the way to our own address, for tests.
    """
    with db.reading() as session:
        account = queries.get(session, account_id)
        connector = connector_for(session, account, transport=transport, now=now)
    checks = [Check("设置", True, "各项设置齐全，密钥能打开")]
    if isinstance(connector, Receiver) and public_url:
        checks += _test_address(account, connector, now, public_url, own_transport)
    knows_us = True
    if isinstance(connector, TokenOwner):
        checks.append(_test_token(db, now, account_id, transport))
        knows_us = checks[-1].ok is True
    if isinstance(connector, Probed):
        # Without a token nothing can be tried, and asking for it once more would only cost a call.
        if knows_us:
            checks += _test_by_probe(db, now, account_id, connector, transport)
    elif isinstance(connector, Fetcher):
        checks.append(_test_fetch(connector, now))
    if isinstance(connector, AddressLister):
        checks.append(_test_gate(account, now))
    if isinstance(connector, Importer):
        checks.append(Check("导入", True, "这个平台按文件导入，不用连接"))
    if isinstance(connector, Receiver):
        checks.append(_test_arrivals(account))
    with db.writing() as session:
        if all(one.ok is not False for one in checks):
            _close_breaker(queries.get(session, account_id))
        _record(session, now, actor, "account_tested", account_id, checks=[asdict(one) for one in checks])
    return checks


# ---------------------------------------------------------------- second gate


def set_gate(session: Session, now: datetime, actor: Person | None, account_id: int, on: bool) -> None:
    """来源地址核对: take pushes only from the addresses the platform names, or from any again.

    It can only be switched on once the list is here: an empty one would refuse everything.
    """
    _only_system_admin(actor)
    account = _require_open(session, account_id)
    if on and not account.gate_addresses:
        raise Invalid("还没有平台的推送地址。请先点“刷新地址”，取到以后再开", field="gate")
    if account.gate_on != on:
        account.gate_on = on
        session.add(account)
        _record(session, now, actor, "gate_opened" if not on else "gate_closed", account_id)


def refresh_gates(db: Database, now: datetime, *, transport: httpx.BaseTransport | None = None) -> int:
    """Ask the platforms anew from where they call (job): of each account whose list is older than a day.

    Where asking fails the old list stays. Returns how many lists were renewed.
    """
    with db.reading() as session:
        old = [
            account.id
            for account in queries.all_open(session)
            if account.gate_read_at is None or now - account.gate_read_at >= GATE_FRESH
        ]
    return sum(refresh_gate(db, now, account_id, transport=transport) for account_id in old)


def refresh_gate(
    db: Database,
    now: datetime,
    account_id: int,
    *,
    strict: bool = False,
    transport: httpx.BaseTransport | None = None,
) -> bool:
    """Ask one platform; whether there is a list now. ``strict``: a person asked, say why it failed."""
    with db.reading() as session:
        account = queries.get(session, account_id)
        connector = connector_for(session, account, transport=transport, now=now)
    if not isinstance(connector, AddressLister):
        return False
    try:
        held = token_for(db, now, account_id, transport=transport)
        listed = readable(connector.fetch_addresses(held.value if held else None))
    except DeliveryError as failed:
        if strict:
            raise Unavailable(f"没有取到平台的推送地址：{_told(failed)}") from None
        return False
    if not listed:
        return False
    with db.writing() as session:
        account = queries.get(session, account_id)
        if set(account.gate_addresses) != set(listed):
            _record(session, now, None, "gate_refreshed", account_id, addresses=len(listed))
        account.gate_addresses, account.gate_read_at = list(listed), now
        session.add(account)
    return True


# ---------------------------------------------------------------- two keys while they are changed


def begin_rotation(
    session: Session, now: datetime, actor: Person | None, account_id: int
) -> dict[str, tuple[str, str]]:
    """更换密钥: make new keys; until `end_rotation` the old ones hold as well, so that no push is refused
    while the platform's own back end is being changed. Returns label and new value by setting: shown once.
    """
    _only_system_admin(actor)
    account = _require_open(session, account_id)
    rotated = _rotated(account)
    if not rotated:
        raise Invalid("这个平台没有可以更换的密钥")
    kept = settings_of(session, account)
    if any(kept.get(f"previous_{name}") for name in rotated):
        raise Conflict("上一次更换还没有结束。请先在平台后台填好新密钥，再点“更换完成”")
    made = {name: _made(KEY_LENGTHS[name]) for name in rotated if kept.get(name)}
    given = {**made, **{f"previous_{name}": kept[name] for name in made}}
    change_settings(session, now, actor, account_id, given)
    account.keys_changed_at = now
    session.add(account)
    return {name: (rotated[name].label, value) for name, value in made.items()}


def end_rotation(session: Session, now: datetime, actor: Person | None, account_id: int) -> None:
    """更换完成: only the new keys hold from now on."""
    _only_system_admin(actor)
    account = _require_open(session, account_id)
    kept = settings_of(session, account)
    old = [f"previous_{name}" for name in _rotated(account) if kept.get(f"previous_{name}")]
    if not old:
        raise Conflict("现在没有在更换密钥")
    fields = {one.name for one in _platform(account.platform).connector.SETTINGS if one.secret}
    left = {name: value for name, value in kept.items() if name in fields and name not in old}
    account.secrets_sealed, account.secrets_changed_at = _sealed(session, left), now
    account.keys_changed_at = None
    session.add(account)
    _record(session, now, actor, "keys_changed", account_id, changed=old)


def is_rotating(session: Session, account: OfficialAccount) -> bool:
    """Whether old keys still hold beside the new ones."""
    kept = settings_of(session, account)
    return any(kept.get(f"previous_{name}") for name in _rotated(account))


def may_rotate(account: OfficialAccount) -> bool:
    """Whether this platform's keys can be changed with an overlap."""
    return bool(_rotated(account))


KEY_LENGTHS: Mapping[str, int] = {"token": 32, "aes_key": 43}
"""Keys that are ours to choose, and how long they are (letters and digits)."""


def _rotated(account: OfficialAccount) -> dict[str, SettingField]:
    fields = {one.name: one for one in _platform(account.platform).connector.SETTINGS}
    return {name: fields[name] for name in KEY_LENGTHS if name in fields and f"previous_{name}" in fields}


def _made(length: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))


# ---------------------------------------------------------------- permissions that end


def refresh_grants(db: Database, now: datetime, *, transport: httpx.BaseTransport | None = None) -> int:
    """Ask the platforms until when somebody's permission holds (job). Returns how many told."""
    with db.reading() as session:
        accounts = [account.id for account in queries.all_open(session)]
    return sum(_refresh_grant(db, now, account_id, transport) for account_id in accounts)


def _refresh_grant(
    db: Database, now: datetime, account_id: int, transport: httpx.BaseTransport | None
) -> bool:
    with db.reading() as session:
        account = queries.get(session, account_id)
        connector = connector_for(session, account, transport=transport, now=now)
    if not isinstance(connector, Granted):
        return False
    try:
        grant = connector.fetch_grant(now)
    except DeliveryError:
        return False  # what is wrong with it shows when something is sent or fetched
    if grant.ends_at is None:
        return False
    with db.writing() as session:
        account = queries.get(session, account_id)
        account.grant_ends_at = grant.ends_at
        session.add(account)
    return True


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
        if stopped_at is None:
            _close_breaker(account)
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


def _test_address(
    account: OfficialAccount,
    connector: Receiver,
    now: datetime,
    public_url: str,
    transport: httpx.BaseTransport | None,
) -> list[Check]:
    """Call our own address as the platform does when it is entered there."""
    challenge = connector.own_challenge(now)
    if challenge is None:
        return []
    address = f"{public_url}/webhooks/{account.platform}/{account.key}"
    found = reach(address, challenge, gated=account.gate_on, transport=transport)
    return [Check(found.name, found.ok, found.words)]


def _test_by_probe(
    db: Database,
    now: datetime,
    account_id: int,
    connector: Probed,
    transport: httpx.BaseTransport | None,
) -> list[Check]:
    """What the connector can try without anybody noticing; without a token there is nothing to try."""
    try:
        held = token_for(db, now, account_id, transport=transport)
    except DeliveryError:
        return []  # said already by the check of the token
    found = connector.probe(now, held.value if held else None)
    return [Check(one.name, one.ok, one.words) for one in found]


def _test_gate(account: OfficialAccount, now: datetime) -> Check:
    if not account.gate_on:
        return Check("来源地址核对", None, "没有开。开了以后，只收平台公布的地址发来的推送")
    if account.gate_read_at is None or now - account.gate_read_at > GATE_STALE:
        return Check("来源地址核对", False, "平台的地址表超过三天没有更新，新地址的推送会被拒收。请刷新一次")
    return Check("来源地址核对", True, f"只收平台公布的 {len(account.gate_addresses)} 个地址（段）的推送")


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
