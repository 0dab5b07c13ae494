"""Programs: letters in once, answers and cases out by scope, every refusal a problem+json."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.cases.transitions import Status
from app.official_accounts import service as accounts
from app.staff import service as staff
from app.staff.scopes import SCOPES
from connectors.website.signing import signature
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

Call = Callable[..., TestResponse]


@pytest.fixture
def program(app: Flask, sqlite_office: TheOffice) -> Callable[..., Call]:
    """`program("小陈", "cases.read")`: a client with that person's token."""

    def enter(name: str, *scopes: str) -> Call:
        with sqlite_office.db.writing() as session:
            token = staff.add_token(
                session, NOW, None, sqlite_office.people[name].id, scopes or tuple(SCOPES)
            )
        client = app.test_client()

        def call(method: str, path: str, **how: object) -> TestResponse:
            headers = {"Authorization": f"Bearer {token}", **how.pop("headers", {})}  # type: ignore[dict-item]
            return client.open(f"/api/v1{path}", method=method, headers=headers, **how)  # type: ignore[arg-type]

        return call

    return enter


LETTER = {"text": "我想问一下居住证怎么办", "contact": "13900001234", "public": False}


@pytest.mark.clause("E19")
def test_a_letter_sent_twice_with_one_key_is_one_case(program: Callable[..., Call]) -> None:
    call = program("小陈", "messages.write")
    first = call("POST", "/messages", json=LETTER, headers={"Idempotency-Key": "site-1"})
    again = call("POST", "/messages", json=LETTER, headers={"Idempotency-Key": "site-1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert len(first.json["lookup_code"]) == 8
    assert first.json["due_at"].endswith("+08:00")
    other = call("POST", "/messages", json=LETTER, headers={"Idempotency-Key": "site-2"})
    assert other.json["number"] != first.json["number"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": "有\x00字符"}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"text": "好的好的", "unknown": 1}, "unknown"),
        ({"text": "好的好的", "public": "maybe"}, "public"),
        ({"text": 5}, "text"),
        ({"text": "好的好的", "sent_at": "yesterday"}, "sent_at"),
        ({"text": "好的好的", "sent_at": "2027-01-01T00:00:00+08:00"}, "sent_at"),
    ],
)
def test_a_bad_letter_is_refused_with_its_field(
    program: Callable[..., Call], body: object, field: str
) -> None:
    answer = program("小陈")("POST", "/messages", json=body, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert answer.json["field"] == field


@pytest.mark.parametrize("key", ["", "有空格 的", "x" * 101])
def test_a_letter_needs_a_key(program: Callable[..., Call], key: str) -> None:
    headers = {"Idempotency-Key": key.encode("utf-8").decode("latin-1")} if key else {}
    assert program("小陈")("POST", "/messages", json=LETTER, headers=headers).status_code == 400


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"text"', b"\xff"])
def test_what_is_no_json_object_is_refused(program: Callable[..., Call], body: bytes) -> None:
    answer = program("小陈")(
        "POST", "/messages", data=body, headers={"Idempotency-Key": "k", "Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json["code"] == "not_json"


def test_without_a_token_nothing_opens(client: FlaskClient) -> None:
    answer = client.get("/api/v1/cases")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert client.get("/api/v1/cases", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_a_token_opens_only_what_its_scopes_name(program: Callable[..., Call]) -> None:
    call = program("小陈", "answers.read")
    assert call("GET", "/answers", query_string={"q": "居住证"}).status_code == 200
    assert call("GET", "/cases").status_code == 403


def test_a_program_sees_what_its_person_sees(program: Callable[..., Call], sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        mine = a_case(session, sqlite_office, status=Status.ASSIGNED)
        hidden = a_case(session, sqlite_office)
    handler = program("老李", "cases.read")
    listed = handler("GET", "/cases").json
    assert [row["number"] for row in listed["items"]] == [mine.number]
    assert listed["total"] == 1
    assert handler("GET", f"/cases/{hidden.number}").status_code == 404
    assert program("系统管理员", "cases.read")("GET", "/cases").json["total"] == 0


def test_a_case_is_worked_on_by_the_same_rules_as_on_the_desk(
    program: Callable[..., Call], sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        case = a_case(session, sqlite_office)
    clerk = program("小陈")
    shown = clerk("GET", f"/cases/{case.number}").json
    assert "assign" in shown["actions"]
    department = sqlite_office.departments["公安局户政科"].id
    done = clerk(
        "POST",
        f"/cases/{case.number}/actions/assign",
        json={"department_id": department, "version": shown["version"]},
    )
    assert done.json["status"] == "assigned"
    stale = clerk(
        "POST", f"/cases/{case.number}/actions/decline", json={"reason": "x", "version": shown["version"]}
    )
    assert stale.status_code == 409
    wrong = clerk("POST", f"/cases/{case.number}/actions/acknowledge", json={})
    assert (wrong.status_code, wrong.json["code"]) == (403, "wrong_role")
    assert clerk("POST", f"/cases/{case.number}/actions/release_reply", json={}).status_code == 403
    assert clerk("POST", f"/cases/{case.number}/actions/fly", json={}).status_code == 404


def test_paging_goes_through_all_cases_once(program: Callable[..., Call], sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        numbers = {a_case(session, sqlite_office).number for _ in range(7)}
    call, seen, after = program("小陈"), [], ""
    while after is not None:
        page = call("GET", "/cases", query_string={"limit": 3, "after": after}).json
        seen += [row["number"] for row in page["items"]]
        after = page["next"]
    assert len(seen) == 7 and set(seen) == numbers


def test_the_description_names_every_route(app: Flask, client: FlaskClient) -> None:
    described = client.get("/api/v1/openapi.json").json
    routes = {
        (method.lower(), rule.rule.replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.openapi"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == {(method, path) for path, methods in described["paths"].items() for method in methods}


def test_where_the_site_signs_its_letters_only_those_are_taken(
    program: Callable[..., Call], sqlite_office: TheOffice, at_now: datetime
) -> None:
    key = "0123456789abcdef01234567"
    with sqlite_office.db.writing() as session:
        accounts.change_settings(
            session, at_now, None, sqlite_office.accounts["website"].id, {"hmac_key": key}
        )
    call, body, stamp = (
        program("小陈", "messages.write"),
        json.dumps(LETTER).encode(),
        str(int(at_now.timestamp())),
    )

    def send(stamp: str, signed: str, body: bytes = body) -> TestResponse:
        headers = {"Idempotency-Key": "site-1", "X-Huiying-Timestamp": stamp, "X-Huiying-Signature": signed}
        return call("POST", "/messages", data=body, headers=headers, content_type="application/json")

    right, late = signature(key, stamp, "site-1", body), str(int(stamp) - 301)
    for stamp_, signed, sent in (
        (stamp, "", body),
        ("", right, body),
        (stamp, right, body.replace(b"}", b" }")),
        (stamp, signature(key, stamp, "site-2", body), body),
        (late, signature(key, late, "site-1", body), body),
        (stamp, "v1=签名".encode().decode("latin-1"), body),
    ):
        refused = send(stamp_, signed, sent)
        assert (refused.status_code, refused.get_json()["code"]) == (403, "bad_signature")
    assert [send(stamp, right).status_code for _ in range(2)] == [201, 200]
