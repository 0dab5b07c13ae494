"""Every route is behind a door that says who may enter; a route without one fails the build."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.staff.roles import Role
from app.web import DOORS
from tests.people import CAST

# The whole list of doors without a CSRF token: platforms sign their calls, programs show a token, and a
# frame on another site gets no cookie, so there is nobody to forge.
WITHOUT_CSRF = {"webhooks", "api", "embedded"}


def test_every_route_belongs_to_a_door(app: Flask) -> None:
    names = {door.blueprint.name for door in DOORS}
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        assert rule.endpoint.split(".")[0] in names, f"{rule.rule} is behind no door"


def test_every_door_says_who_may_enter() -> None:
    assert all(callable(door.may_enter) for door in DOORS)


def test_only_platforms_and_programs_come_without_a_form_token() -> None:
    assert {door.blueprint.name for door in DOORS if not door.csrf} == WITHOUT_CSRF


def _pages(app: Flask, blueprint: str) -> list[str]:
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(blueprint + ".") and "GET" in (rule.methods or ()) and not rule.arguments
    )


def test_no_page_of_the_desk_opens_without_signing_in(app: Flask, client: FlaskClient) -> None:
    for page in _pages(app, "desk"):
        answer = client.get(page)
        assert answer.status_code == 303, page
        assert answer.headers["Location"].startswith("/desk/login"), page


def test_no_action_of_the_desk_works_without_signing_in(app: Flask, client: FlaskClient) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("desk.") and "POST" in (rule.methods or ()):
            address = rule.rule
            for argument in rule.arguments:
                kind = type(rule._converters[argument]).__name__
                value = "1" if kind == "RowNumber" else "x"
                address = address.replace(f"<int:{argument}>", value).replace(f"<{argument}>", value)
            assert client.post(address).status_code == 401, rule.rule


@pytest.mark.parametrize("name", [player.name for player in CAST])
def test_every_page_of_the_desk_opens_or_refuses_in_words(
    app: Flask, signed_in: Callable[[str], FlaskClient], name: str
) -> None:
    browser = signed_in(name)
    for page in _pages(app, "desk"):
        answer = browser.get(page)
        assert answer.status_code in {200, 303, 403}, f"{page}: {answer.status_code}"


@pytest.mark.parametrize("name", ["系统管理员", "安全管理员", "审计管理员"])
def test_administrators_read_no_letters(signed_in: Callable[[str], FlaskClient], name: str) -> None:
    page = signed_in(name).get("/desk/cases?view=all").get_data(as_text=True)
    assert "共 0 件" in page


def test_a_form_without_its_token_is_refused(app: Flask, signed_in: Callable[[str], FlaskClient]) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    assert signed_in("小陈").post("/desk/notices/1").status_code == 400


@pytest.mark.parametrize(
    "address", ["/", "/desk/login", "/cases", "/api/v1/openapi.json", "/nowhere", "/desk/nowhere"]
)
def test_every_answer_carries_the_security_headers(client: FlaskClient, address: str) -> None:
    headers = client.get(address).headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_the_roles_of_the_cast_cover_every_role() -> None:
    assert {role for player in CAST for role in player.roles} == set(Role) - {Role.SYSTEM}


@pytest.mark.parametrize(
    "address",
    ["/desk/reviews/99999999999999999999", "/desk/answers/2147483648", "/desk/imports/9223372036854775808"],
)
def test_a_number_no_row_can_have_is_not_found(signed_in: Callable[[str], FlaskClient], address: str) -> None:
    assert signed_in("小陈").get(address).status_code == 404
