"""What stands still while many rows are worked through, and for how long."""

from app.base.standing import standing_still
from app.departments import queries
from app.departments import service as departments
from tests.conftest import NOW, TheOffice


def end_the_first(office: TheOffice) -> None:
    with office.db.writing() as session:
        departments.end_responsibility(session, NOW, None, queries.responsibilities(session)[0].id)


def test_a_table_is_read_once_in_the_block_and_anew_after_it(sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        with standing_still(session):
            before = queries.responsibilities(session)
            departments.end_responsibility(session, NOW, None, before[0].id)
            assert queries.responsibilities(session) is before
            assert queries.responsibilities(session, before[1].department_id) == [before[1]]
        assert queries.responsibilities(session) == before[1:]


def test_the_next_transaction_sees_what_changed(sqlite_office: TheOffice) -> None:
    with sqlite_office.db.reading() as session, standing_still(session):
        assert len(queries.responsibilities(session)) == 2
    end_the_first(sqlite_office)
    with sqlite_office.db.reading() as session, standing_still(session):
        assert len(queries.responsibilities(session)) == 1
