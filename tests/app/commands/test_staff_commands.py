"""`huiying departments|staff|tokens|accounts` as a shell sees them."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from app.base import clock
from app.base.config import Settings
from app.base.db import Database
from app.base.errors import Conflict, Invalid, NotFound, Unavailable
from app.commands import staff as commands
from app.commands.shell import Shell
from app.official_accounts import queries as accounts
from app.official_accounts import service as accounts_service
from app.staff import service as staff
from app.staff.roles import Role
from tests.conftest import NOW, SECRET, WECHAT, TheOffice

WECHAT_OPTIONS = [f"--{name.replace('_', '-')}={value}" for name, value in WECHAT.items() if name != "mode"]


class Huiying:
    """The command line over one database, at `NOW`."""

    def __init__(self, db: Database, data_dir: Path) -> None:
        settings = Settings(db.url, data_dir, ("127.0.0.1:0",), "https://yunze.example", SECRET)
        self.shell = Shell(settings, db)
        self.group = click.Group(commands={one.name or "": one for one in commands.COMMANDS})

    def run(self, *words: str) -> Result:
        """The outcome; what was refused is raised, as `huiying` turns it into one line and status 1."""
        with clock.at(NOW):
            result = CliRunner().invoke(self.group, words, obj=self.shell)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def lines(self, *words: str) -> list[str]:
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result.output.splitlines()

    def json(self, *words: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines(*words, "--json")]


@pytest.fixture
def fresh(db: Database, tmp_path: Path) -> Huiying:
    """A new installation, on both databases."""
    return Huiying(db, tmp_path)


@pytest.fixture
def huiying(sqlite_office: TheOffice, tmp_path: Path) -> Huiying:
    """The office with its cast."""
    return Huiying(sqlite_office.db, tmp_path)


def test_the_first_administrator_comes_in_by_a_one_time_address(fresh: Huiying) -> None:
    fresh.lines("departments", "add", "--name", "政务服务办公室", "--short", "政务办")
    lines = fresh.lines("staff", "add", "--name", "陈晓", "--department", "政务办", "--role", "system_admin")
    start, _, token = lines[-1].rpartition("/")
    assert start == "https://yunze.example/desk/first"
    with fresh.shell.reading() as session:
        person = staff.person_for_link(session, NOW, token)
    assert (person.name, person.roles) == ("陈晓", {Role.SYSTEM_ADMIN})


def test_an_administrator_needs_no_department(fresh: Huiying) -> None:
    (made,) = fresh.json("staff", "add", "--name", "陈晓", "--role", "系统管理员")
    assert made["sign_in"] == "chenxiao"
    assert made["sign_in_url"].startswith("https://yunze.example/desk/first/")


def test_departments_are_listed_one_object_a_line(fresh: Huiying) -> None:
    fresh.lines("departments", "add", "--name", "教育局")
    fresh.lines("departments", "add", "--name", "公安局户政科", "--short", "户政科")
    assert fresh.json("departments", "list") == [
        {"id": 1, "name": "教育局", "short": ""},
        {"id": 2, "name": "公安局户政科", "short": "户政科"},
    ]
    assert fresh.lines("departments", "list")[1] == "2  公安局户政科  户政科"
    with pytest.raises(Conflict):
        fresh.run("departments", "add", "--name", "教育局")


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["--name", "x", "--department", "没有这个单位", "--role", "clerk"], NotFound),
        (["--name", "x", "--department", "城市管理局", "--role", "boss"], Invalid),
        (["--name", "x", "--role", "clerk", "--role", "system"], Invalid),
        (["--name", "x", "--contractor", "--role", "issuer"], Invalid),
        (["--name", "x", "--role", "system_admin", "--role", "audit_admin"], Invalid),
    ],
)
def test_people_who_cannot_be_are_refused(
    huiying: Huiying, words: list[str], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        huiying.run("staff", "add", *words)


def test_wrong_use_is_status_two(huiying: Huiying) -> None:
    assert huiying.run("staff", "add", "--name", "x").exit_code == 2
    assert huiying.run("accounts", "add", "telegram").exit_code == 2


def test_staff_are_listed_with_their_roles(huiying: Huiying) -> None:
    listed = {row["name"]: row for row in huiying.json("staff", "list")}
    assert listed["值班长老徐"]["roles"] == ["clerk", "duty_leader"]
    assert listed["外包小吴"]["contractor"] is True
    assert listed["小陈"]["department"] == "政务服务办公室"
    line = next(line for line in huiying.lines("staff", "list") if "外包小吴" in line)
    assert line.endswith("公安局户政科  经办人  外包")


def test_who_is_disabled_is_listed_only_on_request(huiying: Huiying) -> None:
    huiying.lines("staff", "disable", "xiaolin")
    assert "小林" not in {row["name"] for row in huiying.json("staff", "list")}
    everybody = {row["name"]: row for row in huiying.json("staff", "list", "--all")}
    assert everybody["小林"]["disabled_at"].startswith("2026-10-09T10:42:")
    with pytest.raises(NotFound):
        huiying.run("staff", "disable", "小林")


def test_a_forgotten_password_is_replaced_by_a_new_address(huiying: Huiying) -> None:
    before = huiying.json("staff", "link", "小陈")[0]["sign_in_url"]
    after = huiying.lines("staff", "link", "xiaochen")[-1]
    with huiying.shell.reading() as session:
        assert staff.person_for_link(session, NOW, after.rpartition("/")[2]).name == "小陈"
        with pytest.raises(NotFound):
            staff.person_for_link(session, NOW, before.rpartition("/")[2])


def test_a_token_is_printed_once_and_can_be_revoked(huiying: Huiying) -> None:
    token = huiying.lines("tokens", "add", "--staff", "小陈", "--scope", "cases.read", "--label", "网站")[-1]
    with huiying.shell.reading() as session:
        found = staff.person_for_token(session, NOW, token)
    assert found is not None
    assert (found[0].name, found[1]) == ("小陈", {"cases.read"})
    (listed,) = huiying.json("tokens", "list")
    assert (listed["staff"], listed["scopes"], listed["label"]) == ("小陈", ["cases.read"], "网站")
    assert token not in json.dumps(listed)
    huiying.lines("tokens", "revoke", str(listed["id"]))
    with huiying.shell.reading() as session:
        assert staff.person_for_token(session, NOW, token) is None
    with pytest.raises(NotFound):
        huiying.run("tokens", "revoke", token)


def police(*words: str) -> list[str]:
    return ["--name", "云泽户政", "--department", "公安局户政科", *words]


def test_the_last_line_of_a_new_account_is_its_webhook_address_alone(huiying: Huiying) -> None:
    words = police("--responsible", "老李", *WECHAT_OPTIONS, "--api-base=http://127.0.0.1:9")
    lines = huiying.lines("accounts", "add", "wechat", *words)
    start, _, key = lines[-1].rpartition("/")
    assert start == "https://yunze.example/webhooks/wechat"
    assert "请在 2026-10-19 前备案" in lines[-2]
    assert all(WECHAT["app_secret"] not in line for line in lines)
    with huiying.shell.reading() as session:
        made = accounts.by_key(session, key)
        assert made is not None
        settings = accounts_service.settings_of(session, made)
    given = {**WECHAT, "api_base": "http://127.0.0.1:9"}
    assert {name: settings[name] for name in given} == given
    assert settings["comment_days"] == "0"  # comments are read only where the office says so


@pytest.mark.parametrize("platform", ["corrections", "website", "hotline"])
def test_every_platform_is_registered_the_same_way(huiying: Huiying, platform: str) -> None:
    (made,) = huiying.json(
        "accounts", "add", platform, *police("--responsible", "老李", "--url", "https://x.example/")
    )
    assert made["webhook_url"] == f"https://yunze.example/webhooks/{platform}/{made['key']}"
    assert made["filing_due_on"] == "2026-10-19"
    listed = {row["key"]: row["platform"] for row in huiying.json("accounts", "list")}
    assert listed[made["key"]] == platform


@pytest.mark.clause("B7")
def test_the_shell_refuses_an_account_without_a_responsible_person(huiying: Huiying) -> None:
    with pytest.raises(Invalid, match="没有专人负责"):
        huiying.run("accounts", "add", "wechat", *police(*WECHAT_OPTIONS))


@pytest.mark.clause("A1")
def test_the_shell_refuses_a_second_account_of_a_department_on_a_platform(huiying: Huiying) -> None:
    huiying.lines("accounts", "add", "wechat", *police("--responsible", "老李", *WECHAT_OPTIONS))
    with pytest.raises(Conflict, match="同一平台只开一个"):
        huiying.run("accounts", "add", "wechat", *police("--responsible", "老李", *WECHAT_OPTIONS))


def test_an_account_can_be_tested_from_the_shell(huiying: Huiying) -> None:
    rows = huiying.json("accounts", "test", "云泽hotline")
    assert [(row["check"], row["ok"]) for row in rows] == [("设置", True), ("导入", True)]
    # Port 9 of this machine answers nobody.
    huiying.lines(
        "accounts",
        "add",
        "wechat",
        *police("--responsible", "老李", *WECHAT_OPTIONS, "--api-base=http://127.0.0.1:9"),
    )
    with pytest.raises(Unavailable, match="自检不通过：接收地址、平台接口"):
        huiying.run("accounts", "test", "云泽户政")
    with pytest.raises(NotFound):
        huiying.run("accounts", "test", "没有这个账号")


def test_accounts_are_listed_with_how_they_are(huiying: Huiying) -> None:
    listed = {row["platform"]: row for row in huiying.json("accounts", "list")}
    assert set(listed) == {"wechat", "weibo", "corrections", "website", "hotline"}
    assert (listed["wechat"]["state"], listed["wechat"]["responsible"]) == ("never", "小陈")
    assert all("app_secret" not in row for row in listed.values())
