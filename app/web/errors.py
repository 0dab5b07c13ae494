"""Which status has an error? One table for all doors; each door has its own way of saying it."""

import logging

from flask import Flask, Response, jsonify, render_template, request
from sqlalchemy.exc import OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException

from app.base.errors import AppError, Conflict, Invalid, NotAllowed, NotFound, TooMany, Unavailable
from connectors.errors import NotOffered, PayloadError, SignatureError

log = logging.getLogger("huiying.web")

HTTP_STATUS: dict[type[Exception], int] = {
    Invalid: 400,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    TooMany: 429,
    Unavailable: 503,
    SignatureError: 403,
    PayloadError: 400,
    NotOffered: 404,
    OperationalError: 503,
    TimeoutError: 503,
}
# No token and a bad token are 401 to programs; codes of NotAllowed that say so.
_NOT_KNOWN = {"no_token", "bad_token", "signed_out"}

WORDS = {
    400: "请求看不懂，没有做任何改动。请返回上一页检查后再试",
    403: "这一步您不能做",
    404: "没有这一页，或者它不在您能看的范围里",
    405: "这个地址不接受这种请求",
    409: "刚才有人先改了这一件。请刷新后再试",
    413: "内容太大，没有收下。请缩小后再试",
    415: "内容的格式不对",
    429: "试得太多了，请稍后再试",
    500: "系统出了错，没有做任何改动。请稍后再试；若一直如此，请联系技术保障人员",
    503: "数据库暂时连不上，没有做任何改动。请稍后再试",
}


def status_of(error: Exception) -> int:
    """The HTTP status of ``error``; 500 for what nobody expected."""
    if isinstance(error, HTTPException):
        return error.code or 500
    for kind, status in HTTP_STATUS.items():
        if isinstance(error, kind):
            code = getattr(error, "code", None)
            return 401 if status == 403 and code in _NOT_KNOWN else status
    return 500


def words_for(error: Exception, status: int) -> str:
    """What the person reads: our own sentence, or the general one of the status."""
    return (
        error.message
        if isinstance(error, AppError)
        else WORDS.get(status, WORDS[400 if status < 500 else 500])
    )


def _answer(error: Exception) -> Response | HTTPException:
    if isinstance(error, HTTPException) and (error.code or 500) < 400:
        return error
    status = status_of(error)
    if status >= 500:
        log.error("unexpected" if status == 500 else "unavailable", exc_info=error)
    door = request.blueprint or ""
    if door == "webhooks":
        response = Response("", status, content_type="text/plain; charset=utf-8")
    elif (
        door == "api"
        or request.path.startswith("/api/")
        or request.path.endswith((".json", ".jsonl", ".jsonld", "/changes"))
        or request.accept_mimetypes.best == "application/json"
    ):
        response = _problem(error, status)
    else:
        response = _page(error, status)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 405 and isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers["Allow"] = value
    return response


def _problem(error: Exception, status: int) -> Response:
    """RFC 9457."""
    body = {"type": "about:blank", "status": status, "title": WORDS.get(status, WORDS[400])}
    body["detail"] = words_for(error, status)
    if isinstance(error, AppError):
        body["code"] = error.code
        if error.field:
            body["field"] = error.field
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def _page(error: Exception, status: int) -> Response:
    base = "desk_base.html" if request.path.startswith("/desk") else "public_base.html"
    page = render_template(
        "error.html", base=base, status=status, message=words_for(error, status), rail=None
    )
    return Response(page, status, content_type="text/html; charset=utf-8")


def register(app: Flask) -> None:
    app.register_error_handler(Exception, _answer)
