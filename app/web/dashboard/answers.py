"""问答库: find an entry, read what was said when, change it, see it through three reviews, use it up."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Response, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from app.answers import queries, service
from app.answers.queries import VIEWS, LibraryFilters, LibraryPage, Listed
from app.answers.reviewing import LABELS, PUBLISH, PUBLISHERS, Standing, standing, why_not
from app.base.errors import AppError, Invalid, NotFound
from app.calendar.workdays import day_of
from app.consistency import queries as conflicts
from app.consistency import service as consistency
from app.consistency.comparing import forms_that_depart
from app.consistency.models import AnswerConflict
from app.departments import queries as departments
from app.federation import queries as imports
from app.federation import service as levels
from app.finding import queries as finding
from app.log import service as log
from app.opendata.formats import safe_cell
from app.staff import queries as staff
from app.staff.roles import Role
from app.upkeep import queries as upkeep
from app.upkeep import service as reach
from app.upkeep.following import KIND_LABELS as FOLLOW_LABELS
from app.upkeep.following import Kind
from app.web.access import needs
from app.web.context import current_person, now, reading, render, services, settings, tell, writing
from app.web.dashboard import desk
from app.web.dashboard.replies import GATE_HINTS
from app.web.dashboard.showing import platform_label
from app.web.forms import refused
from app.web.presenting import duration, instant
from connectors.registry import FORMS, PLATFORMS, count_text
from kb import federation
from kb import queries as library
from kb.basis import identity_of
from kb.models import AnswerEntry, EntryOpinion, EntryVersion
from kb.ranking import Level
from kb.review import GATES, RETURN_CODES, Verdict
from kb.service import current_digest
from kb.states import (
    KIND_LABELS,
    RECHECK_LABELS,
    SIGNIFICANCE_LABELS,
    EntryKind,
    EntryState,
    Significance,
)

READERS = (
    Role.CLERK,
    Role.HANDLER,
    Role.REVIEWER,
    Role.ISSUER,
    Role.SUPERVISOR,
    Role.DUTY_LEADER,
    Role.EDITOR,
)
_EXPORT_PAGE = 500
_VAIN = 8
_ALIKE = 3


# ------------------------------------------------------------------ the list


@desk.get("/answers")
@needs(*READERS)
def library_list() -> str:
    """The library with saved views, search and filters, all in the address."""
    filters, today = _filters(), day_of(now())
    person = current_person()
    with reading() as session:
        page = queries.listed(
            session, filters, today, after=request.args.get("after"), before=request.args.get("before")
        )
        counts = queries.counts(session, today)
        return render(
            "desk/answers.html",
            views=[
                {
                    "href": f"/desk/answers?view={key}",
                    "label": view.label,
                    "count": counts[key],
                    "is_current": key == filters.view,
                }
                for key, view in VIEWS.items()
            ],
            filters=filters,
            selects=_selects(session, filters),
            rows=[_listed(one, today) for one in page.rows],
            pager=_pager(page),
            export_href="/desk/answers.csv?" + _address().partition("?")[2],
            may_write=person.may(Role.EDITOR),
            work=upkeep.count_rechecks(session) + upkeep.count_open(session),
            searched=finding.unanswered(session, _VAIN),
        )


def _filters() -> LibraryFilters:
    department = request.args.get("department", "")
    if department and not department.isdecimal():
        raise Invalid("没有这个承办单位", field="department")
    return LibraryFilters(
        view=request.args.get("view", "all"),
        search=request.args.get("q", "").replace("\x00", "").strip()[:100],
        department_id=int(department) if department else None,
        category=request.args.get("category", "")[:100],
        kind=request.args.get("kind", ""),
    )


def _selects(session: Session, filters: LibraryFilters) -> list[dict[str, Any]]:
    owners = [(str(row.id), row.short or row.name) for row in departments.all(session)]
    matters = [(name, name) for name in queries.categories(session)]
    kinds = [(kind.value, label) for kind, label in KIND_LABELS.items()]
    return [
        {"name": "department", "label": "承办单位", "value": str(filters.department_id or ""),
         "options": [("", "全部承办单位"), *owners]},
        {"name": "category", "label": "事项", "value": filters.category, "options": [("", "全部事项"), *matters]},
        {"name": "kind", "label": "种类", "value": filters.kind, "options": [("", "全部种类"), *kinds]},
    ]  # fmt: skip


def _listed(one: Listed, today: date) -> list[Any]:
    """One row for `ui.data_table`."""
    entry, version = one.entry, one.version
    kind = "" if entry.kind == EntryKind.ANSWER else KIND_LABELS[EntryKind(entry.kind)]
    return [
        {"text": version.question, "href": f"/desk/answers/{entry.id}"},
        {"text": version.category, "note": kind},
        {"status": entry.state, "detail": _detail(one)},
        entry.owner_name or "还没有指定",
        {
            "text": f"有效至 {version.valid_until}" if version.valid_until else "长期有效",
            "note": _note(version, today),
        },
        one.uses,
    ]


def _detail(one: Listed) -> str | None:
    """What is under way besides the entry's own state."""
    version = one.version
    if one.entry.state == EntryState.RETIRED or version.published_at is not None:
        return None
    if one.sent_back:
        return "退回修改" if one.entry.state == EntryState.DRAFT else f"第 {version.number} 版退回修改"
    if one.entry.state != EntryState.PUBLISHED:
        return None
    return f"第 {version.number} 版{'审核中' if version.submitted_at else '在起草'}"


def _note(version: EntryVersion, today: date) -> str:
    if version.valid_until and version.valid_until < today:
        return "已过有效期"
    return f"{version.review_by} 前复核" if version.review_by >= today else f"应在 {version.review_by} 前复核"


def _address(**changes: str) -> str:
    kept = {name: value for name, value in request.args.items() if name not in {"after", "before"} and value}
    return "/desk/answers?" + urlencode({**kept, **changes})


def _pager(page: LibraryPage) -> dict[str, Any]:
    last = page.first + len(page.rows) - 1 if page.rows else 0
    return {
        "first": page.first,
        "last": last,
        "total": page.total,
        "measure": "条",
        "previous_href": _address(before=page.previous) if page.previous else None,
        "next_href": _address(after=page.next) if page.next else None,
        "next_count": min(queries.PAGE, page.total - last),
    }


_COLUMNS = (
    "编号", "状态", "问题", "答复口径", "依据", "核实人",
    "事项", "承办单位", "有效期起", "有效期止", "复核日期", "用过几次",
)  # fmt: skip


@desk.get("/answers.csv")
@needs(*READERS)
def library_export() -> Response:
    """What is on screen as CSV; every export is logged (B19)."""
    person, filters, at = current_person(), _filters(), now()
    with writing() as session:
        rows = list(_export_rows(session, filters, day_of(at)))
        log.record(
            session, at, person, "export", subject_type="answers", subject_id=filters.view, rows=len(rows)
        )
    buffer = io.StringIO()
    csv.writer(buffer).writerows([safe_cell(cell) for cell in row] for row in (_COLUMNS, *rows))
    response = Response("\ufeff" + buffer.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename=answers-{filters.view}.csv"
    return response


def _export_rows(session: Session, filters: LibraryFilters, today: date) -> Iterable[tuple[Any, ...]]:
    after: str | None = None
    while True:
        page = queries.listed(session, filters, today, after=after, limit=_EXPORT_PAGE)
        for one in page.rows:
            entry, version = one.entry, one.version
            basis = "；".join(
                f"{named.get('title')} {named.get('number') or ''}".strip() for named in version.basis
            )
            yield (
                entry.key, entry.state, version.question, version.text, basis, version.verified_by,
                version.category, entry.owner_name, version.valid_from, version.valid_until,
                version.review_by, one.uses,
            )  # fmt: skip
        after = page.next
        if after is None:
            return


# ------------------------------------------------------------------ one entry


@desk.get("/answers/<int:entry_id>")
@needs(*READERS)
def entry_page(entry_id: int) -> str:
    """One entry: what is said now, what is under way, every version beside the one before, who used it."""
    return _entry_page(entry_id)


def _entry_page(entry_id: int, error: AppError | None = None) -> str:
    person, at = current_person(), now()
    with reading() as session:
        entry, newest = entry_and_newest(session, entry_id)
        versions = library.versions(session, entry_id)
        in_force = library.version_in_force(session, entry_id)
        chosen = _chosen(versions, request.args.get("version", ""), newest)
        before = next((one for one in versions if one.number < chosen.number), None)
        stands = _standing(session, entry, newest)
        open_draft = newest.published_at is None and entry.state != EntryState.RETIRED
        return render(
            "desk/answer.html",
            entry=entry,
            newest=newest,
            in_force=in_force,
            versions=versions,
            chosen=chosen,
            before=before,
            differences=_differences(before, chosen) if before else [],
            steps=_steps(session, newest, stands) if newest.submitted_at else [],
            sent_back=stands.step is None if newest.submitted_at else False,
            may_review=open_draft and newest.submitted_at is not None and why_not(stands, person) is None,
            may_write=person.may(Role.EDITOR) and not entry.origin,
            may_submit=open_draft and newest.submitted_at is None and person.may(Role.EDITOR),
            may_retire=entry.state == EntryState.PUBLISHED and not entry.origin and person.may(*PUBLISHERS),
            uses=_uses(session, entry_id),
            times=queries.times_used(session, [entry_id]).get(entry_id, 0),
            rechecks=library.open_rechecks(session, entry_id),
            recheck_labels=RECHECK_LABELS,
            documents={
                one.identity: one for one in library.documents_of_version(session, entry_id, chosen.number)
            },
            identity_of=identity_of,
            dead_links=upkeep.dead_links(session, chosen),
            departing=_departing(chosen),
            affected=_affected(session, entry, newest) if open_draft else [],
            follow_ups=upkeep.of_entry(session, entry_id, 10),
            follow_labels=FOLLOW_LABELS,
            conflicts=conflict_rows(session, consistency.open_conflicts_of(session, entry_id)),
            came=_came_from(session, entry),
            forms=service.forms_of(session, entry, chosen, settings().public_url),
            votes=queries.votes(session, entry_id),
            learned=library.learned_phrasings(session, [entry_id]).get(entry_id, []),
            feedback=finding.feedback(session, entry_id),
            may_settle=person.may(Role.EDITOR, Role.HANDLER),
            older=[
                {"platform": platform_label(platform), "version": number, "times": times}
                for platform, number, times in queries.older_versions_said(session, entry)
            ],
            alike=_alike(session, entry, newest) if open_draft else [],
            names=staff.names(session, [one.published_by for one in versions]),
            kind=KIND_LABELS[EntryKind(entry.kind)],
            significances=SIGNIFICANCE_LABELS,
            expired=bool(in_force and in_force.valid_until and in_force.valid_until < day_of(at)),
            error=error,
            typed=request.form,
        )


def conflict_rows(session: Session, found: list[AnswerConflict]) -> list[dict[str, Any]]:
    """Contradictions with both answers, each point side by side."""
    numbers = {number for row in found for number in (row.entry_id, row.other_id)}
    answers = conflicts.shown(session, numbers)
    rows = []
    for row in found:
        if row.entry_id not in answers or row.other_id not in answers:
            continue
        (one, ours), (other, theirs) = answers[row.entry_id], answers[row.other_id]
        above = federation.precedes(levels.level_of(session, other), levels.level_of(session, one))
        rows.append(
            {
                "id": row.id,
                "ours": {
                    "href": f"/desk/answers/{one.id}",
                    "question": ours.question,
                    "owner": one.owner_name,
                },
                "theirs": {
                    "href": f"/desk/answers/{other.id}",
                    "question": theirs.question,
                    "owner": other.owner_name,
                    "is_imported": bool(other.origin),
                    "is_above": bool(other.origin) and above,
                },
                "points": consistency.words_of(row.points),
                "found_at": row.found_at,
            }
        )
    return rows


def _came_from(session: Session, entry: AnswerEntry) -> dict[str, Any] | None:
    """Where an imported entry is from, and the way it came."""
    came = imports.of_entry(session, entry.id) if entry.origin else None
    if came is None:
        return None
    known = {one.library: one for one in imports.libraries(session)}
    names = [known[one].name if one in known else one[:8] for one in came.path]
    level = known[came.origin].level if came.origin in known else "city"
    return {
        "name": names[0],
        "level": federation.LEVEL_LABELS[federation.Level(level)],
        "way": " → ".join(names),
        "version": came.origin_version,
        "imported_at": came.imported_at,
        "reason": came.reason,
    }


def entry_and_newest(session: Session, entry_id: int) -> tuple[AnswerEntry, EntryVersion]:
    """An entry with the version proposed last. Raises `NotFound`."""
    entry = library.entry(session, entry_id)
    newest = library.latest_version(session, entry_id)
    if entry is None or newest is None:
        raise NotFound("没有这个问答条目。请回到问答库里找")
    return entry, newest


def _chosen(versions: list[EntryVersion], wanted: str, newest: EntryVersion) -> EntryVersion:
    if not wanted:
        return newest
    found = next((one for one in versions if str(one.number) == wanted), None)
    if found is None:
        raise NotFound("没有这一版")
    return found


def _standing(session: Session, entry: AnswerEntry, version: EntryVersion) -> Standing:
    opinions = library.review_opinions(session, version.id)
    return standing(opinions, current_digest(entry, version), version.author_id)


_COMPARED: tuple[tuple[str, Callable[[EntryVersion], str]], ...] = (
    ("问题", lambda v: v.question),
    ("短文本", lambda v: v.short_text or ""),
    (
        "平台文本",
        lambda v: "\n".join(f"{FORMS[n].label if n in FORMS else n}：{w}" for n, w in v.forms.items()),
    ),
    ("附件", lambda v: "\n".join(f"{one['title']}（{one.get('licence', '')}）" for one in v.attachments)),
    ("其他问法", lambda v: "\n".join(v.phrasings)),
    ("必须保留", lambda v: "\n".join(v.must_keep)),
    ("依据", lambda v: "\n".join(_document(named) for named in v.basis)),
    ("核实人", lambda v: v.verified_by),
    ("事项", lambda v: v.category),
    ("有效期起", lambda v: v.valid_from.isoformat()),
    ("有效期止", lambda v: v.valid_until.isoformat() if v.valid_until else "长期有效"),
    ("复核日期", lambda v: v.review_by.isoformat()),
    ("征求意见稿", lambda v: "是" if v.is_draft_policy else "否"),
)


def _differences(before: EntryVersion, after: EntryVersion) -> list[dict[str, str]]:
    """What differs beside the text itself."""
    pairs = ((label, part(before), part(after)) for label, part in _COMPARED)
    return [{"item": label, "before": old, "after": new} for label, old, new in pairs if old != new]


def _document(named: Mapping[str, Any]) -> str:
    parts = (named.get("title"), named.get("number"), named.get("issued_on"), named.get("url"))
    return " ".join(str(part) for part in parts if part)


def _steps(session: Session, version: EntryVersion, stands: Standing) -> list[dict[str, Any]]:
    """起草 · 初审 · 复审 · 终审 · 签发 for `ui.review_steps`; only opinions on this very text count."""
    at = now()
    given = {one.step: one for one in library.opinions(session, version.id) if one.digest == stands.digest}
    since = max([version.submitted_at or version.created_at, *(one.at for one in given.values())])
    author = version.author_name + ("（外包）" if version.author_contractor else "")
    drafted = [author, instant(version.submitted_at, at)]
    steps = [{"label": "起草", "state": "done", "lines": [line for line in drafted if line]}]
    for key, label in LABELS.items():
        if opinion := given.get(key):
            steps.append(_given(label, opinion))
        elif key == PUBLISH and version.published_at is not None:
            steps.append({"label": label, "state": "done", "lines": [instant(version.published_at, at)]})
        elif key == stands.step:
            steps.append({"label": label, "state": "now", "lines": [f"已等 {duration(at - since)}"]})
        else:
            steps.append({"label": label, "state": "waiting", "lines": []})
    return steps


def _given(label: str, opinion: EntryOpinion) -> dict[str, Any]:
    back = opinion.verdict == Verdict.SEND_BACK
    said = [
        f"{opinion.reviewer_name} · {instant(opinion.at, now())}",
        RETURN_CODES.get(opinion.code or "", ""),
        f"“{opinion.note}”" if opinion.note else "",
    ]
    return {
        "label": f"{label}{'退回' if back else '通过'}",
        "state": "back" if back else "done",
        "lines": [line for line in said if line],
    }


def _uses(session: Session, entry_id: int) -> list[dict[str, Any]]:
    return [
        {
            "number": use.case_number,
            "platform": platform_label(use.platform),
            "version": use.version,
            "at": use.at,
            "opens": use.opens,
        }
        for use in queries.uses(session, current_person(), entry_id)
    ]


def _alike(session: Session, entry: AnswerEntry, version: EntryVersion) -> list[dict[str, str]]:
    """Other answers in force to nearly the same question: two wordings for one matter are one too many."""
    found = services().answers.search(session, version.question, _ALIKE + 1)
    return [
        {
            "href": f"/desk/answers/{match.entry.id}",
            "question": match.version.question,
            "owner": match.entry.owner_name,
        }
        for match in found.matches
        if match.entry.id != entry.id and match.level != Level.LOW
    ][:_ALIKE]


def _departing(version: EntryVersion) -> list[tuple[str, str]]:
    """Which texts written for platforms say something else than the whole, and in what."""
    written = {FORMS[name].label if name in FORMS else name: words for name, words in version.forms.items()}
    return forms_that_depart(version.text, {"短文本": version.short_text or "", **written}, version.basis)


def _affected(session: Session, entry: AnswerEntry, version: EntryVersion) -> list[tuple[str, int]]:
    """What used the earlier wording and has to follow once this version is published."""
    found = reach.affected(session, now(), entry, version)
    return [(FOLLOW_LABELS[Kind(kind)], number) for kind, number in found.items()]


def counts_of(text: str) -> list[dict[str, Any]]:
    """How long a text is on each platform that limits it, for `ui.counter`."""
    limited = [key for key, row in PLATFORMS.items() if row.longest]
    return [{"platform": platform_label(key), **count_text(key, text)._asdict()} for key in limited]


# ------------------------------------------------------------------ reviewing


def _done(
    entry_id: int,
    do: Callable[[Session], Any],
    said: tuple[str, str],
    page: Callable[[int, AppError | None], str],
) -> BaseResponse | Response:
    """One act on an entry; a refusal shows ``page`` again with what was ticked and typed."""

    def act() -> None:
        with writing() as session:
            do(session)

    _, again = refused(act, lambda error: page(entry_id, error))
    if again is not None:
        return again
    tell("good", *said)
    return redirect(f"/desk/answers/{entry_id}", 303)


def _version_seen() -> int:
    """The version that was on the screen."""
    wanted = request.form.get("version", "")
    if not wanted.isdecimal():
        raise Invalid("没有说明是哪一版。请打开条目后再试", field="version")
    return int(wanted)


@desk.post("/answers/<int:entry_id>/submit")
@needs(Role.EDITOR)
def submit_entry(entry_id: int) -> BaseResponse | Response:
    """送审."""

    def do(session: Session) -> None:
        service.submit(session, now(), current_person(), _version_seen(), address=settings().public_url)

    return _done(entry_id, do, ("已送审", "等三位审核人各审一次，然后签发"), _entry_page)


@desk.get("/answers/<int:entry_id>/review")
@needs(*READERS)
def review_entry(entry_id: int) -> str:
    """What will be read, beside what is said now; five gates and a verdict."""
    return _review_page(entry_id)


def _review_page(entry_id: int, error: AppError | None = None) -> str:
    person = current_person()
    with reading() as session:
        entry, version = entry_and_newest(session, entry_id)
        in_force = library.version_in_force(session, entry_id)
        stands = _standing(session, entry, version)
        is_open = version.submitted_at is not None and version.published_at is None
        ticked = request.form.getlist("gate")
        return render(
            "desk/answer_review.html",
            entry=entry,
            version=version,
            in_force=in_force,
            differences=_differences(in_force, version) if in_force else [],
            stands=stands,
            step=stands.step if is_open else None,
            step_label=LABELS.get(stands.step or "", "") if is_open else "",
            is_open=is_open,
            why_not=why_not(stands, person) if is_open else None,
            steps=_steps(session, version, stands),
            earlier=[one for one in library.opinions(session, version.id) if one.digest != stands.digest],
            gates=[
                {"key": key, "label": f"{label}关", "hint": GATE_HINTS[key], "is_ticked": key in ticked}
                for key, label in GATES.items()
            ],
            return_codes=[("", "请选择"), *RETURN_CODES.items()],
            kind=KIND_LABELS[EntryKind(entry.kind)],
            significance=SIGNIFICANCE_LABELS[Significance(version.significance)],
            counts=[
                {**one, "note": "整条放得下" if one["used"] <= one["limit"] else "要用短文本"}
                for one in counts_of(version.text)
            ],
            times=queries.times_used(session, [entry_id]).get(entry_id, 0),
            forms=service.forms_of(session, entry, version, settings().public_url),
            departing=_departing(version),
            affected=_affected(session, entry, version) if is_open else [],
            error=error,
            typed=request.form,
        )


def _opinion(session: Session, verdict: Verdict) -> None:
    form = request.form
    service.give_opinion(
        session,
        now(),
        current_person(),
        _version_seen(),
        step=form.get("step", ""),
        verdict=verdict,
        digest=form.get("digest", ""),
        gates=form.getlist("gate"),
        code=form.get("code", ""),
        note=form.get("note", ""),
    )


@desk.post("/answers/<int:entry_id>/approve")
@needs(Role.REVIEWER)
def approve_entry(entry_id: int) -> BaseResponse | Response:
    """通过 the awaited step."""
    return _done(entry_id, lambda session: _opinion(session, Verdict.APPROVE), ("已通过", ""), _review_page)


@desk.post("/answers/<int:entry_id>/send_back")
@needs(Role.REVIEWER)
def send_back_entry(entry_id: int) -> BaseResponse | Response:
    """退回起草人, with one of the eight reasons (C13)."""
    said = ("已退回起草人", "改好后会再送审")
    return _done(entry_id, lambda session: _opinion(session, Verdict.SEND_BACK), said, _review_page)


@desk.post("/answers/<int:entry_id>/publish")
@needs(*PUBLISHERS)
def publish_entry(entry_id: int) -> BaseResponse | Response:
    """签发: from now on everybody is told this."""

    def do(session: Session) -> None:
        digest = request.form.get("digest", "")
        service.publish(session, now(), current_person(), _version_seen(), digest=digest)

    return _done(entry_id, do, ("已签发", "公众现在查得到，起草答复时会推荐"), _review_page)


@desk.post("/answers/<int:entry_id>/retire")
@needs(*PUBLISHERS)
def retire_entry(entry_id: int) -> BaseResponse | Response:
    """停用, with a reason."""

    def do(session: Session) -> None:
        service.retire(session, now(), current_person(), entry_id, reason=request.form.get("reason", ""))

    return _done(entry_id, do, ("已停用", "公众查不到了，起草答复时不再推荐"), _entry_page)
