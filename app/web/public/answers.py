"""查答案: ask in one's own words, get one paragraph with its date and source; or browse by matter."""

from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from flask import Response, make_response, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from app.answers import queries
from app.answers import service as library_service
from app.base import keyset
from app.base.errors import Invalid, NotFound
from app.calendar.workdays import day_of
from app.finding.found import (
    REFUTING,
    SUGGESTED,
    Match,
    clarifications_first,
    is_clarification,
    is_suggested,
)
from app.finding.index import State
from app.finding.marking import spans_of
from app.opendata import feed
from app.opendata.datasets import DATASETS
from app.opendata.formats import as_object, plain
from app.opendata.queries import answer_row
from app.staff import queries as staff
from app.staff.addresses import limit_key
from app.web.context import client_address, now, reading, render, services, settings, writing
from app.web.public import giving, public
from kb import queries as library
from kb.models import AnswerEntry, EntryVersion
from kb.states import EntryState

_LONGEST = 500
_FOUND = 6
_PAGE = 20
_EXCERPT = 110
_RELATED = 5
_CLARIFIED = 3
_MOST_ADDRESSES = 50_000  # of one sitemap file, by its standard
_COLUMNS = DATASETS["answers"].names
Shown = tuple[AnswerEntry, EntryVersion]


# ------------------------------------------------------------------ start, search, browse


@public.get("/")
def start() -> str:
    """The search box, what most people ask, and all matters."""
    with reading() as session:
        today = day_of(now())
        top = queries.most_used(session, today, SUGGESTED)
        refuted = queries.newest(session, today, REFUTING, _CLARIFIED)
        matters = services().answers.matters(session)
    return render(
        "public/search.html", place="answers", words="", found=None, top=_linked(top), matters=matters,
        refuted=_linked(refuted),
    )  # fmt: skip


@public.get("/answers")
def answers() -> str:
    """What fits the words of ``q``; without words everything, or one matter."""
    words = _words()
    if not words:
        return _browsed()
    with reading() as session:
        told, is_in_vain = services().answers.once(session, ("page", words), partial(_found, session, words))
    if is_in_vain:
        services().searches.in_vain(words)
    return render("public/search.html", place="answers", words=words, **told)


def _found(session: Session, words: str, state: State) -> tuple[dict[str, Any], bool]:
    """What the page of a search tells, which is the same for everybody, and whether nothing sure was found."""
    answers = services().answers
    found = answers.search(session, words, _FOUND, state=state)
    shown = found
    if not found.matches and found.did_you_mean:
        # Where nothing was found, what the words that sound alike find: 居主证 → 居住证.
        shown = answers.search(session, found.did_you_mean, _FOUND, correct=False, state=state)
    told = {
        "found": {"sure": found.sure, "matches": bool(found.matches), "rebuilding": found.rebuilding},
        "results": [
            _result(match, words, whole=shown.sure and place == 0)
            for place, match in enumerate(clarifications_first(shown.matches))
        ],
        "is_sure": shown.sure,
        "meant": found.did_you_mean,
        "other": _address("/answers", q=found.did_you_mean) if found.did_you_mean else None,
        "matters": answers.matters(session, state),
        "twin": _address("/answers.json", q=words),
    }
    return told, not shown.sure and not found.rebuilding


def _browsed() -> str:
    category = _asked("category", 100)
    with reading() as session:
        rows, following = _listed(session, category)
        matters = services().answers.matters(session)
    if category and category not in matters:
        raise NotFound("没有这个事项。请从“按事项找”里选")
    return render(
        "public/answers.html",
        place="answers",
        linked_data=_faq_page(rows, _address("/answers", category=category)),
        category=category,
        results=[_row(*row) for row in rows],
        matters=matters,
        next_href=_address("/answers", category=category, after=following) if following else None,
        is_first="after" not in request.args,
        twin=_address("/answers.json", category=category, after=_asked("after", 60)),
    )


@public.get("/answers.json")
def answers_json() -> Response:
    """The same for programs."""
    words = _words()
    with reading() as session:
        if words:
            told = services().answers.once(session, ("json", words), partial(_found_as_json, session, words))
            return giving.as_json(told)
        category = _asked("category", 100)
        rows, following = _listed(session, category)
        items = [_object(*row) for row in rows]
    address = _address("/answers.json", category=category, after=following) if following else None
    return giving.as_json({"items": items, "next": address})


def _found_as_json(session: Session, words: str, state: State) -> dict[str, Any]:
    found = services().answers.search(session, words, _FOUND, state=state)
    return {
        "query": words,
        "sure": found.sure,
        "rebuilding": found.rebuilding,
        "did_you_mean": found.did_you_mean,
        "items": [
            {**_object(match.entry, match.version), "level": str(match.level), "reasons": list(match.reasons)}
            for match in found.matches
        ],
    }


def _listed(session: Session, category: str) -> tuple[list[Shown], str | None]:
    """A page of answers in force, the last changed first, and where the next one begins."""
    rows = library.published(
        session,
        category=category or None,
        valid_on=day_of(now()),
        after=keyset.read(_asked("after", 60)) if _asked("after", 60) else None,
        limit=_PAGE + 1,
    )
    shown = rows[:_PAGE]
    following = keyset.written(shown[-1][0].updated_at, shown[-1][0].id) if len(rows) > _PAGE else None
    return [row for row in shown if row[0].kind in SUGGESTED], following


def _words() -> str:
    return _asked("q", _LONGEST)


def _asked(name: str, longest: int) -> str:
    return request.args.get(name, "").replace("\x00", "").strip()[:longest]


def _address(path: str, **asked: str) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{path}?{query}" if query else path


# ------------------------------------------------------------------ one answer


@public.get("/answers/<key>")
def answer_page(key: str) -> Response:
    """One answer with its source; what has run out says so, what was retired is gone (410)."""
    with reading() as session:
        entry, version = _answer(session, key)
        related = _related(session, entry, version)
    status = 410 if entry.state == EntryState.RETIRED else 200
    today = day_of(now())
    page = render(
        "public/answer.html",
        place="answers",
        entry=entry,
        is_clarification=is_clarification(entry),
        version=version,
        retired=status == 410,
        expired=version.valid_until is not None and version.valid_until < today,
        to_come=version.valid_from > today,
        related=_linked(related),
        linked_data=_linked_data(entry, version)
        if is_suggested(entry, version, today) and status == 200
        else None,
    )
    response = make_response(page, status)
    response.headers["Cache-Control"] = f"public, max-age={giving.MAX_AGE}"
    return response


@public.get("/answers/<key>/vote")
def vote_page(key: str) -> Response:
    """Two buttons, on a page of their own: the answer's page is the same for everybody and may be kept."""
    with reading() as session:
        entry, version = _answer(session, key)
    voted = request.args.get("voted") == "1"
    response = make_response(
        render("public/vote.html", place="answers", entry=entry, version=version, voted=voted)
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@public.post("/answers/<key>/vote")
def vote(key: str) -> BaseResponse:
    """有没有帮助: one judgement a day and visitor; who it was is not kept."""
    helpful = request.form.get("helpful", "")
    if helpful not in {"yes", "no"}:
        raise Invalid("请选“有帮助”或“没有帮助”", field="helpful")
    with writing() as session:
        entry, _ = _answer(session, key)
        visitor = limit_key(client_address())
        library_service.vote(session, now(), entry, visitor, helpful=helpful == "yes")
    return redirect(f"/answers/{entry.key}/vote?voted=1", 303)


@public.get("/answers.atom")
def answers_atom() -> Response:
    """The answers changed last, as an Atom feed."""
    with reading() as session:
        rows, _ = _listed(session, "")
        changed = max((version.published_at for _, version in rows if version.published_at), default=now())
        office = staff.office(session)
    home = settings().public_url
    entries = [
        feed.Entry(
            key=entry.key,
            url=f"{home}/answers/{entry.key}",
            updated_at=version.published_at or entry.updated_at,
            title=version.question,
            summary=version.text,
            author=entry.owner_name,
            category=version.category,
        )
        for entry, version in rows
    ]
    name = office.name if office else ""
    told = feed.atom(
        f"{name}问答库", name or "问答库", f"{home}/answers", f"{home}/answers.atom", changed, entries
    )
    return giving.document(told, "atom", changed_at=changed)


@public.get("/sitemap.xml")
def sitemap() -> Response:
    """Every answer in force, for search engines (sitemaps.org 0.9)."""
    home, today = settings().public_url, day_of(now())
    with reading() as session:
        rows = queries.addresses(session, today, SUGGESTED, _MOST_ADDRESSES)
    lines = "".join(
        f"<url><loc>{escape(home)}/answers/{key}</loc><lastmod>{day_of(at).isoformat()}</lastmod></url>"
        for key, at in rows
    )
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    )
    return giving.document(f"{head}<url><loc>{escape(home)}/</loc></url>{lines}</urlset>", "xml")


@public.get("/answers/<key>.json")
def answer_json(key: str) -> Response:
    """The same for programs, with every document it rests on and the digest of what was reviewed."""
    with reading() as session:
        entry, version = _answer(session, key)
    if entry.state == EntryState.RETIRED:
        return giving.as_json({"key": entry.key, "state": "retired"}, status=410)
    told = {
        **_object(entry, version),
        "kind": entry.kind,
        "short_text": version.short_text,
        "must_keep": version.must_keep,
        "basis_documents": version.basis,
        "is_draft_policy": version.is_draft_policy,
        "in_force": is_suggested(entry, version, day_of(now())),
        "digest": version.digest,
    }
    return giving.as_json(told, changed_at=version.published_at)


def _answer(session: Session, key: str) -> Shown:
    """An entry that is or was public, in the version said last. Raises `NotFound` for what never was."""
    entry = library.by_key(session, key)
    if entry is None or entry.current_version is None or entry.kind not in SUGGESTED:
        raise NotFound("没有这条答案。请用自己的话再查一次")
    version = library.version(session, entry.id, entry.current_version)
    assert version is not None  # the number is only ever set to one that exists
    return entry, version


def _related(session: Session, entry: AnswerEntry, version: EntryVersion) -> list[Shown]:
    if not version.category:
        return []
    near = library.published(session, category=version.category, valid_on=day_of(now()), limit=_RELATED + 1)
    return [row for row in near if row[0].id != entry.id and row[0].kind in SUGGESTED][:_RELATED]


def _faq_page(rows: Iterable[Shown], path: str) -> dict[str, Any]:
    """schema.org FAQPage of a page of answers, those of one matter."""
    return {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "@id": f"{settings().public_url}{path}",
        "inLanguage": "zh-CN",
        "mainEntity": [_question(version) for _, version in rows],
    }


def _question(version: EntryVersion) -> dict[str, Any]:
    return {
        "@type": "Question",
        "name": version.question,
        "acceptedAnswer": {"@type": "Answer", "text": version.text},
    }


def _linked_data(entry: AnswerEntry, version: EntryVersion) -> dict[str, Any]:
    """schema.org FAQPage. A data block is not run, so the policy on scripts does not concern it."""
    return {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "@id": f"{settings().public_url}/answers/{entry.key}",
        "inLanguage": "zh-CN",
        "dateModified": plain(version.published_at),
        "mainEntity": [_question(version)],
    }


# ------------------------------------------------------------------ how answers look


def _linked(rows: Iterable[Shown]) -> list[dict[str, str]]:
    return [
        {"href": f"/answers/{entry.key}", "question": version.question, "owner": entry.owner_name}
        for entry, version in rows
    ]


def _result(match: Match, words: str, *, whole: bool) -> dict[str, Any]:
    """As `ui.result` takes it, with what was asked marked."""
    row = _row(match.entry, match.version, whole=whole)
    return {
        **row,
        "title_spans": spans_of(row["title"], match.terms, words),
        "text_spans": spans_of(row["text"], match.terms, words),
    }


def _row(entry: AnswerEntry, version: EntryVersion, *, whole: bool = False) -> dict[str, Any]:
    short = " ".join(version.text.split())
    excerpt = short if len(short) <= _EXCERPT else short[:_EXCERPT] + "……"
    return {
        "href": f"/answers/{entry.key}",
        "title": version.question,
        "tag": "澄清" if is_clarification(entry) else None,
        "title_spans": [],
        "text": version.text if whole else excerpt,
        "text_spans": [],
        "owner": entry.owner_name,
        "updated_on": day_of(version.published_at) if version.published_at else None,
        "valid_until": version.valid_until,
        "basis": basis_line(version) if whole else None,
    }


def basis_line(version: EntryVersion) -> str:
    """The first document an answer rests on, in one line, and how many more there are."""
    if not version.basis:
        return ""
    first = version.basis[0]
    number = first.get("number")
    title = str(first.get("title") or "")
    more = f"等 {len(version.basis)} 件" if len(version.basis) > 1 else ""
    return f"{title}（{number}）{more}" if number else f"{title}{more}"


def _object(entry: AnswerEntry, version: EntryVersion) -> dict[str, Any]:
    told: dict[str, Any] = as_object(_COLUMNS, answer_row(entry, version, settings().public_url))
    return told
