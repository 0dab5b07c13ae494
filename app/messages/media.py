"""What is this file really, may it be kept, and what is it called when somebody opens it?

The first bytes decide, never the name or the type that a platform or a browser gave (platforms §1.9).
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MEGABYTE = 1024 * 1024
MOST_AFTER = 6
"""How many photos of what was done (处理后) one case may have."""
FORGOTTEN_AFTER = timedelta(days=3)
"""WeChat deletes what people send after three days (platforms §1.9)."""


@dataclass(frozen=True)
class Media:
    """A kind of file that may be kept. ``is_image``: shown on the page; the others are only handed out."""

    media_type: str
    suffix: str
    label: str
    longest: int
    is_image: bool = False


IMAGE_BYTES = 10 * MEGABYTE
JPEG = Media("image/jpeg", "jpg", "图片", IMAGE_BYTES, is_image=True)
PNG = Media("image/png", "png", "图片", IMAGE_BYTES, is_image=True)
KEPT: Mapping[str, Media] = {
    one.media_type: one
    for one in (
        JPEG,
        PNG,
        Media("image/gif", "gif", "图片", IMAGE_BYTES, is_image=True),
        Media("image/webp", "webp", "图片", IMAGE_BYTES, is_image=True),
        Media("audio/amr", "amr", "语音", 5 * MEGABYTE),
        Media("audio/mpeg", "mp3", "语音", 5 * MEGABYTE),
        Media("audio/ogg", "ogg", "语音", 5 * MEGABYTE),
        Media("video/mp4", "mp4", "视频", 25 * MEGABYTE),
    )
}
"""What may be kept. SVG, HTML, archives and documents are not among them: they can act."""

# First row that fits: where in the file, what stands there, what it is.
SIGNS: Sequence[tuple[int, bytes, str]] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (4, b"ftyp", "video/mp4"),
)

KINDS: Mapping[str, str] = {"image": "图片", "voice": "语音", "video": "视频", "shortvideo": "视频"}
"""What the platforms call an attachment, as the office says it."""

STATES: Mapping[str, str] = {
    "waiting": "正在取回",
    "stored": "已保存",
    "gone": "平台已删除，没能取回",
    "refused": "没有保存",
    "removed": "已撤下",
}
REASONS: Mapping[str, str] = {
    "empty": "文件是空的",
    "kind": "不是图片、语音或视频，没有保存",
    "too_large": "文件太大，没有保存",
    "broken": "图片打不开，没有保存",
    "pixels": "图片尺寸太大，没有保存",
    "erased": "应留言人的要求已经删除",
    "expired": "平台只保存三天，没能及时取回",
    "not_offered": "这个平台不能取回附件",
    "settings": "账号的接入设置不完整，取不回附件。请系统管理员核对",
}
"""Why a file is not here, in words. Codes are ours; a platform's own words stand as they are."""

# Waits after the 1st, 2nd … try; the last one for all that follow, until the platform has forgotten it.
WAITS: Sequence[timedelta] = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
MAY_BE_SPOILT = frozenset({"empty", "kind", "broken", "not_taken"})
"""Reasons that something between the platform and us may have caused, by cutting a file off or putting a page of
its own there: such a file is asked for once more before it is refused."""
_NOT_IN_A_NAME = re.compile(r'[\\/:*?"<>|%;\x00-\x1f\x7f-\x9f]')
_NAME_CHARACTERS = 60


def sniffed(data: bytes) -> Media | None:
    """What the bytes are, or None where that may not be kept."""
    for at, sign, media_type in SIGNS:
        if data[at : at + len(sign)] == sign and (media_type != "image/webp" or data[:4] == b"RIFF"):
            return KEPT[media_type]
    return None


def problem(data: bytes) -> str | None:
    """Why this may not be kept (a key of `REASONS`), or None."""
    if not data:
        return "empty"
    found = sniffed(data)
    if found is None:
        return "kind"
    return "too_large" if len(data) > found.longest else None


def safe_name(given: str, media: Media, number: int) -> str:
    """A name to hand a file out under: what the sender called it where that is harmless, our suffix always.

    No paths, no control or invisible characters, none that turn the direction of writing around.
    """
    plain = "".join(c for c in unicodedata.normalize("NFC", given) if unicodedata.category(c)[0] != "C")
    last = re.split(r"[\\/]", plain)[-1]
    stem = _NOT_IN_A_NAME.sub("_", last.rsplit(".", 1)[0]).strip(" ._")[:_NAME_CHARACTERS]
    return f"{stem or f'{media.label}{number}'}.{media.suffix}"


def next_try(tries: int, now: datetime, received_at: datetime) -> datetime | None:
    """When to ask the platform again after ``tries`` tries; None where it will have forgotten it by then."""
    at = now + WAITS[min(max(tries, 1), len(WAITS)) - 1]
    return at if at < received_at + FORGOTTEN_AFTER else None
