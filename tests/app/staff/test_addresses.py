"""Whose attempts are counted together?"""

import pytest

from app.staff.addresses import UNKNOWN, is_loopback, limit_key


@pytest.mark.parametrize(
    ("address", "key", "why"),
    [
        ("192.0.2.7", "192.0.2.7", "an IPv4 address stands for itself"),
        ("::ffff:192.0.2.7", "192.0.2.7", "written as IPv6 it is the same machine"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64", "one subscriber has a whole /64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64", "and any address in it"),
        ("2001:0db8:0001:0002::0001", "2001:db8:1:2::/64", "however it is written"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64", "the next /64 is somebody else"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64", "in brackets"),
        ("fe80::1%eth0", "fe80::/64", "with a zone"),
        ("::1", "::/64", "loopback"),
        (" 192.0.2.7 ", "192.0.2.7", "with spaces"),
        ("not an address", UNKNOWN, "what is no address cannot get around the limit"),
        ("", UNKNOWN, "nor can nothing"),
        ("192.0.2.7.example", UNKNOWN, "nor a name"),
    ],
)
def test_attempts_are_counted_by_address_and_by_subscriber(address: str, key: str, why: str) -> None:
    assert limit_key(address) == key, why


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("[::1]", True),
        ("0:0:0:0:0:0:0:1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::2", False),
        ("127.0.0.1.example.com", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_only_this_machines_own_addresses_are_loopback(address: str, own: bool) -> None:
    assert is_loopback(address) is own
