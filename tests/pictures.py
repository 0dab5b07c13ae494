"""Pictures for the manuals, from the sample data alone: `python -m tests.pictures`. Run by hand; takes minutes.

Starts a real `huiying serve` on a fresh sample in a temporary folder and takes what a person would see. The pages
move with the day on which it runs, so the pictures are compared by eye and by no test.
"""

import base64
import re
import shutil
import struct
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from app.cases import queries as cases
from app.cases.models import Case
from app.cases.transitions import Status
from app.disclosure.models import Disclosure
from app.opendata.models import PublishedCase
from app.replies.models import Reply
from app.sample.house import PASSWORD
from app.staff.models import StaffMember
from tests.live import LiveOffice, browser, live_office

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Sights:
    """Where in this sample the pages are worth a picture."""

    case: str
    handler: str
    disclosure: int
    public: str
    number: str
    code: str


def sights(session: Session) -> Sights:
    """A case with a draft, its handler, one that waits to be shown, a public one, one to follow."""
    drafted = session.execute(
        select(Case.number, StaffMember.sign_in)
        .join(Reply, col(Reply.case_id) == Case.id)
        .join(StaffMember, col(StaffMember.id) == Case.handler_id)
        .where(Case.status == Status.IN_PROGRESS, Reply.state == "draft", Reply.text != "")
        .order_by(col(Reply.entry_id).is_(None), col(Case.due_at).desc())
    ).first()
    waiting = session.exec(
        select(Disclosure.id).where(Disclosure.state == "waiting", col(Disclosure.message).contains("〔"))
    ).first()
    replied = session.exec(
        select(Case)
        .where(Case.status == Status.REPLIED, Case.platform == "wechat")
        .order_by(col(Case.id).desc())
    ).first()
    public = session.exec(
        select(PublishedCase.number)
        .where(col(PublishedCase.message).contains("〔"))
        .order_by(col(PublishedCase.number).desc())
    ).first()
    assert drafted and waiting and replied and public
    return Sights(
        drafted[0], drafted[1], waiting, public, replied.number, cases.lookup_code(session, replied)
    )


class Camera:
    """One browser; a person is signed in once per kind of screen."""

    def __init__(self, office: LiveOffice, chromium: Any) -> None:
        self._office, self._chromium = office, chromium
        self._empty = chromium.new_context().new_page()
        self._pages: dict[tuple[str, int], Any] = {}

    def page(self, who: str, screen: dict[str, int]) -> Any:
        """A page of ``who`` (empty: of the public)."""
        key = (who, screen["width"])
        if key not in self._pages:
            page = self._chromium.new_context(locale="zh-CN", viewport=screen).new_page()
            page.set_default_timeout(30_000)
            if who:
                page.goto(f"{self._office.url}/desk/login")
                page.get_by_label("登录名").fill(who)
                page.get_by_label("密码", exact=True).fill(PASSWORD)
                page.get_by_role("button", name="登录").click()
                page.wait_for_url(re.compile(r"/desk/$"))
            self._pages[key] = page
        return self._pages[key]

    def take(
        self, name: str, who: str, path: str, screen: dict[str, int], do: Callable[[Any], None] | None = None
    ) -> None:
        """Go to ``path``, do what is to be done there, and keep what is in view."""
        page = self.page(who, screen)
        page.goto(self._office.url + path)
        if do:
            do(page)
        page.wait_for_load_state("load")
        (FOLDER / f"{name}.png").write_bytes(lighter(page.screenshot(animations="disabled"), self._empty))
        print(f"{name}.png")


# The browser reads its own picture: the 256 most frequent colours, and for every pixel the nearest of them.
_PALETTE = """async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const data = context.getImageData(0, 0, image.width, image.height).data, counts = new Map();
  for (let i = 0; i < data.length; i += 4) {
    const colour = data[i] << 16 | data[i + 1] << 8 | data[i + 2];
    counts.set(colour, (counts.get(colour) || 0) + 1);
  }
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([colour]) => colour);
  const near = new Map(palette.map((colour, place) => [colour, place]));
  const far = (a, b) => [16, 8, 0].reduce((sum, n) => sum + ((a >> n & 255) - (b >> n & 255)) ** 2, 0);
  let places = "";
  for (let i = 0; i < data.length; i += 4) {
    const colour = data[i] << 16 | data[i + 1] << 8 | data[i + 2];
    if (!near.has(colour)) {
      near.set(colour, palette.reduce((best, one, n) => far(one, colour) < far(palette[best], colour) ? n : best, 0));
    }
    places += String.fromCharCode(near.get(colour));
  }
  return { width: image.width, height: image.height, palette, places: btoa(places) };
}"""


def lighter(png: bytes, page: Any) -> bytes:
    """The picture with 256 colours: a third of the size, and nobody sees the difference. ``page``: an empty one."""
    seen = page.evaluate(_PALETTE, "data:image/png;base64," + base64.b64encode(png).decode())
    width, height, places = seen["width"], seen["height"], base64.b64decode(seen["places"])
    lines = b"".join(b"\0" + places[row * width : (row + 1) * width] for row in range(height))
    colours = b"".join(colour.to_bytes(3, "big") for colour in seen["palette"])
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, data)
        for name, data in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            (b"PLTE", colours),
            (b"IDAT", zlib.compress(lines, 9)),
            (b"IEND", b""),
        )
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _follow(number: str, code: str) -> Callable[[Any], None]:
    def do(page: Any) -> None:
        page.get_by_label("编号").first.fill(number)
        page.get_by_label("查询码").fill(code)
        page.locator("main").get_by_role("button", name="查进度").click()
        page.wait_for_selector("ol.path")

    return do


def _first_review(page: Any) -> None:
    page.locator("main a[href^='/desk/reviews/']").first.click()
    page.wait_for_selector("#seen")


def take_all(office: LiveOffice, chromium: Any) -> None:
    """Every picture of the manuals."""
    database = office.database()
    with database.reading() as session:
        found = sights(session)
    database.close()
    camera = Camera(office, chromium)
    camera.take("work", "chenxiao", "/desk/", DESKTOP)
    camera.take("case", found.handler, f"/desk/cases/{found.case}", DESKTOP)
    camera.take("review", "wanghai", "/desk/reviews", DESKTOP, _first_review)
    camera.take("deliveries", "chenxiao", "/desk/deliveries?view=not_delivered", DESKTOP)
    camera.take("disclosure", "kongming", f"/desk/disclosures/{found.disclosure}", DESKTOP)
    camera.take("board-phone", "liyuan", "/desk/board", PHONE)
    camera.take("accounts", "caixitong", "/desk/accounts", DESKTOP)
    camera.take("search-phone", "", "/answers?q=没有租房合同能办居住证吗", PHONE)
    camera.take("progress-phone", "", "/progress", PHONE, _follow(found.number, found.code))
    camera.take("public-case", "", f"/cases/{found.public}", DESKTOP)
    camera.take("data", "", "/data", DESKTOP)


def main() -> None:
    """Load the sample, serve it, take the pictures, leave nothing behind."""
    FOLDER.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="huiying-pictures-"))
    try:
        with live_office(folder) as office, browser() as chromium:
            office.run("sample", "load")
            office.start("serve")
            take_all(office, chromium)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
