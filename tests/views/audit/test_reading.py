"""The query bar, the chart and the receipt: what a person reads the log by."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from medialib.forms import audit as audit_forms
from medialib.models import AuditEvent, EventKind
from medialib.services.audit import indexing, log
from medialib.services.audit.seal import sealing
from medialib.services.deletion.events import record_outcomes
from medialib.services.jobs import receipts
from tests import factories
from tests.services.audit.conftest import own_data_dir
from tests.views.jobs import job_rows
from tests.views.pages import page, words

__all__ = ["own_data_dir"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("actor:kim outcome:failed", {"actor": "kim", "outcome": "failed"}),
        ('actor:"Kim Lee" after:2026-01-31', {"actor": "Kim Lee", "after": "2026-01-31"}),
        ("path:/brand/ job:12", {"path": "/brand/", "job": "12"}),
        ("logo.png", {"path": "logo.png"}),
        ("colour:red", {"path": "colour:red"}),  # Not left out: whoever misspells a word must not see everything.
        ("", {}),
    ],
)
def test_a_line_is_read_as_a_filter(line, fields):
    assert audit_forms.parse_query(line) == fields


def test_a_filter_shown_as_a_line_is_read_as_the_same_filter():
    fields = {"actor": "Kim Lee", "path": "/a b/", "outcome": "deleted"}
    assert audit_forms.parse_query(audit_forms.as_query(fields)) == fields


def test_the_query_bar_leads_to_an_address_that_says_it(staff_client):
    answer = staff_client.get(reverse("medialib:audit"), {"q": "actor:kim path:/brand/"})
    assert (answer.status_code, answer.url) == (302, "/audit/?actor=kim&path=%2Fbrand%2F")
    bar = page(staff_client.get(answer.url)).select_one("#id_query")
    assert bar["value"] == "actor:kim path:/brand/"


def test_a_line_that_makes_no_sense_shows_no_events(staff_client):
    answer = staff_client.get(reverse("medialib:audit"), {"q": "after:soon"}, follow=True)
    assert answer.status_code == 422


def settled(account, name, day, *, outcome="deleted", actor="kim"):
    AuditEvent.objects.create(
        time=datetime(2026, 5, day, 12, tzinfo=UTC), event=EventKind.FILE_SETTLED, job_id=1, file_id=name,
        file_path=f"/{name}", size_bytes=100, outcome=outcome, actor_name=actor, account=account,
        account_name=account.name,
    )  # fmt: skip


@pytest.fixture
def removed(account):
    """Files of two days and two people, and one of an account that staff do not see."""
    settled(account, "a", 1)
    settled(account, "b", 1, outcome="failed", actor="sam")
    settled(account, "c", 3)
    settled(factories.account("globex"), "d", 1)
    sealing.seal_all()
    indexing.catch_up()


def test_each_bar_leads_to_the_events_that_it_stands_for(admin_client, removed, account):
    drawn = page(admin_client.get(reverse("medialib:audit-chart"), {"account": account.name}))
    for bar in drawn.select("svg.chart a"):
        count = bar["aria-label"].rpartition(": ")[2]
        rows = page(admin_client.get(bar["href"])).select("tbody tr")
        assert str(len(rows)) == count
    assert len(drawn.select("svg.chart a")) == len({bar["href"] for bar in drawn.select("svg.chart a")}) == 3


def test_people_and_bytes_are_drawn_too(admin_client, removed):
    drawn = page(admin_client.get(reverse("medialib:audit-chart"), {"by": "actor", "measure": "size_bytes"}))
    assert [words(row.td) for row in drawn.select("tbody tr")] == ["kim", "sam"]


def test_a_chart_shows_only_accounts_that_the_person_sees(signed_in, removed, account):
    person = factories.user(permissions=("view_audit",), is_member=False)
    factories.membership(person, account)
    drawn = page(signed_in(person).get(reverse("medialib:audit-chart")))
    assert [words(row) for row in drawn.select("tbody tr")] == ["Deleted 2", "Failed 1"]


def test_nothing_removed_says_so(admin_client, db):
    assert "Nothing was removed" in words(page(admin_client.get(reverse("medialib:audit-chart"))))


@pytest.fixture
def finished(account):
    job = job_rows.finished(job_rows.manifest(account, factories.user("kim"), 2), ["deleted", "failed"])
    asked = log.Actor(name=job.requested_by_name)
    log.record(EventKind.JOB_CONFIRMED, actor=asked, job=job, account=account, reason=job.reason)
    record_outcomes(job, job.manifest.items.all(), request_id="ik-request-7", at=job.finished_at)
    job_rows.end_in_log(job)
    return job


def test_a_receipt_is_a_page_with_hash_key_and_positions(admin_client, finished):
    text = words(page(admin_client.get(reverse("medialib:job-receipt", args=[finished.pk]))))
    facts = receipts.receipt(finished).facts
    for told in (finished.manifest.sha256, facts["key"], facts["outcomes"]["sha256"], "job finished"):
        assert told in text


def test_the_signed_receipt_and_the_outcomes_are_files(admin_client, finished):
    answer = admin_client.get(reverse("medialib:job-receipt-json", args=[finished.pk]))
    assert json.loads(answer.content)["receipt"]["job"] == finished.pk
    assert "attachment" in answer.headers["Content-Disposition"]
    outcomes = admin_client.get(reverse("medialib:job-outcomes", args=[finished.pk]))
    assert b"".join(outcomes.streaming_content) == "".join(receipts.outcome_lines(finished)).encode()


def test_a_machine_without_the_key_says_where_receipts_are_written(admin_client, finished, settings, tmp_path):
    sealing.seal_all()
    settings.DATA_DIR = tmp_path / "elsewhere"
    settings.DATA_DIR.mkdir()
    answer = admin_client.get(reverse("medialib:job-receipt", args=[finished.pk]))
    assert answer.status_code == 409
    assert "jobreceipt" in words(page(answer))
    assert list(settings.DATA_DIR.iterdir()) == []


def test_days_of_the_chart_are_those_of_its_form(admin_client, removed):
    drawn = page(admin_client.get(reverse("medialib:audit-chart"), {"after": date(2026, 5, 2)}))
    assert len(drawn.select("svg.chart a")) == 1
