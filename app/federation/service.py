"""对接联通: hand our answers on, signed; take those of neighbours in, read only, once, and never in circles (D10).

What is served is what is in force now, in the order of the library's own changes: a reader that stops and
goes on misses nothing, and one that asks twice is told the same. A page is taken whole or not at all.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlmodel import Session

from app.base.db import Database
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from app.base.keys import is_signed
from app.consistency import service as consistency
from app.federation import queries
from app.federation.models import ImportedAnswer, NeighbourLibrary
from app.log import service as log
from app.notices import service as notices
from app.staff import queries as staff
from app.staff.roles import Person, Role
from kb import federation
from kb import queries as library
from kb import service as kb
from kb.alike import Asked, pairs
from kb.consistency import differences
from kb.errors import EntryInvalid
from kb.exchange import form_of_entry
from kb.federation import FORMAT, Item, Level, What
from kb.models import AnswerEntry, EntryVersion
from kb.states import EntryKind, EntryState

PURPOSE = "federation"
GIVEN = frozenset({EntryKind.ANSWER.value, EntryKind.CLARIFICATION.value})
PAGE = 100
MOST_PAGES = 50
"""Pages taken from one library in one run; the next run goes on from there."""
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
LONGEST_PAGE = 16 * 1024 * 1024
MANAGERS = (Role.EDITOR, Role.SYSTEM_ADMIN)
_CURSOR = re.compile(r"c(\d{1,15})", re.ASCII)
_CUT_OFF = "以上级口径为准"


# ------------------------------------------------------------------ what we give


def ourselves(session: Session) -> dict[str, str]:
    """Our own library: id, name, level, public key."""
    office = staff.office(session)
    key = session.info["keys"].public_key(PURPOSE)
    level = str(office.settings.get("library_level", Level.CITY)) if office else Level.CITY.value
    return {
        "id": federation.library_id(key),
        "name": office.name if office else "",
        "level": level if level in set(Level) else Level.CITY.value,
        "public_key": key,
    }


def changes(session: Session, cursor: str = "", limit: int = PAGE) -> dict[str, Any]:
    """One signed page of what changed after ``cursor`` (empty: from the beginning), in order of commit.

    Each answer stands once, as it is now. Raises `Invalid` for a cursor that was never given out.
    """
    after = position_of(cursor)
    rows = library.changes_since(session, after, limit, said_only=True)
    own = ourselves(session)
    numbers = list(dict.fromkeys(row.entry_id for row in rows))
    entries = queries.in_force(session, numbers)
    last = queries.last_changes(session, numbers)
    came = queries.of_entries(session, numbers)
    items = []
    for number in numbers:
        entry, version = entries[number]
        if entry.kind in GIVEN and (entry.origin == "" or number in came):
            items.append(
                _given(session, own, entry, version, last[number].id, last[number].at, came.get(number))
            )
    position = rows[-1].id if rows else after
    page: dict[str, Any] = {
        "format": FORMAT,
        "library": own,
        "cursor": cursor,
        "items": items,
        "next": f"c{position}",
        "more": len(rows) == limit,
    }
    return page | {"signature": session.info["keys"].sign(federation.page_words(page), PURPOSE)}


def position_of(cursor: str) -> int:
    """The change a cursor stands for. Raises `Invalid` for what was never given out."""
    found = _CURSOR.fullmatch(cursor) if cursor else None
    if cursor and not found:
        raise Invalid("这个 cursor 不对。请用上一次返回的 next，或者不带 cursor 从头取", field="cursor")
    return int(found[1]) if found else 0


def _given(
    session: Session,
    own: Mapping[str, str],
    entry: AnswerEntry,
    version: EntryVersion | None,
    sequence: int,
    at: datetime,
    came: ImportedAnswer | None,
) -> dict[str, Any]:
    """One line: our own words signed by us, another's as its owner signed them, with us added to the way."""
    if came is not None:
        return {"statement": came.statement, "signature": came.signature, "path": [*came.path, own["id"]]}
    live = entry.state == EntryState.PUBLISHED and version is not None
    said = federation.statement(
        library=own,
        key=entry.key,
        sequence=sequence,
        kind=What.PUBLISHED if live else What.WITHDRAWN,
        at=at.isoformat(),
        form=form_of_entry(entry, version) if live and version is not None else None,
    )
    signature = session.info["keys"].sign(federation.canonical(said), PURPOSE)
    return {"statement": said, "signature": signature, "path": [own["id"]]}


# ------------------------------------------------------------------ whom we ask


def introduce(url: str, *, transport: httpx.BaseTransport | None = None) -> dict[str, str]:
    """Who answers at this address: id, name, level, public key. Raises `Invalid`, `Unavailable`."""
    told = _fetched(f"{_base(url)}/federation/v1/library", transport)
    wanted = ("id", "name", "level", "public_key")
    if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in wanted):
        raise Invalid("这个网址不是问答库的对接地址", field="url")
    if federation.library_id(told["public_key"]) != told["id"]:
        raise Invalid("对方的编号与公钥不符，不能对接", field="url")
    return {name: told[name] for name in wanted}


def add(
    session: Session,
    now: datetime,
    person: Person | None,
    *,
    url: str,
    told: Mapping[str, str],
    level: str,
    fingerprint: str,
) -> NeighbourLibrary:
    """Begin to take the answers of a library in. ``told``: from `introduce`; ``fingerprint``: as its people said
    it by another way (at least 8 characters); ``level``: what it counts as here.

    Raises `Invalid` if the fingerprint is not that of who answered, `Conflict` for ourselves.
    """
    _may_manage(person)
    said = fingerprint.strip().lower().replace(" ", "")
    if len(said) < 8 or not told["id"].startswith(said):
        raise Invalid("指纹与对方给出的不一致。请打电话向对方核对后再填（至少前 8 位）", field="fingerprint")
    if level not in set(Level):
        raise Invalid("请选择对方的级别：国家、省、市、区、部门", field="level")
    if told["id"] == ourselves(session)["id"]:
        raise Conflict("这是本单位自己的问答库")
    row = queries.library(session, told["id"]) or NeighbourLibrary(
        library=told["id"], public_key=told["public_key"], added_at=now
    )
    row.url, row.name, row.level, row.is_refused = _base(url), told["name"][:100], level, False
    session.add(row)
    session.flush()
    log.record(
        session, now, person, "add_library",
        subject_type="library", subject_id=row.library, name=row.name, level=level,
    )  # fmt: skip
    return row


def set_level(session: Session, now: datetime, person: Person, level: str) -> None:
    """What our own library counts as, for those who take our answers in."""
    _may_manage(person)
    office = staff.office(session)
    if level not in set(Level) or office is None:
        raise Invalid("请选择本库的级别：国家、省、市、区、部门", field="level")
    office.settings = {**office.settings, "library_level": level}
    session.add(office)
    log.record(
        session, now, person, "library_level", subject_type="office", subject_id=office.id, level=level
    )


def refuse(session: Session, now: datetime, person: Person | None, library_id: int) -> NeighbourLibrary:
    """Take nothing from a library any more; what came from it is taken out of force here."""
    _may_manage(person)
    row = session.get(NeighbourLibrary, library_id)
    if row is None:
        raise NotFound("没有这个问答库")
    row.is_refused, row.trouble = True, ""
    session.add(row)
    for one in library_entries(session, row.library):
        kb.take_back(session, now, one)
    log.record(
        session, now, person, "refuse_library",
        subject_type="library", subject_id=row.library, name=row.name,
    )  # fmt: skip
    return row


def library_entries(session: Session, origin: str) -> list[AnswerEntry]:
    """Every entry that came from a library."""
    return library.of_origin(session, origin)


def pull_neighbours(db: Database, now: datetime, *, transport: httpx.BaseTransport | None = None) -> int:
    """Job: ask every neighbour for what changed since we asked last; how many answers came or went."""
    with db.reading() as session:
        waiting = [row.id for row in queries.asked(session)]
    return sum(pull(db, now, number, transport=transport) for number in waiting)


def pull(
    db: Database, now: datetime, library_id: int, *, transport: httpx.BaseTransport | None = None
) -> int:
    """Ask one neighbour; each page in a transaction of its own, whole or not at all.

    What goes wrong is written beside the neighbour and told to the editors; nothing is raised.
    """
    taken = 0
    for _ in range(MOST_PAGES):
        with db.reading() as session:
            row = session.get(NeighbourLibrary, library_id)
            if row is None or not row.url or row.is_refused:
                return taken
            own = ourselves(session)["id"]
            address = f"{row.url}/federation/v1/changes?cursor={row.cursor}&reader={own}"
        try:
            page = _fetched(address, transport)
            with db.writing() as session:
                came, more = take_page(session, now, session.get_one(NeighbourLibrary, library_id), page)
        except (Invalid, Unavailable) as problem:
            with db.writing() as session:
                _trouble(session, now, session.get_one(NeighbourLibrary, library_id), problem.message)
            return taken
        taken += came
        if not more:
            break
    return taken


# ------------------------------------------------------------------ what we take


def take_page(session: Session, now: datetime, row: NeighbourLibrary, page: Any) -> tuple[int, bool]:
    """Take one page of ``row`` in: (how many answers came or went, whether there is more).

    Raises `Invalid` naming the line for anything that is not signed by whom it says; nothing is kept then.
    """
    try:
        told, items, cursor, more = federation.read_page(page)
    except EntryInvalid as refused:
        raise Invalid(refused.message_zh, code=refused.code or None) from None
    if told.get("id") != row.library or not is_signed(
        federation.page_words(page), str(page.get("signature") or ""), row.public_key
    ):
        raise Invalid("这一页的签名不对，可能不是对方发的，没有收", code="tampered")
    own = ourselves(session)["id"]
    touched: list[AnswerEntry] = []
    for line, item in enumerate(items, 1):
        if not is_signed(federation.canonical(item.statement), item.signature, item.statement["public_key"]):
            raise Invalid(
                federation.refusal(line, item.statement, "签名不对，可能被改过").message_zh, code="tampered"
            )
        if item.path[-1] != row.library:
            raise Invalid(
                federation.refusal(line, item.statement, "经过的路线不对").message_zh, code="tampered"
            )
        entry = _take(session, now, row, item, own, line)
        if entry is not None:
            touched.append(entry)
    row.cursor, row.asked_at, row.answered_at, row.trouble = cursor[:200], now, now, ""
    row.name = str(told.get("name") or row.name)[:100]
    session.add(row)
    session.flush()
    for entry in touched:
        if entry.state == EntryState.PUBLISHED:
            _give_way(session, now, entry)
            consistency.look_at_entry(session, now, entry.id)
    return len(touched), more and bool(items or cursor)


def _take(
    session: Session, now: datetime, via: NeighbourLibrary, item: Item, own: str, line: int
) -> AnswerEntry | None:
    """One statement: new, newer, or nothing to do (known already, our own, from a library we refuse)."""
    if item.origin == own or federation.goes_in_circles(item.path, own):
        return None
    origin = _origin(session, now, item)
    if origin.is_refused:
        return None
    known = queries.imported(session, item.origin, item.key)
    if known is not None and item.sequence <= known.sequence:
        return None
    entry = session.get(AnswerEntry, known.entry_id) if known and known.entry_id else None
    is_live = item.statement["kind"] == What.PUBLISHED
    if not is_live and entry is None:
        return None
    row = known or ImportedAnswer(
        origin=item.origin, origin_key=item.key, statement={}, signature="", sequence=0, imported_at=now
    )
    if is_live:
        form = item.statement["form"]
        try:
            entry = kb.take_in(session, now, entry, form, origin=item.origin, origin_name=origin.name)
        except (EntryInvalid, KeyError, TypeError, ValueError) as refused:
            why = refused.message_zh if isinstance(refused, EntryInvalid) else "内容不完整"
            raise Invalid(
                federation.refusal(line, item.statement, f"不能收：{why.rstrip('。')}").message_zh,
                code="form",
            ) from None
        row.origin_version, row.withdrawn_at, row.reason = int(form["version"]), None, ""
    elif entry is not None:
        kb.take_back(session, now, entry)
        row.withdrawn_at = now
    assert entry is not None
    row.entry_id, row.sequence, row.statement = entry.id, item.sequence, dict(item.statement)
    row.signature, row.path, row.imported_at = item.signature, list(item.path), now
    session.add(row)
    session.flush()
    log.record(
        session, now, None, "answer_imported" if is_live else "answer_withdrawn_upstream",
        subject_type="answer", subject_id=entry.key, origin=item.origin, origin_key=item.key, via=via.library,
    )  # fmt: skip
    return entry


def _origin(session: Session, now: datetime, item: Item) -> NeighbourLibrary:
    """The library an answer is of; one we hear of by way of another is written down with what it says of itself."""
    found = queries.library(session, item.origin)
    if found is None:
        said = item.statement
        found = NeighbourLibrary(
            library=item.origin,
            name=str(said.get("origin_name") or "")[:100],
            level=str(said["level"]),
            public_key=str(said["public_key"])[:64],
            added_at=now,
        )
        session.add(found)
        session.flush()
    return found


def level_of(session: Session, entry: AnswerEntry) -> str:
    """The level of the library an entry is of."""
    found = queries.library(session, entry.origin) if entry.origin else None
    return found.level if found else ourselves(session)["level"]


def _give_way(session: Session, now: datetime, entry: AnswerEntry) -> None:
    """Of two imported answers that contradict each other the one from below goes out of force: 国家 > 省 > 市 …"""
    version = library.version_in_force(session, entry.id)
    if version is None:
        return
    others = {
        other.id: (other, its) for other, its in library.imported_in_force(session) if other.id != entry.id
    }
    asked = [Asked(number, (its.question, *its.phrasings)) for number, (_, its) in others.items()]
    asked.append(Asked(entry.id, (version.question, *version.phrasings)))
    for pair in pairs(asked, only=entry.id):
        other, its = others[next(number for number in pair if number != entry.id)]
        if not differences(its.text, version.text):
            continue
        for below, above in ((other, entry), (entry, other)):
            if federation.precedes(level_of(session, above), level_of(session, below)):
                kb.take_back(session, now, below)
                came = queries.of_entry(session, below.id)
                if came is not None:
                    came.reason = _CUT_OFF
                    session.add(came)


# ------------------------------------------------------------------ within


def _fetched(address: str, transport: httpx.BaseTransport | None) -> Any:
    """JSON from a neighbour; no redirects, not too much, not too long. Raises `Unavailable`."""
    try:
        with (
            httpx.Client(transport=transport, timeout=TIMEOUT, follow_redirects=False) as client,
            client.stream("GET", address, headers={"Accept": "application/json"}) as answer,
        ):
            if answer.status_code != 200:
                raise Unavailable(f"对方的问答库没有给出内容（HTTP {answer.status_code}），稍后再试")
            body = bytearray()
            for part in answer.iter_bytes():
                body += part
                if len(body) > LONGEST_PAGE:
                    raise Unavailable("对方给的一页太大，没有收")
        return httpx.Response(200, content=bytes(body)).json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable("连不上对方的问答库，稍后再试") from error
    except ValueError as error:
        raise Unavailable("对方给的不是 JSON，请核对网址") from error


def _base(url: str) -> str:
    """The address of a library without what stands behind it. Raises `Invalid`."""
    try:
        parts = urlsplit(url.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise Invalid("网址不对，应像 https://answers.example.gov.cn", field="url") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Invalid("网址不对，应像 https://answers.example.gov.cn", field="url")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def _trouble(session: Session, now: datetime, row: NeighbourLibrary, words: str) -> None:
    """Write down what went wrong; tell the editors once per trouble."""
    is_new = row.trouble != words
    row.asked_at, row.trouble = now, words
    session.add(row)
    session.flush()
    if not is_new:
        return
    log.record(
        session, now, None, "library_trouble", subject_type="library", subject_id=row.library, reason=words
    )
    for one in staff.people(session, role=Role.EDITOR):
        notices.tell(
            session, now, one.id,
            key=f"library_trouble:{row.id}:{now.date()}:{hash_of(words)}:{one.id}",
            kind="library_trouble",
            text=f"从“{row.name or row.url}”取问答没有成功：{words}",
            address="/desk/answers/federation",
        )  # fmt: skip


def hash_of(words: str) -> str:
    """A short name for a trouble, so that each is told once a day."""
    return federation.library_id(words)[:8]


def _may_manage(person: Person | None) -> None:
    """None is the system, at the shell of whoever runs the machine."""
    if person is not None and not person.may(*MANAGERS):
        raise NotAllowed("对接的问答库由问答库编辑或系统管理员管理", code="wrong_role")
