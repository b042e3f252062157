"""From the sign-in to the audit event, as a person goes."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from medialib.models import AuditEvent, DeletionJob, EventKind
from medialib.sandbox.server import Sandbox
from tests.e2e.conftest import Watched

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from medialib.models import Account

REASON = "Licences ended in October"


def tick(watched: Watched, count: int) -> set[str]:
    """Tick the first rows and wait until the server knows. Returns their names."""
    boxes = watched.page.get_by_role("checkbox", name=re.compile(r"^Select (?!the )"))
    names = set()
    for number in range(count):
        boxes.nth(number).check()
        names.add((boxes.nth(number).get_attribute("aria-label") or "").removeprefix("Select "))
    expect(watched.page.locator("#selection-bar")).to_contain_text(f"{count} files selected")
    return names


def confirm(watched: Watched, count: int) -> None:
    watched.page.get_by_label("Why are these files deleted?").fill(REASON)
    watched.page.get_by_label(re.compile("I have looked at the list")).check()
    watched.page.get_by_role("button", name=f"Delete {count} files on acme").click()


def test_files_are_found_ticked_reviewed_deleted_and_audited(
    watched: Watched, library: Sandbox, acme: Account, kim: User, worker: subprocess.Popen[bytes]
) -> None:
    page = watched.page
    before = library.file_ids()
    watched.sign_in(kim)
    expect(page.get_by_role("heading", name="Library")).to_be_visible()

    page.get_by_label("Part of the folder or name").fill("lookbook")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page).to_have_url(re.compile("q=lookbook"))
    names = tick(watched, 3)
    watched.must_be_accessible()

    page.get_by_role("button", name="Review and delete…").click()
    expect(page.get_by_role("heading", name="Delete 3 files on acme?")).to_be_visible()
    watched.must_be_accessible()
    confirm(watched, 3)

    expect(page.get_by_role("heading", name="Result")).to_be_visible(timeout=30_000)
    expect(page.locator("[data-count=deleted]")).to_have_text("3")
    watched.must_be_accessible()

    page.get_by_role("link", name="Audit events").click()
    expect(page.get_by_text(REASON).first).to_be_visible()
    watched.must_be_accessible()
    events = AuditEvent.objects.filter(event=EventKind.FILE_SETTLED)
    assert {event.file_path.rpartition("/")[2] for event in events} == names
    assert {event.file_id for event in events} == before - library.file_ids()
    assert {event.actor_name for event in events} == {"kim"}


def test_a_mistake_on_the_review_page_deletes_nothing(
    watched: Watched, library: Sandbox, acme: Account, kim: User
) -> None:
    page = watched.page
    watched.sign_in(kim)
    tick(watched, 2)
    page.get_by_role("button", name="Review and delete…").click()
    page.get_by_role("button", name="Delete 2 files on acme").click()
    expect(page.get_by_text("Nothing was deleted.")).to_be_visible()
    watched.must_be_accessible()
    assert not DeletionJob.objects.exists()
    assert library.calls("delete") == []
    # The browser reports the answer 422 as a failed request; it is how the form says no.
    watched.complaints[:] = [text for text in watched.complaints if "422" not in text]


def test_the_way_to_a_job_needs_no_mouse(
    watched: Watched, acme: Account, kim: User, worker: subprocess.Popen[bytes]
) -> None:
    page = watched.page
    watched.sign_in(kim)
    page.get_by_role("checkbox", name=re.compile(r"^Select (?!the )")).first.focus()
    page.keyboard.press("Space")
    expect(page.locator("#selection-bar")).to_contain_text("1 file selected")
    page.get_by_role("button", name="Review and delete…").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Why are these files deleted?").focus()
    page.keyboard.type(REASON)
    page.get_by_label(re.compile("I have looked at the list")).focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Delete 1 file on acme").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Result")).to_be_visible(timeout=30_000)
    expect(page.locator("[data-count=deleted]")).to_have_text("1")


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_the_journey_works_without_javascript(
    watched: Watched, acme: Account, kim: User, worker: subprocess.Popen[bytes]
) -> None:
    page = watched.page
    watched.sign_in(kim)
    boxes = page.get_by_role("checkbox", name=re.compile(r"^Select (?!the )"))
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name="Keep the ticks of this page").click()
    page.get_by_role("button", name="Review and delete…").click()
    confirm(watched, 2)
    expect(page.get_by_role("heading", name="Delete 2 files on acme", exact=True)).to_be_visible()
    for _ in range(60):  # Without JavaScript a person reloads; the browser's own waiting paces this loop.
        page.reload(wait_until="networkidle")
        if page.get_by_role("heading", name="Result").count():
            break
    expect(page.locator("[data-count=deleted]")).to_have_text("2")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/acme/library/", "/jobs/", "/audit/", "/admin/"])
def test_each_page_is_accessible_and_quiet(watched: Watched, acme: Account, kim: User, path: str, scheme: str) -> None:
    watched.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    watched.sign_in(kim)
    watched.page.goto(f"{watched.base_url}{path}")
    if not path.startswith("/admin"):  # Django's own pages are Django's own to mend.
        watched.must_be_accessible()
