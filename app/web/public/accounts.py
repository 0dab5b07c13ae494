"""政务新媒体账号: which accounts are ours, and what was opened, changed and closed (C11)."""

from typing import Any

from flask import Response

from app.official_accounts.filing import KINDS
from app.opendata import queries
from app.opendata.datasets import DATASETS
from app.opendata.formats import as_object
from app.web.context import now, reading, render, settings
from app.web.public import giving, public

COLUMNS = DATASETS["accounts"].names


@public.get("/accounts")
def accounts() -> str:
    """The list, and the history of what was filed as public notice."""
    with reading() as session:
        found = list(queries.account_rows(session, now(), settings().public_url))
        history = [
            {
                "verb": KINDS[row.kind].label,
                "object": f"“{account.name}”（{queries.platform_name(account.platform)}）",
                "occurred_on": row.occurred_on,
                "number": row.number,
                "filed_at": row.filed_at,
            }
            for row, account in queries.registrations(session)
            if row.filed_at
        ]
    return render("public/accounts.html", accounts=found, history=history)


@public.get("/accounts.json")
def accounts_json() -> Response:
    """The same for programs."""
    return giving.as_json({"items": [as_object(COLUMNS, row) for row in _rows()]})


@public.get("/accounts.csv")
def accounts_csv() -> Response:
    """The same as a table."""
    return giving.table(list(COLUMNS), _rows())


def _rows() -> list[Any]:
    with reading() as session:
        return list(queries.account_rows(session, now(), settings().public_url))
