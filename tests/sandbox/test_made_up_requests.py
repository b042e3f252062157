"""Requests that schemathesis makes up from the sandbox's document: none may break it or get an undocumented answer."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from medialib.sandbox import openapi
from medialib.sandbox.server import Sandbox

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = {
    f"{operation.method} {operation.path}": operation
    for operation in (result.ok() for result in from_dict(openapi.document("http://sandbox")).get_all_operations())
}


@pytest.fixture(scope="module")
def address():
    # Webhooks are made up too: nobody out there shall hear of this.
    with Sandbox(files=30, tells_webhooks=False) as sandbox:
        yield sandbox.api_url


@pytest.mark.parametrize("name", OPERATIONS)
def test_any_request_gets_a_documented_answer(address, name):
    @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=OPERATIONS[name].as_strategy())
    def send(case):
        answer = case.call(base_url=address, auth=("private_sandbox", ""))
        case.validate_response(answer, checks=CHECKS)

    send()
