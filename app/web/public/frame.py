"""What stands around every public page: the office's name, its footer, and whether this is sample data."""

from typing import Any

from flask import current_app

from app.staff import service as staff
from app.web.context import reading, settings


def frame() -> dict[str, Any]:
    with reading() as session:
        office = staff.office(session)
    return {
        "office": office,
        "office_name": office.name if office else "回应",
        "sample": bool(office and office.sample),
        "footer": settings().footer,
        "testing": current_app.testing,
    }
