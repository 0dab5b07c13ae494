"""What may a page of ours load, and in whose frames may it be shown? (Content-Security-Policy)"""

from collections.abc import Sequence


def framed_by(origins: Sequence[str] = ()) -> str:
    """The policy of our pages; shown in nobody's frame but those of ``origins``."""
    ancestors = " ".join(origins) or "'none'"
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"frame-ancestors {ancestors}; form-action 'self'; base-uri 'none'; object-src 'none'"
    )
