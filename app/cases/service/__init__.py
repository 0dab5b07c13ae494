"""What an office does with a case, one function per step. Load → ask a rule → write → log.

One file a subject; whoever calls asks here and need not know which.
"""

from app.cases.service.acting import ACTION_DETAILS, act
from app.cases.service.citizen import follow, rate, reopen_by_requester
from app.cases.service.ending import CLOSES_AFTER, close_replied
from app.cases.service.handing_over import answer_inquiry
from app.cases.service.moving import SYSTEM_ROLES, move
from app.cases.service.reminding import pass_closed_windows, remind_departments
from app.cases.service.taking_in import import_file, receive_letter, take_in, take_in_arrivals

__all__ = [
    "ACTION_DETAILS",
    "CLOSES_AFTER",
    "SYSTEM_ROLES",
    "act",
    "answer_inquiry",
    "close_replied",
    "follow",
    "import_file",
    "move",
    "pass_closed_windows",
    "rate",
    "receive_letter",
    "remind_departments",
    "reopen_by_requester",
    "take_in",
    "take_in_arrivals",
]
