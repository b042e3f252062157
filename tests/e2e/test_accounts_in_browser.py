"""Settings of an account in a real browser: by keyboard, read by axe, on a phone and in both themes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Watched

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from medialib.models import Account


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_settings_are_found_read_and_changed(
    watched: Watched, acme: Account, kim: User, scheme: str, width: int
) -> None:
    page = watched.page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    watched.sign_in(kim)
    page.goto(f"{watched.base_url}/accounts/")
    watched.must_be_accessible()
    page.get_by_role("link", name="Settings of acme").click()
    for address in ("", "keys/", "people/"):
        page.goto(f"{watched.base_url}/acme/settings/{address}")
        watched.must_be_accessible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
        if shots := os.environ.get("SHOTS"):
            page.screenshot(path=f"{shots}/settings-{address.strip('/')}-{width}.png", full_page=True)
    page.goto(f"{watched.base_url}/acme/settings/")
    page.get_by_text("Limits", exact=True).focus()
    page.keyboard.press("Enter")
    page.locator("#id_limit_files").fill("250")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. The audit log has it.")).to_be_visible()
    page.goto(f"{watched.base_url}/accounts/new/")
    watched.must_be_accessible()
    assert watched.complaints == []
