"""Whatever programs send, no call answers 5xx and every answer has a described status and shape."""

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error, response_schema_conformance, status_code_conformance

from app.staff import service as staff
from app.staff.scopes import SCOPES
from app.web.api.operations import OPERATIONS, describe
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

EXAMPLES = 25


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.name)
def test_no_input_breaks_a_call(app: Flask, sqlite_office: TheOffice, operation) -> None:  # type: ignore[no-untyped-def]
    with sqlite_office.db.writing() as session:
        token = staff.add_token(session, NOW, None, sqlite_office.people["小陈"].id, tuple(SCOPES))
        number = a_case(session, sqlite_office).number
    schema = schemathesis.openapi.from_dict(describe("http://localhost"))
    schema.app = app
    path = "/api/v1" + operation.path.replace("<", "{").replace(">", "}")
    described = schema[path][operation.method]

    @settings(
        max_examples=EXAMPLES,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described.as_strategy())
    def probe(case) -> None:  # type: ignore[no-untyped-def]
        if "number" in (case.path_parameters or {}):
            case.path_parameters["number"] = number
        response = case.call(headers={"Authorization": f"Bearer {token}"})
        case.validate_response(
            response,
            checks=(not_a_server_error, status_code_conformance, response_schema_conformance),
        )

    probe()
