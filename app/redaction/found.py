"""What is a find: which characters, what they are, what gave them away, and may they stay?"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a hit is; the values are those of the labelled sets."""

    PHONE = "phone"
    ID_CARD = "id_card"
    BANK_CARD = "bank_card"
    EMAIL = "email"
    QQ = "qq"
    WECHAT = "wechat"
    PLATE = "plate"
    ACCOUNT = "account"
    PASSPORT = "passport"
    DOCUMENT = "document"
    COURT_CASE = "court_case"
    LONG_NUMBER = "long_number"
    BIRTHDAY = "birthday"
    LINK = "link"
    DEVICE = "device"
    POSITION = "position"
    NAME = "name"
    ADDRESS = "address"
    AGE = "age"
    TIME = "time"
    PRIVATE_DAY = "private_day"


@dataclass(frozen=True, order=True)
class Found:
    """A span of the folded text and what it is."""

    start: int
    end: int
    kind: Kind
    cue: str = ""
    """What gave it away, in a few Chinese words."""
    coarse: str = ""
    """Of an address the part that may stay (区、街道、社区); of an age, a time or a day what is said instead."""
    is_public: bool = False
    """An office's own number: shown to the person who confirms, and left readable."""
    is_odd: bool = False
    """Written so that a part of it may have escaped: a person should look."""
