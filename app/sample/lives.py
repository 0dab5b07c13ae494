"""What happens to a sample case, step by step, each by the person whose step it is?"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select

from app.base.clock import SHANGHAI
from app.cases import queries as case_queries
from app.cases import service as cases
from app.cases.models import Case, Inquiry
from app.cases.transitions import Action, Status
from app.replies import queries as reply_queries
from app.replies import service as replies
from app.replies.checklist import BLOCK, WARN
from app.replies.models import Delivery, Reply
from app.replies.routes import route_for
from app.sample.arrivals import Mail
from app.sample.house import ALL_GATES, CLERKS, DEPUTY, PRINCIPAL, REVIEWERS, House
from app.sample.plan import STOPS, Plan
from app.sample.stage import Life, Stage
from app.staff.roles import Person
from kb.review import Step, Verdict

Steps = Iterator[datetime]
REASONS: Mapping[str, str] = {
    "differs": "按来信人说的情况写，与口径的条件不矛盾，已与经办单位核对",
    "personal_data": "是办理这件事要用的公开信息，不是来信人的个人信息",
    "basis": "没有文件可引，写的是办理结果",
    "not_answered": "来信说法不同，说的是同一件事",
    "empty": "后面写了具体做法和日期",
}
OTHER_REASON = "已核对，保留原文"
FULL_ANSWER_AT = "全文凭编号和查询码在查询页看。"
SEND_BACK_NOTE = "没有写办理时限，请补上哪天办完、找谁问。"
ADDED = "有不清楚的，可打 12345 转我们，办公时间都有人接。"
RETURNED = "按职责分工，这件事不由我单位主管，请改派。"
BASIS = "本单位三定规定"
QUESTION = "请补充具体地址和发生的时间，方便我们去现场看。"
ANSWER = "补充：就在小区东门往里走，上个星期三晚上八点左右，之后每天都这样。"
AGAIN = "您说还没有解决，我们又去核实了一次。"
UNSOLVED = "说好的时间过了，还是老样子，请再看看。"
WRONG_WORD = "（更正：上次答复里的办理地点写得不完整，以这一份为准。）"
DONE = ("到现场看过并拍照", "与来信人通电话核对情况", "约来信人和对方当面调解", "派人维修并复查")
INQUIRIES = (
    (Action.VERIFY, "请核实来信反映的情况是否在您单位登记过。", "查过登记，情况属实。"),
    (Action.CO_SIGN, "答复涉及您单位职责，请看第二段写得对不对。", "已看，涉及我单位的部分准确。"),
)
NOTES = ("同意。", "内容与依据一致，同意。", "已核对政策口径，同意。")
_CLOSES_IN_HAND = 8.0  # office hours until a clerk closes what was answered


class Handling:
    """How the sample office works through its letters."""

    def __init__(self, stage: Stage, house: House) -> None:
        self.stage, self.house = stage, house
        self.mail = Mail(stage, house, self.handle)
        self.matters: dict[int, str] = {}
        self.plans: dict[str, Plan] = {}

    def handle(self, plan: Plan, number: str) -> Life:
        """The life of one case, from its being there to where its plan stops."""
        self.plans[number] = plan
        if plan.stop == "new":
            return
        yield self.stage.watch(45 * _pace(plan))
        if plan.stop in ENDINGS:
            ENDINGS[plan.stop](self, plan, number)
            return
        if plan.matter:
            self.matters[plan.matter] = number
        yield from self._taken_in(plan, number)
        if not self._goes_on(plan, "accepted"):
            return
        yield from self._worked_on(plan, number)
        if plan.stop == "waiting" or not self._goes_on(plan, "in_progress"):
            return
        yield from self._answered(plan, number, plan.letter.reply)
        if plan.stop in ("replied", "closed"):
            yield from self._afterwards(plan, number)

    # ------------------------------------------------------------ within

    def _goes_on(self, plan: Plan, step: str) -> bool:
        return STOPS.index(plan.stop) > STOPS.index(step)

    def _act(self, person: Person, number: str, action: Action, **details: Any) -> None:
        cases.act(self.stage.session, self.stage.now, person, number, action, **details)

    def _desk(self, plan: Plan, minutes: float) -> datetime:
        """When somebody is done; faster where the platform or the deadline leaves little time."""
        return self.stage.desk(minutes * _pace(plan))

    def _case(self, number: str) -> Case:
        found = case_queries.by_number(self.stage.session, number)
        assert found is not None  # the plan's own case
        return found

    def _clerk(self, plan: Plan) -> Person:
        return self.house.people[CLERKS[plan.index % len(CLERKS)]]

    def _handler(self, plan: Plan) -> Person:
        own = self.house.handlers[plan.letter.department]
        return own[plan.index % len(own)]

    def _writer(self, plan: Plan) -> Person:
        return self._clerk(plan) if "clerk" in plan.traits else self._handler(plan)

    def _elsewhere(self, plan: Plan) -> str:
        """Another department than the one in charge."""
        keys = [key for key in self.house.departments if key != plan.letter.department]
        return keys[plan.index % len(keys)]

    def _superior(self) -> Person:
        return self.house.people["fangduban"]

    # ------------------------------------------------------------ endings without a reply

    def _decline(self, plan: Plan, number: str) -> None:
        reason = plan.letter.reply.removeprefix("您好！").split("依据：")[0][:300]
        self._act(self._clerk(plan), number, Action.DECLINE, reason=reason)

    def _mark_invalid(self, plan: Plan, number: str) -> None:
        reason = plan.odd.reason if plan.odd else "empty"
        self._act(self._clerk(plan), number, Action.MARK_INVALID, reason=reason)

    def _merge(self, plan: Plan, number: str) -> None:
        self._act(self._clerk(plan), number, Action.MERGE, master=self.matters[plan.matter])

    # ------------------------------------------------------------ until a department has it

    def _taken_in(self, plan: Plan, number: str) -> Steps:
        clerk, letter = self._clerk(plan), plan.letter
        self._act(
            clerk, number, Action.ACCEPT,
            message_type=letter.type, category=letter.category, place=letter.place or "",
            sensitivity=letter.sensitivity, complex="complex" in plan.traits,
        )  # fmt: skip
        if "clerk" in plan.traits:
            yield self.stage.desk(60)
            self._drafted(plan, number, letter.reply)
        if "returned" in plan.traits:
            yield from self._sent_astray(plan, number, Action.RETURN)
        if plan.stop == "accepted":
            return
        if "transferred" in plan.traits:
            yield from self._sent_astray(plan, number, Action.TRANSFER)
            return
        yield self._desk(plan, 25)
        self._give(plan, number, letter.department)

    def _give(self, plan: Plan, number: str, department: str) -> None:
        own = department == plan.letter.department
        handler = self._handler(plan) if own else self.house.handlers[department][0]
        self._act(
            self._clerk(plan), number, Action.ASSIGN,
            department_id=self.house.departments[department], handler_id=handler.id,
        )  # fmt: skip

    def _sent_astray(self, plan: Plan, number: str, then: Action) -> Steps:
        """Given to a department that is not in charge; it says so, or the clerk sees it."""
        wrong = self._elsewhere(plan)
        yield self.stage.desk(30)
        self._give(plan, number, wrong)
        yield self.stage.desk(110)
        if then == Action.RETURN:
            self._act(self.house.handlers[wrong][0], number, Action.RETURN, reason=RETURNED, basis=BASIS)
            return
        self._act(
            self._clerk(plan), number, Action.TRANSFER, note=RETURNED,
            department_id=self.house.departments[plan.letter.department], handler_id=self._handler(plan).id,
        )  # fmt: skip

    # ------------------------------------------------------------ at the department

    def _worked_on(self, plan: Plan, number: str) -> Steps:
        if "reminded" in plan.traits:
            self.stage.begin(self._when_late(plan, number), self._reminded(plan, number))
        if plan.stop == "assigned":
            return
        if "clerk" not in plan.traits:
            yield self._desk(plan, 80)
            self._act(self._handler(plan), number, Action.ACKNOWLEDGE)
        if "supervised" in plan.traits:
            self.stage.begin(self._when_late(plan, number), self._supervised(plan, number))
        if "watched" in plan.traits:
            self.stage.begin(self.stage.desk(90), self._supervised(plan, number))
        for trait, step in ON_THE_WAY.items():
            if trait in plan.traits or (trait == "asked" and plan.stop == "waiting"):
                yield from step(self, plan, number)
        if not self._goes_on(plan, "in_progress") or plan.stop == "waiting":
            return
        yield self.stage.desk(plan.patience * 60)
        if "action" in plan.traits:
            self._act(
                self._handler(plan), number, Action.RECORD_ACTION, what=self.stage.dice.choice(DONE),
                done_on=self.stage.now.astimezone(SHANGHAI).date().isoformat(),
            )  # fmt: skip
            yield self.stage.desk(40)

    def _when_late(self, plan: Plan, number: str) -> datetime:
        return self.stage.hours.after(self._case(number).due_at, 30 + plan.index % 90)

    def _still_open(self, number: str) -> bool:
        return self._case(number).status in (Status.ASSIGNED, Status.IN_PROGRESS)

    def _reminded(self, plan: Plan, number: str) -> Life:
        if self._still_open(number):
            self._act(self._clerk(plan), number, Action.REMIND, note="来信人又来电问进度，请今天先回个话")
        yield from ()

    def _supervised(self, plan: Plan, number: str) -> Life:
        if self._still_open(number):
            self._act(self._superior(), number, Action.SUPERVISE, note="两个工作日内答复来信人，并报办理情况")
        yield from ()

    def _asked(self, plan: Plan, number: str) -> Steps:
        yield self.stage.desk(30)
        self._act(self._handler(plan), number, Action.ASK_CITIZEN, question=QUESTION)
        if plan.stop == "waiting":
            return
        yield self.stage.now + timedelta(hours=self.stage.dice.uniform(3, 50))
        if number in self.mail.citizens:
            self.mail.writes_again(number, ANSWER)
        else:
            self._act(self._handler(plan), number, Action.RESUME, answer=ANSWER)

    def _verified(self, plan: Plan, number: str) -> Steps:
        other = self._elsewhere(plan)
        yield self.stage.desk(20)
        action, question, answer = INQUIRIES[plan.index % len(INQUIRIES)]
        self._act(
            self._handler(plan), number, action,
            department_id=self.house.departments[other], question=question,
        )  # fmt: skip
        if plan.stop != "closed":
            return
        yield self.stage.desk(200)
        session, case = self.stage.session, self._case(number)
        asked = select(Inquiry).where(Inquiry.case_id == case.id, col(Inquiry.answered_at).is_(None))
        for inquiry in list(session.exec(asked)):
            person = self.house.handlers[other][0]
            cases.answer_inquiry(session, self.stage.now, person, number, inquiry.id, answer)

    def _extension(self, plan: Plan, number: str) -> Steps:
        yield self.stage.desk(90)
        self._act(
            self._handler(plan), number, Action.REQUEST_EXTENSION,
            working_days=5, reason="要等第三方检测报告，五个工作日内能出",
        )  # fmt: skip
        decisions = plan.traits & DECISIONS.keys()
        if not decisions:
            return
        yield self.stage.desk(120)
        self._act(self._superior(), number, DECISIONS[min(decisions)], note="先给来信人回个话，说明原因")

    # ------------------------------------------------------------ the reply

    def _answered(self, plan: Plan, number: str, text: str) -> Steps:
        """Draft, three reviews, release; as far as the plan goes."""
        short = text.split("依据：")[0] if "sent_back" in plan.traits else text
        reply_id = self._drafted(plan, number, short)
        if plan.stop == "drafted" and "sent_back" not in plan.traits:
            return
        yield self._desk(plan, 35)
        self._submit(plan, reply_id)
        if "sent_back" in plan.traits:
            yield from self._comes_back(plan, number, reply_id)
            if plan.stop == "drafted":
                return
            self._drafted(plan, number, text + ADDED)
            yield self.stage.desk(15)
            self._submit(plan, reply_id)
        yield from self._reviewed(plan, reply_id)
        if not self._goes_on(plan, "release"):
            return
        yield self._desk(plan, 30)
        self._release(plan, number, reply_id)

    def _drafted(self, plan: Plan, number: str, text: str) -> int:
        """The draft as it passes the check: short forms where a platform wants them, entry where one was used."""
        session, now, case = self.stage.session, self.stage.now, self._case(number)
        writer = self._writer(plan)
        entry = self.house.entries.get(plan.letter.answer or "")
        basis = plan.letter.reply.partition("依据：")[2].rstrip("。")
        replies.draft(session, now, writer, case, text=text, basis=basis, entry=entry)
        return self._made_ready(writer, case, text)

    def _made_ready(self, writer: Person, case: Case, text: str) -> int:
        """What the check found is repaired by a short form, or answered with a reason."""
        session, now = self.stage.session, self.stage.now
        reply = reply_queries.current(session, case.id)
        assert reply is not None  # just drafted
        found = replies.check(session, now, reply, case)
        reasons = {f.key: REASONS.get(f.code, OTHER_REASON) for f in found if f.level == WARN}
        shorts = self._short_texts(reply, case) if any(f.level == BLOCK for f in found) else None
        if reasons or shorts:
            replies.draft(session, now, writer, case, text=text, short_texts=shorts, dismissals=reasons)
        return reply.id

    def _short_texts(self, reply: Reply, case: Case) -> dict[str, str]:
        """A short form for each platform on which the whole does not fit."""
        session, now = self.stage.session, self.stage.now
        targets = reply_queries.targets_of(session, case)
        seen = reply_queries.previews(session, now, reply, targets)
        made = {}
        for one in seen:
            if not one.fits:
                words = replies.offer_short_text(session, reply, one.form, "") or reply.text.split("。")[0]
                made[one.form] = f"{words.rstrip('。')}。{FULL_ANSWER_AT}"
        return made

    def _submit(self, plan: Plan, reply_id: int) -> None:
        replies.submit(self.stage.session, self.stage.now, self._writer(plan), reply_id)

    def _comes_back(self, plan: Plan, number: str, reply_id: int) -> Steps:
        yield self.stage.desk(60)
        reviewer = self.house.people[REVIEWERS[0]]
        self._opinion(reviewer, reply_id, Verdict.SEND_BACK, code="other", note=SEND_BACK_NOTE)
        yield self.stage.desk(70)

    def _reviewed(self, plan: Plan, reply_id: int) -> Steps:
        for step in Step:
            if plan.stop == step.value:
                return
            yield self._desk(plan, 70)
            person = self._reviewer(plan, step)
            self._opinion(person, reply_id, Verdict.APPROVE, note=NOTES[plan.index % len(NOTES)])

    def _reviewer(self, plan: Plan, step: Step) -> Person:
        """Three different people; every third ordinary reply the deputy leader reviews last and releases."""
        if step == Step.FINAL and self._releaser(plan) == DEPUTY and plan.index % 3 == 0:
            return self.house.people[DEPUTY]
        return self.house.people[REVIEWERS[(list(Step).index(step) + plan.index) % len(REVIEWERS)]]

    def _opinion(
        self, person: Person, reply_id: int, verdict: Verdict, *, code: str = "", note: str = ""
    ) -> None:
        session, now = self.stage.session, self.stage.now
        digest = session.get_one(Reply, reply_id).digest
        gates = ALL_GATES if verdict == Verdict.APPROVE else ()
        replies.give_opinion(
            session,
            now,
            person,
            reply_id,
            verdict=verdict,
            digest=digest,
            gates=gates,
            code=code,
            note=note,
            accept_note="已与承办单位核实，按来信人的情况可以这样答复",
        )

    def _releaser(self, plan: Plan) -> str:
        route = route_for(plan.letter.type, plan.letter.sensitivity)
        return PRINCIPAL if route.principal else DEPUTY

    def _release(self, plan: Plan, number: str, reply_id: int) -> None:
        session, now = self.stage.session, self.stage.now
        if "unsubscribed" in plan.traits:
            self.mail.leaves(number)
        if "unknown" in plan.traits:
            self.stage.platforms.silent_after.add(self.mail.citizens[number])
        digest = session.get_one(Reply, reply_id).digest
        replies.release(session, now, self.house.people[self._releaser(plan)], reply_id, digest=digest)
        self.stage.send_soon()

    # ------------------------------------------------------------ after the reply

    def _afterwards(self, plan: Plan, number: str) -> Steps:
        yield from self._delivered(plan, number)
        if "reopened" in plan.traits:
            yield from self._reopened(plan, number)
        if "corrected" in plan.traits:
            yield from self._corrected(plan, number)
        if plan.stars:
            happens = self.stage.now + timedelta(hours=self.stage.dice.uniform(2, 60))
            self.stage.begin(happens, self._rated(plan, number))
        if plan.stop != "closed" or plan.traits & {"left_to_close", "open_again"}:
            return
        yield self.stage.desk(self.stage.dice.uniform(2, _CLOSES_IN_HAND) * 60)
        if self._case(number).status == Status.REPLIED:
            self._act(self._clerk(plan), number, Action.CLOSE, outcome=plan.letter.outcome)

    def _delivered(self, plan: Plan, number: str) -> Steps:
        """What people do with deliveries: enter them by hand, look after those whose outcome is unknown."""
        yield self.stage.desk(50)
        session, clerk = self.stage.session, self._clerk(plan)
        case = self._case(number)
        for row in list(session.exec(select(Delivery).where(Delivery.case_id == case.id))):
            if row.state == "by_hand" and "unentered" not in plan.traits:
                replies.enter_by_hand(session, self.stage.now, clerk, row.id, note="已在原系统办结")
            if row.state == "unknown" and "settled" in plan.traits:
                replies.settle_delivery(
                    session, self.stage.now, clerk, row.id, arrived=True, note="公众号后台看到已经发出"
                )

    def _reopened(self, plan: Plan, number: str) -> Steps:
        yield self.stage.now + timedelta(hours=self.stage.dice.uniform(20, 70))
        cases.reopen_by_requester(self.stage.session, self.stage.now, self._case(number), UNSOLVED)
        yield self.stage.desk(90)
        self._act(self._handler(plan), number, Action.ACKNOWLEDGE)
        yield self.stage.desk(300)
        greeting, _, rest = plan.letter.reply.partition("！")
        second = replace(plan, stop="drafted") if "open_again" in plan.traits else plan
        yield from self._answered(second, number, f"{greeting}！{AGAIN}{rest}")
        if second is plan:
            yield from self._delivered(plan, number)

    def _corrected(self, plan: Plan, number: str) -> Steps:
        yield self.stage.desk(240)
        session, now = self.stage.session, self.stage.now
        text = plan.letter.reply + WRONG_WORD
        replies.correct(session, now, self._writer(plan), self._case(number), text)
        reply_id = self._made_ready(self._writer(plan), self._case(number), text)
        yield self.stage.desk(20)
        self._submit(plan, reply_id)
        if plan.stop != "closed":
            return
        yield from self._reviewed(plan, reply_id)
        yield self.stage.desk(30)
        self._release(plan, number, reply_id)
        yield from self._delivered(plan, number)

    def _rated(self, plan: Plan, number: str) -> Life:
        case = self._case(number)
        if case.status in (Status.REPLIED, Status.CLOSED):
            solved = plan.stars > 3
            cases.rate(self.stage.session, self.stage.now, case, score=plan.stars, solved=solved)
        yield from ()


def _pace(plan: Plan) -> float:
    return PACE_OF_CORRECTIONS if plan.letter.type == "correction" else PACE.get(plan.platform, 1.0)


PACE = {"wechat": 0.35}
PACE_OF_CORRECTIONS = 0.22

ENDINGS = {
    "declined": Handling._decline,
    "invalid": Handling._mark_invalid,
    "merged": Handling._merge,
}
ON_THE_WAY = {
    "asked": Handling._asked,
    "verified": Handling._verified,
    "extension_asked": Handling._extension,
    "extension_granted": Handling._extension,
    "extension_refused": Handling._extension,
}
DECISIONS = {
    "extension_granted": Action.GRANT_EXTENSION,
    "extension_refused": Action.REFUSE_EXTENSION,
}
