"""What does each call of the API do? Read, call one thing, answer; shapes are in `schemas`."""

import re
from typing import Any

from flask import request
from sqlmodel import Session

from app.base.errors import Invalid, NotAllowed, NotFound, Unavailable
from app.cases import queries, service
from app.cases.models import Case
from app.cases.transitions import BY_REPLY, Action, Status, actions_for
from app.departments import queries as departments
from app.finding import service as finding
from app.official_accounts import queries as accounts
from app.official_accounts import service as accounts_service
from app.web.context import current_person, now, reading, services, writing
from connectors.contract import Connector, IncomingMessage
from connectors.errors import SignatureError
from connectors.website.connector import WebsiteConnector

_KEY = re.compile(r"[!-~]{1,100}")


def receive_letter(body: dict[str, Any]) -> tuple[Any, int]:
    """A letter of the site: 201 with number and look-up code; the same key again: 200 and the same case."""
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        raise Invalid("请在 Idempotency-Key 里给出 1 到 100 个可见字符，每封信一个", field="Idempotency-Key")
    sent_at = body.get("sent_at")
    if sent_at and sent_at > now():
        raise Invalid("提交时刻在将来，请核对网站的时钟", field="sent_at")
    with writing() as session:
        account = next(iter(accounts.all_open(session, platform="website")), None)
        if account is None:
            raise Unavailable("还没有登记网站账号。请用 huiying accounts add website 登记")
        _prove(accounts_service.connector_for(session, account), key)
        case, is_new = service.receive_letter(
            session,
            now(),
            account,
            IncomingMessage(
                platform="website",
                external_id=f"api:{key}",
                kind="letter",
                sender=None,
                text=body["text"],
                title=body.get("title", ""),
                sent_at=sent_at,
                contact=body.get("contact") or None,
                name=body.get("name") or None,
                page_url=body.get("page_url") or None,
                category=body.get("category") or None,
                public_consent=body["public"],
            ),
        )
        code = queries.lookup_code(session, case)
        return {**case.model_dump(), "lookup_code": code}, 201 if is_new else 200


def _prove(connector: Connector, key: str) -> None:
    """Where the site signs its letters, one without the right signature is refused, and why is said."""
    if isinstance(connector, WebsiteConnector):
        try:
            connector.prove(dict(request.headers), key, request.get_data(), now())
        except SignatureError as error:
            raise NotAllowed(_UNPROVED[error.reason], code="bad_signature") from None


_UNPROVED = {
    "missing": "这个网站账号要求签名。请带上 X-Huiying-Timestamp 和 X-Huiying-Signature",
    "stale": "签名的时刻和现在相差超过 5 分钟。请核对网站服务器的时钟，每次送出时重新签名",
    "mismatch": "签名不对。请核对密钥，并确认签名的是原样送出的请求体",
}


def search_answers(query: dict[str, Any]) -> tuple[Any, int]:
    """Published answers for a question in own words, best first."""
    return _found(query["q"], query["limit"])


def suggest(body: dict[str, Any]) -> tuple[Any, int]:
    """Answers for a whole letter."""
    return _found(body["text"], body["limit"])


def _found(text: str, limit: int) -> tuple[Any, int]:
    if not text.strip():
        return {"items": []}, 200
    with reading() as session:
        return {"items": finding.suggest(session, services().answers, text, limit=limit)}, 200


def list_cases(query: dict[str, Any]) -> tuple[Any, int]:
    """What the token's person may see, a page at a time."""
    filters = queries.QueueFilters(
        view="all",
        search=query["q"],
        platform=query["platform"],
        message_type=query["type"],
        status=query["status"],
    )
    with reading() as session:
        page = queries.queue(
            session, current_person(), filters, now(), after=query["after"] or None, limit=query["limit"]
        )
        names = {row.id: row.name for row in departments.all(session)}
        items = [
            {**case.model_dump(), "department": names.get(case.department_id or 0, "")} for case in page.items
        ]
        return {"items": items, "total": page.total, "next": page.next}, 200


def show_case(number: str) -> tuple[Any, int]:
    """One case with what can be done now."""
    with reading() as session:
        return _detail(session, queries.visible_case(session, current_person(), number)), 200


def act_on_case(number: str, action: str, body: dict[str, Any]) -> tuple[Any, int]:
    """One step, by the same rules as on the desk."""
    if action not in set(Action):
        raise NotFound("没有这个操作")
    with writing() as session:
        case = service.act(session, now(), current_person(), number, Action(action), **body)
        return _detail(session, case), 200


def _detail(session: Session, case: Case) -> dict[str, Any]:
    names = departments.names(session, {case.department_id})
    actions = [action.value for action in actions_for(Status(case.status), current_person().roles)]
    return {
        **case.model_dump(),
        "department": names.get(case.department_id or 0, ""),
        "actions": [action for action in actions if action not in BY_REPLY],
    }
