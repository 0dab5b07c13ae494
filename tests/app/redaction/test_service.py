"""What could not be checked in time is not publishable, and the rules in force are written down."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlmodel import Session, select

from app.base.db import Database
from app.redaction import masking, service
from app.redaction.models import RuleVersion

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


@pytest.fixture
def session(db: Database) -> Iterator[Session]:
    with db.writing() as session:
        yield session


@pytest.mark.clause("E14")
def test_a_text_that_takes_too_long_is_not_publishable() -> None:
    with pytest.raises(service.RedactionFailed, match="不能公开"):
        service.redact("路灯不亮", time_limit=-1)


@pytest.mark.clause("A24")
def test_a_text_that_breaks_a_rule_is_not_publishable_and_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str, **_options: object) -> masking.Redaction:
        raise KeyError(text)

    monkeypatch.setattr(service.masking, "redact", broken)

    with pytest.raises(service.RedactionFailed) as refusal:
        service.redact("我叫张伟")
    assert "张伟" not in refusal.value.message
    assert refusal.value.__cause__ is None


def test_an_endless_text_is_refused_unread() -> None:
    with pytest.raises(service.RedactionFailed, match="超过"):
        service.redact("路" * (service.LONGEST_TEXT + 1))


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "a.",
        "@",
        "3-2-301 ",
        "138****",
        "王",
        "联系人：",
        "人民路",
        "&#49;",
        "《",
        "1\n",
        "地址：东",
        "买·",
        "(",
    ],
)
def test_no_text_is_slow_enough_to_be_refused(piece: str) -> None:
    """20 kB of the worst input ends; what runs away (a quadratic pattern) takes minutes here, not seconds.

    The office's own limit is 2 s; on a busy machine that would be a test of the machine.
    """
    text = piece * (20_000 // len(piece.encode()))

    assert service.redact(text, time_limit=20.0).rule_version == masking.RULE_VERSION


@pytest.mark.clause("E14")
def test_the_rules_in_force_are_recorded_once(session: Session) -> None:
    first = service.record_rules(session, NOW, "首次启用")
    again = service.record_rules(session, NOW)

    assert first.id == again.id
    assert [row.version for row in session.exec(select(RuleVersion))] == [masking.RULE_VERSION]
    assert len(first.digest) == 64
