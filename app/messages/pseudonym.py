"""Which pseudonym stands for a platform's user? Keyed, per account; nothing links two platforms (A25)."""

from typing import Protocol


class Pseudonyms(Protocol):
    """Whoever holds the key."""

    def pseudonym(self, text: str, purpose: str) -> str: ...


def pseudonym_of(keys: Pseudonyms, account_id: int, sender: str) -> str:
    """26 characters; the same person on another account has another one."""
    return keys.pseudonym(f"{account_id}:{sender}", "requester")


def shown(pseudonym: str) -> str:
    """The short form on screens, e.g. 化名 K7M2."""
    return pseudonym[:4]
