"""What programs read is what pages show: the same files, jobs and events, in pages that miss none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils.timezone import now

from medialib.models import Account, AuditEvent, EventKind, Outcome
from medialib.services.audit import log
from tests import factories
from tests.api.calls import Program
from tests.views.jobs import job_rows

pytestmark = pytest.mark.django_db


def pages(program: Program, path: str, **query: Any) -> list[Any]:
    """Every row, page by page."""
    rows: list[Any] = []
    cursor = ""
    while True:
        page = program.get(path, cursor=cursor, **query)
        rows += page["items"]
        if page["next"] is None:
            return rows
        assert page["items"], "A page without rows leads nowhere."
        cursor = page["next"]


def test_accounts_are_those_of_the_person(acme: Account) -> None:
    factories.account("globex")
    person = factories.user("kim", permissions=("view_library", "delete_files"), is_member=False)
    factories.membership(person, acme, delete_paths="/old/*")
    (account,) = Program(person).get("/accounts")["items"]
    assert (account["name"], account["may_delete"], account["delete_only_in"]) == ("acme", True, ["/old/"])


@pytest.mark.parametrize("sort", ["-created", "path", "-size", "-tagged"])
def test_pages_of_files_miss_none_and_show_none_twice(program: Program, acme: Account, sort: str) -> None:
    for number in range(25):
        factories.asset(acme, f"/a/{number:02}.jpg", size_bytes=number % 5, tags=["x"] if number % 3 else [])
    rows = pages(program, "/accounts/acme/files", limit=4, sort=sort)
    assert sorted(row["path"] for row in rows) == [f"/a/{number:02}.jpg" for number in range(25)]


def test_filters_and_query_language_are_those_of_the_page(program: Program, acme: Account) -> None:
    factories.asset(acme, "/a/one.jpg", size_bytes=5_000_000, tags=["sale"])
    factories.asset(acme, "/a/two.png", size_bytes=10)
    for query in ({"format": "jpg"}, {"tag": "sale"}, {"where": "size>1MB AND NOT format:png"}, {"q": "one"}):
        rows = program.get("/accounts/acme/files", **query)["items"]
        assert [row["path"] for row in rows] == ["/a/one.jpg"]
        assert program.get("/accounts/acme/files-count", **query) == {"file_count": 1, "total_bytes": 5_000_000}
    file_id = acme.assets.get(path="/a/one.jpg").file_id
    assert program.get(f"/accounts/acme/files/{file_id}")["tags"] == ["sale"]


def test_jobs_are_listed_and_watched(program: Program, acme: Account, staff: User) -> None:
    numbers = [job_rows.job(job_rows.manifest(acme, staff, 1)).pk for _ in range(5)]
    done = job_rows.finished(job_rows.manifest(acme, staff, 3), ["deleted", "skipped", "failed"])
    assert [row["id"] for row in pages(program, "/jobs", limit=2)] == [done.pk, *reversed(numbers)]
    assert [row["id"] for row in pages(program, "/jobs", state="attention")] == [done.pk]
    assert [row["id"] for row in pages(program, "/jobs", state="active", account="acme")] == numbers[::-1]
    assert program.get("/jobs", account="globex")["items"] == []
    look = program.get(f"/jobs/{done.pk}")
    assert (look["percent"], look["job"]["left"], look["job"]["state"]) == (100, 0, "finished")
    assert sum(look["job"]["outcomes"].values()) == look["job"]["file_count"] == 3
    assert set(look["job"]["outcomes"]) == set(Outcome.values)
    items = pages(program, f"/jobs/{done.pk}/items", limit=2)
    assert [item["outcome"] for item in items] == ["deleted", "skipped", "failed"]
    assert [item["position"] for item in pages(program, f"/jobs/{done.pk}/items", outcome="failed")] == [2]


def test_approvals_are_listed_and_given_by_nobody_here(program: Program, acme: Account, staff: User) -> None:
    later = now() + timedelta(hours=1)
    kim = factories.user("kim", permissions=("view_library", "delete_files"))
    theirs = job_rows.job(job_rows.manifest(acme, kim, 1), needs_approval=True, starts_at=later)
    mine = job_rows.job(job_rows.manifest(acme, staff, 1), needs_approval=True, starts_at=later)
    job_rows.job(job_rows.manifest(acme, staff, 1), starts_at=later)
    staff.user_permissions.add(Permission.objects.get(codename="approve_deletions"))
    items = program.get("/approvals")["items"]
    assert [(each["job"]["id"], each["may_approve"]) for each in items] == [(mine.pk, False), (theirs.pk, True)]
    assert items[0]["page"] == f"/jobs/{mine.pk}/"
    assert program.refused("POST", f"/jobs/{theirs.pk}/approve") == (404, "not-found")


def test_the_audit_log_is_searched_by_the_words_of_its_bar(program: Program, acme: Account) -> None:
    for number in range(7):
        log.record(EventKind.JOB_SPEED, account=acme, reason=f"reason {number}")
    log.record(EventKind.JOB_PAUSED, account=acme)
    found = pages(program, "/audit", limit=3, q="event:job.speed account:acme")
    assert [event["reason"] for event in found] == [f"reason {number}" for number in range(6, -1, -1)]
    assert [event["event"] for event in pages(program, "/audit", event="job.paused")] == ["job.paused"]
    assert pages(program, "/audit", q="after:2999-01-01") == []


def test_taking_the_log_away_is_recorded_once_for_each_reading(program: Program, acme: Account) -> None:
    for _ in range(3):
        log.record(EventKind.JOB_SPEED, account=acme)
    assert len(pages(program, "/audit", limit=1, q="event:job.speed account:acme")) == 3
    event = AuditEvent.objects.get(event=EventKind.AUDIT_EXPORTED)
    assert (event.actor_name, event.account_name, event.session) == ("sam", "acme", program.token.mark)
    assert event.detail["filter"] == {"event": "job.speed", "account": "acme"}


def test_a_job_under_way_has_neither_receipt_nor_outcomes(program: Program, acme: Account, staff: User) -> None:
    waiting = job_rows.job(job_rows.manifest(acme, staff, 1))
    assert program.refused("GET", f"/jobs/{waiting.pk}/receipt") == (409, "refused")
    assert program.refused("GET", f"/jobs/{waiting.pk}/outcomes.jsonl") == (409, "refused")
