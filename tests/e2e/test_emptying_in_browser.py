"""From the account's menu to a job that empties the library and back, with the keyboard alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from medialib.models import DeletionJob
from medialib.sandbox.server import Sandbox
from tests.e2e.conftest import Watched
from tests.e2e.test_keyboard import press, sign_in, tab_to

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from medialib.models import Account

FIELDS = {
    "Why are these files deleted?": "The customer left",
    "Type the number of files": "2000",
    "Type the name of the account": "acme",
}


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_library_is_emptied_and_taken_back_by_key(
    watched: Watched, library: Sandbox, acme: Account, kim: User, language: str
) -> None:
    page, before = watched.page, library.file_ids()
    sign_in(watched, kim)
    page.goto(f"{watched.base_url}/acme/library/")
    page.wait_for_load_state()
    tab_to(page, page.locator(".account-switch summary"))
    press(page, "Enter")
    tab_to(page, page.get_by_role("link", name="Empty this library…"))
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Empty the library of acme")).to_be_visible()
    watched.must_be_accessible()
    if language == "de":
        page.set_extra_http_headers({"Accept-Language": "de"})
        page.reload()
        expect(page.get_by_role("heading", name="Die Bibliothek von acme leeren")).to_be_visible()
        watched.must_be_accessible()
        return
    tab_to(page, page.get_by_role("button", name="Freeze 2,000 files and review"))
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Delete 2,000 files on acme?")).to_be_visible(timeout=15_000)
    watched.must_be_accessible()
    for label, text in FIELDS.items():
        tab_to(page, page.get_by_label(re.compile(re.escape(label))))
        page.keyboard.type(text)
    tab_to(page, page.get_by_role("button", name="Delete 2,000 files on acme"))
    press(page, "Enter")
    undo = page.get_by_role("button", name=re.compile("^Undo")).first
    expect(undo).to_be_visible(timeout=15_000)
    job = DeletionJob.objects.get()
    assert (job.starts_at - job.created_at).total_seconds() == 1800
    tab_to(page, undo)
    press(page, "Enter")
    expect(page.get_by_text("Nothing was sent: all 2,000 files are still there.").first).to_be_visible(timeout=15_000)
    assert library.file_ids() == before
