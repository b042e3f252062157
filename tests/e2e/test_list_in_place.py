"""Filter, order and page change in place: the same page goes on, with its focus, its ticks and its way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Watched

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from playwright.sync_api import Page

    from medialib.models import Account


@pytest.fixture
def signed_in(watched: Watched, acme: Account, kim: User) -> Watched:
    watched.sign_in(kim)
    expect(watched.page.get_by_role("heading", name="Library")).to_be_visible()
    watched.page.evaluate("window.isSamePage = true")
    return watched


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_order_page_and_filter_change_within_the_page(signed_in: Watched) -> None:
    page = signed_in.page
    page.locator("#sort-name").focus()
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Name")
    expect(page.locator(".sort-now")).to_have_text("Name, A to Z")
    assert (page.url.rpartition("?")[2], focused(page)) == ("sort=name", "sort-name")
    page.locator("[name=asset]").first.check()
    expect(page.locator("#selection-bar")).to_contain_text("1 file selected")
    page.locator("#page-next").click()
    expect(page.locator("#page-previous")).to_be_visible()
    assert page.evaluate("scrollY") == 0
    page.locator("[name=asset]").first.check()
    expect(page.locator("#selection-bar")).to_contain_text("2 files selected")
    page.get_by_role("searchbox").fill("hero")
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_contain_text("hero")
    page.keyboard.press("j")
    expect(page.locator("[data-panel-link]").first).to_be_focused()
    expect(page.locator("#announcer")).to_contain_text("name, A to Z, from")
    assert page.evaluate("window.isSamePage") is True
    signed_in.must_be_accessible()
    page.go_back()
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator("#page-previous")).to_be_visible()


def test_a_list_that_cannot_be_shown_in_place_is_opened_as_a_page(signed_in: Watched) -> None:
    page = signed_in.page
    page.locator("details[data-key-filters] summary").click()
    page.get_by_label("Size from").fill("large")
    page.get_by_role("button", name="Show these files").click()
    expect(page.get_by_role("heading", name="This filter cannot be understood")).to_be_visible()
    expect(page.get_by_label("Size from")).to_have_value("large")
    signed_in.complaints.clear()  # The browser names the 400.
