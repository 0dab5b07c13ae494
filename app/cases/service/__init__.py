"""What an office does with a case, one function per step. Load → ask a rule → write → log.

One file a subject; whoever calls asks here and need not know which.
"""

from app.cases.service.acting import ACTION_DETAILS, act
from app.cases.service.asking import answer_inquiry, lapse_inquiries
from app.cases.service.citizen import follow, rate, reopen_by_requester
from app.cases.service.clocks import limit_of, profile_of, review_step, step_times
from app.cases.service.ending import CLOSES_AFTER, close_replied
from app.cases.service.moving import SYSTEM_ROLES, move
from app.cases.service.pausing import answer_by_requester, set_pace
from app.cases.service.photos import add_photo, may_add_photo, remove_photo, require_may_add_photo
from app.cases.service.promising import ASKED, expected_on, told
from app.cases.service.recounting import (
    Moved,
    follow_calendar,
    load_arrangement,
    preview_moves,
    recount_due,
    set_local_day,
)
from app.cases.service.reminding import pass_closed_windows, remind_departments
from app.cases.service.returning import return_until
from app.cases.service.routing import learn_routing
from app.cases.service.rules import set_ladder, set_profile
from app.cases.service.taking_in import (
    import_file,
    preview_file,
    receive_letter,
    take_in,
    take_in_arrivals,
)

__all__ = [
    "ACTION_DETAILS",
    "ASKED",
    "CLOSES_AFTER",
    "SYSTEM_ROLES",
    "Moved",
    "act",
    "add_photo",
    "answer_by_requester",
    "answer_inquiry",
    "close_replied",
    "expected_on",
    "follow",
    "follow_calendar",
    "import_file",
    "lapse_inquiries",
    "learn_routing",
    "limit_of",
    "load_arrangement",
    "may_add_photo",
    "move",
    "pass_closed_windows",
    "preview_file",
    "preview_moves",
    "profile_of",
    "rate",
    "receive_letter",
    "recount_due",
    "remind_departments",
    "remove_photo",
    "reopen_by_requester",
    "require_may_add_photo",
    "return_until",
    "review_step",
    "set_ladder",
    "set_local_day",
    "set_pace",
    "set_profile",
    "step_times",
    "take_in",
    "take_in_arrivals",
    "told",
]
