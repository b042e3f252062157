"""Whatever goes wrong is a problem of one shape, in no cache, with one sentence and no traceback."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from medialib.api import accounts as accounts_api
from medialib.models import Account
from tests.api.calls import Program, kind_of

pytestmark = pytest.mark.django_db


def bearer(program: Program) -> dict[str, str]:
    return {"Authorization": f"Bearer {program.secret}"}


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nothing", (404, "not-found")),
        ("POST", "/nothing/at/all", (404, "not-found")),
        ("GET", "/", (404, "not-found")),
        ("PUT", "/accounts", (405, "wrong-method")),
        ("DELETE", "/jobs/1", (405, "wrong-method")),
        ("GET", "/accounts/unknown", (404, "not-found")),
        ("GET", "/jobs/7", (404, "not-found")),
        ("GET", "/jobs/seven", (422, "invalid")),
        ("GET", "/jobs/99999999999999999999", (422, "invalid")),
        ("GET", "/manifests/no-uuid", (422, "invalid")),
        ("GET", "/accounts/acme/files?limit=0", (422, "invalid")),
        ("GET", "/accounts/acme/files?limit=1001", (422, "invalid")),
        ("GET", "/accounts/acme/files?sort=colour", (422, "invalid")),
        ("GET", "/accounts/acme/files?cursor=nonsense", (422, "invalid")),
        ("GET", "/accounts/acme/files?folderr=/old", (422, "invalid")),
        ("GET", "/accounts/acme/files?before=1", (422, "invalid")),
        ("GET", "/accounts/acme/files?where=((", (422, "invalid")),
        ("GET", "/accounts/acme/files/unknown_1", (404, "not-found")),
        ("GET", "/accounts/acme/files/%00", (422, "invalid")),
        ("GET", "/jobs?cursor=-1", (422, "invalid")),
        ("GET", "/jobs?state=odd", (422, "invalid")),
        ("GET", "/audit?q=event:nonsense", (422, "invalid")),
        ("GET", "/audit?event=nonsense", (422, "invalid")),
        ("GET", "/audit?colour=red", (422, "invalid")),
        ("GET", "/audit?path=%00", (422, "invalid")),
    ],
)
def test_each_mistake_has_its_problem(
    program: Program, acme: Account, method: str, path: str, expected: tuple[int, str]
) -> None:
    answer = program.client.generic(method, f"/api/v1{path}", headers=bearer(program))
    assert kind_of(answer) == expected
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


def test_a_method_that_is_none_here_says_which_are(program: Program) -> None:
    assert program.ask("PUT", "/accounts").headers["Allow"] == "GET"


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b"null", b"[]", b'"text"', b"7"])
def test_a_body_that_is_no_json_object_is_refused(program: Program, acme: Account, body: bytes) -> None:
    answer = program.client.post(
        "/api/v1/accounts/acme/selections", body, content_type="application/json", headers=bearer(program)
    )
    assert kind_of(answer) in {(400, "malformed"), (422, "invalid")}


def test_what_is_wrong_in_a_body_is_named(program: Program, acme: Account) -> None:
    said = program.ask("POST", "/accounts/acme/protections", {"kind": "folder", "value": "/a"}).json()  # type: ignore[attr-defined]
    assert [(each["in"], each["name"].rpartition(".")[2]) for each in said["errors"]] == [("body", "reason")]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(program: Program, acme: Account, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    wish = {"file_ids": ["a" * 64] * 20}
    assert program.refused("POST", "/accounts/acme/selections", wish) == (413, "too-large")


def test_something_that_breaks_is_logged_and_tells_nothing(
    program: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("secret_of_the_house")

    monkeypatch.setattr(accounts_api, "_facts", broken)
    Account.objects.create(name="acme", url_endpoint="https://ik.imagekit.io/acme")
    with caplog.at_level(logging.ERROR):
        answer = program.ask("GET", "/accounts")
    assert kind_of(answer) == (500, "broken")
    assert b"secret_of_the_house" not in answer.content
    assert "secret_of_the_house" in caplog.text


def test_a_database_that_is_away_says_when_to_come_again(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("medialib.services.accounts.tokens.find", away)
    answer = program.ask("GET", "/accounts")
    assert kind_of(answer) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"


def test_a_wrong_host_is_a_problem_too(program: Program, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["media.example.com"]
    answer = program.client.get("/api/v1/accounts", headers=bearer(program) | {"Host": "evil.example"})
    assert kind_of(answer) == (400, "malformed")


def test_texts_are_english_whatever_a_browser_reads(program: Program, acme: Account) -> None:
    headers = bearer(program) | {"Accept-Language": "de"}
    said = program.client.get("/api/v1/accounts/acme/files?folderr=1", headers=headers).json()
    assert said["detail"] == "There is no filter named “folderr”."


def test_over_plain_http_the_api_is_where_the_pages_are(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/api/v1/accounts").headers["Location"] == "https://testserver/api/v1/accounts"
