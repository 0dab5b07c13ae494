"""What is done with a reply: draft, check, send for review, review, release, deliver, settle, correct.

One file a subject; whoever calls asks here and need not know which.
"""

from app.replies.service.carrying_back import HEADINGS, enter_many, write_table
from app.replies.service.checking import check
from app.replies.service.delivering import deliver_released
from app.replies.service.following import correct_to, hold_to
from app.replies.service.joining import deliver_to_merged
from app.replies.service.moderating import drop_moderation, moderate, moderate_comments, settle_moderation
from app.replies.service.reviewing import LEVELS, give_opinion, raise_level, release, submit, withdraw
from app.replies.service.settling import SETTLERS, enter_by_hand, retry, settle_delivery
from app.replies.service.within import ANSWERED, WRITERS
from app.replies.service.writing import (
    WRITABLE,
    basis_words,
    correct,
    draft,
    insert_answer,
    offer_short_text,
    repair,
)

__all__ = [
    "ANSWERED",
    "HEADINGS",
    "LEVELS",
    "SETTLERS",
    "WRITABLE",
    "WRITERS",
    "basis_words",
    "check",
    "correct",
    "correct_to",
    "deliver_released",
    "deliver_to_merged",
    "draft",
    "drop_moderation",
    "enter_by_hand",
    "enter_many",
    "give_opinion",
    "hold_to",
    "insert_answer",
    "moderate",
    "moderate_comments",
    "offer_short_text",
    "raise_level",
    "release",
    "repair",
    "retry",
    "settle_delivery",
    "settle_moderation",
    "submit",
    "withdraw",
    "write_table",
]
