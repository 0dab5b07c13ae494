"""What came beside a message is kept as a picture and nothing else, and handed out to whoever may see the case."""

import errno
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image, ImageOps
from sqlmodel import Session, select

from app.base.db import Database
from app.cases import service as cases
from app.cases.models import Case
from app.messages import attachments, media, service
from app.messages.models import Attachment, Message
from app.official_accounts import service as accounts_service
from app.official_accounts.models import OfficialAccount
from connectors.contract import IncomingAttachment, Media, MediaSource
from connectors.errors import DeliveryError
from tests.conftest import NOW, TheOffice
from tests.factories import a_case, a_message

AMR = b"#!AMR\n" + bytes(64)
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(64)


def a_photo(form: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB") -> bytes:
    """A photo with everything a camera writes beside it."""
    picture = Image.new(mode, size, (200, 40, 40, 90)[: len(mode)])
    picture.getexif()[0x010F] = "SECRET-CAMERA"
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (31.0, 12.0, 5.0)
    written = io.BytesIO()
    more = {"exif": exif} if form in ("JPEG", "WEBP", "PNG") else {}
    picture.save(written, form, **more)
    return written.getvalue()


# ---------------------------------------------------------------- the rule


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "empty"),
        (b"<svg onload=alert(1)>", "kind"),
        (b"<html><script>", "kind"),
        (b'{"errcode":40007,"errmsg":"invalid media_id"}', "kind"),  # pitfall 12: an error saved as .jpg
        (b"PK\x03\x04zip", "kind"),
        (b"%PDF-1.7", "kind"),
        (b"RIFF\x00\x00\x00\x00WAVE", "kind"),
        (b"\xff\xd8\xff" + bytes(media.IMAGE_BYTES), "too_large"),
        (AMR, None),
        (MP4, None),
        (a_photo(), None),
    ],
)
def test_the_first_bytes_decide(data: bytes, wanted: str | None) -> None:
    assert media.problem(data) == wanted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("路口.jpg", "路口.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("a\u202egpj.exe", "agpj.jpg"),  # written so that it reads as a picture
        ("zero\u200bwidth.png", "zerowidth.jpg"),
        ("", "图片7.jpg"),
        ("....", "图片7.jpg"),
        ("x" * 300, "x" * 60 + ".jpg"),
        ("a\r\nSet-Cookie: x=1", "aSet-Cookie_ x=1.jpg"),
    ],
)
def test_a_name_is_harmless_when_it_is_handed_out(given: str, wanted: str) -> None:
    assert media.safe_name(given, media.JPEG, 7) == wanted


def test_a_file_is_asked_for_until_the_platform_has_forgotten_it() -> None:
    at, tries = NOW, 0
    while (then := media.next_try(tries := tries + 1, at, NOW)) is not None:
        assert at < then < NOW + timedelta(days=3)
        at = then
    assert tries > 8


# ---------------------------------------------------------------- on disk


def kept_on_disk(folder: Path, data: bytes) -> attachments.Stored:
    return attachments.store(folder, attachments.prepare(data))


@pytest.mark.parametrize(
    ("form", "mode", "media_type"),
    [
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("PNG", "RGB", "image/jpeg"),
        ("PNG", "RGBA", "image/png"),
        ("WEBP", "RGB", "image/jpeg"),
        ("GIF", "RGB", "image/jpeg"),
    ],
)
def test_nothing_but_the_picture_is_kept(form: str, mode: str, media_type: str, tmp_path: Path) -> None:
    kept = kept_on_disk(tmp_path, a_photo(form, mode=mode) + b"<?php hidden ?>")
    content = attachments.read(tmp_path, kept.path)
    assert content is not None and (kept.media_type, kept.size) == (media_type, len(content))
    with Image.open(io.BytesIO(content)) as picture:
        assert not picture.getexif() and picture.size == (64, 48)
    assert b"SECRET" not in content and b"php" not in content
    place = tmp_path / "attachments" / kept.path
    assert place.stat().st_mode & 0o777 == 0o600


def test_a_picture_is_turned_as_the_camera_meant_it_and_made_smaller(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright
    written = io.BytesIO()
    Image.new("RGB", (5000, 2000)).save(written, "JPEG", exif=exif)
    kept = kept_on_disk(tmp_path, written.getvalue())
    with Image.open(tmp_path / "attachments" / kept.path) as picture:
        assert picture.height == attachments.LONGEST_SIDE > picture.width


def a_bomb() -> bytes:
    """A small file that unpacks to a picture of 25 megapixels."""
    written = io.BytesIO()
    Image.new("1", (5000, 5000)).save(written, "PNG")
    return written.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [(a_photo()[:200], "broken"), (b"\xff\xd8\xff\xe0 nothing", "broken"), (a_bomb(), "pixels")],
)
def test_what_is_no_picture_is_refused(data: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(attachments.Refused, match=reason):
        kept_on_disk(tmp_path, data)
    assert not list((tmp_path / "attachments").rglob("*.*"))


@pytest.mark.parametrize("path", ["../secret.key", "/etc/passwd", "", "aa/../../secret.key"])
def test_a_path_never_leads_out_of_the_folder(path: str, tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("x")
    (tmp_path / "attachments" / "aa").mkdir(parents=True)
    assert attachments.read(tmp_path, path) is None
    attachments.remove(tmp_path, path)
    assert (tmp_path / "secret.key").exists()


def test_a_file_without_a_row_is_swept_away_after_a_day(sqlite_office: TheOffice) -> None:
    db = sqlite_office.db
    with db.writing() as session:
        message = a_message(session, sqlite_office)
        kept = service.keep_file(session, NOW, message.id, kind="voice", file=attachments.prepare(AMR))
    stray = kept_on_disk(db.folder, AMR)
    written = (db.folder / "attachments" / stray.path).stat().st_mtime
    assert attachments.sweep(db.folder, {kept.path}, written - 1) == 0
    assert attachments.sweep(db.folder, {kept.path}, written + 1) == 1
    assert attachments.read(db.folder, kept.path) == AMR and attachments.read(db.folder, stray.path) is None


# ---------------------------------------------------------------- fetched by the job


class ThePlatform(MediaSource):
    """A platform that has some files, and gives the errors it was told to give."""

    media_days = 3

    def __init__(self, files: dict[str, bytes | DeliveryError]) -> None:
        self.files = files

    def fetch_media(self, media_id: str, token: str | None, longest: int) -> Media:
        found = self.files[media_id]
        if isinstance(found, DeliveryError):
            raise found
        return Media(found, "application/octet-stream", "bin")


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> ThePlatform:
    made = ThePlatform({})
    monkeypatch.setattr(accounts_service, "connector_for", lambda *_, **__: made)
    return made


def with_files(office: TheOffice, *media_ids: str) -> None:
    parts = tuple(IncomingAttachment("image", media_id, None) for media_id in media_ids)
    with office.db.writing() as session:
        cases.take_in(session, NOW, a_message(session, office, kind="image", text="", attachments=parts))


def rows(db: Database) -> list[Attachment]:
    with db.reading() as session:
        return list(session.exec(select(Attachment).order_by(Attachment.id)))


def test_files_are_fetched_once_and_kept(office: TheOffice, platform: ThePlatform) -> None:
    with_files(office, "m1", "m2")
    platform.files = {"m1": a_photo(), "m2": b"<html>not a picture</html>"}
    assert service.fetch_attachments(office.db, NOW) == 2
    one, two = rows(office.db)
    assert (one.state, one.media_type, one.stored_at) == ("stored", "image/jpeg", NOW)
    assert (two.state, two.reason) == ("waiting", media.REASONS["kind"])  # a proxy's page, perhaps
    assert service.fetch_attachments(office.db, NOW) == 0
    assert service.fetch_attachments(office.db, NOW + timedelta(hours=1)) == 1
    assert rows(office.db)[1].state == "refused"
    assert service.fetch_attachments(office.db, NOW + timedelta(hours=2)) == 0


def test_a_file_is_asked_for_again_until_it_is_gone(office: TheOffice, platform: ThePlatform) -> None:
    with_files(office, "m1")
    platform.files = {
        "m1": DeliveryError("back_off", "timeout", "", "平台没有给出完整的回应，稍后自动再试。")
    }
    assert service.fetch_attachments(office.db, NOW) == 1
    assert service.fetch_attachments(office.db, NOW) == 0  # not before a minute is over
    at = NOW
    while (row := rows(office.db)[0]).state == "waiting":
        at = row.next_try_at or at
        assert service.fetch_attachments(office.db, at) == 1
    assert (row.state, row.reason) == ("gone", media.REASONS["expired"])
    assert at < NOW + timedelta(days=3)


def test_what_the_platform_no_longer_has_is_gone(office: TheOffice, platform: ThePlatform) -> None:
    with_files(office, "m1")
    platform.files = {"m1": DeliveryError("final", "40007", "", "附件在微信已失效（超过 3 天）。")}
    service.fetch_attachments(office.db, NOW)
    assert (rows(office.db)[0].state, rows(office.db)[0].reason) == (
        "gone",
        "附件在微信已失效（超过 3 天）。",
    )


def test_settings_that_make_no_connector_hold_up_nobody_else(
    sqlite_office: TheOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_files(sqlite_office, "m1")

    def broken(*_: object, **__: object) -> None:
        raise ValueError("app_id")

    monkeypatch.setattr(accounts_service, "connector_for", broken)
    assert service.fetch_attachments(sqlite_office.db, NOW) == 1
    (row,) = rows(sqlite_office.db)
    assert (row.state, row.reason) == ("waiting", media.REASONS["settings"])
    with sqlite_office.db.reading() as session:
        account = session.get_one(OfficialAccount, sqlite_office.accounts["wechat"].id)
        assert account.trouble == media.REASONS["settings"]


def test_bytes_that_break_the_decoder_are_refused_like_others(
    sqlite_office: TheOffice, platform: ThePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_files(sqlite_office, "m1", "m2")
    platform.files = {"m1": a_photo(), "m2": AMR}

    def breaks(*_: object, **__: object) -> None:
        raise IndexError

    monkeypatch.setattr(ImageOps, "exif_transpose", breaks)
    assert service.fetch_attachments(sqlite_office.db, NOW) == 2
    one, two = rows(sqlite_office.db)
    assert (one.state, one.reason, two.state) == ("waiting", media.REASONS["broken"], "stored")


def test_a_full_disk_leaves_no_half_file_and_loses_none(
    sqlite_office: TheOffice, platform: ThePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_files(sqlite_office, "m1")
    platform.files = {"m1": a_photo()}

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as there, pytest.raises(OSError, match="no space"):
        there.setattr(attachments.os, "fsync", full)
        service.fetch_attachments(sqlite_office.db, NOW)
    assert not list((sqlite_office.db.folder / "attachments").rglob("*.*"))
    assert rows(sqlite_office.db)[0].state == "waiting"
    service.fetch_attachments(sqlite_office.db, NOW)
    assert rows(sqlite_office.db)[0].state == "stored"


# ---------------------------------------------------------------- handed out


def a_case_with(session: Session, office: TheOffice, data: bytes, kind: str, name: str) -> tuple[str, int]:
    case = a_case(session, office)
    message = session.exec(select(Message).where(Message.case_id == case.id)).one()
    kept = service.keep_file(
        session, NOW, message.id, kind=kind, file=attachments.prepare(data), file_name=name
    )
    return case.number, kept.id


def test_a_picture_is_shown_and_can_do_nothing(
    sqlite_office: TheOffice, signed_in: Callable[[str], FlaskClient]
) -> None:
    with sqlite_office.db.writing() as session:
        number, kept = a_case_with(session, sqlite_office, a_photo(), "image", "../路口\u202e.exe")
    browser = signed_in("小陈")
    answer = browser.get(f"/desk/cases/{number}/attachments/{kept}")
    assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
    assert answer.headers["Content-Disposition"] == "inline; filename*=UTF-8''%E8%B7%AF%E5%8F%A3.jpg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert f"/attachments/{kept}" in browser.get(f"/desk/cases/{number}").text


def test_the_case_page_says_what_became_of_each_file(
    sqlite_office: TheOffice, signed_in: Callable[[str], FlaskClient], platform: ThePlatform
) -> None:
    busy = DeliveryError("back_off", "45009", "", "微信系统繁忙，稍后自动再试。")
    with_files(sqlite_office, "m1", "m2", "m3")
    platform.files = {"m1": busy, "m2": DeliveryError("final", "40007", "", "附件在微信已失效。"), "m3": AMR}
    with sqlite_office.db.reading() as session:
        number = session.exec(select(Case.number)).one()
    assert "正在取回" in signed_in("小陈").get(f"/desk/cases/{number}").text
    service.fetch_attachments(sqlite_office.db, NOW)
    page = signed_in("小陈").get(f"/desk/cases/{number}").text
    assert "还没取回，系统会再试（上次：微信系统繁忙，稍后自动再试）" in page
    assert "附件在微信已失效。" in page and "1 KB" in page


def test_voice_is_handed_out_not_played(
    sqlite_office: TheOffice, signed_in: Callable[[str], FlaskClient]
) -> None:
    with sqlite_office.db.writing() as session:
        number, kept = a_case_with(session, sqlite_office, AMR, "voice", "")
    answer = signed_in("小陈").get(f"/desk/cases/{number}/attachments/{kept}")
    assert answer.headers["Content-Disposition"].startswith("attachment;") and answer.data == AMR


def test_only_whoever_may_see_the_case_gets_its_files(
    sqlite_office: TheOffice, signed_in: Callable[[str], FlaskClient]
) -> None:
    with sqlite_office.db.writing() as session:
        number, kept = a_case_with(session, sqlite_office, a_photo(), "image", "")
        other, _ = a_case_with(session, sqlite_office, a_photo(), "image", "")
    clerk, stranger = signed_in("小陈"), signed_in("刘洋")  # another department, nothing assigned to it
    assert stranger.get(f"/desk/cases/{number}/attachments/{kept}").status_code == 404
    assert clerk.get(f"/desk/cases/{other}/attachments/{kept}").status_code == 404
    assert clerk.get(f"/desk/cases/{number}/attachments/999").status_code == 404
