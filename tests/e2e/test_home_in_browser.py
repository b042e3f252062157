"""The home page in a real browser: read by axe in both themes and on a phone, walked by keyboard."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils.timezone import now
from playwright.sync_api import expect

from medialib.models import JobState, PauseCode, SyncRun, SyncState
from tests import factories
from tests.e2e.conftest import Watched
from tests.views.jobs import job_rows

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from medialib.models import Account


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_home_says_what_needs_somebody_and_leads_there(
    watched: Watched, acme: Account, kim: User, scheme: str, width: int
) -> None:
    other = factories.account("globex", colour="pink")
    SyncRun.objects.create(
        account=other, state=SyncState.FAILED, started_at=now(), error="ImageKit could not be reached."
    )
    states = (
        {"state": JobState.PAUSED, "pause_code": PauseCode.KEY_REFUSED, "pause_cause": "ImageKit refused the key."},
        {"state": JobState.SCHEDULED, "starts_at": now() + timedelta(minutes=20)},
        {"state": JobState.FINISHED, "failed": 1, "deleted": 2, "finished_at": now(), "deleted_bytes": 7_000_000},
    )
    made = [job_rows.job(job_rows.manifest(acme, kim, 3), **fields) for fields in states]
    page = watched.page
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    watched.sign_in(kim)
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()
    watched.must_be_accessible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
    if shots := os.environ.get("SHOTS"):
        page.screenshot(path=f"{shots}/home-{scheme}-{width}.png", full_page=True)
    page.get_by_role("link", name="Open the job").first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{watched.base_url}/jobs/{made[-1].pk}/")
    page.get_by_role("button", name=f"Undo job {made[1].pk}").click()
    expect(page.get_by_text("Undone. Nothing was sent")).to_be_visible()
    assert watched.complaints == []
