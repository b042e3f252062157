"""What programs ask of a job does what its button does, and a large job asks for a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils.timezone import now

from medialib.models import Account, Asset, AuditEvent, DeletionJob, EventKind, JobState, ProtectionRule
from medialib.services.accounts import protections
from medialib.services.audit.log import SYSTEM
from tests import factories
from tests.api.calls import Program, kind_of
from tests.views.jobs import job_rows

pytestmark = pytest.mark.django_db


def waiting(account: Account, person: User, files: int = 3, **fields: Any) -> DeletionJob:
    frozen = job_rows.manifest(account, person, files, library_count=1000)
    return job_rows.job(frozen, **{"starts_at": now() + timedelta(hours=1)} | fields)


def running(account: Account, person: User, **fields: Any) -> DeletionJob:
    return waiting(account, person, state="running", started_at=now(), **fields)


def paused(account: Account, person: User) -> DeletionJob:
    """Its list is that of the log."""
    frozen = job_rows.manifest(account, person, 3, library_count=1000, has_real_hash=True)
    job = job_rows.job(frozen, state="paused", pause_code="requester", started_at=now())
    job_rows.event(EventKind.JOB_CONFIRMED, account=account, job=job, detail={"manifest": frozen.sha256})
    return job


@pytest.mark.parametrize(
    ("make", "action", "state", "event"),
    [
        (waiting, "undo", JobState.FINISHED, EventKind.JOB_UNDONE),
        (waiting, "start", JobState.SCHEDULED, EventKind.JOB_RESUMED),
        (waiting, "cancel", JobState.FINISHED, EventKind.JOB_CANCELLED),
        (running, "pause", JobState.PAUSED, EventKind.JOB_PAUSED),
        (running, "cancel", JobState.FINISHED, EventKind.JOB_CANCELLED),
        (paused, "resume", JobState.RUNNING, EventKind.JOB_RESUMED),
        (paused, "take-over", JobState.RUNNING, EventKind.JOB_TAKEN_OVER),
    ],
)
def test_a_control_does_what_its_button_does(
    program: Program, acme: Account, staff: User, make: Any, action: str, state: str, event: str
) -> None:
    job = make(acme, staff)
    answer = program.post(f"/jobs/{job.pk}/{action}")
    job.refresh_from_db()
    assert (answer["state"], job.state) == (job.state, state)
    recorded = AuditEvent.objects.get(job=job, event=event)
    assert (recorded.actor_name, recorded.session) == ("sam", program.token.mark)


@pytest.mark.parametrize("action", ["pause", "resume", "undo", "start", "cancel", "take-over", "verify", "retry"])
def test_what_does_not_fit_the_state_is_refused(program: Program, acme: Account, staff: User, action: str) -> None:
    done = job_rows.finished(job_rows.manifest(acme, staff, 1), ["deleted"])
    assert program.refused("POST", f"/jobs/{done.pk}/{action}") == (409, "refused")


def test_the_pace_is_changed(program: Program, acme: Account, staff: User) -> None:
    job = running(acme, staff)
    assert program.post(f"/jobs/{job.pk}/speed", {"percent": 30})["speed_percent"] == 30
    for percent in (0, 101, "fast"):
        assert program.refused("POST", f"/jobs/{job.pk}/speed", {"percent": percent}) == (422, "invalid")


@pytest.mark.parametrize("action", ["start", "resume", "take-over"])
def test_a_large_job_is_started_and_continued_by_a_person(
    program: Program, acme: Account, staff: User, action: str
) -> None:
    acme.limit_files = 10
    acme.save()
    fields = {} if action == "start" else {"state": "paused"}
    job = waiting(acme, staff, 11, **fields)
    answer = program.ask("POST", f"/jobs/{job.pk}/{action}")
    assert kind_of(answer) == (403, "needs-person")
    assert answer.json()["link"] == f"http://testserver/jobs/{job.pk}/"  # type: ignore[attr-defined]
    assert program.post(f"/jobs/{job.pk}/cancel")["state"] in ("finished", "cancelling")


def test_failed_files_are_tried_again_in_a_job_of_their_own(program: Program, acme: Account, staff: User) -> None:
    done = job_rows.finished(job_rows.manifest(acme, staff, 3), ["deleted", "failed", "failed"])
    retried = program.post(f"/jobs/{done.pk}/retry", key="k1")
    assert (retried["file_count"], retried["retry_of"]) == (2, done.pk)
    assert program.post(f"/jobs/{done.pk}/retry", key="k1") == retried


def test_a_retry_that_needs_an_approval_is_asked_for_by_a_person(program: Program, acme: Account, staff: User) -> None:
    done = job_rows.finished(job_rows.manifest(acme, staff, 3), ["deleted", "failed", "failed"])
    Account.objects.update(approval_files=2)
    assert program.refused("POST", f"/jobs/{done.pk}/retry") == (403, "needs-person")
    assert DeletionJob.objects.count() == 1


def test_changed_files_are_frozen_as_they_are_now(program: Program, acme: Account, staff: User) -> None:
    frozen = job_rows.manifest(acme, staff, 2)
    done = job_rows.finished(frozen, ["deleted", "skipped"], ["", "changed"])
    Asset.objects.update(size_bytes=7)
    again = program.post(f"/jobs/{done.pk}/changed")
    assert (again["file_count"], again["total_bytes"]) == (1, 7)


def test_a_job_gets_smaller_by_who_asked_for_it(program: Program, acme: Account, staff: User) -> None:
    job = waiting(acme, staff)
    gone = job.manifest.items.all()[0].file_id
    smaller = program.post(f"/jobs/{job.pk}/smaller", {"file_ids": [gone], "reason": "still used"})
    assert (smaller["file_count"], smaller["id"] != job.pk) == (2, True)
    job.refresh_from_db()
    assert job.state in (JobState.FINISHED, JobState.CANCELLING)


def test_who_may_approve_a_list_takes_nothing_out_of_it_here(program: Program, acme: Account, staff: User) -> None:
    staff.user_permissions.add(Permission.objects.get(codename="approve_deletions"))
    job = waiting(acme, factories.user("kim", permissions=("delete_files",)), needs_approval=True)
    wish = {"file_ids": [job.manifest.items.all()[0].file_id], "reason": "still used"}
    assert program.refused("POST", f"/jobs/{job.pk}/smaller", wish) == (403, "needs-person")


def test_a_sync_is_asked_for(program: Program, acme: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[tuple[Any, ...]] = []
    monkeypatch.setattr("medialib.api.accounts.wake", lambda *args: woken.append(args))
    assert program.post("/accounts/acme/sync") == {"asked": True, "latest_run": None}
    assert woken == [("sync_library", acme.pk)]


@pytest.mark.parametrize(
    "wish",
    [
        {"kind": "folder", "value": "/brand"},
        {"kind": "pattern", "value": "*.psd", "until": "2999-01-01T00:00:00"},
        {"kind": "tag", "value": "keep", "until": "2999-01-01T00:00:00Z"},
        {"kind": "files", "file_ids": ["file_1", "file_2"]},
        {"kind": "larger", "value": "10 MB"},
    ],
)
def test_rules_are_added_and_listed(program: Program, acme: Account, wish: dict[str, Any]) -> None:
    added = program.post("/accounts/acme/protections", wish | {"reason": "needed"})
    assert program.get("/accounts/acme/protections")["items"] == [added]
    assert (added["added_by"], added["is_hold"]) == ("sam", wish["kind"] == "files")


@pytest.mark.parametrize(
    "wish",
    [
        {"kind": "colour", "value": "red"},
        {"kind": "folder", "value": ""},
        {"kind": "files"},
        {"kind": "view", "value": "no such view"},
        {"kind": "younger", "value": "soon"},
        {"kind": "folder", "value": "/a", "until": "2001-01-01T00:00:00Z"},
    ],
)
def test_a_rule_that_cannot_be_right_is_refused(program: Program, acme: Account, wish: dict[str, Any]) -> None:
    assert program.refused("POST", "/accounts/acme/protections", wish | {"reason": "x"}) == (422, "invalid")
    assert not ProtectionRule.objects.exists()


def test_a_rule_is_lifted_and_a_hold_by_a_person(program: Program, acme: Account) -> None:
    rule = factories.protection(acme)
    hold = protections.add_rule(acme, kind="files", file_ids=["file_1"], reason="court", actor=SYSTEM)
    assert program.ask("POST", f"/accounts/acme/protections/{rule.pk}/lift", {"reason": "over"}).status_code == 204
    address = f"/accounts/acme/protections/{hold.pk}/lift"
    answer = program.ask("POST", address, {"reason": "over"})
    assert kind_of(answer) == (403, "needs-person")
    assert answer.json()["link"] == f"http://testserver/acme/protections/{hold.pk}/lift/"  # type: ignore[attr-defined]
    hold.refresh_from_db()
    assert hold.lifted_at is None
    assert program.refused("POST", f"/accounts/acme/protections/{rule.pk}/lift", {"reason": "x"}) == (404, "not-found")
