"""The policy of each page allows its own files and those of the accounts, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from medialib.web.headers import PERMISSIONS_POLICY, PageHeadersMiddleware, origin_of
from tests import factories


def policy_of(response: Any) -> dict[str, set[str]]:
    directives = (directive.split() for directive in response.headers["Content-Security-Policy"].split(";"))
    return {name: set(sources) for name, *sources in directives}


def answer(user: Any, *, headers: dict[str, str] | None = None, status: int = 200) -> Any:
    request = RequestFactory().get("/", headers=headers or {})
    request.user = user
    return PageHeadersMiddleware(lambda _: HttpResponse("<p>", status=status))(request)


def test_strangers_get_a_policy_that_names_no_account(client: Client) -> None:
    policy = policy_of(client.get("/sign-in/"))
    assert policy["default-src"] == {"'none'"}
    assert policy["img-src"] == {"'self'", "data:"}
    assert policy["script-src"] == policy["style-src"] == {"'self'"}


@pytest.mark.django_db
@pytest.mark.parametrize("status", [200, 422])
def test_pages_of_staff_may_show_the_accounts_pictures(status: int) -> None:
    factories.account("acme", url_endpoint="https://media.example.com/acme")
    policy = policy_of(answer(factories.user(), status=status))
    assert policy["img-src"] == {"'self'", "data:", "https://media.example.com"}
    assert policy["media-src"] == {"https://media.example.com"}


@pytest.mark.django_db
def test_where_no_account_is_nothing_may_be_played() -> None:
    assert "media-src" not in policy_of(answer(factories.user()))


@pytest.mark.django_db
def test_a_swapped_part_costs_no_query(django_assert_num_queries: Any) -> None:
    user = factories.user()
    with django_assert_num_queries(0):
        answer(user, headers={"HX-Request": "true"})


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://ik.imagekit.io/acme", "https://ik.imagekit.io"),
        ("http://127.0.0.1:8001/demo", "http://127.0.0.1:8001"),
        ("https://evil.example; script-src *", ""),
        ("https://a.example,https://b.example/", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_an_endpoint_cannot_break_out_of_the_header(endpoint: str, origin: str) -> None:
    assert origin_of(endpoint) == origin


def test_every_answer_switches_off_what_pages_never_need(client: Client) -> None:
    response = client.get("/sign-in/")
    assert response.headers["Permissions-Policy"] == PERMISSIONS_POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["X-Frame-Options"] == "DENY"


def test_what_signed_in_people_see_stays_in_no_cache(staff_client: Client) -> None:
    for path in ("/jobs/", "/audit/", "/audit/export/?format=jsonl", "/nothing-here/"):
        assert staff_client.get(path).headers["Cache-Control"] == "private, no-store", path
