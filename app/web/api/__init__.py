"""The door of programs: `/api/v1`, described at `/api/v1/openapi.json`."""

from flask import Blueprint

api = Blueprint("api", __name__, url_prefix="/api/v1")
