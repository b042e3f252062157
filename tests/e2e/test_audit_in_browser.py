"""The audit log's own pages in a browser: no finding in any theme at any width, and words that are completed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from medialib.models import DeletionJob, EventKind
from medialib.services.audit import indexing, log
from medialib.services.audit.seal import sealing
from tests import factories
from tests.e2e.test_every_page import visit
from tests.services.audit.conftest import own_data_dir
from tests.views.jobs import job_rows

__all__ = ["own_data_dir", "visit"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def finished(staff: User) -> DeletionJob:
    """A finished job whose files are in the log, sealed and summed."""
    acme = factories.account("acme")
    job = job_rows.finished(job_rows.manifest(acme, staff, 4), ["deleted", "deleted", "failed", "skipped"])
    log.record(EventKind.JOB_CONFIRMED, job=job, account=acme, reason=job.reason)
    job_rows.end_in_log(job)
    for item in job.manifest.items.all():
        job_rows.event(
            EventKind.FILE_SETTLED, account=acme, job=job, file_id=item.file_id, file_path=item.path,
            size_bytes=1024, outcome=item.outcome, actor_name="sam",
        )  # fmt: skip
    sealing.seal_all()
    indexing.catch_up()
    return job


def test_receipt_and_chart_have_no_finding(visit: Any, finished: DeletionJob) -> None:
    window = visit()
    paths = [f"/jobs/{finished.pk}/receipt/", "/audit/chart/", "/audit/chart/?by=actor", "/audit/?actor=sam"]
    assert [text for path in paths for text in window.findings(path)] == []


def test_the_log_opened_has_no_finding(visit: Any, finished: DeletionJob) -> None:
    window = visit()
    paths = ["/audit/?every=1", f"/audit/?job={finished.pk}", f"/audit/jobs/{finished.pk}/"]
    paths.append(f"/audit/jobs/{finished.pk}/batches/0/")
    assert [text for path in paths for text in window.findings(path)] == []


def test_a_job_is_opened_and_closed_by_keys(visit: Any, finished: DeletionJob) -> None:
    window = visit()
    window.page.set_viewport_size({"width": 320, "height": 800})
    window.go("/audit/")
    job = window.page.locator(".log-what .log-open")
    job.focus()
    window.page.keyboard.press("Enter")
    batch = window.page.locator(".log-batch .log-open")
    batch.wait_for()
    # The focus is put back once the part has settled, so nobody may take it before.
    unsettled = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"
    window.page.wait_for_function(f"!document.querySelector('{unsettled}')")
    window.page.wait_for_timeout(100)
    assert job.get_attribute("aria-expanded") == "true"
    batch.press("Enter")
    window.page.locator(".log-batch tbody tr").nth(3).wait_for()
    assert not window.is_too_wide()
    job.focus()
    window.page.keyboard.press("Enter")
    assert job.get_attribute("aria-expanded") == "false"
    assert not window.page.locator(".log-batch").is_visible()
    assert window.page.url.endswith("/audit/")
    assert window.complaints == []


def test_days_are_those_of_the_reader(browser: Browser, live_server: LiveServer, staff: User, client: Client) -> None:
    for hour in (23, 22, 8):  # UTC: in Tokyo the first two are of the next day.
        job_rows.event(EventKind.AUDIT_EXPORTED, actor_name="sam", time=datetime(2026, 5, 4, hour, tzinfo=UTC))
    client.force_login(staff)
    context = browser.new_context(timezone_id="Asia/Tokyo")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/audit/?before=2026-05-05")
    page.wait_for_function("document.documentElement.dataset.zone === 'Asia/Tokyo'")
    days = page.locator(".log-day").evaluate_all(
        "all => all.map(day => [day.querySelector('h2').textContent, day.querySelectorAll('li').length])"
    )
    context.close()
    assert days == [["4 May 2026", 1], ["5 May 2026", 2]]


def test_a_bar_is_reached_by_key_and_leads_to_its_events(visit: Any, finished: DeletionJob) -> None:
    window = visit()
    window.go("/audit/chart/")
    bar = window.page.locator("svg.chart a", has=window.page.locator(".chart-failed"))
    bar.focus()
    window.page.keyboard.press("Enter")
    window.page.wait_for_url("**/audit/?*outcome=failed*")
    assert window.page.locator("tbody tr").count() == 1


def test_each_word_of_the_line_is_completed(visit: Any, finished: DeletionJob) -> None:
    window = visit()
    window.go("/audit/")
    window.page.locator("#id_query").fill("actor:sam outc")
    offered = window.page.locator("#audit-words option").evaluate_all("all => all.map(each => each.value)")
    assert {"actor:sam outcome:deleted", "actor:sam path:"} <= set(offered)
    window.page.locator("#id_query").fill("actor:sam outcome:failed")
    window.page.keyboard.press("Enter")
    window.page.wait_for_url("**/audit/?actor=sam&outcome=failed")
    assert window.page.locator("tbody tr").count() == 1
    assert window.complaints == []
