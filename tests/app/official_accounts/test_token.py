"""The access token of an account has one keeper: many processes, one refresh (reliability §5)."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from sqlmodel import select

from app.official_accounts import queries, service
from app.official_accounts.models import AccountToken
from app.official_accounts.service import HeldToken
from connectors.errors import DeliveryError
from tests.conftest import NOW, TheOffice

MINUTE = timedelta(minutes=1)


class Platform:
    """A WeChat that gives out numbered tokens, or an error, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: dict[str, object] | None = None
        self.meanwhile: Callable[[], object] | None = None
        self._one = threading.Lock()

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, _: httpx.Request) -> httpx.Response:
        with self._one:
            self.asked += 1
            number = self.asked
        if self.meanwhile:
            self.meanwhile()
        told = self.error or {"access_token": f"TOKEN-NUMBER-{number}", "expires_in": 7200}
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(told).encode()))


@pytest.fixture
def platform() -> Platform:
    return Platform()


def token(
    office: TheOffice, platform: Platform, *, minutes: int = 0, force: bool = False, seen: int | None = None
) -> HeldToken:
    """The token so many minutes after `NOW`."""
    found = service.token_for(
        office.db,
        NOW + minutes * MINUTE,
        office.accounts["wechat"].id,
        force=force,
        seen_generation=seen,
        transport=platform.transport(),
    )
    assert found is not None
    return found


def test_a_token_is_fetched_once_and_kept_sealed(office: TheOffice, platform: Platform) -> None:
    first, second = token(office, platform), token(office, platform, minutes=60)
    assert (first.value, first.generation, platform.asked) == ("TOKEN-NUMBER-1", 1, 1)
    assert second == first
    assert first.ends_at == NOW + 120 * MINUTE
    assert "TOKEN" not in repr(first)
    with office.db.reading() as session:
        row = session.exec(select(AccountToken)).one()
    assert "TOKEN" not in row.token_sealed
    assert row.lease_until is None


@pytest.mark.parametrize(("minutes", "asked"), [(114, 1), (115, 2), (119, 2), (121, 2)])
def test_it_is_renewed_five_minutes_before_it_ends(
    office: TheOffice, platform: Platform, minutes: int, asked: int
) -> None:
    token(office, platform)
    assert token(office, platform, minutes=minutes).value == f"TOKEN-NUMBER-{asked}"
    assert platform.asked == asked


def test_many_that_were_refused_refresh_once(office: TheOffice, platform: Platform) -> None:
    first = token(office, platform)
    found = [token(office, platform, force=True, seen=first.generation) for _ in range(5)]
    assert {one.value for one in found} == {"TOKEN-NUMBER-2"}
    assert platform.asked == 2


def test_forcing_without_a_generation_always_fetches(office: TheOffice, platform: Platform) -> None:
    token(office, platform)
    assert token(office, platform, force=True).generation == 2
    assert token(office, platform, force=True).generation == 3


def test_many_processes_at_once_ask_the_platform_once(office: TheOffice, platform: Platform) -> None:
    """While one fetches, the others are told to come back; nobody asks a second time."""

    def take(_: int) -> str:
        try:
            return token(office, platform).value
        except DeliveryError as busy:
            return busy.kind

    with ThreadPoolExecutor(6) as together:
        found = list(together.map(take, range(12)))
    assert platform.asked == 1
    assert set(found) <= {"TOKEN-NUMBER-1", "back_off"}
    assert "TOKEN-NUMBER-1" in found


def test_while_one_fetches_the_others_use_the_old_token_as_long_as_it_lives(
    office: TheOffice, platform: Platform
) -> None:
    token(office, platform)
    others: list[HeldToken] = []
    platform.meanwhile = lambda: others.append(token(office, platform, minutes=116))
    assert token(office, platform, minutes=116).value == "TOKEN-NUMBER-2"
    assert [one.value for one in others] == ["TOKEN-NUMBER-1"]
    assert platform.asked == 2


def test_while_one_fetches_after_the_end_the_others_come_back_later(
    office: TheOffice, platform: Platform
) -> None:
    token(office, platform)
    told: list[str] = []

    def another() -> None:
        with pytest.raises(DeliveryError) as busy:
            token(office, platform, minutes=121)
        told.append(f"{busy.value.kind}/{busy.value.code}")

    platform.meanwhile = another
    token(office, platform, minutes=121)
    assert told == ["back_off/token_busy"]


def test_a_process_that_died_while_fetching_blocks_for_thirty_seconds_only(
    office: TheOffice, platform: Platform
) -> None:
    number = office.accounts["wechat"].id
    with office.db.writing() as session:
        session.add(
            AccountToken(account_id=number, lease_until=NOW + timedelta(seconds=30), lease_holder="dead")
        )
    with pytest.raises(DeliveryError):
        token(office, platform)
    assert platform.asked == 0
    assert token(office, platform, minutes=1).generation == 1


def test_who_lost_the_lease_does_not_overwrite_the_newer_token(office: TheOffice, platform: Platform) -> None:
    """A process hangs for a minute while fetching; another has fetched and stored meanwhile."""

    def another() -> None:
        platform.meanwhile = None
        token(office, platform, minutes=1)

    platform.meanwhile = another
    late = token(office, platform)
    with office.db.reading() as session:
        kept = queries.token_row(session, office.accounts["wechat"].id)
    assert kept is not None
    assert (kept.generation, platform.asked) == (1, 2)
    assert late.value == "TOKEN-NUMBER-2", "the one that is kept"


def test_a_refusal_gives_the_lease_back_and_alarms(office: TheOffice, platform: Platform) -> None:
    platform.error = {"errcode": 40125, "errmsg": "invalid appsecret"}
    with pytest.raises(DeliveryError) as refused:
        token(office, platform)
    assert refused.value.kind == "stop"
    with office.db.reading() as session:
        assert queries.get(session, office.accounts["wechat"].id).trouble == refused.value.message_zh
    platform.error = None
    assert token(office, platform).generation == 1, "at once, not after the lease"
    with office.db.reading() as session:
        assert queries.get(session, office.accounts["wechat"].id).trouble == ""


def test_platforms_without_tokens_have_none(office: TheOffice) -> None:
    assert service.token_for(office.db, NOW, office.accounts["hotline"].id) is None


def test_changed_settings_forget_the_token(office: TheOffice, platform: Platform) -> None:
    token(office, platform)
    with office.db.writing() as session:
        service.change_settings(
            session, NOW, None, office.accounts["wechat"].id, {"app_secret": "anotherSecret0123456789"}
        )
    assert token(office, platform).value == "TOKEN-NUMBER-2"
