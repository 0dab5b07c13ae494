"""What happens in the office whatever the letters: jobs, the disclosure officers' hours, alerts settled."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from app.alerts import service as alerts
from app.alerts.models import Alert
from app.base.errors import Invalid
from app.calendar.workdays import at_time
from app.cases import service as cases
from app.cases.models import Case
from app.disclosure import queries as disclosures
from app.disclosure import service as disclosure
from app.disclosure.decision import tidied
from app.disclosure.models import Disclosure
from app.notices import service as notices
from app.opendata import service as opendata
from app.sample.house import DISCLOSERS, House
from app.sample.plan import Plan
from app.sample.stage import Life, Stage
from app.staff.roles import Person

Job = Callable[[Session, datetime], int]
JOBS: tuple[tuple[str, Job], ...] = (
    ("02:00", cases.close_replied),
    ("08:00", cases.remind_departments),
    ("08:05", alerts.scan_new_cases),
    ("12:30", alerts.scan_new_cases),
    ("13:00", cases.remind_departments),
    ("17:00", cases.remind_departments),
    ("17:10", disclosure.propose_closed),
    ("17:20", alerts.scan_new_cases),
    ("17:40", opendata.follow_sources),
)
"""Once or a few times a day instead of every minute; nobody could tell the difference afterwards."""
AT_MOST = 40
REASONS = (
    ("privacy", ""),
    ("privacy", ""),
    ("privacy", ""),
    ("other", "《云泽市政府信息公开工作规定》（云泽示〔2024〕9 号）第十二条"),
)
WITHDRAWALS = ("requested", "privacy", "incorrect")
HIDDEN = "〔隐去〕"


class Days:
    """The office's days from the first letter to the last evening."""

    def __init__(self, stage: Stage, house: House, plans: dict[str, Plan]) -> None:
        self.stage, self.house, self.plans = stage, house, plans
        self._withheld = self._withdrawn = 0

    def expect(self, first: date, last: date) -> None:
        """Put every day's jobs and the officers' hours on the stage."""
        for offset in range((last - first).days + 1):
            on = first + timedelta(days=offset)
            for clock, job in JOBS:
                self.stage.begin(at_time(on, clock), self._job(job))
            if self.stage.calendar.is_working_day(on):
                self.stage.begin(at_time(on, "10:20"), self._screen(DISCLOSERS[offset % 2]))
                self.stage.begin(at_time(on, "16:10"), self._settle_alerts())
        self.stage.begin(at_time(last - timedelta(days=1), "12:00"), self._read_notices())

    def _job(self, job: Job) -> Life:
        job(self.stage.session, self.stage.now)
        yield from ()

    def _read_notices(self) -> Life:
        for person in self.house.people.values():
            notices.read_all(self.stage.session, self.stage.now, person)
        yield from ()

    def _settle_alerts(self) -> Life:
        session, now = self.stage.session, self.stage.now
        wanted = select(Alert).where(
            col(Alert.settled_at).is_(None), Alert.raised_at < now - timedelta(hours=20)
        )
        for alert in list(session.exec(wanted)):
            alerts.settle(session, now, self.house.leader(), alert.id, "已看过来信并提醒承办单位先处理")
        yield from ()

    # ------------------------------------------------------------ disclosure

    def _screen(self, who: str) -> Life:
        """An officer goes through what waits, a few minutes each."""
        officer = self.house.people[who]
        waiting = disclosures.waiting(self.stage.session, limit=AT_MOST).items
        for disclosure_id in [listed.disclosure.id for listed in waiting]:
            listed = disclosures.get(self.stage.session, disclosure_id)
            plan = self.plans.get(listed.case.number)
            if plan is None or plan.disclosure == "wait":
                continue
            if plan.disclosure == "withhold":
                self._withhold(officer, disclosure_id)
            else:
                self._publish(officer, listed.disclosure, listed.case, plan)
            if plan.disclosure == "withdraw":
                reason = WITHDRAWALS[self._withdrawn % len(WITHDRAWALS)]
                self._withdrawn += 1
                later = self.stage.now + timedelta(days=3 + self._withdrawn, hours=2)
                self.stage.begin(later, self._withdraw(officer, listed.case.number, reason))
            yield self.stage.desk(4)

    def _withhold(self, officer: Person, disclosure_id: int) -> None:
        reason, basis = REASONS[self._withheld % len(REASONS)]
        self._withheld += 1
        opendata.withhold(
            self.stage.session, self.stage.now, officer, disclosure_id, reason=reason, legal_basis=basis
        )

    def _publish(self, officer: Person, proposed: Disclosure, case: Case, plan: Plan) -> None:
        """As proposed, but: a name that is still to be read is hidden, a word that is no name is shown again."""
        session, now = self.stage.session, self.stage.now
        personal = plan.letter.personal
        read = {name: getattr(proposed, name) for name in ("title", "summary", "message", "reply")}
        texts = {name: _hidden(text, personal) for name, text in read.items()}
        written = disclosure.originals(session, case)
        for name in ("title", "reply") if case.public_consent else ("reply",):
            if not _touches(written[name], personal):
                texts[name] = written[name]
        if texts != read:
            disclosure.edit(session, now, officer, proposed.id, **texts)
        digest = tidied(**texts).digest
        try:
            opendata.publish(
                session, now, officer, proposed.id, digest=digest, considered=tuple(proposed.flags), **texts
            )
        except Invalid:
            self._withhold(officer, proposed.id)

    def _withdraw(self, officer: Person, number: str, reason: str) -> Life:
        opendata.withdraw(self.stage.session, self.stage.now, officer, number, reason=reason)
        yield from ()


def _hidden(text: str, personal: tuple[str, ...]) -> str:
    for words in personal:
        text = text.replace(words, HIDDEN)
    return text


def _touches(text: str, personal: tuple[str, ...]) -> bool:
    """Whether any part of what is personal stands in the text, or anything like a number of somebody's."""
    parts = {
        words[place : place + _PART] for words in personal for place in range(max(len(words) - _PART + 1, 1))
    }
    return any(part in text for part in parts) or bool(_LONG_NUMBER.search(text))


_PART = 3
_LONG_NUMBER = re.compile(r"\d{7}")
