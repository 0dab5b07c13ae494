"""How long is a text on Weibo?

As Weibo's own counter beside the box counts (``kit.extra.count`` of its pages): two half-width characters are
one, rounded up; what takes two units of UTF-16 (most emoji) is two; a link counts as the short one that will
stand in its place. Only http:// is known to that counter: an https:// link counts as it is written.
"""

import re

MAX_COMMENT = 140
MAX_PRIVATE = 300

LINK = re.compile(r"http://[a-z0-9]+(?:\.[a-z0-9]+)+[-a-z0-9_$.+!*()/,:;@&=?~#%]*", re.IGNORECASE)
OWN = re.compile(r"http://(?:t\.sina\.com\.cn|t\.sina\.cn|weibo\.com|weibo\.cn)")
SHORT_LINK = "http://t.cn"
HALVES_OF_A_SHORT_LINK = 20
LONGEST_OWN_LINK_KEPT = 41
LONGEST_LINK_SHORTENED = 140


def weibo_length(text: str) -> int:
    """The length in Weibo's characters. A line break counts as one half, however it was written."""
    unified = text.replace("\r\n", "\n")
    links = [link for link in LINK.findall(unified) if not link.startswith(SHORT_LINK)]
    saved = sum(_halves(link) - _halves_of_link(link) for link in links)
    return (_halves(unified) - saved + 1) // 2


def _halves(text: str) -> int:
    return sum(1 if ord(c) <= 0xFF else 2 if ord(c) <= 0xFFFF else 4 for c in text)


def _halves_of_link(link: str) -> int:
    """A link up to 140 halves becomes a short one; of a longer one the rest stays beside it."""
    halves = _halves(link)
    if OWN.match(link) and halves <= LONGEST_OWN_LINK_KEPT:
        return halves
    return HALVES_OF_A_SHORT_LINK + max(halves - LONGEST_LINK_SHORTENED, 0)
