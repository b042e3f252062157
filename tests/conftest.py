"""Fixtures that every room shares: a sandbox on a port, an account that points at it, people and their browsers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import environment  # isort: skip  # First: it names the settings before Django reads them.

import django
import pytest
from django.conf import settings as project_settings
from django.core.cache import caches
from django.utils import translation

django.setup()  # pytest-django does it again later; the factories need it now.

from medialib.services.base.cache import HERE  # noqa: E402
from tests import browser, factories  # noqa: E402
from tests.flushing import audit_log_can_be_flushed  # noqa: E402

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from medialib.models import Account
    from medialib.sandbox.server import Sandbox

SANDBOX_KEY = "private_sandbox"
__all__ = ["audit_log_can_be_flushed", "environment"]


@pytest.fixture(autouse=True)
def english() -> None:
    """A request in German leaves its language behind in this thread."""
    translation.activate("en")


@pytest.fixture(autouse=True)
def nothing_kept_of_another_test() -> None:
    """A row of the next test may have the number of one that was rolled back."""
    caches[HERE].clear()


@pytest.fixture(autouse=True)
def no_anchors_of_another_test() -> None:
    """What a test sealed inside a transaction is rolled back, and its note outside the database is not."""
    Path(project_settings.AUDIT_ANCHOR_FILE).unlink(missing_ok=True)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A local ImageKit on a free port, empty, gone after the test."""
    from medialib.sandbox.server import Sandbox

    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox_account(db: None, settings: Any, sandbox: Sandbox) -> Account:
    """An account whose key opens the sandbox, added as a person would add it."""
    from medialib.services.accounts import accounts

    settings.IMAGEKIT_ALLOW_PRIVATE_API = True
    return accounts.add_account(
        name="acme",
        url_endpoint=sandbox.url_endpoint,
        private_key=SANDBOX_KEY,
        api_url=sandbox.api_url,
        upload_url=sandbox.api_url,
    )


@pytest.fixture
def account(db: None) -> Account:
    """An account without a key: for what never calls ImageKit."""
    return factories.account()


@pytest.fixture
def staff(db: None) -> User:
    """A member of staff with every medialib permission."""
    return factories.user("sam", is_staff=True, permissions=factories.EVERY_PERMISSION)


def prove(client: Client, person: User, *, seconds_ago: float = 0) -> None:
    """Note in the session that the person has given the password, as the sign-in page does."""
    session = client.session
    record = {"method": "password", "at": time.time() - seconds_ago, "reauthenticated": True}
    session["account_authentication_methods"] = [record]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()


@pytest.fixture
def signed_in(client: Client) -> Callable[[User], Client]:
    """The client, after this person has signed in a moment ago."""

    def sign_in(person: User) -> Client:
        client.force_login(person)
        prove(client, person)
        return client

    return sign_in


@pytest.fixture
def staff_client(signed_in: Callable[[User], Client], staff: User) -> Client:
    return signed_in(staff)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return browser.launch_args()
