"""The description of the API is right: by the OpenAPI standard, and held against answers to whatever it allows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import schemathesis
from bs4 import BeautifulSoup
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import checks

from medialib.models import TokenScope
from tests import factories
from tests.api.calls import Program
from tests.api.world import World, operations, schema

EXAMPLES = int(os.environ.get("API_EXAMPLES", "8"))  # Of each operation; the whole of it stays below a minute.


def test_it_is_valid_by_the_standard() -> None:
    served = Client().get("/api/v1/openapi.json").json()
    assert served["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(served).iter_errors()) == []
    assert served == schema()


def test_every_operation_has_a_name_a_summary_a_scope_and_its_problems() -> None:
    for path, methods in schema()["paths"].items():
        for method, each in methods.items():
            assert each["operationId"], path
            assert each["summary"], path
            assert each["security"][0]["token"][0] in TokenScope.values
            assert {"401", "403", "404", "422", "429"} <= set(each["responses"]), path
            makes = method == "post" and "201" in each["responses"]
            names = {parameter["name"] for parameter in each["parameters"]}
            assert ("Idempotency-Key" in names) == makes, path


@pytest.mark.django_db
def test_the_page_describes_each_operation_without_a_script_of_others(staff_client: Client) -> None:
    answer = staff_client.get("/api/")
    page = BeautifulSoup(answer.content, "html.parser")
    assert {each["id"] for each in page.select("main details")} == set(operations())
    assert all(script["src"].startswith("/static/") for script in page.select("script"))
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]


@pytest.fixture
def one_connection() -> Iterator[None]:
    """The test's transaction stays open from request to request, as Django's own test client sees to."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def fuzzed(db: None, one_connection: None, settings: Any) -> tuple[World, Program]:
    settings.API_CALLS_PER_MINUTE = 100_000
    root = factories.user("root", is_superuser=True)
    program = Program(root)
    return World(factories.account("acme", limit_percent=100), program), program


@cache
def described() -> Any:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.mark.django_db
@pytest.mark.parametrize("name", operations())
def test_whatever_comes_is_answered_as_described(fuzzed: tuple[World, Program], name: str) -> None:
    """Requests that the description allows and such that it does not, for known and unknown things."""
    world, program = fuzzed
    method, path = operations()[name]
    operation = described()[f"/api/v1{path}"][method]
    modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))
    answered = set()

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=cases, is_known=st.booleans())
    def hold(case: Any, is_known: bool) -> None:
        if is_known and case.path_parameters:
            case.path_parameters = {key: str(world.values[key]) for key in case.path_parameters}
        answer = case.call_and_validate(
            headers={"Authorization": f"Bearer {program.secret}", "Accept-Encoding": "identity"},
            # What the description allows may still be refused: a filter that is none, a job that has ended.
            excluded_checks=[checks.positive_data_acceptance, checks.negative_data_rejection],
        )
        assert answer.headers["cache-control"] == ["private, no-store"]
        answered.add(answer.status_code)

    hold()
    assert answered
