"""What stands around the list in a real browser: sidebar, drawer, filters, look, insight and import, in both themes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from medialib.services.selections import list_imports as matching
from medialib.views.library import list_imports
from tests.e2e.conftest import Watched

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from playwright.sync_api import Page

    from medialib.models import Account

SCHEMES = ["light", "dark"]


@pytest.fixture(params=SCHEMES)
def signed_in(request: pytest.FixtureRequest, watched: Watched, acme: Account, kim: User) -> Watched:
    watched.page.emulate_media(color_scheme="dark" if request.param == "dark" else "light")
    watched.sign_in(kim)
    expect(watched.page.get_by_role("heading", name="Library")).to_be_visible()
    return watched


def file_id(page: Page, row: int) -> str:
    return (page.locator("[data-panel-link]").nth(row).get_attribute("href") or "").split("/")[-2]


def test_folders_and_facets_come_after_the_rows_and_lead_to_lists(signed_in: Watched) -> None:
    page = signed_in.page
    toggle = page.get_by_role("button", name="Folders in campaigns")
    toggle.click()
    expect(toggle).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".tree .tree .tree-link").first).to_be_visible()
    signed_in.must_be_accessible()
    page.locator(".facet-link", has_text="Video").click()
    expect(page.locator(".chip")).to_contain_text("Type Video")
    expect(page.locator(".facet-link[aria-current]", has_text="Video")).to_be_visible()


def test_sidebar_is_a_drawer_on_a_narrow_screen(signed_in: Watched) -> None:
    page = signed_in.page
    page.set_viewport_size({"width": 390, "height": 800})
    page.reload()
    sidebar = page.locator("#sidebar")
    expect(sidebar).not_to_have_attribute("open", "")
    sidebar.locator("summary").click()
    expect(page.locator(".tree-link").first).to_be_visible()
    signed_in.must_be_accessible()
    page.keyboard.press("Escape")
    expect(page.locator(".tree-link").first).to_be_hidden()


@pytest.mark.parametrize("menu", ["Filters", "Views", "Display"])
def test_menus_of_the_list_are_accessible(signed_in: Watched, menu: str) -> None:
    signed_in.page.locator(".library-tools summary", has_text=menu).click()
    signed_in.must_be_accessible()


def test_insight_draws_what_leads_to_lists(signed_in: Watched) -> None:
    page = signed_in.page
    page.get_by_role("link", name="Insight").click()
    expect(page.locator(".insight .spinner")).to_have_count(0)
    expect(page.locator("#insight-folders svg a").first).to_be_visible()
    signed_in.must_be_accessible()
    page.locator("#insight-types svg a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_contain_text("Type")


def test_list_that_is_pasted_becomes_the_selection(signed_in: Watched) -> None:
    page = signed_in.page
    ids = [file_id(page, number) for number in range(3)]
    page.get_by_role("link", name="Import a list").click()
    page.get_by_label(re.compile("^Paste")).fill("\n".join([*ids, "/nowhere.jpg"]))
    signed_in.must_be_accessible()
    page.get_by_role("button", name="Match and select").click()
    expect(page.locator("[data-count=matched]")).to_have_text("3")
    signed_in.must_be_accessible()
    expect(page.locator("#selection-bar")).to_contain_text("3 files selected")


def test_long_list_shows_how_far_it_is_until_its_report(signed_in: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "PART", 1)
    monkeypatch.setattr(list_imports, "AT_A_TIME_S", 0)
    page = signed_in.page
    known = file_id(page, 0)
    page.get_by_role("link", name="Import a list").click()
    page.get_by_label(re.compile("^Paste")).fill(
        "\n".join([known, *(f"/nowhere/{number}.jpg" for number in range(30))])
    )
    page.get_by_role("button", name="Match and select").click()
    expect(page.locator("#list-progress")).to_contain_text("of 31 lines are matched")
    expect(page.get_by_role("heading", name="1 file selected by your list")).to_be_visible(timeout=30_000)
    expect(page.locator("[data-count=not-found]")).to_have_text("30")
