"""How long is a text on Weibo?"""

MAX_COMMENT = 140
MAX_PRIVATE = 300


def weibo_length(text: str) -> int:
    """Two half-width characters count as one, rounded up; what takes two units of UTF-16 (most emoji)
    counts as two."""
    halves = sum(1 if ord(c) <= 0xFF else 2 if ord(c) <= 0xFFFF else 4 for c in text)
    return (halves + 1) // 2
