"""What happens in the office whatever the letters: jobs, the disclosure officers' hours, alerts settled."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from app.alerts import service as alerts
from app.alerts import steps
from app.alerts.models import Alert
from app.alerts.papers import Kind
from app.alerts.steps import Level
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
NOTICED = ("评论区有人连续转发这件事", "同一小区的群里在议论这件事")
DONE_WORDS = {
    steps.Stage.HANDLED: "承办单位已到现场处理",
    steps.Stage.RESPONDED: "已在原来的平台公开说明情况",
}


class Days:
    """The office's days from the first letter to the last evening."""

    def __init__(self, stage: Stage, house: House, plans: dict[str, Plan]) -> None:
        self.stage, self.house, self.plans = stage, house, plans
        self._withheld = self._withdrawn = 0
        self._reported = False

    def expect(self, first: date, last: date) -> None:
        """Put every day's jobs and the officers' hours on the stage."""
        for offset in range((last - first).days + 1):
            on = first + timedelta(days=offset)
            for clock, job in JOBS:
                self.stage.begin(at_time(on, clock), self._job(job))
            self.stage.begin(at_time(on, "18:20"), self._judge_alerts())
            if self.stage.calendar.is_working_day(on):
                self.stage.begin(at_time(on, "10:20"), self._screen(DISCLOSERS[offset % 2]))
                self.stage.begin(at_time(on, "16:10"), self._settle_alerts())
        self.stage.begin(self.stage.ends_at - timedelta(minutes=80), self._notice_by_hand())
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
        leader = self.house.leader()
        for alert in list(session.exec(wanted)):
            is_major = not self._reported and not session.get_one(Case, alert.case_id).open
            if is_major:
                self._report(alert, leader)
            elif alert.stage == steps.Stage.WARNED:
                self._assess(alert, Level.ORDINARY, leader)
            for step in (steps.Stage.HANDLED, steps.Stage.RESPONDED):
                alerts.advance(session, now, leader, alert.id, step=step, note=DONE_WORDS[step])
            alerts.settle(session, now, leader, alert.id, "已看过来信并提醒承办单位先处理")
        yield from ()

    def _notice_by_hand(self) -> Life:
        """Two things somebody noticed this evening: one is judged, one waits."""
        session, now, leader = self.stage.session, self.stage.now, self.house.leader()
        newest = select(Case.number).where(col(Case.open)).order_by(col(Case.id).desc()).limit(len(NOTICED))
        for place, (number, words) in enumerate(zip(session.exec(newest).all(), NOTICED, strict=False)):
            alert = alerts.raise_by_hand(session, now, leader, number, words)
            if place == 0:
                self._assess(alert, Level.ORDINARY, leader)
        yield from ()

    def _judge_alerts(self) -> Life:
        """The duty leader looks at what came: so the board has some that wait for the next step."""
        wanted = select(Alert).where(Alert.stage == steps.Stage.WARNED, col(Alert.settled_at).is_(None))
        for alert in list(self.stage.session.exec(wanted.order_by(col(Alert.id)).limit(AT_MOST))):
            if alert.id % 5 < 3:
                self._assess(alert, Level.ORDINARY, self.house.leader())
        yield from ()

    def _assess(self, alert: Alert, level: Level, leader: Person) -> None:
        alerts.assess(
            self.stage.session, self.stage.now, leader, alert.id,
            level=level, responsible_id=leader.id, note="已核实来信，影响范围有限",
        )  # fmt: skip

    def _report(self, alert: Alert, leader: Person) -> None:
        """One grave matter in the sixty days: reported to the net-information office, which has it in writing."""
        session, now = self.stage.session, self.stage.now
        self._reported = True
        contact = alerts.add_contact(
            session, now, leader, unit="云泽市委网信办（示例）", sphere="网信", how="值班室 0000-0000001"
        )
        self._assess(alert, Level.MAJOR, leader)
        paper = alerts.issue_paper(
            session, now, leader, alert.id, kind=Kind.REPORT, contact_id=contact.id,
            facts="有来信反映突发情况，评论区有人转发。", judgement="关注度上升，需要公开说明。",
            measures="已派人到现场，正在写情况说明。",
        )  # fmt: skip
        alerts.acknowledge(session, now, leader, paper.id, "网信办值班员电话确认收到")

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
