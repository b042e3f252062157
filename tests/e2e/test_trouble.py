"""While somebody watches: the connection goes and comes back, the session ends, another person acts on the same job."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils.timezone import now
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from medialib.models import Account, DeletionJob, Selection, SyncRun
from medialib.services.selections import list_imports as matching
from medialib.services.selections import ticks
from medialib.views.library import list_imports
from tests import factories
from tests.e2e.conftest import PASSWORD
from tests.views.jobs import job_rows

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
Opener = Callable[..., Page]


@pytest.fixture
def acme(db: None) -> Account:
    return factories.account("acme")


@pytest.fixture
def running(acme: Account, kim: User) -> DeletionJob:
    """A job under way, whose worker is the test itself."""
    job_rows.worker()
    frozen = job_rows.manifest(acme, kim, 10, has_real_hash=True)
    return job_rows.job(frozen, state="running", started_at=now())


@pytest.fixture
def opened(browser: Browser, live_server: LiveServer) -> Iterator[Opener]:
    """Opens a page as a person, in a browser window of its own."""
    contexts = []

    def open_page(person: User, path: str, **options: Any) -> Page:
        client = Client()
        client.force_login(person)
        context = browser.new_context(**options)
        contexts.append(context)
        cookie: Any = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        context.add_cookies([cookie])
        page = context.new_page()
        page.goto(f"{live_server.url}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()


def settle(job: DeletionJob, deleted: int) -> None:
    DeletionJob.objects.filter(pk=job.pk).update(deleted=deleted)


def test_lost_connection_is_said_quietly_and_comes_back_by_itself(
    opened: Opener, kim: User, running: DeletionJob
) -> None:
    page = opened(kim, f"/jobs/{running.pk}/")
    page.context.set_offline(True)
    expect(page.locator("#connection p")).to_be_visible()
    expect(page.locator("#announcer")).to_contain_text("No connection.")
    settle(running, 7)
    page.context.set_offline(False)
    expect(page.locator("#connection p")).to_be_hidden(timeout=10_000)
    expect(page.locator("[data-count=deleted]")).to_have_text("7")


def test_server_in_trouble_is_asked_again(opened: Opener, kim: User, running: DeletionJob) -> None:
    page = opened(kim, f"/jobs/{running.pk}/")
    page.route("**/progress/**", lambda route: route.fulfill(status=503, body=""))
    expect(page.locator("#connection").get_by_text("does not answer as it should")).to_be_visible()
    page.unroute("**/progress/**")
    expect(page.locator("#connection p")).to_be_hidden(timeout=10_000)


def test_tray_that_could_not_be_fetched_is_fetched_later(opened: Opener, kim: User, running: DeletionJob) -> None:
    page = opened(kim, "/audit/")
    page.route("**/jobs/tray/**", lambda route: route.abort())
    page.reload()
    expect(page.locator("#connection p")).to_be_visible()
    page.unroute("**/jobs/tray/**")
    expect(page.locator("#job-tray")).to_contain_text(f"Job {running.pk} on acme", timeout=10_000)


def sign_in(page: Page, person: User) -> None:
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    page.get_by_label("Username").fill(person.get_username())
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_watcher_whose_session_ended_signs_in_and_is_back(opened: Opener, kim: User, running: DeletionJob) -> None:
    page = opened(kim, f"/jobs/{running.pk}/?outcome=left")
    Session.objects.all().delete()
    sign_in(page, kim)
    expect(page).to_have_url(re.compile(rf"/jobs/{running.pk}/\?outcome=left$"))


def test_tick_that_met_the_end_of_the_session_is_kept(opened: Opener, kim: User, acme: Account) -> None:
    for number in range(3):
        factories.asset(acme, f"/pictures/{number}.jpg", is_private=True)
    SyncRun.objects.create(account=acme, state="complete", started_at=now(), finished_at=now(), seen=3)
    page = opened(kim, "/acme/library/?sort=name")
    page.locator("[name=asset]").nth(0).click()
    expect(page.locator("#selection-bar")).to_contain_text("1 file")
    Session.objects.all().delete()
    page.locator("[name=asset]").nth(1).click()
    sign_in(page, kim)
    expect(page).to_have_url(re.compile(r"/acme/library/\?sort=name"))
    expect(page.locator("#selection-bar")).to_contain_text("2 files")
    assert Selection.objects.filter(account=acme).count() == 1


def test_title_and_icon_show_a_running_job_on_any_page(opened: Opener, kim: User, running: DeletionJob) -> None:
    settle(running, 4)
    page = opened(kim, "/audit/")
    expect(page).to_have_title(re.compile(r"^40 % · Audit log"))
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("favicon-running"))
    DeletionJob.objects.update(state="paused", pause_code="person", pause_cause="Paused.")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("favicon-waiting"), timeout=10_000)


def test_two_people_see_what_the_other_does(opened: Opener, kim: User, running: DeletionJob) -> None:
    lee = factories.user("lee", permissions=factories.EVERY_PERMISSION)
    kims, lees = (opened(person, f"/jobs/{running.pk}/") for person in (kim, lee))
    kims.get_by_role("button", name="Pause").click()
    expect(lees.get_by_role("button", name="Resume")).to_be_visible(timeout=10_000)
    lees.get_by_role("button", name="Resume").click()
    expect(kims.get_by_role("button", name="Pause")).to_be_visible(timeout=10_000)


def test_screen_reader_hears_each_tenth_and_not_each_file(opened: Opener, kim: User, running: DeletionJob) -> None:
    frozen = running.manifest
    DeletionJob.objects.update(file_count=100)
    page = opened(kim, f"/jobs/{frozen.job.pk}/")
    spoken = page.locator("#announcer")
    settle(running, 34)
    expect(spoken).to_have_text("30 % done")
    settle(running, 38)
    expect(page.locator("[data-count=deleted]")).to_have_text("38")
    expect(spoken).to_have_text("30 % done")
    settle(running, 41)
    expect(spoken).to_have_text("40 % done")


def test_focus_survives_each_swap(opened: Opener, kim: User, running: DeletionJob) -> None:
    page = opened(kim, "/jobs/")
    link = page.locator("#job-tray-list a")
    link.focus()
    settle(running, 5)
    expect(link).to_contain_text("50 %", timeout=10_000)
    expect(link).to_be_focused()


def test_times_are_the_readers_and_exact_on_hover(opened: Opener, kim: User, running: DeletionJob) -> None:
    DeletionJob.objects.update(created_at="2026-01-02T23:30:00Z")
    page = opened(kim, f"/jobs/{running.pk}/", timezone_id="Asia/Tokyo", locale="de-DE")
    time = page.locator("dd time[datetime^='2026-01-02']").first
    expect(time).to_have_text("3. Jan 2026, 08:30:00")
    expect(time).to_have_attribute("title", re.compile(r"2026-01-02 23:30:00 UTC"))


def test_long_list_goes_on_when_the_connection_is_back(
    opened: Opener, kim: User, acme: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "PART", 1)
    monkeypatch.setattr(list_imports, "AT_A_TIME_S", 0)
    content = BytesIO(b"\n".join(b"/nowhere/%d.jpg" % number for number in range(30)))
    made = matching.begin(ticks.selection_of(kim, acme), content, user=kim)
    page = opened(kim, f"/acme/lists/{made.pk}/?go=1")
    page.context.set_offline(True)
    expect(page.locator("#connection p")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("[data-count=not-found]")).to_have_text("30", timeout=30_000)


def test_a_tick_on_a_page_that_was_open_too_long_is_saved_all_the_same(
    opened: Opener, kim: User, acme: Account
) -> None:
    factories.asset(acme, "/one.jpg")
    page = opened(kim, "/acme/library/")
    page.evaluate("""() => {
        for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) input.value = "x".repeat(64);
    }""")
    page.get_by_role("checkbox", name="Select one.jpg").check()
    expect(page.locator("#selection-bar")).to_contain_text("1 file selected")
    assert Selection.objects.get().items.count() == 1


def test_days_are_those_of_the_browser(opened: Opener, kim: User, acme: Account) -> None:
    """At 03:00 on the 21st in Tokyo it is still the 20th in UTC."""
    factories.asset(acme, "/offset.jpg", created_at=datetime(2026, 11, 20, 18, tzinfo=UTC))
    page = opened(kim, "/acme/library/?created_before=2026-11-21", timezone_id="Asia/Tokyo")
    expect(page.locator(".chip")).to_contain_text("2026-11-21 (Asia/Tokyo)")
    expect(page.get_by_role("heading", name="No file matches")).to_be_visible()
    elsewhere = opened(kim, "/acme/library/?created_before=2026-11-21", timezone_id="America/Los_Angeles")
    expect(elsewhere.locator("[data-list] > *")).to_have_count(1)
