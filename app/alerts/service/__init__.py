"""舆情: noticing, working through the steps, writing papers, keeping words and contacts."""

from app.alerts.service.keeping import add_contact, end_contact, how_to_reach, set_word
from app.alerts.service.noticing import (
    raise_by_hand,
    remind_of_alerts,
    scan_new_cases,
    watch_unassigned,
    watch_volumes,
)
from app.alerts.service.working import acknowledge, advance, assess, issue_paper, settle

__all__ = [
    "acknowledge",
    "add_contact",
    "advance",
    "assess",
    "end_contact",
    "how_to_reach",
    "issue_paper",
    "raise_by_hand",
    "remind_of_alerts",
    "scan_new_cases",
    "set_word",
    "settle",
    "watch_unassigned",
    "watch_volumes",
]
