"""The audit log's own pages in a browser: no finding in any theme at any width, and words that are completed."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

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
    log.record(EventKind.JOB_FINISHED, job=job, account=acme)
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
