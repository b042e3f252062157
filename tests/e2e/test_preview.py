"""A file beside the list, and a few beside each other: keys, ticks, focus and the Back button, on desk and phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from medialib.models import Account, SyncRun
from medialib.sandbox.server import Sandbox
from tests import factories
from tests.e2e.conftest import Watched

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
IS_FOCUS_INSIDE = "document.activeElement === document.body || !!document.activeElement.closest('#file-panel')"
PLAYED = """async video => {
  video.muted = true;
  await video.play();
  await new Promise(done => video.addEventListener("ended", done));
  return video.currentTime;
}"""
IS_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def library(account: Account) -> Account:
    # Private files ask for no picture, so nothing leaves this machine.
    for number in range(103):
        factories.asset(account, f"/pictures/{number:03}.jpg", is_private=True, size_bytes=1000 + number)
    SyncRun.objects.create(account=account, state="complete", started_at=now(), finished_at=now(), seen=103)
    return account


@pytest.fixture
def open_list(
    browser: Browser, live_server: LiveServer, staff: User, client: Client, library: Account
) -> Iterator[Any]:
    """A window of some size at the list by name; in the end none may have complained."""
    client.force_login(staff)
    cookie: Any = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    contexts, complaints = [], []

    def open_window(width: int = 1440, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, reduced_motion="reduce", **options)
        context.add_cookies([cookie])
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{live_server.url}/{library.name}/library/?sort=name")
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []


def link(page: Page, name: str) -> Locator:
    return page.locator("[data-panel-link]", has_text=name)


def expect_open(page: Page, name: str) -> None:
    expect(page.locator("#file-panel h2")).to_have_text(name)
    expect(page.locator("[data-panel-link][aria-current]")).to_have_text(name)
    expect(link(page, name)).to_be_in_viewport()


def test_arrows_go_on_in_the_list_and_in_the_panel(open_list: Any) -> None:
    page = open_list()
    link(page, "002.jpg").click()
    expect_open(page, "002.jpg")
    page.keyboard.press("ArrowDown")
    expect_open(page, "003.jpg")
    page.keyboard.press("ArrowRight")
    expect_open(page, "004.jpg")
    expect(link(page, "004.jpg")).to_be_focused()
    page.keyboard.press("Enter")  # It is open already: into its panel.
    expect(page.locator("#file-panel-title")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    expect_open(page, "024.jpg")
    page.keyboard.press("ArrowLeft")
    expect_open(page, "023.jpg")
    page.keyboard.press("k")
    expect_open(page, "022.jpg")
    assert page.evaluate("document.getElementById('file-panel').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(page.locator("#file-panel")).to_be_hidden()
    expect(link(page, "022.jpg")).to_be_focused()


def test_arrows_go_on_over_the_end_of_a_page(open_list: Any) -> None:
    page = open_list()
    link(page, "099.jpg").click()
    expect_open(page, "099.jpg")
    page.keyboard.press("ArrowDown")
    expect_open(page, "100.jpg")
    assert "after=" in page.url
    expect(link(page, "100.jpg")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect_open(page, "099.jpg")
    link(page, "000.jpg").click()
    expect_open(page, "000.jpg")
    expect(page.get_by_role("button", name="Previous", exact=True)).to_be_disabled()


def test_space_ticks_the_file_that_is_open(open_list: Any) -> None:
    page = open_list()
    link(page, "001.jpg").click()
    expect_open(page, "001.jpg")
    page.keyboard.press("Space")
    expect(page.locator("#selection-bar")).to_contain_text("1 file selected")
    expect(page.locator("#panel-tick")).to_be_checked()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    expect_open(page, "002.jpg")
    expect(page.locator("#panel-tick")).not_to_be_checked()
    page.keyboard.press("Space")
    expect(page.locator("#selection-bar")).to_contain_text("2 files selected")
    page.locator("#panel-tick").uncheck()
    expect(page.locator("#selection-bar")).to_contain_text("1 file selected")
    expect(page.locator("[name=asset]:checked")).to_have_count(1)
    page.reload()
    expect(page.locator("#file-panel h2")).to_have_text("002.jpg")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#panel-tick")).to_be_checked()


def test_the_address_opens_it_again_and_back_closes_it(open_list: Any) -> None:
    page = open_list()
    address = page.url
    link(page, "005.jpg").click()
    expect_open(page, "005.jpg")
    page.keyboard.press("ArrowDown")
    expect_open(page, "006.jpg")
    expect(page).to_have_url(re.compile(r"panel=file_\d+"))
    shared = page.url
    page.go_back()
    expect(page.locator("#file-panel")).to_be_hidden()
    expect(page).to_have_url(address)
    page.go_forward()
    expect_open(page, "006.jpg")
    page.keyboard.press("Escape")
    expect(page).to_have_url(address)
    page.goto(shared)
    expect_open(page, "006.jpg")
    page.keyboard.press("Escape")
    expect(page).to_have_url(address)


def test_ticked_files_are_compared_and_unticked_with_the_keyboard(open_list: Any) -> None:
    page = open_list()
    for key in ("j", "x", "j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("#selection-bar")).to_contain_text("3 files selected")
    page.keyboard.press("c")
    expect(page.get_by_role("heading", name="3 files side by side")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^Size differs"))).to_contain_text("1,001 bytes")
    expect(page.get_by_role("row", name="Access")).to_be_visible()
    page.get_by_label("Only what differs").check()
    expect(page.get_by_role("row", name="Access")).to_be_hidden()
    page.get_by_label("Select 001.jpg").focus()
    page.keyboard.press("Space")
    expect(page.locator("#selection-bar")).to_contain_text("2 files selected")
    page.go_back()
    expect(page.locator("[name=asset]:checked")).to_have_count(2)


def test_on_a_phone_it_is_a_sheet_that_takes_the_focus(open_list: Any) -> None:
    page = open_list(320, has_touch=True, is_mobile=True)
    link(page, "002.jpg").tap()
    expect(page.locator("#file-panel-title")).to_be_focused()
    box = page.locator("#file-panel").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 320, 800)
    for control in ("Previous", "Next"):
        button = page.get_by_role("button", name=control, exact=True).bounding_box()
        assert button["height"] >= 44
        assert button["y"] > 700, "beyond the thumb"
    page.get_by_role("button", name="Next", exact=True).tap()
    expect(page.locator("#file-panel h2")).to_have_text("003.jpg")
    page.locator("[data-panel-tick]").tap()
    for _ in range(30):  # What lies below the sheet is not reached.
        page.keyboard.press("Tab")
        assert page.evaluate(IS_FOCUS_INSIDE)
    page.get_by_role("link", name="Close the panel").tap()
    expect(page.locator("#selection-bar")).to_contain_text("1 file selected")
    expect(link(page, "003.jpg")).to_be_focused()
    assert not page.evaluate(IS_TOO_WIDE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1000, 1440])
def test_file_and_comparison_have_no_finding(open_list: Any, scheme: str, width: int) -> None:
    page = open_list(width, color_scheme=scheme, locale="de-DE")
    for key in ("j", "x", "j", "x", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#file-panel h2")).to_have_text("001.jpg")
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    assert not page.evaluate(IS_TOO_WIDE)
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.get_by_role("heading", name="2 Dateien nebeneinander")).to_be_visible()
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    assert not page.evaluate(IS_TOO_WIDE)


@pytest.fixture
def films(transactional_db: None, settings: Any, account: Account) -> Iterator[Account]:
    settings.IMAGEKIT_ALLOW_PRIVATE_API = True
    with Sandbox() as sandbox:
        account.url_endpoint = sandbox.url_endpoint
        account.save()
        for name, kind in (("clip.mp4", "video"), ("list.pdf", "document"), ("broken.mp4", "video")):
            if name != "broken.mp4":
                sandbox.add_file(path=f"/{name}")
            factories.asset(account, f"/{name}", kind=kind, url=f"{sandbox.url_endpoint}/{name}")
        yield account


def test_a_film_plays_when_asked_to_and_a_pdf_shows_its_first_page(watched: Watched, films: Account, kim: User) -> None:
    page = watched.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    watched.sign_in(kim)
    page.goto(f"{watched.base_url}/{films.name}/library/?sort=name")
    link(page, "clip.mp4").click()
    video = page.locator("#file-panel video")
    expect(video).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert any(url.endswith("c-at_max") and "/clip.mp4/" in url for url in asked)
    assert not any(url.endswith("/clip.mp4") for url in asked), "it is fetched before anybody plays it"
    assert video.evaluate(PLAYED) > 0
    link(page, "list.pdf").click()
    image = page.get_by_role("img", name="First page of list.pdf")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def test_a_film_that_cannot_be_played_says_so(watched: Watched, films: Account, kim: User) -> None:
    page = watched.page
    watched.sign_in(kim)
    page.goto(f"{watched.base_url}/{films.name}/library/?sort=name")
    link(page, "broken.mp4").click()
    page.locator("#file-panel video").evaluate("video => video.play().catch(() => {})")
    expect(page.get_by_text("This browser cannot play it")).to_be_visible()
    assert all("404" in text for text in watched.complaints), watched.complaints
    watched.complaints.clear()
