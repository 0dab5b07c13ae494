"""The door of programs: `/api/v1`, described at `/api/v1/openapi.json`. One table: `operations.OPERATIONS`."""

from flask import Blueprint

api = Blueprint("api", __name__, url_prefix="/api/v1")

from app.web.api import operations  # noqa: E402

operations.hang(api)
