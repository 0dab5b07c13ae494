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


def number_drawn(received_on: date, drawn: str) -> str:
    """A number as `new_number` makes it, of a digest (64 hex characters) instead of chance."""
    return f"{received_on:%Y%m%d}-" + _characters(drawn[:32], 6)


def code_drawn(drawn: str) -> str:
    """A look-up code as `new_lookup_code` makes it, of the other half of the digest."""
    return _characters(drawn[32:64], CODE_LENGTH)


def _characters(hexadecimal: str, count: int) -> str:
    value, made = int(hexadecimal, 16), []
    for _ in range(count):
        value, place = divmod(value, len(ALPHABET))
        made.append(ALPHABET[place])
    return "".join(made)


def slip_number(kind: str, year: int, serial: int) -> str:
    """催〔2026〕17号, 督〔2026〕3号."""
    return f"{'督' if kind == 'supervision' else '催'}〔{year}〕{serial}号"


def tidy(text: str) -> str:
    """What a person typed, as it is kept: capitals, without blanks, full-width characters made plain."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def is_number(text: str) -> bool:
    """Whether ``text`` has the form of a case number."""
    return bool(_NUMBER.fullmatch(text))
