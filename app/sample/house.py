"""Who works at the sample office, who is responsible for what, and what does its library say?"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from app.answers import service as answers
from app.calendar.workdays import at_time, day_of
from app.departments import service as departments
from app.duty import queries as duty_queries
from app.duty import service as duty
from app.official_accounts import queries as account_queries
from app.official_accounts import service as accounts
from app.sample.material import Material
from app.sample.stage import SETTINGS, Life, Stage
from app.staff import queries as staff_queries
from app.staff import service as staff
from app.staff.models import Office
from app.staff.roles import Person, Role
from kb.review import GATES, Step, Verdict

NAME = "云泽市政务服务办公室（示例）"
PLACE = "云泽市"
PASSWORD = "yunze-shili-2026"
"""One for all sample people; it opens the door from this machine only."""
PRINCIPAL, DEPUTY = "zhengjianguo", "zhoumin"
REVIEWERS = ("wanghai", "zhaomin", "sunli")
CLERKS = ("chenxiao", "xunuo")
DISCLOSERS = ("kongming", "daigongyi")
EDITORS = ("yuanbianyi", "shenwen")
ALL_GATES = tuple(GATES)


@dataclass
class House:
    """Ids by the keys of the sample's files; people as services take them."""

    material: Material
    people: dict[str, Person] = field(default_factory=dict)
    departments: dict[str, int] = field(default_factory=dict)
    handlers: dict[str, list[Person]] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    entries: dict[str, tuple[int, int]] = field(default_factory=dict)  # published: (entry, version)

    def leader(self) -> Person:
        """The duty leader."""
        return self.people["liyuan"]


def open_house(stage: Stage, house: House) -> Life:
    """Departments, people and who is responsible for what; as the first-run page and the lists do it."""
    session, now, material = stage.session, stage.now, house.material
    names = [row["name"] for row in material.departments]
    staff.set_up_office(
        session, now, None, name=NAME, place=PLACE, profile="default", departments=[], sample=True
    )
    for row, name in zip(material.departments, names, strict=True):
        made = departments.add(session, now, None, name=name, short=row["short"])
        house.departments[row["key"]] = made.id
    for row in material.staff:
        _hire(stage, house, row)
    for key, department_id in house.departments.items():
        # A contractor may draft; whoever answers for cases by name is the office's own.
        house.handlers[key].sort(key=lambda person: person.contractor)
        departments.set_leaders(
            session, now, None, department_id,
            deputy_leader_id=house.people[DEPUTY].id, principal_id=house.people[PRINCIPAL].id,
        )  # fmt: skip
    for row in material.responsibilities:
        departments.add_responsibility(
            session, now, None,
            category=row["category"], place=row["place"] or "", keywords=row["keywords"], reason=row["reason"],
            department_id=house.departments[row["department"]],
            handler_id=house.handlers[row["department"]][0].id,
        )  # fmt: skip
    yield from ()


def _hire(stage: Stage, house: House, row: Any) -> None:
    ends_on = day_of(stage.ends_at) + timedelta(days=222) if row["contractor"] else None
    made = staff.add(
        stage.session, stage.now, None,
        name=row["name"], department_id=house.departments[row["department"]], sign_in=row["sign_in"],
        roles=frozenset(Role(role) for role in row["roles"]),
        contractor=row["contractor"], contract_ends_on=ends_on, sample=True,
    )  # fmt: skip
    person = staff_queries.person(stage.session, made.id)
    assert person is not None  # added a line above
    house.people[row["sign_in"]] = person
    if person.may(Role.HANDLER):
        house.handlers.setdefault(row["department"], []).append(person)


def open_account(stage: Stage, house: House, row: Any) -> Life:
    """An official account is opened, and its filing handed in some days later (B2)."""
    made = accounts.add(
        stage.session, stage.now, None,
        platform=row["platform"], name=row["name"], opened_on=row["opened_on"],
        department_id=house.departments[row["department"]],
        responsible_id=house.people[row["responsible"]].id,
        settings=SETTINGS.get(row["platform"], {}) | {"url": row["url"], "purpose": row["purpose"]},
    )  # fmt: skip
    account_id = made.id
    house.accounts[row["platform"]] = account_id
    (filing,) = account_queries.filings(stage.session, stage.now, account_id=account_id)
    yield at_time(row["filed_on"], "10:00")
    accounts.file_registration(stage.session, stage.now, house.people["caixitong"], filing.registration.id)


def write_answer(stage: Stage, house: House, row: Any, who: str) -> Life:
    """An entry of the library is written, reviewed by three people and published by a fourth."""
    editor = house.people[who]
    names = (
        "question", "text", "phrasings", "basis", "short_text", "must_keep", "verified_by", "category",
        "valid_from", "valid_until", "review_by", "kind",
    )  # fmt: skip
    version = answers.propose(
        stage.session, stage.now, editor,
        owner_department_id=house.departments[row["department"]], **{name: row[name] for name in names},
    )  # fmt: skip
    version_id, digest, entry = version.id, version.digest, (version.entry_id, version.number)
    yield stage.desk(20)
    answers.submit(stage.session, stage.now, editor, version_id)
    for step, reviewer in zip(Step, REVIEWERS, strict=True):
        yield stage.desk(70)
        answers.give_opinion(
            stage.session, stage.now, house.people[reviewer], version_id,
            step=step, verdict=Verdict.APPROVE, digest=digest, gates=ALL_GATES,
        )  # fmt: skip
    yield stage.desk(40)
    answers.publish(stage.session, stage.now, house.people[DEPUTY], version_id, digest=digest)
    house.entries[row["key"]] = entry


def written_from(row: Any) -> datetime:
    """When work on an entry begins, so that it is published about when it comes into force."""
    valid_from: date = row["valid_from"]
    return at_time(valid_from - timedelta(days=3), "08:30")


TURNS = (("00:00", "08:00"), ("08:00", "16:00"), ("16:00", "24:00"))
WATCHES = {
    "reading": ("chenxiao", "xunuo", "qiansuxin", "liyuan", "fangduban"),
    "publishing": ("shenwen", "kongming", "liyuan", "daigongyi", "wanghai"),
}
GAP = (5, "reading", 0)
"""Days from today, duty and turn that nobody has: the roster shows it."""
NOTES = (
    "无异常",
    "夜里 3 件咨询，已受理",
    "燃气类来信请随到随转",
    "微博评论较多，已读完",
    "有 1 件待补充，来信人说中午回复",
)


def make_roster(stage: Stage, house: House, first: int, last: int) -> Life:
    """Two duties round the clock, from ``first`` to ``last`` days around today; each turn is taken over."""
    today = day_of(stage.ends_at)
    for day in range(first, last + 1):
        for place, turn in enumerate(TURNS):
            for duty_name, people in WATCHES.items():
                if (day, duty_name, place) == GAP:
                    continue
                person = house.people[people[(day * len(TURNS) + place) % len(people)]]
                on = today + timedelta(days=day)
                shift = duty.add_shift(
                    stage.session, stage.now, house.leader(),
                    staff_id=person.id, duty=duty_name,
                    starts_at=at_time(on, turn[0]), ends_at=at_time(on, turn[1]),
                )  # fmt: skip
                begins = shift.starts_at + timedelta(minutes=stage.dice.randrange(1, 9))
                stage.begin(begins, _take_over(stage, person, shift.id, shift.ends_at))
    yield from ()


def _take_over(stage: Stage, person: Person, shift_id: int, ends_at: datetime) -> Iterator[datetime]:
    note = stage.dice.choice(NOTES) if stage.dice.random() < 0.3 else ""
    duty.take_over(stage.session, stage.now, person, shift_id, note)
    yield ends_at - timedelta(minutes=6)
    duty.leave(stage.session, stage.now, person, shift_id, NOTES[shift_id % len(NOTES)])


STANDS_IN = (2, "publishing", 1, "wanghai")
"""Days from today, duty and turn that somebody else is asked to take, and who is asked: they have not answered yet."""


def ask_for_a_substitute(stage: Stage, house: House) -> Life:
    """One shift of the coming days is to be stood in for."""
    day, duty_name, place, asked = STANDS_IN
    on = day_of(stage.ends_at) + timedelta(days=day)
    begins, ends = (at_time(on, clock) for clock in TURNS[place])
    turns = duty_queries.between(stage.session, begins, ends)
    shift = next(one for one in turns if one.duty == duty_name)
    to = house.people[asked]
    if shift.staff_id != to.id:
        duty.ask_substitute(
            stage.session, stage.now, house.leader(), shift.id, to_id=to.id, reason="当天要去市里开会"
        )
    yield from ()


def let_people_in(stage: Stage, house: House, password_hash: str) -> None:
    """The last thing: from now on the sample people can sign in."""
    for person in house.people.values():
        staff.set_password(stage.session, stage.now, person, password_hash=password_hash)


def office_of(stage: Stage) -> Office:
    """The sample office's row."""
    found = staff_queries.office(stage.session)
    assert found is not None  # made at the beginning
    return found
