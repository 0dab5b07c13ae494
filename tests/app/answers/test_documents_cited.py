"""Documents are kept once, linked both ways, and what is repealed is work (C17)."""

from datetime import date

import pytest

from kb import queries, service
from kb.basis import identity_of
from kb.errors import EntryInvalid, EntryNotFound
from kb.states import RecheckReason
from tests.app.answers.acting import LOST_CARD, proposed, published
from tests.conftest import NOW, TheOffice


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"number": "云政发〔2025〕12号"}, {"number": "云政发[2025] 12 号"}, True),
        ({"title": "《云泽市居住证管理办法》"}, {"title": "云泽市居住证管理办法"}, True),
        (
            {"title": "甲办法", "number": "云政发〔2025〕12号"},
            {"title": "乙", "number": "云政发（2025）12号"},
            True,
        ),
        ({"number": "云政发〔2025〕12号"}, {"number": "云政发〔2024〕12号"}, False),
    ],
)
def test_a_document_is_known_by_its_number_else_by_its_title(one, other, same):
    assert (identity_of(one) == identity_of(other)) is same


@pytest.mark.clause("C17")
def test_two_answers_rest_on_one_document_and_a_draft_rewritten_cites_what_it_says_now(office: TheOffice):
    with office.db.writing() as session:
        first, version = published(session, office)
        again = {
            **LOST_CARD,
            "question": "社保卡坏了怎么办",
            "basis": [{"title": "别名", "number": "云人社规[2025]6号"}],
        }
        second, _ = published(session, office, again)
        draft = proposed(session, office, {**LOST_CARD, "basis": [{"title": "新办法"}]}, entry_id=first.id)
        ((document, times),) = queries.documents(session, "云人社规")
        assert times == 2
        assert [entry.id for entry, _ in queries.citing(session, document.id)] == [second.id, first.id]
        assert [one.title for one in queries.documents_of_version(session, first.id, draft.number)] == [
            "新办法"
        ]
        assert queries.documents_of_version(session, first.id, version.number) == [document]


@pytest.mark.clause("C17")
def test_a_new_version_or_a_word_settles_what_must_be_looked_at_again(office: TheOffice):
    with office.db.writing() as session:
        entry, _ = published(session, office)
        ((document, _),) = queries.documents(session)
        (row,) = service.repeal(session, NOW, document.id, on=date(2026, 10, 1), replaced_by="新办法")
        assert "由《新办法》代替" in row.detail
        assert service.repeal(session, NOW, document.id, on=date(2026, 10, 1), replaced_by="新办法") == []
        with pytest.raises(EntryInvalid):
            service.settle_recheck(session, NOW, row.id, "刘洋", " ")
        service.reinstate(session, NOW, document.id)
        assert queries.open_rechecks(session, entry.id) == []
        assert service.recheck(session, NOW, entry.id, RecheckReason.EXPIRED, "已过有效期") is not None
        published(session, office, {**LOST_CARD, "text": "请带身份证办理。"}, entry_id=entry.id)
        assert queries.open_rechecks(session, entry.id) == []
        with pytest.raises(EntryNotFound):
            service.document_of(session, 999)
