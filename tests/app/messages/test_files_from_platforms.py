"""Pictures pushed by a local WeChat are fetched from it over real HTTP while it has them, and never trusted."""

import io
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from PIL import Image
from sqlmodel import select

from app.cases import service as cases
from app.messages import attachments, media, service
from app.messages.models import Attachment
from app.official_accounts import service as accounts
from connectors.sandbox.wechat import WeChatSandbox
from connectors.sandbox.weibo import WeiboSandbox
from tests.app.messages.test_attachments import a_bomb, a_photo
from tests.conftest import NOW, WECHAT, WEIBO, TheOffice

CITIZEN = "oTESTopenid0000000000000001"
HOUR = timedelta(hours=1)


class Told:
    """The platform's clock."""

    now: datetime = NOW


@pytest.fixture
def time() -> Told:
    return Told()


@pytest.fixture
def wechat(sqlite_office: TheOffice, time: Told) -> Iterator[WeChatSandbox]:
    account = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    with WeChatSandbox(**account, clock=lambda: time.now) as stand:
        with sqlite_office.db.writing() as session:
            number = sqlite_office.accounts["wechat"].id
            accounts.change_settings(session, NOW, None, number, {"api_base": stand.url})
        yield stand


def pushed(office: TheOffice, app: Flask, wechat: WeChatSandbox, *media_ids: str) -> None:
    """Each picture comes as WeChat pushes it, through our own door, and is taken in."""
    account = office.accounts["wechat"]
    for media_id in media_ids:
        fields = {"PicUrl": "http://mmbiz.qpic.example/1", "MediaId": media_id}
        push = wechat.push_of(wechat.inner_xml("image", CITIZEN, fields), CITIZEN)
        answer = app.test_client().post(
            f"/webhooks/wechat/{account.key}",
            query_string=dict(push.query),
            data=push.body,
            content_type="text/xml",
        )
        assert answer.status_code == 200
    cases.take_in_arrivals(office.db, NOW)


def rows(office: TheOffice) -> list[Attachment]:
    with office.db.reading() as session:
        return list(session.exec(select(Attachment).order_by(Attachment.id)))


def test_within_three_days_the_picture_is_here_and_nothing_else_of_it(
    sqlite_office: TheOffice, app: Flask, wechat: WeChatSandbox, time: Told, at_now: datetime
) -> None:
    wechat.keep_file("M", a_photo() + b"<?php hidden ?>", "text/html")
    pushed(sqlite_office, app, wechat, "M")
    wechat.expire_tokens()
    time.now = NOW + 71 * HOUR
    assert service.fetch_attachments(sqlite_office.db, time.now) == 1
    (row,) = rows(sqlite_office)
    assert (row.state, row.media_type) == ("stored", "image/jpeg")
    content = attachments.read(sqlite_office.db.folder, row.path)
    assert content is not None and b"SECRET" not in content and b"php" not in content
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (64, 48) and not picture.getexif()


def test_after_three_days_it_is_gone_and_the_page_says_so(
    sqlite_office: TheOffice, app: Flask, wechat: WeChatSandbox, time: Told, at_now: datetime
) -> None:
    wechat.keep_file("M", a_photo())
    pushed(sqlite_office, app, wechat, "M")
    time.now = NOW + 73 * HOUR
    service.fetch_attachments(sqlite_office.db, time.now)
    (row,) = rows(sqlite_office)
    assert row.state == "gone" and "失效" in row.reason
    assert service.fetch_attachments(sqlite_office.db, time.now + HOUR) == 0


LARGE = b"\xff\xd8\xff" + bytes(max(one.longest for one in media.KEPT.values()))


@pytest.mark.parametrize(
    ("data", "state", "says"),
    [
        (LARGE, "refused", "太大"),
        (b"<svg onload=alert(1)>", "refused", ""),
        (b"<!doctype html><script>alert(1)</script>", "refused", ""),
        (a_bomb(), "refused", media.REASONS["pixels"]),
        (a_photo()[:150], "refused", media.REASONS["broken"]),
    ],
    ids=["too large", "svg", "html", "bomb", "cut off"],
)
def test_what_is_hostile_or_too_large_is_not_kept_and_never_asked_for_again(
    sqlite_office: TheOffice,
    app: Flask,
    wechat: WeChatSandbox,
    at_now: datetime,
    data: bytes,
    state: str,
    says: str,
) -> None:
    wechat.keep_file("M", data)
    pushed(sqlite_office, app, wechat, "M")
    for hours in (0, 1):  # what may have been spoilt on the way is asked for once more
        service.fetch_attachments(sqlite_office.db, NOW + hours * HOUR)
    (row,) = rows(sqlite_office)
    assert (row.state, row.path) == (state, "") and row.reason and says in row.reason
    assert not list((sqlite_office.db.folder / "attachments").rglob("*.*"))
    assert service.fetch_attachments(sqlite_office.db, NOW + 9 * HOUR) == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "http_502"},
        {"fault": "truncated"},
        {"fault": "reset_after"},
        {"fault": "html"},
        {"errcode": -1},
    ],
    ids=str,
)
def test_a_fault_on_the_way_costs_a_minute_and_not_the_picture(
    sqlite_office: TheOffice, app: Flask, wechat: WeChatSandbox, at_now: datetime, fault: dict[str, object]
) -> None:
    wechat.keep_file("M", a_photo())
    pushed(sqlite_office, app, wechat, "M")
    wechat.fail_next("media/get", **fault)
    service.fetch_attachments(sqlite_office.db, NOW)
    (row,) = rows(sqlite_office)
    assert (row.state, row.tries) == ("waiting", 1) and row.next_try_at is not None
    service.fetch_attachments(sqlite_office.db, row.next_try_at)
    assert rows(sqlite_office)[0].state == "stored"


def test_one_that_is_gone_does_not_hold_up_the_others(
    sqlite_office: TheOffice, app: Flask, wechat: WeChatSandbox, at_now: datetime
) -> None:
    wechat.keep_file("M2", a_photo())
    pushed(sqlite_office, app, wechat, "M1", "M2")
    service.fetch_attachments(sqlite_office.db, NOW)
    assert [row.state for row in rows(sqlite_office)] == ["gone", "stored"]


def test_a_picture_of_a_private_message_is_fetched_from_weibo(
    sqlite_office: TheOffice, app: Flask, at_now: datetime
) -> None:
    account = sqlite_office.accounts["weibo"]
    keys = {name: WEIBO[name] for name in ("uid", "app_secret", "access_token")}
    with WeiboSandbox(**keys, clock=lambda: NOW) as stand:
        with sqlite_office.db.writing() as session:
            accounts.change_settings(
                session, NOW, None, account.id, {"api_base": stand.url, "upload_base": stand.url}
            )
        stand.files["4711"] = a_photo()
        body = (
            b'{"type":"image","receiver_id":1700009999,"sender_id":1700000001,"text":"",'
            b'"created_at":"Fri Oct 09 10:42:00 +0800 2026","data":{"vfid":"1","tovfid":"4711"}}'
        )
        answer = app.test_client().post(
            f"/webhooks/weibo/{account.key}", query_string=stand.signed_query(), data=body
        )
        assert answer.status_code == 200
        cases.take_in_arrivals(sqlite_office.db, NOW)
        service.fetch_attachments(sqlite_office.db, NOW)
    assert [row.state for row in rows(sqlite_office)] == ["stored"]
