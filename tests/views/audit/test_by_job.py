"""The audit log read by jobs: a job is one row, however many its events, and opens into batches, calls and files."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from medialib.models import AuditEvent, Batch, DeletionJob, EventKind
from medialib.services.audit import entries
from medialib.services.audit.search import AuditFilter
from tests import factories
from tests.views.jobs import job_rows
from tests.views.pages import page, words

pytestmark = pytest.mark.django_db
START = datetime(2026, 5, 4, 12, tzinfo=UTC)


def done(account: Any, person: Any, files: int = 2, *, at: datetime = START, is_confirmed: bool = True) -> DeletionJob:
    """A finished job with the events that such a job leaves."""
    job = job_rows.finished(job_rows.manifest(account, person, files), ["deleted"] * files)
    DeletionJob.objects.filter(pk=job.pk).update(created_at=at, finished_at=at + timedelta(hours=1))
    common: dict[str, Any] = {"account": account, "job": job, "actor_name": person.username}
    if is_confirmed:
        job_rows.event(EventKind.JOB_CONFIRMED, time=at, reason=job.reason, **common)
    for item in job.manifest.items.all():
        job_rows.event(file_id=item.file_id, file_path=item.path, outcome="deleted", time=at, **common)
    job_rows.event(EventKind.JOB_FINISHED, account=account, job=job, actor_name="system", time=at + timedelta(hours=1))
    return job


def exported(person: str = "sam") -> AuditEvent:
    return job_rows.event(EventKind.AUDIT_EXPORTED, actor_name=person, time=START)


def rows(answer: Any) -> list[str]:
    """What stands in the list: "job 3", or the number of an event that belongs to no job."""
    found = []
    for row in page(answer).select(".log-row"):
        if any(event in words(row) for event in ("person added", "their rights changed", "signed in")):
            continue  # Of the people that the test made.
        job = row.select_one("[data-job]")
        found.append(f"job {job['data-job']}" if job else words(row.select_one(".log-number")))
    return found


def test_a_job_is_one_row_and_other_events_stay_rows(staff_client, staff, account):
    before, job, after = exported(), done(account, staff, 5), exported()
    answer = staff_client.get(reverse("medialib:audit"))
    assert rows(answer) == [str(after.pk), f"job {job.pk}", str(before.pk)]
    assert "5 deleted" in words(page(answer).select_one("[data-job]"))


def test_every_event_is_a_switch(staff_client, staff, account):
    done(account, staff, 5)
    switch = page(staff_client.get(reverse("medialib:audit"))).select_one(".audit-tools nav a:last-child")
    flat = page(staff_client.get(reverse("medialib:audit") + switch["href"]))
    assert len(flat.select("tbody tr")) == AuditEvent.objects.count()
    assert words(flat.select_one(".audit-tools [aria-current]")) == "Every event"


@pytest.mark.parametrize("query", [{"outcome": "deleted"}, {"event": "file.settled"}, {"path": "/"}])
def test_who_asks_for_events_gets_events(staff_client, staff, account, query):
    done(account, staff, 3)
    assert len(page(staff_client.get(reverse("medialib:audit"), query)).select("tbody tr")) == 3


def test_walking_by_jobs_shows_each_job_and_each_lone_event_once(staff_client, staff, account):
    expected = [f"job {done(account, staff, 1).pk}" if n % 3 else str(exported().pk) for n in range(120)]
    url, seen = reverse("medialib:audit"), []
    while url:
        answer = staff_client.get(url)
        seen += rows(answer)
        further = page(answer).select_one(".pager a[rel=next]")
        url = reverse("medialib:audit") + further["href"] if further else ""
    assert seen == expected[::-1]


def test_newer_leads_back_to_where_one_came_from(staff, account):
    for _ in range(60):
        exported()
        done(account, staff, 1)
    newest = entries.page(AuditFilter())
    older = entries.page(AuditFilter(), before=newest.older)
    back = entries.page(AuditFilter(), after=older.newer)
    assert [each.event.pk for each in back.entries] == [each.event.pk for each in newest.entries]
    assert (back.newer, back.older) == (None, newest.older)


def test_jobs_are_narrowed_by_person_account_job_and_time(staff, account):
    kim, globex = factories.user("kim"), factories.account("globex")
    mine, kims = done(account, staff), done(globex, kim, at=START + timedelta(days=10))
    job_rows.event(EventKind.JOB_APPROVED, account=globex, job=kims, actor_name="ada", time=START + timedelta(days=10))

    def found(**wanted: Any) -> set[int]:
        return {each.job.pk for each in entries.page(AuditFilter(**wanted)).entries if each.job}

    assert found(actor="sam") == found(account=account.name) == found(job=mine.pk) == {mine.pk}
    assert found(actor="ada") == {kims.pk}  # Who did anything in a job, not only who confirmed it.
    assert found(after=START.date(), before=START.date()) == {mine.pk}
    assert found(after=START.date() + timedelta(days=5)) == {kims.pk}
    assert found(actor="nobody") == set()


def test_a_job_confirmed_before_midnight_is_found_on_the_day_it_ran(staff, account):
    job = done(account, staff, at=START.replace(hour=23, minute=50))
    tomorrow = (START + timedelta(days=1)).date()
    assert [each.job for each in entries.page(AuditFilter(after=tomorrow, before=tomorrow)).entries] == [job]


def test_a_job_whose_confirmation_was_archived_ends_the_list(staff_client, staff, account):
    archived, later = done(account, staff, is_confirmed=False), done(account, staff)
    assert rows(staff_client.get(reverse("medialib:audit"))) == [f"job {later.pk}", f"job {archived.pk}"]


def test_people_see_jobs_of_their_accounts_only(signed_in, staff, account):
    job, foreign = done(account, staff), done(factories.account("globex"), staff)
    person = factories.user("kim", permissions=("view_audit",), is_member=False)
    factories.membership(person, account)
    client = signed_in(person)
    assert rows(client.get(reverse("medialib:audit"))) == [f"job {job.pk}"]
    assert client.get(reverse("medialib:audit-job", args=[foreign.pk])).status_code == 404


def test_three_clicks_lead_from_the_log_to_the_call(staff_client, staff, account):
    job = done(account, staff)
    row = page(staff_client.get(reverse("medialib:audit"))).select_one(".log-open")
    inside = page(staff_client.get(row["hx-get"], headers={"HX-Request": "true"}))
    assert inside.select("html") == []
    course = [words(event.select("span")[1]).split(",")[0] for event in inside.select(".log-course li")]
    assert course == ["Deletion confirmed", "Job finished"]
    batch = page(staff_client.get(inside.select_one(".log-open")["hx-get"], headers={"HX-Request": "true"}))
    assert len(batch.select("tbody tr")) == 2
    call = batch.select_one("tbody .cell-actions a")["href"]
    assert str(job.pk) in call
    assert "ik-request-7" in words(page(staff_client.get(call)))


def test_rows_are_links_to_pages_without_scripts(staff_client, staff, account):
    done(account, staff)
    url = reverse("medialib:audit")
    for _ in range(2):
        url = page(staff_client.get(url)).select_one("main .log-open")["href"]
    opened = page(staff_client.get(url))
    assert opened.select_one("h1")
    assert len(opened.select("tbody tr")) == 2


def test_batches_of_a_large_job_come_in_pages(staff_client, staff, account):
    job = job_rows.job(job_rows.manifest(account, staff, 2_750))
    url, seen = reverse("medialib:audit-job", args=[job.pk]), []
    while url:
        part = page(staff_client.get(url, headers={"HX-Request": "true"}))
        seen += [words(link) for link in part.select(".log-batch > .log-open")]
        more = part.select_one(".log-more a")
        url = more["href"] if more else ""
    assert seen == [f"Batch {n}: {50 if n == 27 else 100} files" for n in range(28)]
    last = page(staff_client.get(reverse("medialib:audit-batch", args=[job.pk, 27])))
    assert len(last.select("tbody tr")) == 50
    assert staff_client.get(reverse("medialib:audit-batch", args=[job.pk, 28])).status_code == 404


def test_one_job_asked_for_is_shown_opened(staff_client, staff, account):
    job = done(account, staff)
    opened = page(staff_client.get(reverse("medialib:audit"), {"job": job.pk}))
    assert not opened.select_one(".log-inside").has_attr("hidden")
    assert opened.select(".log-course li")


@pytest.mark.parametrize("name", ["audit", "audit-job", "audit-batch"])
def test_reading_costs_the_same_statements_for_one_and_many(staff_client, staff, account, name):
    job = done(account, staff, 3)
    Batch.objects.filter(job=job).update(lost_answers=0)
    args = {"audit": [], "audit-job": [job.pk], "audit-batch": [job.pk, 0]}[name]
    costs = set()
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            staff_client.get(reverse(f"medialib:{name}", args=args))
        costs.add(len(queries))
        for _ in range(20):
            done(account, staff, 3)
            exported()
    assert len(costs) == 1
    assert costs.pop() <= 16


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "wanted", [{}, {"actor": "sam"}, {"account": "acme"}, {"after": START.date()}, {"before": START.date()}], ids=str
)
def test_no_statement_reads_the_whole_log(staff, account, wanted):
    done(account, staff)
    exported()
    with CaptureQueriesContext(connection) as queries:
        entries.page(AuditFilter(**wanted), viewer=staff)
    with connection.cursor() as cursor:
        for query in queries:
            aliases = re.findall(r'"medialib_auditevent" ([A-Z]\d)', query["sql"])
            others = re.findall(r'"medialib_(?!auditevent")\w+" ([A-Z]\d)', query["sql"])
            of_log = {"medialib_auditevent", *aliases} - set(others)
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            plan = [row[3] for row in cursor.fetchall()]
            assert not [step for step in plan if step.startswith("SCAN") and step.split()[1] in of_log], plan
            if query["sql"].startswith('SELECT "medialib_auditevent"'):  # Not where jobs are sorted.
                assert not [step for step in plan if "TEMP B-TREE FOR ORDER BY" in step], plan


def test_days_are_headings_and_times_are_to_the_second(staff_client, staff, account):
    done(account, staff, at=datetime(2026, 5, 4, 12, 0, 33, tzinfo=UTC))
    job_rows.event(EventKind.AUDIT_EXPORTED, actor_name="sam", time=datetime(2026, 5, 6, 8, tzinfo=UTC))
    log = page(staff_client.get(reverse("medialib:audit"), {"after": "2026-05-01", "before": "2026-05-31"}))
    assert [words(day) for day in log.select(".log-date")] == ["6 May 2026", "4 May 2026"]
    time = log.select(".log-time time")[1]
    assert (time["datetime"], time["data-local-time"]) == ("2026-05-04T12:00:33+00:00", "clock")


def test_a_running_jobs_numbers_say_of_when_they_are(staff_client, staff, account):
    job = job_rows.job(job_rows.manifest(account, staff, 2), state="running", started_at=now(), deleted=1)
    job_rows.event(EventKind.JOB_CONFIRMED, account=account, job=job, actor_name="sam")
    assert "as of" in words(page(staff_client.get(reverse("medialib:audit"))).select_one(".log-job"))


@pytest.mark.parametrize("line", ["/brand/logo.png", '"/brand/logo.png"', "f9"])
def test_a_path_or_id_alone_leads_to_its_history(staff_client, line):
    job_rows.event(account_name="acme", file_id="f9", file_path="/brand/logo.png", outcome="deleted")
    answer = staff_client.get(reverse("medialib:audit"), {"q": line})
    assert answer["Location"] == reverse("medialib:file-history", args=["acme", "f9"])


def test_a_line_keeps_the_switch(staff_client):
    answer = staff_client.get(reverse("medialib:audit"), {"q": "actor:kim", "every": "1"})
    assert answer["Location"] == "/audit/?actor=kim&every=1"
