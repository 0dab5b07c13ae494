"""People, their roles, and the office they work for."""

from datetime import timedelta

import pytest

from app.base.db import Database
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.departments import queries as departments
from app.staff import queries, service
from app.staff.roles import Person, Role
from tests.conftest import NOW, TheOffice


def test_a_fresh_installation_knows_no_office_until_the_first_run_page(db: Database) -> None:
    with db.writing() as session:
        assert service.office(session) is None
        service.set_up_office(
            session, NOW, None, name=" 云泽市政务服务办公室 ", place="云泽市", profile="default",
            departments=["公安局户政科", "", "公安局户政科 ", "教育局"],
        )  # fmt: skip
    with db.writing() as session:
        office = service.office(session)
        assert office is not None
        assert (office.name, office.place, office.profile) == ("云泽市政务服务办公室", "云泽市", "default")
        assert [row.name for row in departments.all(session)] == ["公安局户政科", "教育局"]
        with pytest.raises(Conflict):
            service.set_up_office(
                session, NOW, None, name="另一个", place="", profile="default", departments=[]
            )


def test_only_the_system_administrator_sets_the_office_up(db: Database) -> None:
    security = Person(1, "安全管理员", None, frozenset({Role.SECURITY_ADMIN}))
    with db.writing() as session:
        with pytest.raises(NotAllowed):
            service.set_up_office(
                session, NOW, security, name="云泽", place="", profile="default", departments=[]
            )
        with pytest.raises(Invalid):
            service.set_up_office(session, NOW, None, name=" ", place="", profile="default", departments=[])


def test_a_new_person_has_a_sign_in_name_and_no_password(office: TheOffice) -> None:
    with office.db.writing() as session:
        made = service.add(session, NOW, None, name="陈晓", department_id=None, roles=frozenset({Role.CLERK}))
        twin = service.add(
            session, NOW, None, name="陈晓", department_id=None, roles=frozenset({Role.HANDLER})
        )
        assert (made.sign_in, twin.sign_in) == ("chenxiao", "chenxiao2")
        assert made.password_hash is None
        with pytest.raises(Invalid, match="有 2 位叫“陈晓”"):
            service.require_named(session, "陈晓")
        assert service.require_named(session, "chenxiao2").id == twin.id


def test_a_sign_in_name_is_never_given_again(office: TheOffice) -> None:
    with office.db.writing() as session:
        service.disable(session, NOW, None, office.people["小陈"].id)
    with office.db.writing() as session, pytest.raises(Conflict, match="离职人员的也不再用"):
        service.add(
            session, NOW, None, name="陈新", department_id=None, roles=frozenset(), sign_in="XiaoChen"
        )


@pytest.mark.clause("E27")
def test_a_contractor_cannot_be_made_reviewer_later_either(office: TheOffice) -> None:
    wu = office.people["外包小吴"]
    with office.db.writing() as session, pytest.raises(Invalid, match="外包人员不能担任审核员"):
        service.set_roles(session, NOW, None, wu.id, frozenset({Role.HANDLER, Role.REVIEWER}))
    with office.db.reading() as session:
        person = queries.person(session, wu.id)
    assert person is not None
    assert person.roles == {Role.HANDLER}


def test_the_three_administrators_are_three_people(office: TheOffice) -> None:
    with office.db.writing() as session, pytest.raises(Invalid, match="不能由同一人担任"):
        service.add(
            session,
            NOW,
            None,
            name="全能",
            department_id=None,
            roles=frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN}),
        )


def test_the_system_administrator_adds_and_the_security_administrator_grants(office: TheOffice) -> None:
    system, security = office.people["系统管理员"], office.people["安全管理员"]
    with office.db.writing() as session:
        with pytest.raises(NotAllowed, match="角色由安全管理员授予"):
            service.add(session, NOW, system, name="新人", department_id=None, roles=frozenset({Role.ISSUER}))
        made = service.add(session, NOW, system, name="新人", department_id=None, roles=frozenset())
        assert service.sign_in_link(session, NOW, system, made.id), "nothing to take over yet"
        service.set_roles(session, NOW, security, made.id, frozenset({Role.ISSUER}))
        with pytest.raises(NotAllowed):
            service.sign_in_link(session, NOW, system, made.id)


def test_nobody_gives_themselves_roles_or_disables_themselves(office: TheOffice) -> None:
    security = office.people["安全管理员"]
    with office.db.writing() as session:
        with pytest.raises(NotAllowed, match="不能改自己的角色"):
            service.set_roles(session, NOW, security, security.id, frozenset({Role.ISSUER}))
        with pytest.raises(NotAllowed, match="不能停用自己"):
            service.disable(session, NOW, security, security.id)


@pytest.mark.parametrize("name", ["小陈", "王科长", "审计管理员", "值班长老徐"])
def test_others_manage_nobody(office: TheOffice, name: str) -> None:
    actor, to = office.people[name], office.people["老李"].id
    with office.db.writing() as session:
        with pytest.raises(NotAllowed):
            service.add(session, NOW, actor, name="新人", department_id=None, roles=frozenset())
        with pytest.raises(NotAllowed):
            service.set_roles(session, NOW, actor, to, frozenset({Role.HANDLER}))
        with pytest.raises(NotAllowed):
            service.disable(session, NOW, actor, to)
        with pytest.raises(NotAllowed):
            service.move(session, NOW, actor, to, office.departments["政务服务办公室"].id)


def test_people_are_found_by_role_and_department_while_they_are_at_work(office: TheOffice) -> None:
    police = office.departments["公安局户政科"].id
    with office.db.writing() as session:
        handlers = queries.people(session, role=Role.HANDLER, department_id=police)
        assert {row.name for row in handlers} == {"老李", "外包小吴"}
        service.disable(session, NOW, None, office.people["外包小吴"].id)
        assert [row.name for row in queries.people(session, role=Role.HANDLER, department_id=police)] == [
            "老李"
        ]
        assert queries.everybody(session)[-1].name == "外包小吴", "who left stands last"
        assert queries.has_role(session, Role.DISCLOSER)
        assert not queries.has_role(session, Role.SYSTEM)


def test_a_person_moves_to_a_department_that_exists(office: TheOffice) -> None:
    li, system = office.people["老李"], office.people["系统管理员"]
    with office.db.writing() as session:
        with pytest.raises(NotFound):
            service.move(session, NOW, system, li.id, 999_999)
        service.move(session, NOW, system, li.id, office.departments["城市管理局"].id)
        moved = queries.person(session, li.id)
    assert moved is not None
    assert moved.department_id == office.departments["城市管理局"].id


def test_names_and_roles_of_unknown_people_are_left_out_or_empty(office: TheOffice) -> None:
    with office.db.reading() as session:
        assert queries.names(session, [None, 999_999]) == {}
        assert queries.names(session, []) == {}
        assert queries.roles_of(session, [999_999]) == {999_999: frozenset()}
        assert queries.person(session, 999_999) is None
        assert queries.is_at_work(queries.everybody(session)[0], NOW + timedelta(days=9999))
