"""What kind of file is this, told from its first bytes alone?

Names, extensions and Content-Type come from outside and are not asked. Only pictures, sound and film that a
browser shows without running anything are taken: no SVG, no HTML, no documents.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from connectors.contract import Media
from connectors.errors import DeliveryError


class Kind(NamedTuple):
    """``starts`` must match the first bytes."""

    content_type: str
    suffix: str
    starts: re.Pattern[bytes]


# fmt: off
KINDS: Sequence[Kind] = (
    Kind("image/jpeg", "jpg",  re.compile(rb"\xff\xd8\xff")),
    Kind("image/png",  "png",  re.compile(rb"\x89PNG\r\n\x1a\n")),
    Kind("image/gif",  "gif",  re.compile(rb"GIF8[79]a")),
    Kind("image/webp", "webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    Kind("audio/amr",  "amr",  re.compile(rb"#!AMR(?:-WB)?\n")),
    Kind("audio/ogg",  "ogg",  re.compile(rb"OggS")),
    Kind("audio/wav",  "wav",  re.compile(rb"RIFF.{4}WAVE", re.DOTALL)),
    Kind("audio/mpeg", "mp3",  re.compile(rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")),
    Kind("video/mp4",  "mp4",  re.compile(rb".{4}ftyp", re.DOTALL)),
)
# fmt: on


def taken(data: bytes) -> Media:
    """The file with what it really is. Raises DeliveryError (final/not_taken)."""
    for kind in KINDS:
        if kind.starts.match(data):
            return Media(data, kind.content_type, kind.suffix)
    raise DeliveryError("final", "not_taken", "", "附件不是图片、语音或视频，没有保存。请到平台后台查看。")
