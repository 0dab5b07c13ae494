"""How many were received, answered, closed and shown: counted by the database, the same on both."""

from datetime import UTC, datetime, timedelta

import pytest

from app.base.errors import Invalid
from app.cases.models import Rating
from app.cases.transitions import Status
from app.disclosure import service as disclosure
from app.opendata import queries as opendata
from app.opendata import service as publication
from app.statistics import queries, service
from app.statistics.indicators import BY_KEY, adds_up, figure
from tests.closing import DISCLOSER, a_closed_case, proposed, published
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

LATER = NOW + timedelta(days=30)


@pytest.fixture
def worked(office: TheOffice) -> TheOffice:
    """A month: public, withheld, withdrawn, undecided, declined, invalid, merged, overdue, still open."""
    officer = office.people[DISCLOSER]
    with office.db.writing() as session:
        for _ in range(2):
            published(session, office)
        hidden = proposed(session, office)
        publication.withhold(session, NOW, officer, hidden.id, reason="privacy")
        other = proposed(session, office)
        publication.withhold(session, NOW, officer, other.id, reason="other", legal_basis="《条例》第十五条")
        gone = published(session, office, platform="weibo", message_type="complaint")
        publication.withdraw(session, NOW, officer, gone.number, reason="requested")
        rated = a_closed_case(session, office)
        session.add(Rating(case_id=rated.id, score=5, solved=True, at=NOW))
        a_closed_case(session, office, status="declined", reply="", replied_at=None)
        for status in ("invalid", "merged"):
            a_closed_case(session, office, status=status, reply="", replied_at=None)
        late = a_case(session, office, status=Status.IN_PROGRESS)
        late.due_at = NOW - timedelta(hours=1)
        session.add(late)
        a_case(session, office)
    return office


@pytest.mark.clause("D21")
def test_the_month_is_counted_as_its_formulas_say(worked: TheOffice) -> None:
    with worked.db.reading() as session:
        found = queries.figures(session, NOW, "month", month="2026-10")
    counts = found.total
    assert (counts.received, counts.valid, counts.due) == (11, 10, 8)
    assert (counts.replied, counts.on_time, counts.overdue) == (6, 6, 1)
    # Thursday 8 October 2026 to Friday: one working day each.
    assert counts.working_days == 6
    assert (counts.rated, counts.satisfied) == (1, 1)
    assert (counts.closed, counts.published, counts.withheld_privacy, counts.withheld_other) == (7, 2, 1, 1)
    assert (counts.withdrawn, counts.undecided) == (1, 2)
    assert found.log_position > 0


@pytest.mark.clause("C4")
@pytest.mark.parametrize("by", list(queries.GROUPINGS))
def test_however_divided_the_sum_is_the_same_and_adds_up(worked: TheOffice, by: str) -> None:
    with worked.db.reading() as session:
        whole = queries.figures(session, NOW, "month").total
        found = queries.figures(session, NOW, by)
    assert found.total == whole
    assert all(adds_up(group.counts) for group in found.groups)


def test_labels_are_those_people_use(worked: TheOffice) -> None:
    with worked.db.reading() as session:
        platforms = {group.label for group in queries.figures(session, NOW, "platform").groups}
        departments = {group.label for group in queries.figures(session, NOW, "department").groups}
        types = {group.label for group in queries.figures(session, NOW, "message_type").groups}
    assert platforms == {"微信公众号", "微博"}
    assert departments == {"公安局户政科", "未交办"}
    assert types == {"咨询", "投诉"}


def test_the_month_is_shanghais(office: TheOffice) -> None:
    # Thursday 31 December 2026, 23:30 in Shanghai and half an hour later: two months, two years.
    before = datetime(2026, 12, 31, 15, 30, tzinfo=UTC)
    with office.db.writing() as session:
        a_case(session, office, now=before)
        a_case(session, office, now=before + timedelta(minutes=30))
    with office.db.reading() as session:
        months = [(group.key, group.counts.received) for group in queries.figures(session, LATER).groups]
        assert queries.months(session) == ["2027-01", "2026-12"]
        assert queries.figures(session, LATER, "platform", month="2027-01").total.received == 1
    assert months == [("2027-01", 1), ("2026-12", 1)]


def test_a_case_received_in_one_month_and_closed_in_the_next_counts_in_each_once(office: TheOffice) -> None:
    with office.db.writing() as session:
        a_closed_case(session, office, now=datetime(2026, 11, 2, 2, 0, tzinfo=UTC), took=timedelta(days=4))
    with office.db.reading() as session:
        found = {group.key: group.counts for group in queries.figures(session, LATER).groups}
    assert (found["2026-10"].received, found["2026-10"].closed) == (1, 0)
    assert (found["2026-11"].received, found["2026-11"].closed) == (0, 1)


@pytest.mark.parametrize(("by", "month"), [("person", ""), ("month", "2026-13"), ("month", "x")])
def test_what_cannot_be_asked_is_refused(office: TheOffice, by: str, month: str) -> None:
    with office.db.reading() as session, pytest.raises(Invalid):
        queries.figures(session, NOW, by, month=month)


@pytest.mark.clause("C4")
def test_outside_tells_the_same_figures_as_inside(worked: TheOffice) -> None:
    with worked.db.reading() as session:
        (row,) = service.SOURCES["statistics"].rows(session, NOW, "")
        inside = queries.figures(session, NOW).total
    assert row["received"] == figure(BY_KEY["received"], inside) == 11
    assert row["reply_rate"] == figure(BY_KEY["reply_rate"], inside)
    assert row["withheld_privacy"] == "<5"
    assert row["withheld_secret"] in (0, None), "a nought may be left out beside a small count"


def test_the_feed_tells_of_a_month_when_its_figures_change(worked: TheOffice) -> None:
    with worked.db.writing() as session:
        assert service.follow_figures(session, NOW) > 1, "the month, and its groups"
        assert service.follow_figures(session, NOW) == 0
    with worked.db.writing() as session:
        disclosure.propose_closed(session, NOW)  # steps in the log alone change no figure
    with worked.db.writing() as session:
        assert service.follow_figures(session, NOW) == 0
        a_case(session, worked)
        session.flush()
        assert service.follow_figures(session, NOW) >= 1
    with worked.db.reading() as session:
        found = opendata.changes(session, NOW, "statistics", service.SOURCES["statistics"], 0, 10, "")
    assert [line.kind for line in found.lines] == ["created", "changed"]
