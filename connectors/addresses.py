"""Does a call come from where a platform says it calls from, and may we call the address somebody filled in?

Source: developers.weixin.qq.com, getcallbackip: plain addresses and networks mixed, changing over time.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address


def allowed(address: str, listed: Iterable[str]) -> bool:
    """True where ``address`` is one of the listed addresses or lies in one of the listed networks.

    ``address`` is that of the caller as the trusted proxy saw it, never a header anybody can write. An
    IPv4 address wrapped into IPv6 counts as itself. What is no address is not allowed; an entry of the
    list that cannot be read allows nobody.
    """
    caller = _address(address)
    return caller is not None and any(_holds(entry, caller) for entry in listed)


def may_call(address: str, *, inside: bool = False) -> bool:
    """True where an address that people fill in may be called: a public one, or with ``inside`` one of a
    private network (the government's own). Never this machine, nor what is bound to its link: there stand
    services that trust whoever can reach them.
    """
    found = _address(address)
    if (
        found is None
        or found.is_loopback
        or found.is_link_local
        or found.is_multicast
        or found.is_unspecified
    ):
        return False
    return found.is_global or (inside and found.is_private and not found.is_reserved)


def readable(listed: Iterable[str]) -> tuple[str, ...]:
    """Those entries that are addresses or networks, in their order: the rest would allow nobody."""
    return tuple(entry.strip() for entry in listed if _is_network(entry))


def _address(words: str) -> Address | None:
    try:
        found = ip_address(words.strip())
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _holds(entry: str, caller: Address) -> bool:
    if not _is_network(entry):
        return False
    return caller in ip_network(entry.strip(), strict=False)


def _is_network(entry: str) -> bool:
    try:
        ip_network(entry.strip(), strict=False)
    except ValueError:
        return False
    return True
