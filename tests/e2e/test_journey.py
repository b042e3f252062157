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
        names.add(watched.page.locator("[data-panel-link]").nth(number).inner_text())
    expect(watched.page.locator("#selection-bar")).to_contain_text(f"{count} files selected")
    return names


def confirm(watched: Watched, count: int) -> None:
    """Few files need a tick, many their number."""
    page = watched.page
    page.get_by_label("Why are these files deleted?").fill(REASON)
    if page.get_by_label(re.compile("Type the number of files")).count():
        page.get_by_label(re.compile("Type the number of files")).fill(str(count))
    else:
        page.get_by_label(re.compile("I have looked at the list")).check()
    page.get_by_role("button", name=f"Delete {count:,} files on acme").click()


def test_all_matching_but_two_are_selected_reviewed_deleted_and_audited(
    watched: Watched, library: Sandbox, acme: Account, kim: User, worker: subprocess.Popen[bytes]
) -> None:
    page = watched.page
    before = library.file_ids()
    watched.sign_in(kim)
    page.get_by_label("Part of the folder or name").fill("/campaigns/")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=(/|%2F)campaigns"))
    page.locator("[data-page-box]").check()
    page.get_by_role("button", name=re.compile("^Select all .* matching$")).click()
    bar = page.locator("#selection-bar")
    expect(bar).not_to_have_attribute("data-count", re.compile("^(0|100)$"))
    taken = int(bar.get_attribute("data-count") or 0)
    spared = spare(watched, 2)
    expect(bar).to_have_attribute("data-count", str(taken - 2))

    count = f"{taken - 2:,}"
    page.get_by_role("button", name="Review and delete…").click()
    expect(page.get_by_role("heading", name=f"Delete {count} files on acme?")).to_be_visible()
    confirm(watched, taken - 2)
    expect(page.get_by_role("heading", name="Result")).to_be_visible(timeout=60_000)
    expect(page.locator("[data-count=deleted]")).to_have_text(count)
    expect(page.get_by_role("heading", name="Course")).to_be_visible()

    page.get_by_role("link", name="Audit events").click()
    expect(page.get_by_role("heading", name="Audit log")).to_be_visible()
    expect(page.locator(".log-course")).to_contain_text("Job finished")
    page.get_by_role("link", name=re.compile("^Batch 0:")).click()
    page.get_by_role("link", name=re.compile("^Call to ImageKit")).first.click()
    expect(page.get_by_role("heading", name="One call to ImageKit")).to_be_visible()
    page.go_back()
    page.go_back()
    page.get_by_role("link", name="Receipt", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("^Receipt of job"))).to_be_visible()
    expect(page.get_by_text(REASON).first).to_be_visible()
    events = AuditEvent.objects.filter(event=EventKind.FILE_SETTLED)
    assert {event.file_id for event in events} == before - library.file_ids()
    assert len(before - library.file_ids()) == taken - 2
    assert spared & {event.file_path.rpartition("/")[2] for event in events} == set()
    assert {event.actor_name for event in events} == {"kim"}


def spare(watched: Watched, count: int) -> set[str]:
    """Untick the first rows. Returns their names."""
    boxes = watched.page.get_by_role("checkbox", name=re.compile(r"^Select (?!the )"))
    names = set()
    for number in range(count):
        boxes.nth(number).uncheck()
        names.add(watched.page.locator("[data-panel-link]").nth(number).inner_text())
    return names


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


def test_the_way_fits_a_phone_in_the_dark_and_in_german(
    watched: Watched, library: Sandbox, acme: Account, kim: User, worker: subprocess.Popen[bytes]
) -> None:
    page = watched.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    watched.sign_in(kim)
    page.locator(".topbar-end summary").click()
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Bibliothek", exact=True)).to_be_visible()
    page.get_by_role("checkbox", name=re.compile(" auswählen$")).nth(1).check()
    page.get_by_role("button", name="Prüfen und löschen …").click()
    page.get_by_label("Warum werden diese Dateien gelöscht?").fill(REASON)
    page.get_by_label(re.compile("Ich habe mir die Liste angesehen")).check()
    page.get_by_role("button", name="1 Datei auf acme löschen").click()
    expect(page.get_by_role("heading", name="Ergebnis")).to_be_visible(timeout=30_000)
    watched.must_be_accessible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


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


def test_administration_is_quiet(watched: Watched, acme: Account, kim: User) -> None:
    watched.sign_in(kim)
    watched.page.goto(f"{watched.base_url}/admin/")
    expect(watched.page.get_by_role("heading", level=1)).to_be_visible()
