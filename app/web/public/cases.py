"""公开办件: what was asked, what was answered, and whether the promise was kept."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, make_response, request
from sqlmodel import Session

from app.calendar.workdays import at_time
from app.cases.numbers import is_number, tidy
from app.disclosure.decision import EXCEPTIONS, WITHDRAWALS
from app.opendata import queries
from app.opendata.datasets import DATASETS
from app.opendata.formats import as_object, plain
from app.opendata.models import PublishedCase
from app.opendata.queries import CaseFilters, CasePage
from app.opendata.service import CaseIndex
from app.web.context import now, reading, render, services, settings
from app.web.presenting import masked_pieces, ruler_view
from app.web.public import giving, public
from app.web.public.reads import counted
from connectors.registry import short_label
from kb import queries as library

_EXCERPT = 120
_MOST_FOUND = 40
_COLUMNS = DATASETS["cases"].names


# ------------------------------------------------------------------ the list


@public.get("/cases")
def cases() -> Response:
    """Search, filters and the newest first."""
    filters = _filters()
    with reading() as session:
        page, found_by = _page(session, filters)
        choices = _choices(session)
    page_shown = render(
        "public/cases.html",
        place="cases",
        items=[_listed(case) for case in page.items],
        filters=filters,
        found_by=found_by,
        total=page.total,
        selects=_selects(filters, choices),
        pager=_pager(page),
        feed_query=_feed_query(filters),
        twins=[(ending, _address(f"/cases.{ending}")) for ending in ("json", "csv")],
    )
    return counted("list", make_response(page_shown))


@public.get("/cases.json")
def cases_json() -> Response:
    """The same page of the list for programs."""
    with reading() as session:
        page, _ = _page(session, _filters())
        items = [as_object(_COLUMNS, queries.case_row(case, settings().public_url)) for case in page.items]
    following = _address("/cases.json", after=page.next) if page.next else None
    return counted("list", giving.as_json({"items": items, "total": page.total, "next": following}))


@public.get("/cases.csv")
def cases_csv() -> Response:
    """The same page of the list as a table; whole files are at /data."""
    with reading() as session:
        page, _ = _page(session, _filters())
        rows: list[Any] = [queries.case_row(case, settings().public_url) for case in page.items]
    return counted("list", giving.table(list(_COLUMNS), rows))


def _filters() -> CaseFilters:
    return CaseFilters(
        words=_asked("q", 100),
        department=_asked("department", 100),
        message_type=_asked("type", 40),
        platform=_asked("platform", 40),
        month=_asked("month", 7),
        closed=_asked("closed", 7),
        category=_asked("category", 100),
        category_group=_asked("group", 40),
        place=_asked("place", 40),
    )


def _asked(name: str, longest: int) -> str:
    return request.args.get(name, "").replace("\x00", "").strip()[:longest]


def _page(session: Session, filters: CaseFilters) -> tuple[CasePage, str]:
    """The page, and how it was found: by meaning words (the closest first), by exact words, or not at all."""
    after, before = request.args.get("after", ""), request.args.get("before", "")
    if not filters.words:
        return queries.case_page(session, filters, after=after, before=before), ""
    numbers = _found(session, filters.words)
    if not numbers:
        return queries.case_page(session, filters, after=after, before=before), "words"
    page = queries.case_page(session, filters, numbers=numbers, limit=_MOST_FOUND)
    order = {number: place for place, number in enumerate(numbers)}
    page.items.sort(key=lambda case: order[case.number])
    return page, "meaning"


def _found(session: Session, words: str) -> list[str] | None:
    if is_number(tidy(words)):
        return [tidy(words)]
    return _index().search(session, words, _MOST_FOUND)


def _choices(session: Session) -> queries.Facets:
    """The choices of the filters, counted again only when something was published or withdrawn."""
    last, kept = queries.last_change(session, "cases"), services().extra
    if kept.get("facets", (None,))[0] != last:
        kept["facets"] = (last, queries.facets(session))
    found: queries.Facets = kept["facets"][1]
    return found


def _index() -> CaseIndex:
    """One for the whole process: it keeps what it has read of the files."""
    found: CaseIndex = services().extra.setdefault(
        "case_index", CaseIndex(settings().data_dir / "index" / "cases")
    )
    return found


def _address(path: str, **changes: str | None) -> str:
    kept = {name: value for name, value in request.args.items() if name not in {"after", "before"} and value}
    query = urlencode({**kept, **{name: value for name, value in changes.items() if value}})
    return f"{path}?{query}" if query else path


def _feed_query(filters: CaseFilters) -> str:
    """The same filters for the feeds: whoever reads one office's letters can follow them."""
    asked = {name: getattr(filters, name) for name in queries.FEED_FILTERS if getattr(filters, name)}
    return f"?{urlencode(asked)}" if asked else ""


def _pager(page: CasePage) -> dict[str, Any]:
    last = page.first + len(page.items) - 1 if page.items else 0
    return {
        "first": page.first,
        "last": last,
        "total": page.total,
        "measure": "件",
        "previous_href": _address("/cases", before=page.previous) if page.previous else None,
        "next_href": _address("/cases", after=page.next) if page.next else None,
        "next_count": min(queries.PAGE, page.total - last),
    }


def _selects(filters: CaseFilters, choices: queries.Facets) -> list[dict[str, Any]]:
    def options(everything: str, found: list[tuple[str, int]], words: Any) -> list[tuple[str, str]]:
        return [("", everything), *((value, f"{words(value)}（{count}）") for value, count in found)]

    return [
        {"name": "department", "label": "承办单位", "value": filters.department,
         "options": options("全部单位", choices.departments, str)},
        {"name": "group", "label": "事项大类", "value": filters.category_group,
         "options": options("全部事项", choices.groups, str)},
        {"name": "type", "label": "类型", "value": filters.message_type,
         "options": options("全部类型", choices.message_types, queries.type_name)},
        {"name": "platform", "label": "来源", "value": filters.platform,
         "options": options("全部来源", choices.platforms, queries.platform_name)},
        {"name": "month", "label": "收到的月份", "value": filters.month,
         "options": options("全部月份", choices.months, str)},
    ]  # fmt: skip


def _listed(case: PublishedCase) -> dict[str, Any]:
    said = " ".join(case.reply.split())
    return {
        "href": f"/cases/{case.number}",
        "title": case.title,
        "reply": said if len(said) <= _EXCERPT else said[:_EXCERPT] + "……",
        "source": [
            case.department,
            queries.type_name(case.message_type),
            case.place,
            f"来自{short_label(case.platform)}" if case.platform else "",
            queries.outcome_name(case.outcome),
        ],
        "replied_on": case.replied_on,
    }


# ------------------------------------------------------------------ one case


@public.get("/cases/<number>")
def case(number: str) -> Response:
    """One public case; 410 with time and reason once it was withdrawn."""
    with reading() as session:
        found = queries.public_case(session, number)
        answer = library.by_keys(session, [found.answer_key]) if found.answer_key else {}
    if found.withdrawn_at:
        page = render(
            "public/withdrawn.html", place="cases", case=found, reason=WITHDRAWALS.get(found.reason, "其他")
        )
        response = make_response(page, 410)
    else:
        answers = [
            {"href": f"/answers/{key}", "question": version.question} for key, (_, version) in answer.items()
        ]
        response = make_response(render("public/case.html", place="cases", answers=answers, **_story(found)))
    response.headers["Cache-Control"] = f"public, max-age={giving.MAX_AGE}"
    return counted(f"case:{found.number}", response)


@public.get("/cases/<number>.json")
def case_json(number: str) -> Response:
    """The same for programs."""
    with reading() as session:
        found = queries.public_case(session, number)
    if found.withdrawn_at:
        told = {"number": found.number, "withdrawn_at": plain(found.withdrawn_at), "reason": found.reason}
        return giving.as_json(told, status=410)
    row = as_object(_COLUMNS, queries.case_row(found, settings().public_url))
    written = giving.as_json({**row, "deadline_days": found.due_days}, changed_at=found.changed_at)
    return counted(f"case:{found.number}", written)


def _story(found: PublishedCase) -> dict[str, Any]:
    return {
        "case": found,
        "type_name": queries.type_name(found.message_type),
        "platform_name": short_label(found.platform),
        "outcome_name": queries.outcome_name(found.outcome),
        "stages": _stages(found),
        "exception": EXCEPTIONS.get(found.exception, ""),
        "masks": _masks(f"{found.title}\n{found.message}\n{found.reply}"),
        "ruler": _ruler(found),
        "days_allowed": sum(1 for day in found.due_days if day.get("counts")),
        "linked_data": _linked_data(found),
    }


def _stages(found: PublishedCase) -> list[dict[str, Any]]:
    declined = found.replied_on is None
    dates = (
        ("已收到", found.received_on, ""),
        ("已答复", found.replied_on, found.department),
        ("不予受理" if declined else "已办结", found.closed_on, queries.outcome_name(found.outcome)),
    )
    return [{"label": label, "on": on, "note": note} for label, on, note in dates if on]


def _masks(text: str) -> list[str]:
    """The kinds of what was hidden, one for each place: 电话, 住址."""
    return [piece.strip("〔〕") for piece, is_mask in masked_pieces(text) if is_mask]


def _ruler(found: PublishedCase) -> Any:
    if not found.due_days or not found.received_on or not found.due_on:
        return None
    replied_at = at_time(found.replied_on, "12:00") if found.replied_on else None
    return ruler_view(
        found.due_days, now(), at_time(found.received_on, "12:00"), found.due_on,
        replied_at=replied_at, for_public=True,
    )  # fmt: skip


def _linked_data(found: PublishedCase) -> dict[str, Any]:
    """schema.org QAPage: one question, one accepted answer."""
    url = f"{settings().public_url}/cases/{found.number}"
    return {
        "@context": "https://schema.org",
        "@type": "QAPage",
        "mainEntity": {
            "@type": "Question",
            "@id": url,
            "name": found.title,
            "text": found.message or found.summary or found.title,
            "answerCount": 1,
            "dateCreated": plain(found.received_on),
            "acceptedAnswer": {
                "@type": "Answer",
                "text": found.reply,
                "url": f"{url}#l2",
                "dateCreated": plain(found.replied_on or found.closed_on),
                "author": {"@type": "GovernmentOrganization", "name": found.department or "政务服务"},
            },
        },
    }
