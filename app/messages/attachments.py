"""Where are the files that came with a message? On disk under the data folder, outside anything that is served.

Touches the world: files are written (0600, synced, under a random name), pictures are drawn anew so that
nothing but the picture is left of them (no place, no camera, no thumbnail, nothing hidden behind it).
"""

import contextlib
import hashlib
import io
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageOps

from app.messages import media
from app.messages.media import JPEG, PNG, Media

FOLDER = "attachments"
MOST_PIXELS = {"JPEG": 110_000_000}
"""A picture beyond it is refused before it is unpacked. JPEG is unpacked small at once, so that any
telephone's camera is taken; the others have to be unpacked whole."""
MOST_PIXELS_UNPACKED = 16_000_000
LONGEST_SIDE = 2_560
"""Larger ones are made smaller: enough to read a house number."""
_QUALITY = 85
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")

# We look at the size ourselves, in each format with its own limit.
Image.MAX_IMAGE_PIXELS = max(MOST_PIXELS.values())


class Refused(Exception):
    """Not kept; ``reason`` is a key of `media.REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Prepared:
    """A file that was looked at and, where it is a picture, drawn anew: ready to be put on disk."""

    media: Media
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Stored:
    """A file as it is kept. ``path`` is relative to the attachments' folder and says nothing about anybody."""

    path: str
    media_type: str
    size: int
    sha256: str


def prepare(data: bytes) -> Prepared:
    """Look at a file and take its metadata away. Unpacking a picture lasts: never within a transaction.

    Raises `Refused`.
    """
    if reason := media.problem(data):
        raise Refused(reason)
    found = media.sniffed(data)
    assert found is not None  # `problem` said so
    return Prepared(*drawn_anew(data)) if found.is_image else Prepared(found, data)


def picture_of(data: bytes) -> Prepared:
    """As `prepare`, of pictures alone."""
    found = media.sniffed(data)
    if data and (found is None or not found.is_image):
        raise Refused("kind")
    return prepare(data)


def store(folder: Path, ready: Prepared) -> Stored:
    """Keep one file below the data folder ``folder``, synced to disk.

    The row that names it is the caller's; a file without a row is swept away later (`sweep`).
    """
    name = secrets.token_hex(16)
    relative = f"{name[:2]}/{name}.{ready.media.suffix}"
    _write(folder / FOLDER / relative, ready.content)
    digest = hashlib.sha256(ready.content).hexdigest()
    return Stored(relative, ready.media.media_type, len(ready.content), digest)


def drawn_anew(data: bytes) -> tuple[Media, bytes]:
    """The picture alone: turned as the camera meant it, at most 2,560 pixels long, as JPEG (PNG where it is
    see-through). Of a moving picture the first one. Raises `Refused`."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS.get(opened.format or "", MOST_PIXELS_UNPACKED):
                raise Refused("pixels")
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            turned = ImageOps.exif_transpose(opened)
            clear = turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info
            picture = turned.convert("RGBA" if clear else "RGB")
    except Refused:
        raise
    except (
        Exception
    ):  # bytes made to hurt break a decoder in ways that nobody lists; no letter waits for that
        raise Refused("broken") from None
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    # Pixels into a new picture: whatever else the file carried stays behind.
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    written = io.BytesIO()
    if clear:
        bare.save(written, "PNG", optimize=False)
        return PNG, written.getvalue()
    bare.save(written, "JPEG", quality=_QUALITY)
    return JPEG, written.getvalue()


def read(folder: Path, path: str) -> bytes | None:
    """The bytes of a kept file; None where it is not there (a backup without it, a disk that lost it)."""
    place = _place(folder, path)
    return place.read_bytes() if place is not None and place.is_file() else None


def remove(folder: Path, path: str) -> None:
    """Take a file away; that it is gone already is fine."""
    if place := _place(folder, path):
        place.unlink(missing_ok=True)


def sweep(folder: Path, known: set[str], older_than: float) -> int:
    """Take away files that no row names and that were written before ``older_than`` (POSIX seconds): their
    transaction was rolled back. Returns how many."""
    root, gone = folder / FOLDER, 0
    for place in root.glob("*/*"):
        with contextlib.suppress(FileNotFoundError):
            if place.stat().st_mtime < older_than and place.relative_to(root).as_posix() not in known:
                place.unlink()
                gone += 1
    return gone


def _place(folder: Path, path: str) -> Path | None:
    """Where a kept file stands, and never anywhere else."""
    root = (folder / FOLDER).resolve()
    place = (root / path).resolve()
    return place if path and place.is_relative_to(root) else None


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = place.with_name(f".{place.name}")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        half.replace(place)
    except OSError:
        half.unlink(missing_ok=True)
        raise
    directory = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
