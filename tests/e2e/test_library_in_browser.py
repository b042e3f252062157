"""The library in a real browser: ticks, ranges, the keyboard, the panel, both themes, without errors or findings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from medialib.models import Account, SyncRun
from tests import factories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def library(account: Account) -> Account:
    # Private files ask for no thumbnail, so nothing leaves this machine.
    for number in range(120):
        factories.asset(account, f"/pictures/{number:03}.jpg", is_private=True)
    SyncRun.objects.create(account=account, state="complete", started_at=now(), finished_at=now(), seen=120)
    return account


@pytest.fixture
def signed_in(browser: Browser, live_server: LiveServer, staff: User, client: Client) -> Iterator[Page]:
    client.force_login(staff)
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def library_page(signed_in: Page, live_server: LiveServer, library: Account) -> Page:
    signed_in.goto(f"{live_server.url}/{library.name}/library/?sort=name")
    return signed_in


def bar(page: Page) -> Locator:
    return page.locator("#selection-bar")


def test_shift_click_ticks_the_range_between(library_page: Page) -> None:
    boxes = library_page.locator("[name=asset]")
    boxes.nth(2).click()
    boxes.nth(6).click(modifiers=["Shift"])
    expect(bar(library_page)).to_contain_text("5 files selected")
    library_page.reload()
    expect(library_page.locator("[name=asset]:checked")).to_have_count(5)


def test_head_box_takes_the_page_only_and_the_banner_offers_the_rest(library_page: Page) -> None:
    library_page.locator("[data-page-box]").click()
    expect(bar(library_page)).to_contain_text("100 files selected")
    expect(library_page.locator("[data-page-banner]")).to_contain_text("100 on this page selected")
    library_page.get_by_role("button", name="Select all 120 files").click()
    expect(bar(library_page)).to_contain_text("120 files selected")


def test_keyboard_moves_ticks_opens_and_closes(library_page: Page) -> None:
    for key in "jjx":
        library_page.keyboard.press(key)
    expect(bar(library_page)).to_contain_text("1 file selected")
    library_page.keyboard.press("Enter")
    expect(library_page.locator("#file-panel h2")).to_have_text("001.jpg")
    library_page.keyboard.press("j")
    expect(library_page.locator("#file-panel h2")).to_have_text("002.jpg")
    library_page.keyboard.press("Escape")
    expect(library_page.locator("#file-panel")).to_be_hidden()
    expect(library_page.locator("[data-panel-link]").nth(2)).to_be_focused()


def test_shift_arrow_ticks_on_the_way_and_ctrl_a_the_page(library_page: Page) -> None:
    library_page.keyboard.press("j")
    library_page.keyboard.press("Shift+ArrowDown")
    library_page.keyboard.press("Shift+ArrowDown")
    expect(bar(library_page)).to_contain_text("3 files selected")
    library_page.keyboard.press("Control+a")
    expect(bar(library_page)).to_contain_text("100 files selected")


def test_ctrl_click_opens_the_file_as_a_page_of_its_own(library_page: Page) -> None:
    with library_page.context.expect_page() as opened:
        library_page.locator("[data-panel-link]").first.click(modifiers=["Control"])
    expect(opened.value.locator("h1")).to_have_text("000.jpg")
    expect(library_page.locator("#file-panel")).to_be_hidden()


def test_slash_searches_and_question_mark_helps(library_page: Page) -> None:
    library_page.keyboard.press("?")
    expect(library_page.get_by_role("dialog")).to_be_visible()
    library_page.keyboard.press("Escape")
    library_page.keyboard.press("/")
    library_page.keyboard.type("007")
    library_page.keyboard.press("Enter")
    expect(library_page.locator("[data-panel-link]")).to_have_text(["007.jpg"])
    assert library_page.url.endswith("?q=007&sort=name")


def test_theme_is_kept_on_the_next_page(library_page: Page) -> None:
    library_page.locator(".topbar-end summary").click()
    library_page.get_by_role("button", name="Dark").click()
    library_page.reload()
    assert library_page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_tick_that_cannot_be_saved_is_taken_back(library_page: Page) -> None:
    library_page.route("**/selection/", lambda route: route.fulfill(status=204, body=""))
    library_page.locator("[name=asset]").first.click()
    expect(library_page.get_by_role("alert")).to_contain_text("could not be saved")
    expect(library_page.locator("[name=asset]").first).not_to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_list_and_panel_have_no_accessibility_finding(library_page: Page, scheme: str, width: int) -> None:
    library_page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    library_page.set_viewport_size({"width": width, "height": 900})
    library_page.locator("[name=asset]").first.click()
    library_page.locator("[data-panel-link]").nth(1).click()
    expect(library_page.locator("#file-panel h2")).to_be_visible()
    assert [finding["id"] for finding in Axe().run(library_page).response["violations"]] == []
    assert library_page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
