"""An office that listens on [::1] only: pages, pushes, and limits that count a subscriber's whole /64."""

import socket
from pathlib import Path

import httpx
import pytest

from tests.faults.office import post, prepared, tallies
from tests.live import eventually

ASKS = "oTEST0000000000000000000001"


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.timeout(120)
@pytest.mark.skipif(not _has_ipv6(), reason="no IPv6 on this machine")
def test_an_office_on_ipv6_alone(tmp_path: Path, sqlite_url: str) -> None:
    # The proxy of this office stands on ::1 too, and says whose connection it is.
    with prepared(tmp_path, sqlite_url, host="::1", more={"HUIYING_TRUSTED_PROXIES": "::1"}) as made:
        made.live.start()
        with httpx.Client(base_url=made.live.url, timeout=10, trust_env=False) as client:
            assert client.get("/").status_code == 200
            push = made.sandbox.push_of(made.sandbox.inner_xml("text", ASKS), ASKS)
            assert post(client, made.webhook(), push)
            eventually(lambda: tallies(made.db)["cases"] == 1, what="the case")
            page = client.get("/progress").text
            token = page.partition('name="csrf_token" value="')[2].partition('"')[0]

            def look_up(number: int, address: str) -> int:
                form = {"number": f"20261009-{number}ABCDE", "code": "22222222", "csrf_token": token}
                return client.post("/progress", data=form, headers={"X-Forwarded-For": address}).status_code

            # Six wrong codes from six addresses of one subscriber: the sixth is refused.
            tried = [look_up(n, f"2001:db8:1:2::{n}") for n in range(2, 8)]
            # A neighbour with another /64 is not refused for it.
            neighbour = look_up(8, "2001:db8:1:3::1")
        assert tried[5] == 429 and 429 not in [*tried[:5], neighbour], (tried, neighbour)
