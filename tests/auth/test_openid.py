"""Sign-in through an OpenID provider: it lets in whom an administrator has added, and nobody else."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client

from tests import factories
from tests.auth.provider import CLIENT, SECRET, Provider
from tests.views.pages import page, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def connect(settings):
    """Connects medialib with a provider, as the environment would."""

    def connected(provider: Provider) -> Provider:
        app = {"provider_id": "company", "name": "Acme", "client_id": CLIENT, "secret": SECRET}
        apps = [app | {"settings": {"server_url": provider.url}}]
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": apps}}
        return provider

    return connected


@pytest.fixture
def kim() -> User:
    person = factories.user("kim", permissions=factories.EVERY_PERMISSION, email="kim@example.com")
    person.set_unusable_password()
    person.save()
    return person


def walk(client: Client, *, next_: str = "/jobs/"):
    """From the link on the sign-in page to the provider and back."""
    there = client.get(f"/you/provider/company/?next={next_}")
    back = requests.get(there.headers["Location"], allow_redirects=False, timeout=5).headers["Location"]
    parts = urlsplit(back)
    return client.get(f"{parts.path}?{parts.query}")


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_sign_in_page_offers_it_only_where_it_is_set_up(client, connect):
    assert "Continue with" not in client.get("/sign-in/").content.decode()
    with Provider() as provider:
        connect(provider)
        assert "Continue with" in client.get("/sign-in/").content.decode()


def test_a_person_whom_an_administrator_added_comes_in_and_lands_where_wanted(client, connect, kim):
    with connect(Provider()):
        assert walk(client).headers["Location"] == "/jobs/"
    assert client.session["_auth_user_id"] == str(kim.pk)


@pytest.mark.parametrize(
    "claims",
    [{"email": "stranger@example.com"}, {"email_verified": False}, {"email": ""}],
)
def test_nobody_else_comes_in_and_nobody_is_added(client, connect, kim, claims):
    with connect(Provider(**claims)):
        answer = walk(client)
    assert not is_in(client)
    assert User.objects.count() == 1
    assert "Nobody here has the email address" in words(page(client.get(answer.headers["Location"])).main)


@pytest.mark.parametrize("change", [{"is_staff": False}, {"is_active": False}])
def test_who_may_not_use_medialib_stays_outside(client, connect, kim, change):
    User.objects.filter(pk=kim.pk).update(**change)
    with connect(Provider()):
        walk(client)
    assert not is_in(client)


def test_an_answer_that_was_not_asked_for_is_refused(client, connect, kim):
    with connect(Provider()):
        answer = client.get("/you/provider/company/callback/?code=stolen&state=made-up")
    assert not is_in(client)
    assert answer.status_code in (302, 401)


def test_a_name_that_is_no_provider_is_not_found(client):
    assert client.get("/you/provider/nobody/").status_code == 404


def test_the_way_back_does_not_leave_the_site(client, connect, kim):
    with connect(Provider()):
        assert "evil" not in walk(client, next_="https://evil.example/").headers["Location"]


def test_their_second_factor_is_the_providers_business(client, connect, kim, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    with connect(Provider()):
        walk(client)
    assert client.get("/jobs/").status_code == 200
