"""To whom a new case goes: suggested with its reasons, assigned without a person only where the office said so."""

from datetime import timedelta
from functools import cache

import pytest
from sqlmodel import Session, select

from app.base.errors import Invalid, NotAllowed
from app.cases import queries, service
from app.cases.models import Case
from app.cases.transitions import Action, Status
from app.departments import queries as departments
from app.departments import service as departments_service
from app.departments import training
from app.departments.models import LearnedModel
from app.log.models import Event
from tests.app.departments.examples import letters
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

LEAK = "柳荫社区水管爆裂，自来水流了一地，停水没有通知"


@cache
def learned() -> tuple[training.TextModel, training.Figures]:
    texts, labels = letters()
    return training.learn(texts, labels, [None] * len(texts))


def an_office_that_learned(session: Session, office: TheOffice, *, rule: float | None = None) -> None:
    departments_service.keep_training(session, NOW, "category", *learned())
    departments_service.add_responsibility(
        session,
        NOW,
        None,
        category="供水",
        department_id=office.departments["城市管理局"].id,
        assisting=[office.departments["公安局户政科"].id],
        reason="三定规定第七条",
    )
    departments_service.set_assignment_rule(session, NOW, None, rule)


def test_the_learned_category_is_suggested_with_its_confidence_and_the_words_that_spoke(
    office: TheOffice,
) -> None:
    with office.db.writing() as session:
        an_office_that_learned(session, office)
        case = a_case(session, office, text=LEAK)
    assert (case.status, case.category) == (Status.NEW, "供水")
    assert case.routing["department_id"] == office.departments["城市管理局"].id
    assert case.routing["assisting"] == [office.departments["公安局户政科"].id]
    assert 0.5 < case.routing["confidence"] <= 1
    assert case.routing["words"] and all(word in LEAK for word in case.routing["words"])
    assert "三定规定第七条" in case.routing["reason"]


def test_above_the_confidence_the_office_set_it_is_assigned_as_the_systems_act_with_the_reason(
    office: TheOffice,
) -> None:
    with office.db.writing() as session:
        an_office_that_learned(session, office, rule=0.6)
        case = a_case(session, office, text=LEAK)
    assert case.status == Status.ASSIGNED
    with office.db.reading() as session:
        act = session.exec(select(Event).where(Event.case_id == case.id, Event.action == "assign")).one()
    assert case.department_id == office.departments["城市管理局"].id
    assert act.actor_id is None and "把握" in act.data["note"] and "60%" in act.data["note"]
    assert case.category_by is None  # nobody confirmed it: it is not learned from


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (None, LEAK),
        (1.0, LEAK),
        (0.6, "实名举报有人弄虚作假，水管爆裂停水不管"),
        (0.6, "柳荫社区水管爆裂，外地人都是垃圾，脑子有病，滚回老家去"),
    ],
    ids=["switched off", "not sure enough", "a report", "abusive"],
)
def test_otherwise_a_person_decides(office: TheOffice, rule: float | None, text: str) -> None:
    with office.db.writing() as session:
        an_office_that_learned(session, office, rule=rule)
        assert a_case(session, office, text=text).status == Status.NEW


def test_only_what_a_person_confirmed_and_was_answered_is_learned_from(office: TheOffice) -> None:
    with office.db.writing() as session:
        clerk = office.people["小陈"]
        confirmed, silent, waiting = (a_case(session, office, sender=f"o{at}") for at in range(3))
        service.act(session, NOW, clerk, confirmed.number, Action.ACCEPT, category="落户")
        service.act(session, NOW, clerk, silent.number, Action.ACCEPT)
        service.act(session, NOW, clerk, waiting.number, Action.ACCEPT, category="落户")
        for case in (confirmed, silent):
            case.status, case.replied_at = Status.REPLIED.value, NOW
            session.add(case)
    with office.db.reading() as session:
        (example,) = queries.examples(session, "category")
    assert example[1] == "落户"
    assert example[0].endswith(confirmed.text)


def test_a_worse_training_is_kept_with_its_figures_and_not_used(office: TheOffice) -> None:
    model, figures = learned()
    worse = training.Figures(**{**vars(figures), "macro_f1": figures.macro_f1 - 0.1})
    with office.db.writing() as session:
        assert departments_service.keep_training(session, NOW, "category", model, figures)
        assert not departments_service.keep_training(session, NOW, "category", model, worse)
        used = departments.learned(session, "category")
        assert used is not None and used.macro_f1 == figures.macro_f1
        assert [len(one.weights) > 0 for one in session.exec(select(LearnedModel))] == [True, False]


def test_who_may_say_from_when_on_the_system_assigns(office: TheOffice) -> None:
    with office.db.writing() as session:
        with pytest.raises(NotAllowed):
            departments_service.set_assignment_rule(session, NOW, office.people["小陈"], 0.95)
        for least in (0.2, 1.5):
            with pytest.raises(Invalid):
                departments_service.set_assignment_rule(session, NOW, office.people["系统管理员"], least)
        departments_service.set_assignment_rule(session, NOW, office.people["系统管理员"], 0.95)
        rule = departments.assignment_rule(session)
        assert rule is not None and rule.least_confidence == 0.95


def test_the_nightly_job_learns_in_a_process_of_its_own_and_waits_for_new_answers(
    sqlite_office: TheOffice,
) -> None:
    office = sqlite_office
    texts, labels = letters()
    with office.db.writing() as session:
        for at, (text, label) in enumerate(zip(texts, labels, strict=True)):
            case = a_case(session, office, text=text, sender=f"o{at}")
            case.category, case.category_by = label, office.people["小陈"].id
            case.status, case.replied_at = Status.REPLIED.value, NOW
            session.add(case)
    assert service.learn_routing(office.db, NOW + timedelta(hours=1)) == 1
    assert service.learn_routing(office.db, NOW + timedelta(hours=2)) == 0
    with office.db.writing() as session:
        new = a_case(session, office, text=LEAK, sender="oNEW")
        assert new.routing["confidence"] > 0.5
        assert len(session.exec(select(Case.id)).all()) == len(texts) + 1
