"""Ways round a rule: an admin page of the same name, an address that signs out, a link that is no link."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import User
from django.urls import reverse

from medialib.imagekit.types import FileVersion, RemoteFile
from medialib.models import Account, Asset
from medialib.services.sync.indexing import index_file
from tests import factories
from tests.views.pages import page

pytestmark = pytest.mark.django_db

# Pages of the admin whose names begin like those that stay open to set a factor up.
ADMIN_FACTORS = [
    "/admin/mfa/",
    "/admin/mfa/authenticator/",
    "/admin/mfa/authenticator/add/",
    "/admin/mfa/authenticator/{factor}/change/",
    "/admin/mfa/authenticator/{factor}/delete/",
    "/admin/mfa/authenticator/{factor}/history/",
]


@pytest.fixture
def victim() -> User:
    """Somebody who has a second factor."""
    person = factories.user("victim")
    TOTP.activate(person, generate_totp_secret())
    return person


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("address", ADMIN_FACTORS)
def test_the_admin_of_factors_is_closed_without_a_factor_of_ones_own(signed_in, victim, settings, address, method):
    settings.REQUIRE_SECOND_FACTOR = True
    client = signed_in(factories.user("root", is_superuser=True))
    factor = Authenticator.objects.get(user=victim).pk
    answer = getattr(client, method)(address.format(factor=factor), {"post": "yes"})
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("mfa_index"))
    assert Authenticator.objects.filter(user=victim).exists()


@pytest.mark.parametrize("name", ["medialib:sign-out", "account_logout", "admin:logout"])
def test_no_link_or_picture_signs_anybody_out(staff_client, name):
    for method in (staff_client.get, staff_client.head, staff_client.options):
        method(reverse(name))
        assert "_auth_user_id" in staff_client.session
    assert staff_client.get(reverse(name)).status_code == 405
    staff_client.post(reverse(name))
    assert "_auth_user_id" not in staff_client.session


NO_LINKS = [
    "javascript:alert(document.domain)",
    " JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "//evil.example/x.jpg",
    "/sign-out/",
    "file:///etc/passwd",
    "httpx://evil.example/",
    "",
    None,
    7,
]


def row(url: Any) -> dict[str, Any]:
    version = {"id": "v1", "name": "Version 1"}
    return {"fileId": "a1", "type": "file", "filePath": "/a.jpg", "url": url, "thumbnail": url, "versionInfo": version}


@pytest.mark.parametrize("url", NO_LINKS)
def test_what_imagekit_calls_an_address_is_a_link_only_as_http_or_https(account: Account, staff_client: Any, url: Any):
    file, version = RemoteFile.from_json(row(url)), FileVersion.from_json(row(url))
    assert file
    assert version
    assert (file.url, file.thumbnail_url, version.url) == ("", "", "")
    index_file(account, file, was_seen=True)
    assert Asset.objects.get().url == ""
    for address in (f"/{account.name}/files/a1/", f"/{account.name}/library/"):
        links = page(staff_client.get(address)).select("main [href], main [src]")
        assert {link.get("href", link.get("src", "")) for link in links if "alert" in str(link)} == set()


def test_addresses_of_imagekit_stay_links():
    file = RemoteFile.from_json(row("https://ik.imagekit.io/acme/a.jpg?updatedAt=1"))
    assert file
    assert (file.url, file.thumbnail_url) == (
        "https://ik.imagekit.io/acme/a.jpg",
        "https://ik.imagekit.io/acme/a.jpg?updatedAt=1",
    )
