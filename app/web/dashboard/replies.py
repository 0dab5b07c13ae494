"""答复, 审核 and 收发记录: write on the case page, review what will be read, see how far it got."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, jsonify, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from app.base.errors import AppError, Conflict, NotFound
from app.calendar import queries as calendars
from app.cases import queries as cases
from app.cases.models import Case
from app.cases.transitions import Action, Status, actions_for
from app.consistency import queries as consistency
from app.consistency.models import ReplyDifference
from app.finding.service import suggest
from app.messages import queries as messages
from app.messages.classify import letter_of
from app.replies import queries, sending, service
from app.replies.checklist import BLOCK, INFO, LEFT_OUT, WARN, Finding
from app.replies.models import Delivery, Reply, ReplyOpinion
from app.replies.queries import REVIEWING, DeliveryFilters, Preview, Standing
from app.replies.rendering import clean
from app.replies.routes import RELEASE, STEP_LABELS
from app.replies.sending import STATE_LABELS, DeliveryState
from app.replies.service import ANSWERED, LEVELS, WRITABLE, WRITERS
from app.staff import queries as staff
from app.staff.roles import Person, Role
from app.web.access import needs
from app.web.context import current_person, now, reading, render, services, settings, tell, writing
from app.web.dashboard import desk
from app.web.dashboard.comments import moderations_open
from app.web.dashboard.showing import (
    SENSITIVITIES,
    clocks_of,
    masked,
    platform_label,
    queue_rows,
    type_label,
)
from app.web.forms import refused
from app.web.presenting import digest_groups, duration, instant
from connectors.registry import PLATFORMS, UNIT_WORDS
from kb.facts import FACT_LABELS, Fact
from kb.ranking import Level
from kb.review import GATES, RETURN_CODES

DRAFT_FORM = "draft-form"
REVIEWS_ROLES = (Role.REVIEWER, Role.ISSUER, Role.SUPERVISOR, Role.DUTY_LEADER)
MOST_SHOWN = 500
GATE_HINTS = {
    "political": "表述、称谓准确，没有不当导向",
    "legal": "不超越职权，不作违法承诺",
    "policy": "与现行政策一致，依据有效",
    "secrecy": "不涉密，没有他人个人信息",
    "wording": "答其所问，没有错字、空话、套话",
}
DELIVERS = {"page": "签发后立即可见", "by_hand": "签发后由人录入平台"}


def own_hosts() -> set[str]:
    """The hosts of our own public pages: links to them need nobody's leave."""
    host = urlsplit(settings().public_url).hostname
    return {host} if host else set()


def alike(session: Session, case: Case) -> list[int]:
    """Entries that are surely about what the citizen asks: a reply should agree with them (A9)."""
    found = suggest(session, services().answers, letter_of(case.title, case.text))
    return [one.entry_id for one in found if one.level == Level.HIGH]


# ------------------------------------------------------------------ the part of the case page


def reply_context(session: Session, person: Person, case: Case, at: datetime) -> dict[str, Any]:
    """What `desk/reply_part.html` shows: the draft, or where it is under review, what went out, how far."""
    reply = queries.current(session, case.id)
    is_writer = person.may(*WRITERS) and (
        person.may(Role.CLERK) or person.department_id == case.department_id
    )
    writes = is_writer and (
        (reply is None and case.status in WRITABLE) or (reply is not None and reply.state not in REVIEWING)
    )
    released = queries.last_released(session, case.id)
    ways = queries.ways(session, at, case)
    return {
        "reply_base": f"/desk/cases/{case.number}/reply",
        "draft": _draft(session, at, reply, case) if writes else None,
        "under_review": _under_review(session, at, person, reply, case, is_writer) if reply else None,
        "released": released,
        "released_names": staff.names(session, [released.author_id, released.released_by])
        if released
        else {},
        "may_correct": bool(
            is_writer
            and reply is None
            and released
            and case.status in ANSWERED
            and Action.CORRECT in actions_for(Status(case.status), person.roles)
        ),
        "deliveries": _delivery_rows(session, person, queries.deliveries_of(session, case.id), {}),
        "unsaved": _unsaved(reply),
        "ways": [_way(one, at) for one in ways],
        "left_in_window": queries.left_in_window(ways),
        "return_words": RETURN_CODES,
    }


NO_WAY = {
    "gone": "原留言已被删除，平台上不能答复",
    "answered": "平台上已有本账号的答复，不能再答",
    "withdrawn": "对方已撤回授权，平台资料已删除",
    "closed": "平台窗口已关闭",
    "used_up": "平台允许的条数已用完",
    "unsubscribed": "对方已取消关注",
}


def _way(one: queries.Way, at: datetime) -> tuple[str, str]:
    """(where, how and until when) in words."""
    if one.problem:
        return one.label, f"{NO_WAY[one.problem]}，答复改在查询页，凭查询码查看"
    if one.delivers != "api":
        return one.label, "查询页可见" if one.delivers == "page" else "由人录入平台"
    if not one.private:
        return one.label, "公开答复，没有时间限制"
    words = f"{instant(one.until, at)} 前" if one.until else "对方来信后才能答复"
    return one.label, words + (f"，还可发 {one.left} 条" if one.left is not None else "")


def _unsaved(reply: Reply | None) -> str:
    """What was typed and refused just now, and is not what is kept: nobody loses words."""
    typed = clean(request.form.get("text", ""))
    return "" if reply is not None and reply.text == typed else typed


def _draft(session: Session, at: datetime, reply: Reply | None, case: Case) -> dict[str, Any]:
    shown = reply or Reply(case_id=case.id, author_id=0, created_at=at, saved_at=at)
    found = (
        service.check(session, at, shown, case, own_hosts=own_hosts(), alike=alike(session, case))
        if reply
        else []
    )
    seen = queries.previews(session, at, shown, queries.targets_of(session, case))
    left = [finding for finding in found if not _is_answered(finding, shown)]
    return {
        "reply": shown,
        "is_new": reply is None,
        "is_correction": bool(shown.corrects_id),
        "sent_back": _sent_back(session, reply) if reply and reply.state == "sent_back" else None,
        "saved": f"{instant(shown.saved_at, at)} 已保存" if reply else "写的字会自动保存",
        "findings": _findings(found, shown, case.number),
        "notes": [finding.what for finding in found if finding.level == INFO],
        "blocks": sum(finding.level == BLOCK for finding in left),
        "warnings": sum(finding.level == WARN for finding in left),
        "counts": _counts(seen),
        "shorts": [one for one in seen if not one.whole.fits or shown.short_texts.get(one.form)],
        "screens": [_screen(one, at) for one in seen],
        "entry": _entry_words(shown),
    }


def _is_answered(finding: Finding, reply: Reply) -> bool:
    return finding.level == INFO or (finding.level == WARN and bool(reply.dismissals.get(finding.key)))


def _findings(found: Iterable[Finding], reply: Reply, number: str) -> list[dict[str, Any]]:
    """As `ui.finding` and the autosave take them."""
    base = f"/desk/cases/{number}/reply"
    return [
        {
            "is_blocking": finding.level == BLOCK,
            "title": finding.what,
            "answered": reply.dismissals.get(finding.key) if finding.level == WARN else None,
            "repair": {
                "label": f"改为 {finding.expected}" if finding.expected else "补上",
                "action": f"{base}/repair",
                "name": "repair",
                "value": finding.key,
            }
            if finding.expected or finding.left_out
            else None,
            "explain": {"action": f"{base}/save", "name": finding.key} if finding.level == WARN else None,
        }
        for finding in found
        if finding.level != INFO
    ]


def _counts(seen: Iterable[Preview]) -> list[dict[str, Any]]:
    return [
        {
            "platform": one.label,
            "used": one.whole.used,
            "limit": one.whole.limit,
            "unit": one.whole.unit or "chars",
            "note": "发短版" if one.is_short else "含最长的结尾" if one.endings else None,
        }
        for one in seen
    ]


def _screen(one: Preview, at: datetime) -> dict[str, Any]:
    """As `ui.preview` takes it: exactly what will be read."""
    word = UNIT_WORDS[one.count.unit]
    length = (
        f"{one.count.used} / {one.count.limit} {word}"
        if one.count.limit
        else f"{one.count.used} {word}，不限长"
    )
    return {
        "platform": one.label + ("（短版）" if one.is_short else ""),
        "length": length if one.fits else f"超 {one.count.used - (one.count.limit or 0)} {word}，不能发",
        "text": one.text,
        "foot": _foot(one, at),
        "is_chat": one.delivers == "api",
        "must_keep": [],
    }


def _foot(one: Preview, at: datetime) -> str:
    people = f"发给 {one.people} 人" if one.people > 1 else ""
    if one.problem:
        how = sending.WINDOW_WORDS[one.problem]
    elif one.closes_at:
        how = f"窗口 {instant(one.closes_at, at)} 关闭"
    else:
        how = DELIVERS.get(one.delivers, "签发后立即发送")
    quoted = "”或“".join(one.endings)
    ending = f"同样的话刚发过时，末尾加“{quoted}”，字数已算在内" if quoted else ""
    return "，".join(part for part in (people, how, ending) if part)


def _entry_words(reply: Reply) -> dict[str, Any] | None:
    if reply.entry_id is None:
        return None
    return {"href": f"/desk/answers/{reply.entry_id}", "words": f"用了问答库第 {reply.entry_version} 版"}


def _sent_back(session: Session, reply: Reply) -> ReplyOpinion | None:
    said = [one for one in queries.opinions(session, reply.id) if one.verdict == "send_back"]
    return said[-1] if said else None


def _under_review(
    session: Session, at: datetime, person: Person, reply: Reply, case: Case, is_writer: bool
) -> dict[str, Any] | None:
    if reply.state not in REVIEWING:
        return None
    stands = queries.standing(session, reply, case)
    seen = queries.previews(session, at, reply, stands.targets)
    nobody_yet = not any(opinion.digest == stands.digest for opinion in stands.opinions)
    return {
        "reply": reply,
        "route": stands.route.label,
        "steps": steps_of(session, at, stands),
        "digest": stands.digest,
        "screens": [_screen(one, at) for one in seen],
        "may_withdraw": is_writer and nobody_yet and (person.id in stands.authors or person.may(Role.CLERK)),
        "may_edit": is_writer,
        "may_review": queries.why_not(session, stands, person) is None,
        "step": STEP_LABELS.get(stands.step or "", "退回修改"),
    }


def steps_of(session: Session, at: datetime, stands: Standing) -> list[dict[str, Any]]:
    """起草 · 初审 · 复审 · 终审 · 签发 as `ui.review_steps` takes them; only opinions on this very text."""
    reply = stands.reply
    given = {o.step: o for o in queries.opinions(session, reply.id) if o.digest == stands.digest}
    author = staff.names(session, [reply.author_id]).get(reply.author_id, "")
    since = max([reply.submitted_at or reply.saved_at, *(o.at for o in given.values())])
    steps = [_step("起草", "done", f"{author} · {instant(reply.submitted_at or reply.saved_at, at)}")]
    for key in (*(step.value for step in stands.route.steps), RELEASE):
        opinion = given.get(key)
        if opinion is not None:
            verdict = "back" if opinion.verdict == "send_back" else "done"
            word = {"back": "退回", "done": "" if key == RELEASE else "通过"}[verdict]
            said = [RETURN_CODES.get(opinion.code, ""), f"“{opinion.note}”" if opinion.note else ""]
            steps.append(
                _step(
                    f"{STEP_LABELS[key]}{word}",
                    verdict,
                    f"{opinion.reviewer_name} · {instant(opinion.at, at)}",
                    *said,
                )
            )
        elif key == stands.step:
            steps.append(_step(STEP_LABELS[key], "now", f"已等 {duration(at - since)}"))
        else:
            steps.append(_step(STEP_LABELS[key], "waiting"))
    return steps


def _step(label: str, state: str, *lines: str) -> dict[str, Any]:
    return {"label": label, "state": state, "lines": [line for line in lines if line]}


def _delivery_rows(
    session: Session, person: Person, rows: Sequence[Delivery], titles: Mapping[int, Case]
) -> list[dict[str, Any]]:
    names = staff.names(session, [row.settled_by for row in rows])
    may = person.may(*service.SETTLERS)
    return [
        {
            "row": row,
            "platform": platform_label(row.platform),
            "state": STATE_LABELS[row.state],
            "status": _shape_key(row.state),
            "by": names.get(row.settled_by) if row.settled_by else None,
            "choices": sending.choices(row.state, row.error_code) if may else (),
            "case": titles.get(row.case_id),
        }
        for row in rows
    ]


def _shape_key(state: str) -> str:
    """The shape a state is drawn in; what somebody entered by hand did arrive."""
    return {DeliveryState.ENTERED.value: "done"}.get(state, state)


# ------------------------------------------------------------------ writing


def _again(number: str) -> Callable[[AppError], str]:
    """The case page once more, with what was refused at its top."""

    def page(error: AppError) -> str:
        tell("over", "这一步没有做", error.message)
        return str(current_app.ensure_sync(current_app.view_functions["desk.case"])(number))

    return page


def _posted() -> dict[str, Any]:
    """What the draft's form says."""
    form = request.form
    writer = form.get("writer", "")
    shorts = {name.removeprefix("short-"): value for name, value in form.items() if name.startswith("short-")}
    reasons = {
        name.removeprefix("reason-"): value for name, value in form.items() if name.startswith("reason-")
    }
    if form.get("finding") and form.get("reason"):
        reasons[form["finding"]] = form["reason"]
    return {
        "text": form.get("text", ""),
        "basis": form.get("basis"),
        "short_texts": shorts or None,
        "dismissals": reasons or None,
        "writer_id": int(writer) if writer.isdecimal() else None,
    }


def _save(session: Session, number: str, *, reopen: bool = False) -> tuple[Reply | None, Case]:
    """Save the posted draft, if one was posted, so that no button ever loses words."""
    person, at = current_person(), now()
    case = cases.visible_case(session, person, number)
    if "text" not in request.form:
        return queries.current(session, case.id), case
    return service.draft(session, at, person, case, reopen=reopen, **_posted()), case


@desk.post("/cases/<number>/reply/autosave")
def autosave_reply(number: str) -> Response:
    """Save while typing; answers with counts, findings and digest for the page to show."""
    with writing() as session:
        reply, case = _save(session, number)
        if reply is None:
            raise NotFound("没有要保存的文字")
        seen = queries.previews(session, now(), reply, queries.targets_of(session, case))
        found = service.check(session, now(), reply, case, own_hosts=own_hosts(), alike=alike(session, case))
        return jsonify(
            saved_at=reply.saved_at.isoformat(),
            counts=[{"platform": one.label, "used": one.whole.used} for one in seen],
            findings=_findings(found, reply, number),
            digest=queries.standing(session, reply, case).digest,
        )


def _after_saving(
    number: str,
    then: Callable[[Session, Reply, Case], Any],
    done: tuple[str, str],
    *,
    reopen: bool = False,
) -> BaseResponse | Response:
    """Save the posted draft for good, then do ``then``; a refusal shows the page again, words and all."""

    def do() -> None:
        with writing() as session:
            saved, _ = _save(session, number, reopen=reopen)
        with writing() as session:
            reply = queries.get(session, saved.id) if saved else None
            if reply is None:
                raise NotFound("还没有草稿。先写几个字")
            then(session, reply, cases.visible_case(session, current_person(), number))

    _, page = refused(do, _again(number))
    if page is not None:
        return page
    tell("good", *done)
    return redirect(f"/desk/cases/{number}#draft-title", 303)


@desk.post("/cases/<number>/reply/save")
def save_reply(number: str) -> BaseResponse | Response:
    """Save; also how a reason for a finding is kept."""
    return _after_saving(number, lambda session, reply, case: None, ("已保存", ""))


@desk.post("/cases/<number>/reply/edit")
def edit_reply(number: str) -> BaseResponse | Response:
    """Change a text under review: it comes back to draft, and its approvals no longer count."""
    done = ("已改回草稿", "原来的审核作废，改好后请重新送审")
    return _after_saving(number, lambda session, reply, case: None, done, reopen=True)


@desk.post("/cases/<number>/reply/insert")
def insert_answer(number: str) -> BaseResponse | Response:
    """Put a suggested answer into the draft; words not yet saved are kept."""
    entry = request.form.get("entry", "")
    if not entry.isdecimal():
        raise NotFound("没有这条答案")
    with writing() as session:
        _, case = _save(session, number)
        service.insert_answer(session, now(), current_person(), case, int(entry))
    tell("good", "已插入", "请按来信人的情况改好再送审")
    return redirect(f"/desk/cases/{number}#draft-title", 303)


@desk.post("/cases/<number>/reply/repair")
def repair_reply(number: str) -> BaseResponse | Response:
    """Take over the library's figure where the draft says another."""
    key = request.form.get("repair", "")
    return _after_saving(
        number,
        lambda session, reply, case: service.repair(session, now(), current_person(), case, key),
        ("已改正", ""),
    )


@desk.post("/cases/<number>/reply/short")
def offer_short(number: str) -> BaseResponse | Response:
    """Begin a short form for one platform; the author reads and changes it."""
    form = request.form.get("form", "")
    link = f"{settings().public_url}/progress?number={number}"

    def offer(session: Session, reply: Reply, case: Case) -> None:
        made = service.offer_short_text(session, reply, form, link)
        if not made:
            raise NotFound("没有合适的短版。请自己写一段，写明要点和查询办法")
        shorts = {**reply.short_texts, form: made}
        service.draft(session, now(), current_person(), case, text=reply.text, short_texts=shorts)

    return _after_saving(number, offer, ("已拟好短版", "请读一遍，必须保留的条件不能漏"))


@desk.post("/cases/<number>/reply/submit")
def submit_reply(number: str) -> BaseResponse | Response:
    """送审 what is on the screen."""

    def submit(session: Session, reply: Reply, case: Case) -> None:
        service.submit(
            session, now(), current_person(), reply.id, own_hosts=own_hosts(), alike=alike(session, case)
        )

    return _after_saving(number, submit, ("已送审", "初审处理前可以撤回"))


@desk.post("/cases/<number>/reply/withdraw")
def withdraw_reply(number: str) -> BaseResponse | Response:
    """撤回送审."""

    def withdraw(session: Session, reply: Reply, case: Case) -> None:
        service.withdraw(session, now(), current_person(), reply.id)

    return _after_saving(number, withdraw, ("已撤回", "改好后再送审"))


@desk.post("/cases/<number>/reply/correct")
def correct_reply(number: str) -> BaseResponse:
    """更正: begin a new reply that goes through all reviews."""
    with writing() as session:
        case = cases.visible_case(session, current_person(), number)
        service.correct(session, now(), current_person(), case, request.form.get("text", ""))
    tell("good", "已建好更正稿", "改好后送审，三审和签发后发给来信人")
    return redirect(f"/desk/cases/{number}#draft-title", 303)


# ------------------------------------------------------------------ reviewing


@desk.get("/reviews")
@needs(*REVIEWS_ROLES)
def reviews() -> str:
    """待我审核, what runs out first on top; below it everything else under review, and what I did."""
    person, at = current_person(), now()
    with reading() as session:
        mine = queries.waiting_for(session, person)
        ids = {found.reply.id for found in mine}
        others = [found for found in queries.in_review(session, person) if found.reply.id not in ids]
        return render(
            "desk/reviews.html",
            mine=_review_rows(session, mine, at),
            others=_review_rows(session, others, at),
            done=queries.reviewed_by(session, person),
            step_labels=STEP_LABELS,
        )


def _review_rows(session: Session, found: Sequence[Standing], at: datetime) -> list[dict[str, Any]]:
    details = {one.case.id: STEP_LABELS.get(one.step or "", "退回修改") for one in found}
    rows = queue_rows(session, [one.case for one in found], at, details=details)
    return [{**row, "href": f"/desk/reviews/{one.reply.id}"} for row, one in zip(rows, found, strict=True)]


@desk.get("/reviews/<int:reply_id>")
def review(reply_id: int) -> str:
    """One reply as a reviewer reads it: what was asked, what will be read, differences, then the opinion."""
    return _review_page(reply_id)


def _review_page(reply_id: int, error: AppError | None = None) -> str:
    person, at = current_person(), now()
    with reading() as session:
        reply = queries.get(session, reply_id)
        found = cases.by_ids(session, [reply.case_id]).get(reply.case_id) if reply else None
        if reply is None or found is None:
            raise NotFound("没有这份答复")
        case = cases.visible_case(session, person, found.number)
        stands = queries.standing(session, reply, case)
        seen = queries.previews(session, at, reply, stands.targets)
        findings = service.check(session, at, reply, case, own_hosts=own_hosts())
        departs = consistency.of_reply(session, reply.id, stands.digest)
        why_not = queries.why_not(session, stands, person) if reply.state in REVIEWING else None
        names = staff.names(session, [reply.author_id])
        # What was ticked for another text is not ticked for this one.
        ticked = () if isinstance(error, Conflict) else request.form.getlist("gate")
        return render(
            "desk/review.html",
            case=case,
            reply=reply,
            stands=stands,
            route=stands.route,
            steps=steps_of(session, at, stands),
            step=stands.step if reply.state in REVIEWING else None,
            step_label=STEP_LABELS.get(stands.step or "", "退回修改"),
            is_open=reply.state in REVIEWING,
            why_not=why_not,
            may_release_at_once=queries.may_release_at_once(session, stands, person),
            author=names.get(reply.author_id, ""),
            platform=platform_label(case.platform),
            type_label=type_label(case.message_type),
            sensitivity=SENSITIVITIES[case.sensitivity],
            letters=[(one.received_at, masked(one.text)) for one in messages.of_case(session, case.id)]
            or [(case.received_at, masked(case.text))],
            clocks=clocks_of(
                case,
                at,
                calendars.calendar(session),
                large=True,
                left=queries.left_in_window(queries.ways(session, at, case)),
            ),
            screens=[_screen(one, at) for one in seen],
            differences=_compared(departs, staff.names(session, [one.accepted_by for one in departs])),
            to_accept=sum(one.accepted_at is None for one in departs),
            compared_with=_compared_with(session, departs),
            findings=[
                {
                    "is_blocking": one.level == BLOCK,
                    "title": one.what,
                    "answered": reply.dismissals.get(one.key, ""),
                }
                for one in findings
                if one.level != INFO and one.code not in {"differs", LEFT_OUT}
            ],
            notes=[one.what for one in findings if one.level == INFO],
            earlier=[one for one in queries.opinions(session, reply.id) if one.digest != stands.digest],
            sent_to="、".join(f"{one.label} {one.people} 人" for one in seen if one.people),
            gates=[
                {
                    "key": key,
                    "label": f"{label}关",
                    "hint": GATE_HINTS[key],
                    "is_ticked": key in ticked,
                }
                for key, label in GATES.items()
            ],
            return_codes=[("", "请选择"), *RETURN_CODES.items()],
            return_words=RETURN_CODES,
            higher=[(level, SENSITIVITIES[level]) for level in LEVELS[LEVELS.index(case.sensitivity) + 1 :]],
            typed=request.form,
            error=error,
            step_labels=STEP_LABELS,
            digest_words=digest_groups(stands.digest),
        )


def _compared(rows: Iterable[ReplyDifference], names: Mapping[int, str]) -> list[dict[str, Any]]:
    """Differences from the library as `ui.compared` takes them, with what author and reviewer said to each.

    All that was left out with one answer for it is one line.
    """
    shown: dict[tuple[str, ...], dict[str, Any]] = {}
    for one in rows:
        said = [
            f"起草人说明：{one.reason}" if one.reason else "",
            f"{names.get(one.accepted_by or 0, '')}接受：{one.accepted_note}" if one.accepted_at else "",
        ]
        word = "；".join(part for part in said if part) or None
        line = (one.kind, word or "") if not one.said else (one.kind, one.library, one.said)
        if line in shown:
            shown[line]["library"] += f"；{one.library}"
            continue
        shown[line] = {
            "item": FACT_LABELS[Fact(one.kind)],
            "library": one.library,
            "reply": one.said or "没有写",
            "verdict": "differs" if one.said else "missing",
            "word": word,
        }
    return list(shown.values())


def _compared_with(session: Session, rows: Sequence[ReplyDifference]) -> list[dict[str, Any]]:
    """The answers the text departs from, to be opened beside it."""
    answers = consistency.shown(session, {one.entry_id for one in rows})
    return [
        {
            "href": f"/desk/answers/{number}",
            "question": version.question,
            "is_used": any(one.was_used for one in rows if one.entry_id == number),
        }
        for number, (_, version) in answers.items()
    ]


def _reviewed(reply_id: int, do: Callable[[Session], Any], said: tuple[str, str]) -> BaseResponse | Response:
    """One reviewer's act; a refusal shows the page again with what was ticked and typed."""

    def act() -> None:
        with writing() as session:
            do(session)

    _, page = refused(act, lambda error: _review_page(reply_id, error))
    if page is not None:
        return page
    tell("good", *said)
    return redirect("/desk/reviews", 303)


def _opinion(session: Session, reply_id: int, verdict: str) -> Reply:
    form = request.form
    return service.give_opinion(
        session,
        now(),
        current_person(),
        reply_id,
        verdict=verdict,
        digest=form.get("digest", ""),
        gates=form.getlist("gate"),
        code=form.get("code", ""),
        note=form.get("note", ""),
        seen_step=form.get("step", ""),
        accept_note=form.get("accept_note", ""),
    )


@desk.post("/reviews/<int:reply_id>/approve")
def approve(reply_id: int) -> BaseResponse | Response:
    """通过 the awaited step."""
    return _reviewed(reply_id, lambda session: _opinion(session, reply_id, "approve"), ("已通过", ""))


@desk.post("/reviews/<int:reply_id>/approve_release")
def approve_release(reply_id: int) -> BaseResponse | Response:
    """终审并签发, by somebody who may do both."""

    def do(session: Session) -> None:
        reply = _opinion(session, reply_id, "approve")
        service.release(session, now(), current_person(), reply_id, digest=reply.digest)

    return _reviewed(reply_id, do, ("已终审并签发", "正在发给来信人"))


@desk.post("/reviews/<int:reply_id>/send_back")
def send_back(reply_id: int) -> BaseResponse | Response:
    """退回起草人, with one of the eight reasons."""
    said = ("已退回起草人", "改好后会再送审")
    return _reviewed(reply_id, lambda session: _opinion(session, reply_id, "send_back"), said)


@desk.post("/reviews/<int:reply_id>/release")
def release(reply_id: int) -> BaseResponse | Response:
    """签发."""

    def do(session: Session) -> None:
        digest = request.form.get("digest", "")
        service.release(session, now(), current_person(), reply_id, digest=digest)

    return _reviewed(reply_id, do, ("已签发", "正在发给来信人"))


@desk.post("/reviews/<int:reply_id>/raise_level")
def raise_level(reply_id: int) -> BaseResponse | Response:
    """升级为重要 or 敏感."""

    def do(session: Session) -> None:
        service.raise_level(session, now(), current_person(), reply_id, to=request.form.get("to", ""))

    return _reviewed(reply_id, do, ("已升级", "按更严的路线从初审重来"))


# ------------------------------------------------------------------ deliveries


@desk.get("/deliveries")
def deliveries() -> str:
    """What went out and how far it got; what needs a person first."""
    person = current_person()
    view = request.args.get("view", "")
    state = request.args.get("state", "")
    before = request.args.get("before", "")
    if state and state not in set(DeliveryState):
        raise NotFound("没有这个状态")
    with reading() as session:
        counts = queries.delivery_counts(session, person)
        waiting = queries.count_not_delivered(session, person)
        waiting += queries.count_moderations_open(session, person, now())
        if view == "not_delivered":
            found, older = queries.not_delivered(session, person, limit=MOST_SHOWN), None
        else:
            filters = DeliveryFilters(state=state, platform=request.args.get("platform", ""))
            found = queries.deliveries(
                session, person, filters, before=int(before) if before.isdecimal() else None
            )
            older = found[-1][0].id if len(found) == queries.PAGE else None
        titles = {case.id: case for _, case in found}
        return render(
            "desk/deliveries.html",
            views=_delivery_views(counts, waiting, view, state),
            rows=_delivery_rows(session, person, [row for row, _ in found], titles),
            steps=moderations_open(session, person) if view == "not_delivered" else [],
            older=older,
            state=state,
            view=view,
            platforms=[("", "全部平台"), *((key, platform_label(key)) for key in PLATFORMS)],
            platform=request.args.get("platform", ""),
        )


def _delivery_views(counts: Mapping[str, int], waiting: int, view: str, state: str) -> list[dict[str, Any]]:
    first = {
        "label": "要人处理",
        "count": waiting,
        "href": "/desk/deliveries?view=not_delivered",
        "is_current": view == "not_delivered",
    }
    everything = {
        "label": "全部",
        "count": sum(counts.values()),
        "href": "/desk/deliveries",
        "is_current": not (view or state),
    }
    by_state = [
        {
            "label": label,
            "count": counts.get(key, 0),
            "href": f"/desk/deliveries?state={key}",
            "is_current": key == state,
        }
        for key, label in STATE_LABELS.items()
    ]
    return [first, everything, *by_state]


def _settled(do: Callable[[Session], Any], said: str) -> BaseResponse | Response:
    """Settle one delivery; a refusal shows the list again with the reason."""

    def act() -> None:
        with writing() as session:
            do(session)

    def again(error: AppError) -> str:
        tell("over", "没有处理", error.message)
        return deliveries()

    _, page = refused(act, again)
    if page is not None:
        return page
    tell("good", said)
    return redirect("/desk/deliveries?view=not_delivered", 303)


@desk.post("/deliveries/<int:delivery_id>/settle")
def settle_delivery(delivery_id: int) -> BaseResponse | Response:
    """结果不明: somebody looked on the platform."""
    arrived = request.form.get("arrived") == "yes"

    def do(session: Session) -> None:
        service.settle_delivery(
            session, now(), current_person(), delivery_id, arrived=arrived, note=request.form.get("note", "")
        )

    return _settled(do, "已记下：对方收到了" if arrived else "已排队再发一次")


@desk.post("/deliveries/<int:delivery_id>/enter")
def enter_delivery(delivery_id: int) -> BaseResponse | Response:
    """Somebody typed it into the platform's own system."""

    def do(session: Session) -> None:
        note = request.form.get("note", "")
        service.enter_by_hand(session, now(), current_person(), delivery_id, note=note)

    return _settled(do, "已记下：人工录入完成")


@desk.post("/deliveries/<int:delivery_id>/retry")
def retry_delivery(delivery_id: int) -> BaseResponse | Response:
    """再发一次."""
    return _settled(
        lambda session: service.retry(session, now(), current_person(), delivery_id), "已排队再发一次"
    )
