"""Telling people: in the house at once, outside by the outbox. What each name does is said where it is made."""

from app.notices.service.roster_watch import watch_roster
from app.notices.service.sending_out import send_outward, settle_sending
from app.notices.service.targets import add_target, change_target, close_target, try_target
from app.notices.service.telling import read, read_about, read_all, tell

__all__ = [
    "add_target",
    "change_target",
    "close_target",
    "read",
    "read_about",
    "read_all",
    "send_outward",
    "settle_sending",
    "tell",
    "try_target",
    "watch_roster",
]
