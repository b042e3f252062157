"""The first minute: signed in by the demo's link, led through in four steps, never again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from medialib.auth.one_time_link import path_for
from tests.e2e.conftest import Watched

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from medialib.models import Account


@pytest.mark.parametrize("width", [320, 1280])
def test_the_link_opens_the_library_with_a_tour_that_never_returns(
    watched: Watched, acme: Account, kim: User, settings: Any, width: int
) -> None:
    settings.DEBUG = True
    page = watched.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{watched.base_url}{path_for(kim)}")
    expect(page).to_have_url(f"{watched.base_url}/acme/library/")
    tour = page.get_by_role("complementary", name="Four steps")
    for step in ("1. Find.", "2. Tick.", "3. Review.", "4. Watch and prove."):
        expect(tour.get_by_role("listitem")).to_have_count(1)
        expect(tour.get_by_role("listitem")).to_contain_text(step)
        watched.must_be_accessible()
        if not step.startswith("4"):
            tour.get_by_role("button", name="Next").focus()
            page.keyboard.press("Enter")
    tour.get_by_role("button", name="Leave the tour").click()
    expect(tour).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", name="Library", level=1)).to_be_visible()
    expect(tour).to_have_count(0)
    assert watched.complaints == []


def test_escape_leaves_the_tour(watched: Watched, acme: Account, kim: User, settings: Any) -> None:
    settings.DEBUG = True
    page = watched.page
    page.goto(f"{watched.base_url}{path_for(kim)}")
    expect(page.locator("#tour")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#tour")).to_have_count(0)
    assert watched.complaints == []
