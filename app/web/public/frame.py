"""What stands around every public page: the office's name, its footer, and whether this is sample data."""

from typing import Any

from app.staff import service as staff
from app.web.context import reading, settings, told


def frame() -> dict[str, Any]:
    with reading() as session:
        office = staff.office(session)
    names = {"name": office.place or office.name, "host": office.name} if office else {}
    return {
        "office": names,
        "footer": settings().footer,
        "sample": bool(office and office.sample),
        "notices": told(),
    }
