"""What a person reads, and a script gets, when a request could not be taken."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from medialib.models import Account
from medialib.views.library import library
from tests import factories
from tests.views.pages import page, words


@pytest.fixture
def strict(staff: User) -> Client:
    """A signed-in person whose tokens are checked, as in a browser."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    return client


def tick(client: Client, account: Account, token: str, **headers: str) -> Any:
    asset = factories.asset(account)
    return client.post(
        f"/{account.name}/selection/",
        {"action": "add", "asset": asset.pk},
        headers={"HX-Request": "true", "X-CSRFToken": token, **headers},
    )


def test_a_page_that_is_too_old_gets_a_token_that_then_fits(strict: Client, account: Account, staff: User) -> None:
    refused = tick(strict, account, "old", **{"X-Person": str(staff.pk)})
    assert refused.status_code == 403
    assert tick(strict, account, refused["X-New-Token"]).status_code == 200


@pytest.mark.parametrize("person", ["", "0", "someone"])
def test_a_page_of_another_person_gets_none(strict: Client, account: Account, person: str) -> None:
    refused = tick(strict, account, "old", **{"X-Person": person})
    assert (refused.status_code, "X-New-Token" in refused.headers) == (403, False)


def test_a_stranger_gets_none(db: None, account: Account) -> None:
    refused = tick(Client(enforce_csrf_checks=True), account, "old", **{"X-Person": "None"})
    assert (refused.status_code, "X-New-Token" in refused.headers) == (403, False)


@pytest.mark.parametrize(
    ("referer", "way_back"),
    [
        ("http://testserver/acme/library/?tag=a", "/acme/library/?tag=a"),
        ("https://evil.example/acme/library/", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_a_form_that_is_too_old_offers_to_reload_its_page(strict: Client, referer: str, way_back: str | None) -> None:
    refused = strict.post("/acme/sync/", headers={"Referer": referer})
    link = page(refused).select_one(".empty-actions .button-primary")
    assert refused.status_code == 403
    assert "What you have selected stays selected" in words(page(refused))
    assert (link["href"] if link else None) == way_back


def test_a_database_that_is_away_is_said_and_when_to_come_back(
    staff_client: Client, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: Any, **__: Any) -> Any:
        raise OperationalError("database is locked")

    monkeypatch.setattr(library, "_list_context", locked)
    response = staff_client.get(f"/{account.name}/library/")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "does not answer just now" in words(page(response))
