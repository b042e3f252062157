"""The whole way with the keyboard alone: sign in, filter, select, review, confirm, and read the result."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect

from medialib.models import AuditEvent, EventKind
from medialib.sandbox.server import Sandbox
from tests.e2e.conftest import PASSWORD, Watched

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from medialib.models import Account

HOW_MANY_ACROSS = """link => {
  const rows = [...link.closest('[data-list]').querySelectorAll('[data-list] > *')];
  return rows.filter(row => row.offsetTop === rows[0].offsetTop).length;
}"""
REASON = "Licences ended in October"


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, target: Locator) -> None:
    """Go forward from control to control until the focus is there."""
    for _ in range(80):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"The Tab key does not reach {target}")


def sign_in(watched: Watched, user: User) -> None:
    page = watched.page
    page.goto(watched.base_url)
    tab_to(page, page.get_by_label("Username"))
    page.keyboard.type(user.get_username())
    press(page, "Tab")
    page.keyboard.type(PASSWORD)
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Library")).to_be_visible()
    page.wait_for_load_state()  # The keys are heard once the scripts have run.


def search(page: Page, text: str) -> None:
    press(page, "/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(text)
    press(page, "Enter")
    expect(page).to_have_url(re.compile(f"q={text}"))
    expect(page.locator(".chip")).to_contain_text(text)


def confirm(page: Page, count: int) -> None:
    tab_to(page, page.get_by_label("Why are these files deleted?"))
    page.keyboard.type(REASON)
    tab_to(page, page.get_by_label(re.compile("I have looked at the list")))
    press(page, "Space")
    tab_to(page, page.get_by_role("button", name=f"Delete {count} files on acme"))
    press(page, "Enter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_whole_way_needs_only_the_keyboard(
    watched: Watched, library: Sandbox, acme: Account, kim: User, worker: subprocess.Popen[bytes], scheme: str
) -> None:
    page, before = watched.page, library.file_ids()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    sign_in(watched, kim)
    search(page, "lookbook")

    press(page, "j", "Shift+ArrowDown", "Shift+ArrowDown")
    expect(page.locator("#selection-bar")).to_contain_text("3 files selected")
    watched.must_be_accessible()
    names = set(page.locator("[data-list] > *:has(:checked) [data-panel-link]").all_inner_texts())

    press(page, "r")
    expect(page.get_by_role("heading", name="Delete 3 files on acme?")).to_be_visible()
    watched.must_be_accessible()
    confirm(page, 3)
    expect(page.locator("[data-count=deleted]")).to_have_text("3", timeout=30_000)
    watched.must_be_accessible()

    events = AuditEvent.objects.filter(event=EventKind.FILE_SETTLED)
    assert {event.file_path.rpartition("/")[2] for event in events} == names
    assert {event.file_id for event in events} == before - library.file_ids()


def test_all_that_match_are_taken_reviewed_and_left_by_key(watched: Watched, acme: Account, kim: User) -> None:
    page = watched.page
    sign_in(watched, kim)
    search(page, "campaigns")
    press(page, "j", "Control+a")
    expect(page.locator("#selection-bar")).to_contain_text("100 files selected")
    press(page, "Shift+A")
    expect(page.locator(".selection-frozen")).to_contain_text(re.compile(r"files, .+, frozen .+, #[0-9a-f]{4}"))
    page.wait_for_load_state()
    press(page, "j", "x")
    expect(page.locator(".selection-excluded")).to_have_text("− 1 excluded")
    press(page, "g", "j")
    expect(page).to_have_url(re.compile("/jobs/"))
    page.wait_for_load_state()
    press(page, "g", "l")
    expect(page.locator("#selection-bar")).to_contain_text("1 excluded")


def test_grid_is_walked_in_two_directions(watched: Watched, acme: Account, kim: User) -> None:
    page = watched.page
    sign_in(watched, kim)
    page.goto(f"{watched.base_url}/acme/library/?view=grid&sort=name")
    links = page.locator("[data-panel-link]")
    press(page, "j", "ArrowRight")
    expect(links.nth(1)).to_be_focused()
    across = links.nth(0).evaluate(HOW_MANY_ACROSS)
    press(page, "ArrowDown")
    expect(links.nth(1 + across)).to_be_focused()
    press(page, "ArrowUp", "ArrowLeft", "x")
    expect(page.locator("#selection-bar")).to_contain_text("1 file selected")
    watched.must_be_accessible()
