"""Whose attempts are counted together, and is this machine asking itself? Addresses as addresses."""

import ipaddress

V6_PREFIX = 64
"""One subscriber has a whole /64; counting single IPv6 addresses would count nothing."""

UNKNOWN = "unknown"


def limit_key(address: str) -> str:
    """What the attempts from ``address`` are counted under: the IPv4 address, or the /64 of an IPv6 one.

    An IPv4 address written as IPv6 (::ffff:192.0.2.1) is the IPv4 address. What is no address at all
    shares one key, so that it cannot be used to get around the limit.
    """
    found = _parsed(address)
    if found is None:
        return UNKNOWN
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((found, V6_PREFIX), strict=False))
    return str(found)


def is_loopback(address: str) -> bool:
    """Whether ``address`` is this machine's own: 127.0.0.0/8 or ::1."""
    found = _parsed(address)
    return found is not None and found.is_loopback


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(address.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
