"""Coming in and leaving, through the pages."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.base import clock
from app.base.db import Database
from app.staff import queries, service
from tests.conftest import NOW, TheOffice, make_app

PASSWORD = "柳荫巷的路灯第三盏亮"
REFUSED = service.REFUSED
SignedIn = Callable[[str], FlaskClient]


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """argon2 with its smallest cost: what is proved here does not depend on how long a hash takes."""
    monkeypatch.setattr(service, "_hasher", service.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    service._nobodys_hash.cache_clear()


def give_password(office: TheOffice, name: str) -> str:
    """Give the person `PASSWORD`; their sign-in name."""
    with office.db.writing() as session:
        service.set_password(session, NOW, office.people[name], PASSWORD)
        member = queries.member(session, office.people[name].id)
    assert member is not None
    return member.sign_in


def sign_in(client: FlaskClient, name: str, password: str = PASSWORD, **more: str):  # type: ignore[no-untyped-def]
    return client.post("/desk/login", data={"name": name, "password": password, **more})


def cookie_of(response) -> str:  # type: ignore[no-untyped-def]
    return next(
        c for c in response.headers.getlist("Set-Cookie") if c.startswith(("huiying=", "__Host-huiying="))
    )


def test_the_desk_leads_to_the_sign_in_page_and_back(client: FlaskClient, sqlite_office: TheOffice) -> None:
    name = give_password(sqlite_office, "小陈")
    asked = client.get("/desk/sessions")
    assert asked.status_code == 303
    page = client.get(asked.headers["Location"])
    assert page.status_code == 200
    assert 'name="next" value="/desk/sessions"' in page.text

    answer = sign_in(client, name, next="/desk/sessions")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/sessions")
    assert client.get("/desk/sessions").status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    cookie = cookie_of(sign_in(client, give_password(sqlite_office, "小陈")))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert "Secure" not in cookie, "this test office has no https"


def test_over_https_the_cookie_is_bound_to_the_host(sqlite_office: TheOffice, app: Flask) -> None:
    settings = app.extensions["huiying"].settings
    object.__setattr__(settings, "public_url", "https://yunze.example")
    cookie = cookie_of(sign_in(app.test_client(), give_password(sqlite_office, "小陈")))
    assert cookie.startswith("__Host-huiying=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/desk/\\..",
        "javascript:alert(1)",
        "/",
        "",
    ],
)
def test_the_way_back_never_leaves_the_desk(
    client: FlaskClient, sqlite_office: TheOffice, wanted: str
) -> None:
    answer = sign_in(client, give_password(sqlite_office, "小陈"), next=wanted)
    assert answer.headers["Location"] == "/desk/"


@pytest.mark.parametrize("name", ["xiaochen", "没有这个人"])
def test_a_refusal_keeps_the_name_and_tells_nothing_else(
    client: FlaskClient, sqlite_office: TheOffice, name: str
) -> None:
    give_password(sqlite_office, "小陈")
    page = sign_in(client, name, "错的密码")
    assert page.status_code == 400
    assert REFUSED in page.text
    assert f'value="{name}"' in page.text
    assert "错的密码" not in page.text
    assert not any("huiying=" in c and "huiying_form" not in c for c in page.headers.getlist("Set-Cookie"))


def test_the_sixth_try_is_told_the_same_words(client: FlaskClient, sqlite_office: TheOffice) -> None:
    name = give_password(sqlite_office, "小陈")
    for _ in range(5):
        assert sign_in(client, name, "错").status_code == 400
    page = sign_in(client, name)
    assert page.status_code == 429
    assert REFUSED in page.text


def test_sample_people_come_in_from_loopback_only(app: Flask, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        made = service.add(
            session,
            NOW,
            None,
            name="示例",
            department_id=None,
            roles=frozenset(),
            sign_in="sample",
            sample=True,
        )
        person = queries.person(session, made.id)
        assert person is not None
        service.set_password(session, NOW, person, PASSWORD)
    data = {"name": "sample", "password": PASSWORD}
    for address, status in (("127.0.0.1", 303), ("::1", 303), ("192.0.2.7", 400), ("2001:db8::1", 400)):
        answer = app.test_client().post("/desk/login", data=data, environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == status, address


def test_a_forwarded_loopback_address_is_not_believed(app: Flask, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        made = service.add(
            session,
            NOW,
            None,
            name="示例",
            department_id=None,
            roles=frozenset(),
            sign_in="sample",
            sample=True,
        )
        person = queries.person(session, made.id)
        assert person is not None
        service.set_password(session, NOW, person, PASSWORD)
    answer = app.test_client().post(
        "/desk/login",
        data={"name": "sample", "password": PASSWORD},
        headers={"X-Forwarded-For": "127.0.0.1"},
        environ_base={"REMOTE_ADDR": "192.0.2.7"},
    )
    assert answer.status_code == 400


def test_a_one_time_address_asks_for_a_password_and_comes_in(app: Flask, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        token = service.sign_in_link(session, NOW, None, sqlite_office.people["小陈"].id)
    client = app.test_client()
    for _ in range(2):
        page = client.get(f"/desk/first/{token}")
        assert page.status_code == 200, "a link checker that looks first does no harm"
        assert "小陈，请设一个密码" in page.text
    assert page.headers["Cache-Control"] == "no-store"

    short = client.post(f"/desk/first/{token}", data={"password": "短", "again": "短"})
    assert (short.status_code, "至少 10 位" in short.text) == (400, True)
    other = client.post(f"/desk/first/{token}", data={"password": PASSWORD, "again": "别的"})
    assert (other.status_code, "两次写的密码不一样" in other.text) == (400, True)

    done = client.post(f"/desk/first/{token}", data={"password": PASSWORD, "again": PASSWORD})
    assert (done.status_code, done.headers["Location"]) == (303, "/desk/")
    assert client.get("/desk/sessions").status_code == 200
    assert app.test_client().get(f"/desk/first/{token}").status_code == 404
    assert sign_in(app.test_client(), "xiaochen").status_code == 303


def test_the_first_administrator_is_led_to_the_first_run_page(
    sqlite_db: Database,
    tmp_path,
    at_now,  # type: ignore[no-untyped-def]
) -> None:
    from app.staff.roles import Role

    with sqlite_db.writing() as session:
        made = service.add(
            session, NOW, None, name="陈晓", department_id=None, roles=frozenset({Role.SYSTEM_ADMIN})
        )
        token = service.sign_in_link(session, NOW, None, made.id)
    client = make_app(sqlite_db, tmp_path).test_client()
    done = client.post(f"/desk/first/{token}", data={"password": PASSWORD, "again": PASSWORD})
    assert done.headers["Location"] == "/desk/setup"
    assert client.get("/desk/setup").status_code == 200


def test_signing_out_ends_the_row_not_only_the_cookie(client: FlaskClient, sqlite_office: TheOffice) -> None:
    cookie = cookie_of(sign_in(client, give_password(sqlite_office, "小陈"))).split(";")[0].split("=", 1)[1]
    answer = client.post("/desk/logout")
    assert answer.status_code == 303
    assert "已退出" in client.get(answer.headers["Location"]).text
    client.set_cookie("huiying", cookie, domain="localhost")
    assert client.get("/desk/sessions").status_code == 303


def test_an_idle_desk_asks_to_sign_in_again(signed_in: SignedIn) -> None:
    client = signed_in("小陈")
    assert client.get("/desk/sessions").status_code == 200
    with clock.at(NOW.replace(hour=4)):
        assert client.get("/desk/sessions").status_code == 303


def test_ones_own_sessions_can_be_ended_one_by_one(app: Flask, sqlite_office: TheOffice) -> None:
    name = give_password(sqlite_office, "小陈")
    here, there = app.test_client(), app.test_client()
    sign_in(here, name)
    sign_in(there, name)
    page = here.get("/desk/sessions").text
    assert "2 处" in page
    assert "就是这里" in page
    (end,) = re.findall(r'action="(/desk/sessions/\d+/end)"', page)
    assert here.post(end).status_code == 303
    assert there.get("/desk/sessions").status_code == 303
    assert "1 处" in here.get("/desk/sessions?done=ended").text


def test_nobody_ends_anothers_session(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    chen, li = signed_in("小陈"), signed_in("老李")
    with sqlite_office.db.reading() as session:
        (row,) = queries.sessions(session, sqlite_office.people["小陈"].id, NOW, idle=1800)
    assert li.post(f"/desk/sessions/{row.id}/end").status_code == 404
    assert chen.get("/desk/sessions").status_code == 200


def test_a_changed_password_needs_the_present_one_and_signs_out_elsewhere(
    app: Flask, sqlite_office: TheOffice
) -> None:
    name = give_password(sqlite_office, "小陈")
    here, there = app.test_client(), app.test_client()
    sign_in(here, name)
    sign_in(there, name)
    new = {"password": "另一个不相干的长密码", "again": "另一个不相干的长密码"}
    wrong = here.post("/desk/sessions/password", data={"current": "错", **new})
    assert (wrong.status_code, "现在的密码不对" in wrong.text) == (400, True)
    assert here.post("/desk/sessions/password", data={"current": PASSWORD, **new}).status_code == 303
    assert here.get("/desk/sessions").status_code == 200
    assert there.get("/desk/sessions").status_code == 303
    assert sign_in(app.test_client(), name).status_code == 400
    assert sign_in(app.test_client(), name, new["password"]).status_code == 303


def test_a_form_from_another_site_is_refused(app: Flask, sqlite_office: TheOffice) -> None:
    """Without our token in the form nothing is signed in, out or set; with it, it works."""
    name = give_password(sqlite_office, "小陈")
    app.config["WTF_CSRF_ENABLED"] = True
    client = app.test_client()
    data = {"name": name, "password": PASSWORD}
    assert client.post("/desk/login", data=data).status_code == 400
    page = client.get("/desk/login").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    assert client.post("/desk/login", data={**data, "csrf_token": token[1]}).status_code == 303
    assert client.post("/desk/logout").status_code == 400
    again = client.post("/desk/sessions/password", data={"csrf_token": token[1]})
    assert again.status_code == 400, "a token from before the sign-in is not one any more"


def test_no_page_of_the_entrance_may_be_cached_or_framed(client: FlaskClient) -> None:
    page = client.get("/desk/login")
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
