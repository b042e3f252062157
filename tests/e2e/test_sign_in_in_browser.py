"""A person's own sign-in in a real browser: quiet under the policy, accessible, and with a passkey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.e2e.conftest import PASSWORD, Watched

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PAGES = ["/you/password/", "/you/second-factor/", "/you/sessions/"]


def prove(watched: Watched) -> None:
    watched.page.get_by_label("Password").fill(PASSWORD)
    watched.page.get_by_role("button", name="Confirm").click()


def test_the_pages_of_the_own_sign_in_are_accessible_and_quiet(watched: Watched, kim: User) -> None:
    watched.page.goto(f"{watched.base_url}/sign-in/")
    watched.must_be_accessible()
    watched.sign_in(kim)
    for address in PAGES:
        watched.page.goto(f"{watched.base_url}{address}")
        watched.must_be_accessible()


def test_a_passkey_is_added_and_signs_in_without_a_password(watched: Watched, kim: User) -> None:
    factories.account("acme")
    page = watched.page
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    device |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    watched.sign_in(kim)
    page.goto(f"{watched.base_url}/you/second-factor/passkeys/add/")
    watched.must_be_accessible()
    prove(watched)
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Recovery Codes").first).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"{watched.base_url}/sign-in/?next=/jobs/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/jobs/")


@pytest.mark.parametrize("address", ["/admin/medialib/apikey/add/", "/admin/medialib/membership/add/"])
def test_the_admins_forms_of_keys_and_rights_are_quiet(watched: Watched, kim: User, address: str) -> None:
    watched.sign_in(kim)
    expect(watched.page.get_by_role("main")).to_be_visible()
    watched.page.goto(f"{watched.base_url}{address}")
    expect(watched.page.get_by_role("button", name="Save", exact=True)).to_be_visible()
