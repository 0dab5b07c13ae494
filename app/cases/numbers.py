"""How do case numbers and look-up codes look? Random, easy to read out, nothing to guess or count by."""

import re
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date

# Without 0 O, 1 I L: the pairs that are misread on paper and over the telephone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 8
_NUMBER = re.compile(rf"[0-9]{{8}}-[{ALPHABET}]{{6}}")

Choice = Callable[[Sequence[str]], str]


def new_number(received_on: date, choice: Choice = secrets.choice) -> str:
    """`YYYYMMDD-` of the day of receipt (Shanghai) and 6 random characters."""
    return f"{received_on:%Y%m%d}-" + "".join(choice(ALPHABET) for _ in range(6))


def new_lookup_code(choice: Choice = secrets.choice) -> str:
    """8 random characters: 31^8, about 8.5e11 codes."""
    return "".join(choice(ALPHABET) for _ in range(CODE_LENGTH))


def tidy(text: str) -> str:
    """What a person typed, as it is kept: capitals, without blanks, full-width characters made plain."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def is_number(text: str) -> bool:
    """Whether ``text`` has the form of a case number."""
    return bool(_NUMBER.fullmatch(text))
