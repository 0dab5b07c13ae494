"""The licence of the open data is one of a closed table, holds from its day on and stands in every form."""

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlmodel import select

from app.base.errors import Invalid, NotAllowed
from app.log.models import Event
from app.opendata import queries, service
from app.opendata.licences import GOVERNMENT, LICENCES, USUAL, chosen
from tests.conftest import NOW, TheOffice

SignedIn = Callable[[str], FlaskClient]

OWN = {"title": "云泽市公共数据开放许可", "path": "https://data.yunze.example/licence"}
EVERYWHERE = (
    "/data", "/data/cases", "/data.json", "/data/datapackage.json", "/data/cases.csv-metadata.json",
    "/data/catalog.jsonld", "/data/catalog.ttl",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "title", "path", "field"),
    [
        ("MIT", "", "", "licence"),
        ("", "", "", "licence"),
        (GOVERNMENT, "", OWN["path"], "licence_title"),
        (GOVERNMENT, "长" * 61, OWN["path"], "licence_title"),
        (GOVERNMENT, OWN["title"], "", "licence_path"),
        (GOVERNMENT, OWN["title"], "data.yunze.example", "licence_path"),
        (GOVERNMENT, OWN["title"], "javascript:alert(1)", "licence_path"),
        (GOVERNMENT, OWN["title"], 'https://yunze.example/"><script>', "licence_path"),
        (GOVERNMENT, OWN["title"], "https://yunze.example/许可", "licence_path"),
        (GOVERNMENT, OWN["title"], "https://yunze.example/" + "x" * 300, "licence_path"),
    ],
)
def test_what_is_no_licence_is_refused_at_its_field(name: str, title: str, path: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        chosen(name, title, path)
    assert refused.value.field == field


def test_the_governments_own_has_its_name_and_address() -> None:
    assert chosen(GOVERNMENT, " 云泽市  许可 ", OWN["path"]).told == {
        "name": GOVERNMENT, "title": "云泽市 许可", "path": OWN["path"],
    }  # fmt: skip
    # What was written beside a named licence is not its name.
    assert chosen("CC0-1.0", **OWN) is LICENCES["CC0-1.0"]


def test_each_choice_is_kept_with_its_day_and_the_same_again_is_none(office: TheOffice) -> None:
    admin = office.people["系统管理员"]
    with office.db.writing() as session:
        assert queries.licence(session) == USUAL
        for name in ("CC-BY-4.0", "CC0-1.0", "CC0-1.0"):
            service.set_licence(session, NOW, admin, name)
        service.set_licence(session, NOW, admin, GOVERNMENT, **OWN)
        found = [(one.licence.name, one.at) for one in queries.licence_history(session)]
        assert found == [(GOVERNMENT, NOW), ("CC0-1.0", NOW), ("CC-BY-4.0", None)]
    with office.db.reading() as session:
        told = session.exec(select(Event).where(Event.action == "data_licence_set")).all()
        assert [event.data["licence"] for event in told] == ["CC0-1.0", GOVERNMENT]


def test_only_the_system_administrator_chooses(sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session, pytest.raises(NotAllowed):
        service.set_licence(session, NOW, sqlite_office.people["值班长老徐"], "CC0-1.0")


def test_a_licence_chosen_on_the_page_stands_in_every_form_at_once(
    signed_in: SignedIn, client: FlaskClient
) -> None:
    tags = {address: client.get(address).headers.get("ETag") for address in EVERYWHERE}
    zipped = client.get("/data/snapshot.zip").headers["ETag"]
    assert all(USUAL.path in client.get(address).text for address in EVERYWHERE)
    admin = signed_in("系统管理员")
    form = {"licence": GOVERNMENT, "licence_title": OWN["title"], "licence_path": OWN["path"]}
    assert admin.post("/desk/office/licence", data=form).status_code == 303
    for address in EVERYWHERE:
        shown = client.get(address, headers={"If-None-Match": tags[address] or ""})
        assert (shown.status_code, OWN["path"] in shown.text) == (200, True), address
    assert client.get("/data/snapshot.zip", headers={"If-None-Match": zipped}).status_code == 200
    package = json.loads(client.get("/data/datapackage.json").text)
    assert package["licenses"] == [{"name": GOVERNMENT, **OWN}]
    # Who took the data before is told what held then.
    assert [one["name"] for one in client.get("/data.json").json["licences"]] == [GOVERNMENT, USUAL.name]  # type: ignore[index]
    assert USUAL.path in client.get("/data").text
    assert OWN["title"] in admin.get("/desk/office").text


def test_what_was_wrong_is_said_beside_what_was_typed(signed_in: SignedIn) -> None:
    form = {"licence": GOVERNMENT, "licence_title": OWN["title"], "licence_path": "data.yunze"}
    answer = signed_in("系统管理员").post("/desk/office/licence", data=form)
    assert answer.status_code == 400
    assert "请写许可全文的网址" in answer.text and OWN["title"] in answer.text
    assert signed_in("小陈").post("/desk/office/licence", data=form).status_code == 403
