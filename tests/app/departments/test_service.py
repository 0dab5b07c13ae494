"""Departments and the responsibility table, on both databases."""

import pytest

from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.departments import queries, service
from app.departments.models import Responsibility
from app.staff import service as staff
from tests.conftest import NOW, TheOffice


def test_a_department_has_a_name_of_its_own(office: TheOffice) -> None:
    with office.db.writing() as session:
        made = service.add(session, NOW, None, name=" 教育局 ", short="教育局")
        assert (made.name, made.closed_at) == ("教育局", None)
        with pytest.raises(Conflict, match="已经有“教育局”了"):
            service.add(session, NOW, None, name="教育局")
        with pytest.raises(Invalid):
            service.add(session, NOW, None, name="  ")
        assert service.add_if_missing(session, NOW, None, name="教育局").id == made.id


def test_a_department_is_found_by_name_or_short_name(office: TheOffice) -> None:
    with office.db.writing() as session:
        human = service.add(session, NOW, None, name="住房和城乡建设局", short="住建局")
        assert service.require_named(session, "住建局").id == human.id
        assert service.require_named(session, " 住房和城乡建设局 ").id == human.id
        with pytest.raises(NotFound, match="找不到承办单位“建设局”"):
            service.require_named(session, "建设局")
        service.add(session, NOW, None, name="住房建设协会", short="住建局")
        assert queries.by_name(session, "住建局") is None, "two have this short name: neither is meant"


@pytest.mark.parametrize("name", ["小陈", "老李", "安全管理员", "审计管理员"])
def test_only_the_system_administrator_changes_departments(office: TheOffice, name: str) -> None:
    actor, own = office.people[name], office.departments["公安局户政科"].id
    with office.db.writing() as session:
        with pytest.raises(NotAllowed):
            service.add(session, NOW, actor, name="新单位")
        with pytest.raises(NotAllowed):
            service.add_responsibility(session, NOW, actor, category="户籍", department_id=own)
        with pytest.raises(NotAllowed):
            service.set_leaders(session, NOW, actor, own, deputy_leader_id=None, principal_id=None)
        with pytest.raises(NotAllowed):
            service.close(session, NOW, actor, own)


@pytest.mark.clause("C26")
@pytest.mark.clause("B22")
def test_the_leaders_with_whom_the_ladder_ends_are_named_people_at_work(office: TheOffice) -> None:
    own = office.departments["公安局户政科"].id
    deputy, principal = office.people["周局长"].id, office.people["郑书记"].id
    with office.db.writing() as session:
        service.set_leaders(session, NOW, None, own, deputy_leader_id=deputy, principal_id=principal)
        staff.disable(session, NOW, None, office.people["小林"].id)
        with pytest.raises(NotFound):
            service.set_leaders(
                session, NOW, None, own, deputy_leader_id=office.people["小林"].id, principal_id=principal
            )
    with office.db.reading() as session:
        found = queries.get(session, own)
    assert found is not None
    assert (found.deputy_leader_id, found.principal_id) == (deputy, principal)


def test_a_row_written_again_is_a_new_version_and_the_old_one_stays_readable(office: TheOffice) -> None:
    own = office.departments["公安局户政科"].id
    with office.db.writing() as session:
        first = service.add_responsibility(
            session, NOW, None, category="户籍", department_id=own, keywords=["户口", " 户口 ", "", "迁移"]
        )
        second = service.add_responsibility(
            session, NOW, None, category="户籍", department_id=own, keywords=["户口"],
            handler_id=office.people["老李"].id,
        )  # fmt: skip
    with office.db.writing() as session:
        assert (first.version, second.version) == (1, 2)
        assert first.keywords == ["户口", "迁移"]
        in_force = [row for row in queries.responsibilities(session, own) if row.category == "户籍"]
        assert [row.id for row in in_force] == [second.id]
        kept = session.get(Responsibility, first.id)
        assert kept is not None
        assert kept.ended_at == NOW
        service.end_responsibility(session, NOW, None, second.id)
        assert "户籍" not in {row.category for row in queries.responsibilities(session)}
        with pytest.raises(NotFound):
            service.end_responsibility(session, NOW, None, second.id)


def test_a_row_must_say_something(office: TheOffice) -> None:
    own = office.departments["公安局户政科"].id
    with office.db.writing() as session:
        with pytest.raises(Invalid, match="类别和关键词至少填一样"):
            service.add_responsibility(session, NOW, None, category=" ", department_id=own)
        with pytest.raises(NotFound):
            service.add_responsibility(session, NOW, None, category="户籍", department_id=999_999)
        with pytest.raises(Invalid, match="最多 60 个关键词"):
            service.add_responsibility(
                session, NOW, None, category="户籍", department_id=own, keywords=[f"词{n}" for n in range(61)]
            )


def test_a_department_closes_only_when_it_is_empty(office: TheOffice) -> None:
    own = office.departments["公安局户政科"]
    with office.db.writing() as session:
        with pytest.raises(Conflict, match="还有 2 人、1 项职责"):
            service.close(session, NOW, None, own.id)
        for name in ("老李", "外包小吴"):
            staff.disable(session, NOW, None, office.people[name].id)
        for row in queries.responsibilities(session, own.id):
            service.end_responsibility(session, NOW, None, row.id)
        service.close(session, NOW, None, own.id)
        assert own.id not in {row.id for row in queries.all(session)}
        assert queries.names(session, [own.id, None]) == {own.id: "公安局户政科"}, "old cases still name it"
        with pytest.raises(NotFound):
            service.require_open(session, own.id)
