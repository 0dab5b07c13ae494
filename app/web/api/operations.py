"""Which calls are there? One row per operation: its address, scope, shapes and answers; the routes and
the OpenAPI description both come from this table, so neither can differ from the other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Response, jsonify, request
from marshmallow import Schema, ValidationError

from app.base.errors import Invalid
from app.staff.scopes import SCOPES
from app.web.access import scope
from app.web.api import schemas, views
from app.web.context import settings

Call = Callable[..., tuple[Any, int]]


@dataclass(frozen=True)
class Operation:
    """``path`` in Flask's form; ``view`` gets the loaded query and body and returns (object, status)."""

    method: str
    path: str
    view: Call
    summary: str
    scope: str
    answer: type[Schema]
    statuses: tuple[int, ...] = (200,)
    query: type[Schema] | None = None
    body: type[Schema] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    further_headers: tuple[tuple[str, str], ...] = ()
    """Those that are needed only where the office has set it so."""

    @property
    def name(self) -> str:
        return self.view.__name__


OPERATIONS = (
    Operation(
        "POST",
        "/messages",
        views.receive_letter,
        "政府网站来信。同一个 Idempotency-Key 再送一次，还是同一封信",
        "messages.write",
        schemas.Receipt,
        (200, 201),
        body=schemas.Letter,
        headers=(("Idempotency-Key", "网站自己的来信编号，1 到 100 个可见字符"),),
        further_headers=(
            ("X-Huiying-Timestamp", "账号设了签名密钥时要带：签名时刻，1970 年以来的秒数"),
            ("X-Huiying-Signature", "账号设了签名密钥时要带：v1= 加 HMAC-SHA256 的十六进制"),
        ),
    ),
    Operation(
        "GET",
        "/answers",
        views.search_answers,
        "检索问答库",
        "answers.read",
        schemas.Answers,
        query=schemas.AnswerQuery,
    ),
    Operation(
        "POST",
        "/suggestions",
        views.suggest,
        "为一封来信建议答案；没有把握时给空列表",
        "answers.read",
        schemas.Answers,
        body=schemas.SuggestionQuestion,
    ),
    Operation(
        "GET",
        "/cases",
        views.list_cases,
        "能看的办件，先到期的在前",
        "cases.read",
        schemas.Cases,
        query=schemas.CaseQuery,
    ),
    Operation("GET", "/cases/<number>", views.show_case, "一件的详情", "cases.read", schemas.CaseDetail),
    Operation(
        "POST",
        "/cases/<number>/actions/<action>",
        views.act_on_case,
        "办理一步，规则和工作台相同",
        "cases.act",
        schemas.CaseDetail,
        body=schemas.ActionBody,
    ),
)


def hang(api: Blueprint) -> None:
    """Register every row as a route, and the description itself."""
    for operation in OPERATIONS:
        api.add_url_rule(
            operation.path,
            operation.name,
            scope(operation.scope)(_guarded(operation)),
            methods=[operation.method],
        )
    api.add_url_rule("/openapi.json", "openapi", _openapi)


def _guarded(operation: Operation) -> Callable[..., Response]:
    def view(**parts: str) -> Response:
        for name, value in parts.items():
            if "\x00" in value:
                raise Invalid("地址里有不能用的字符", field=name)
        given: dict[str, Any] = dict(parts)
        if operation.query:
            given["query"] = _load(operation.query(), request.args.to_dict())
        if operation.body:
            given["body"] = _load(operation.body(), _json())
        made, status = operation.view(**given)
        response = jsonify(operation.answer().dump(made))
        response.status_code = status
        return response

    view.__name__ = operation.name
    return view


def _json() -> Any:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Invalid("请求体要是一个 JSON 对象，Content-Type 用 application/json", code="not_json")
    return body


def _load(schema: Schema, given: Any) -> Any:
    try:
        return schema.load(given)
    except ValidationError as error:
        field, words = _first(error.messages)
        raise Invalid(f"{field}：{words}", field=field) from None


def _first(messages: Any) -> tuple[str, str]:
    field, words = next(iter(messages.items())) if isinstance(messages, dict) else ("_", messages)
    while isinstance(words, dict | list):
        words = next(iter(words.values())) if isinstance(words, dict) else words[0]
    return str(field)[:100], _WORDS.get(str(words), str(words))


_WORDS = {
    "Unknown field.": "没有这一项",
    "Missing data for required field.": "必须填写",
    "Not a valid string.": "要是文字",
    "Not a valid integer.": "要是整数",
    "Not a valid boolean.": "要是 true 或 false",
    "Field may not be null.": "不能是 null",
}


def _openapi() -> Response:
    return jsonify(describe(settings().public_url))


def describe(public_url: str) -> dict[str, Any]:
    """The OpenAPI 3 document, made from `OPERATIONS`."""
    spec = APISpec(
        title="回应 开放接口",
        version="1",
        openapi_version="3.0.3",
        info={"description": "政府办公室的来信、办件和问答库。令牌用 huiying tokens add 生成。"},
        servers=[{"url": public_url}],
        plugins=[MarshmallowPlugin()],
    )
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for operation in OPERATIONS:
        path = "/api/v1" + operation.path.replace("<", "{").replace(">", "}")
        spec.path(path=path, operations={operation.method.lower(): _described(operation)})
    described: dict[str, Any] = spec.to_dict()
    return described


def _described(operation: Operation) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": schemas.Problem}}
    refusals = {
        400: "内容不对",
        401: "没有令牌或令牌无效",
        403: "没有这个权限",
        404: "没有",
        409: "刚被别人改过",
        413: "太大",
        415: "格式不对",
        429: "太频繁",
        503: "暂时不能用",
    }
    answers: dict[str, Any] = {
        str(status): {"description": "好", "content": {"application/json": {"schema": operation.answer}}}
        for status in operation.statuses
    }
    answers |= {str(status): {"description": words, "content": problem} for status, words in refusals.items()}
    parameters: list[dict[str, Any]] = [
        {"in": "path", "name": name, "required": True, "schema": _path_schema(name)}
        for name in ("number", "action")
        if f"<{name}>" in operation.path
    ]
    parameters += [
        {
            "in": "header",
            "name": name,
            "required": True,
            "description": words,
            "schema": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$"},
        }
        for name, words in operation.headers
    ]
    parameters += [
        {"in": "header", "name": name, "required": False, "description": words, "schema": {"type": "string"}}
        for name, words in operation.further_headers
    ]
    if operation.query:
        parameters.append({"in": "query", "schema": operation.query})
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"需要权限 {operation.scope}（{SCOPES[operation.scope]}）",
        "security": [{"token": []}],
        "parameters": parameters,
        "responses": answers,
    }
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": operation.body}},
        }
    return described


def _path_schema(name: str) -> dict[str, Any]:
    if name == "action":
        return {"type": "string", "enum": list(schemas.ACTIONS)}
    return {"type": "string", "minLength": 1, "maxLength": 40}
