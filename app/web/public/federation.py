"""对接联通: our answers for neighbouring libraries, signed, in order, from any place on (docs/api.md)."""

from flask import Response, request
from sqlalchemy.exc import OperationalError

from app.federation import queries, service
from app.upkeep import service as upkeep
from app.web.context import reading, writing
from app.web.public import giving, public


@public.get("/federation/v1/library")
def federation_library() -> Response:
    """Who we are: id (to be compared by telephone), name, level, public key."""
    with reading() as session:
        return giving.as_json(service.ourselves(session))


@public.get("/federation/v1/changes")
def federation_changes() -> Response:
    """A signed page of what changed since ``cursor``; without one, from the beginning."""
    cursor = request.args.get("cursor", "")
    with reading() as session:
        page = service.changes(session, cursor)
        reader = queries.library(session, request.args.get("reader", "")[:64])
    if reader is not None and cursor:
        _note(reader.library, cursor)
    return giving.as_json(page)


def _note(reader: str, cursor: str) -> None:
    """Remember how far a neighbour has come; not worth a failed answer."""
    try:
        with writing() as session:
            upkeep.note_reader(session, reader, service.position_of(cursor))
    except OperationalError:
        return
