"""Whatever people try, in whatever order: nothing goes out that three others did not approve (I4).

The single refusals are proved beside their rules (tests/app/replies); here people act at random, and a
plain account of who approved which words is kept beside the product and held against what citizens got.
"""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from app.base.db import Database
from app.base.errors import AppError
from app.cases.models import Case
from app.cases.transitions import Status
from app.log import chain
from app.log import queries as log_queries
from app.replies import queries, service
from app.replies.models import Reply
from app.staff.roles import Person, Role
from kb.review import GATES
from tests.app.replies.acting import BASIS, TEXT, WeChat
from tests.conftest import NOW, TheOffice, open_office
from tests.factories import a_case

REVIEWS = ("first", "second", "final")


@dataclass
class Walk:
    """People who act at random on a few cases, and what is remembered of it in the plainest way."""

    office: TheOffice
    chance: random.Random
    wechat: WeChat = field(default_factory=WeChat)
    now: datetime = NOW
    wrote: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))  # reply → people
    approved: dict[tuple[int, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    released: dict[tuple[int, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    outcomes: Counter[str] = field(default_factory=Counter)
    checked: int = 0

    def __post_init__(self) -> None:
        self.people = list(self.office.people.values())
        # Contractors who were given roles that no contractor may have.
        self.people += [replace(self.office.people["外包小吴"], roles=frozenset({role})) for role in Role]
        with self.office.db.writing() as session:
            made = (
                a_case(session, self.office, status=Status.IN_PROGRESS, sender=f"oTEST{n:022}")
                for n in range(3)
            )
            self.cases = [case.id for case in made]

    def step(self) -> None:
        """Somebody does something; it works or it is refused, in words."""
        self.now += timedelta(seconds=1)
        case_id = self.chance.choice(self.cases)
        sensible = self.chance.random() < 0.6
        act = self._next(case_id) if sensible else self.chance.choice(ACTS)
        person = (
            self._who(act, case_id)
            if sensible and self.chance.random() < 0.8
            else self.chance.choice(self.people)
        )
        try:
            with self.office.db.writing() as session:
                case = session.get_one(Case, case_id)
                remember = getattr(self, f"_{act}")(session, case, queries.current(session, case_id), person)
            remember()
            self.outcomes[act] += 1
        except AppError as refusal:
            assert refusal.message
            self.outcomes["refused"] += 1

    def deliver(self) -> None:
        """The sender runs; every new message to a citizen is held against the plain account."""
        service.deliver_released(self.office.db, self.now, transport=self.wechat)
        with self.office.db.reading() as session:
            replies = list(session.exec(select(Reply)))
        for sent in self.wechat.sent[self.checked :]:
            words = sent["text"]["content"]  # type: ignore[index]
            chains = [self._chain(reply, words) for reply in replies if (reply.id, words) in self.released]
            assert chains and all(chains), words
        self.checked = len(self.wechat.sent)

    def _chain(self, reply: Reply, words: str) -> bool:
        approvers = self.approved[reply.id, words]
        issuers = self.released[reply.id, words]
        by_id = {person.id: person for person in self.office.people.values()}
        return (
            len(set(approvers)) >= 3
            and not {*approvers, *issuers} & self.wrote[reply.id]
            and not any(by_id[one].contractor for one in [*approvers, *issuers])
            and all(by_id[one].may(Role.REVIEWER, Role.ISSUER) for one in approvers)
            and all(by_id[one].may(Role.REVIEWER, Role.ISSUER) for one in issuers)
        )

    # -------------------------------------------------------------- what may be done; gives what to remember

    def _draft(self, session: Session, case: Case, reply: Reply | None, person: Person) -> Any:
        words = TEXT + self.chance.choice(["", "请带身份证。", "请带照片。"])
        saved = service.draft(session, self.now, person, case, text=words, basis=BASIS)
        return lambda: self.wrote[saved.id].add(person.id)

    def _correct(self, session: Session, case: Case, reply: Reply | None, person: Person) -> Any:
        saved = service.correct(session, self.now, person, case, f"更正：{TEXT}", basis=BASIS)
        return lambda: self.wrote[saved.id].add(person.id)

    def _submit(self, session: Session, case: Case, reply: Reply | None, person: Person) -> Any:
        service.submit(session, self.now, person, reply.id if reply else 0)
        return lambda: None

    def _withdraw(self, session: Session, case: Case, reply: Reply | None, person: Person) -> Any:
        service.withdraw(session, self.now, person, reply.id if reply else 0)
        return lambda: None

    def _approve(self, session: Session, case: Case, reply: Reply | None, person: Person) -> Any:
        given = service.give_opinion(
            session,
            self.now,
            person,
            reply.id if reply else 0,
            verdict="approve",
            digest=self._digest(reply),
            gates=self.chance.choice([GATES, GATES, GATES, GATES, ["legal"]]),
            note="已看",
        )
        words = given.text
        return lambda: self.approved[given.id, words].append(person.id)

    def _send_back(self, session: Session, case: Case, reply: Reply | None, person: Person) -> Any:
        service.give_opinion(
            session,
            self.now,
            person,
            reply.id if reply else 0,
            verdict="send_back",
            digest=self._digest(reply),
            code="other",
            note="请补依据",
        )
        return lambda: None

    def _raise(self, session: Session, case: Case, reply: Reply | None, person: Person) -> Any:
        service.raise_level(session, self.now, person, reply.id if reply else 0, to="sensitive")
        return lambda: None

    def _release(self, session: Session, case: Case, reply: Reply | None, person: Person) -> Any:
        given = service.release(
            session, self.now, person, reply.id if reply else 0, digest=self._digest(reply)
        )
        words = given.text
        return lambda: self.released[given.id, words].append(person.id)

    def _digest(self, reply: Reply | None) -> str:
        """Mostly what is on the screen; sometimes an old screen."""
        return reply.digest if reply and self.chance.random() < 0.9 else "0" * 64

    def _next(self, case_id: int) -> str:
        """What would be done next in good order."""
        with self.office.db.reading() as session:
            reply, case = queries.current(session, case_id), session.get_one(Case, case_id)
        if case.status in {Status.REPLIED, Status.CLOSED}:
            return "correct" if reply is None or reply.state not in ("draft", "sent_back") else "submit"
        by_state = {"draft": "submit", "sent_back": "draft", "in_review": "approve", "approved": "release"}
        return by_state.get(reply.state if reply else "", "draft")

    def _who(self, act: str, case_id: int) -> Person:
        return self.office.people[self.chance.choice(WHO.get(act, ("老李", "小陈")))]


WHO = {
    "approve": ("王科长", "赵敏", "孙主任", "周局长"),
    "release": ("周局长", "郑书记"),
    "raise": ("王科长",),
}
ACTS = (
    "draft",
    "correct",
    "submit",
    "withdraw",
    "approve",
    "approve",
    "send_back",
    "raise",
    "release",
    "release",
)


@pytest.mark.clause("A18")
@pytest.mark.clause("B16")
@pytest.mark.clause("E9")
@pytest.mark.parametrize("seed", range(3))
def test_nothing_goes_out_that_three_others_did_not_approve(sqlite_db: Database, seed: int) -> None:
    _walk(sqlite_db, seed, steps=400)


def test_the_same_holds_on_both_databases(db: Database) -> None:
    _walk(db, 7, steps=120)


def _walk(db: Database, seed: int, *, steps: int) -> None:
    walk = Walk(open_office(db), random.Random(seed))
    for number in range(steps):
        walk.step()
        if number % 5 == 0:
            walk.deliver()
    walk.deliver()
    # The walk went somewhere: replies were sent, and a great deal was refused.
    assert walk.checked >= 2, walk.outcomes
    assert walk.outcomes["refused"] > steps / 4, walk.outcomes
    assert walk.outcomes["approve"] >= 6 and walk.outcomes["release"] >= 2, walk.outcomes
    with db.reading() as session:
        assert chain.verify(log_queries.walk(session)).ok
