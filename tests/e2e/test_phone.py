"""From a notice's link to approval, pause or undo on a phone, with the thumb of one hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils.timezone import now
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from medialib.models import Account, Asset, DeletionJob, EventKind, JobState
from tests import factories
from tests.conftest import prove
from tests.views.jobs import job_rows

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
HEIGHT = 700
THUMB = 44  # Pixels: the least a thumb hits without looking.
IS_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(params=[320, 390])
def phone(
    request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer, staff: User, client: Client
) -> Iterator[Page]:
    staff.user_permissions.add(Permission.objects.get(codename="approve_deletions"))
    client.force_login(staff)
    prove(client, staff)
    context = browser.new_context(
        viewport={"width": request.param, "height": HEIGHT}, has_touch=True, is_mobile=True, reduced_motion="reduce",
        base_url=live_server.url,
    )  # fmt: skip
    cookie: Any = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    context.add_cookies([cookie])
    yield context.new_page()
    context.close()


def job(account: Account, owner: User, **fields: Any) -> DeletionJob:
    made = job_rows.job(job_rows.manifest(account, owner, 3, has_real_hash=True), **fields)
    Asset.objects.update(is_private=True)  # So that no picture is asked for outside of this machine.
    job_rows.event(EventKind.JOB_CONFIRMED, account=account, job=made, actor_name=owner.username)
    return made


def must_be_in_reach(page: Page, target: Locator) -> None:
    """Without scrolling, in the lower half, and large enough."""
    expect(target).to_be_in_viewport()
    box = target.bounding_box()
    assert box is not None
    assert box["height"] >= THUMB
    assert box["y"] >= HEIGHT / 2
    assert 0 <= box["x"] <= box["x"] + box["width"] <= page.viewport_size["width"]  # type: ignore[index]
    assert not page.evaluate(IS_TOO_WIDE)


def test_approval_is_one_tap_after_the_link(phone: Page, account: Account) -> None:
    asked = job(
        account, factories.user("kim", permissions=("view_library", "delete_files")),
        needs_approval=True, starts_at=now() + timedelta(hours=1),
    )  # fmt: skip
    phone.goto(f"/jobs/{asked.pk}/")
    approve = phone.get_by_role("button", name="Approve: delete 3 files")
    must_be_in_reach(phone, approve)
    phone.get_by_role("link", name="Reject…").tap()
    expect(phone.get_by_label("Why is it rejected?")).to_be_in_viewport()
    assert [each["id"] for each in Axe().run(phone).response["violations"]] == []
    approve.tap()
    expect(phone.get_by_text("Approved. Undo is complete until it starts.")).to_be_visible()
    asked.refresh_from_db()
    assert not asked.waits_for_approval


def test_a_running_job_is_paused_within_reach(phone: Page, account: Account, staff: User) -> None:
    running = job(account, staff, state="running", started_at=now(), deleted=1)
    phone.goto(f"/jobs/{running.pk}/")
    pause = phone.get_by_role("button", name="Pause")
    must_be_in_reach(phone, pause)
    for control in phone.locator("#job-controls").get_by_role("button").all():
        assert (control.bounding_box() or {"height": 0})["height"] >= THUMB
    pause.tap()
    expect(phone.get_by_role("button", name="Resume")).to_be_visible()
    running.refresh_from_db()
    assert running.state == JobState.PAUSED
    must_be_in_reach(phone, phone.get_by_role("button", name="Resume"))


def test_a_job_is_taken_back_within_reach(phone: Page, account: Account, staff: User) -> None:
    waiting = job(account, staff, starts_at=now() + timedelta(minutes=10))
    phone.goto(f"/jobs/{waiting.pk}/")
    must_be_in_reach(phone, phone.locator("#job-undo"))
    smaller = phone.locator("summary", has_text="Take files out…")
    assert (smaller.bounding_box() or {"height": 0})["height"] >= THUMB
    smaller.tap()
    expect(phone.get_by_label("Why does the list get smaller?")).to_be_visible()
    phone.locator("#job-undo").tap()
    expect(phone.locator("#job-undo")).to_have_count(0)
