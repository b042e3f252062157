"""Four eyes: what a second person has to approve is not sent before, nor after that person lost the right."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from medialib.errors import ManifestChanged, Refused, WrongUse
from medialib.models import AuditEvent, DeletionJob, EventKind, JobState, PauseCode
from medialib.services.audit.log import Actor
from medialib.services.deletion import claims, lifecycle
from medialib.services.jobs import approvals, controls
from tests import dba, factories
from tests.views.jobs import job_rows

pytestmark = pytest.mark.django_db
APPROVER = ("view_library", "approve_deletions")


@pytest.fixture
def kim():
    return factories.user("kim", permissions=("view_library", "delete_files"))


@pytest.fixture
def ada():
    return factories.user("ada", permissions=APPROVER)


@pytest.fixture
def job(account, kim) -> DeletionJob:
    """Over the account's limit, so it waits."""
    account.approval_files = 3
    account.save()
    return opened(account, kim, 3)


def opened(account, person, files: int, **options) -> DeletionJob:
    frozen = job_rows.manifest(account, person, files, has_real_hash=True)
    return controls.open_deletion_job(manifest=frozen, actor=Actor.person(person), reason="Old", **options)


def approve(job, person, sha: str = "") -> None:
    approvals.approve(job, actor=Actor.person(person), manifest_sha256=sha or job.manifest.sha256)


def test_nothing_starts_before_another_person_approved_it(job, ada):
    assert job.waits_for_approval
    assert not lifecycle.start(job)
    assert not DeletionJob.objects.due(now() + timedelta(days=1)).exists()
    approve(job, ada)
    assert lifecycle.start(job)
    job.refresh_from_db()
    assert (job.state, job.approved_by_name) == (JobState.RUNNING, "ada")
    assert AuditEvent.objects.get(event=EventKind.JOB_APPROVED).detail["manifest"] == job.manifest.sha256


def test_below_the_limit_nobody_is_asked_and_several_small_jobs_count_as_one(account, kim):
    account.approval_files = 5
    account.save()
    assert [opened(account, kim, 2).needs_approval for _ in range(4)] == [False, False, True, True]


@pytest.mark.parametrize("who", ["kim", "viewer", "stranger", "idle"])
def test_who_may_not_approve_is_refused(job, kim, who):
    person = {
        "kim": lambda: grant(kim),
        "viewer": lambda: factories.user("vera", permissions=("view_library",)),
        "stranger": lambda: factories.user("stan", permissions=APPROVER, is_member=False),
        "idle": lambda: factories.user("ida", permissions=APPROVER, is_active=False),
    }[who]()
    for answer in (approve, lambda job, person: approvals.reject(job, actor=Actor.person(person), reason="no")):
        with pytest.raises(Refused):
            answer(job, person)
    job.refresh_from_db()
    assert job.waits_for_approval


def grant(person):
    """The same person with the right to approve: still not a second one."""
    extra = factories.user(permissions=APPROVER).user_permissions.all()
    person.user_permissions.add(*extra)
    return type(person).objects.get(pk=person.pk)


def test_an_approval_is_of_one_list(job, ada):
    with pytest.raises(ManifestChanged):
        approve(job, ada, sha="0" * 64)
    assert DeletionJob.objects.awaiting_approval().get() == job


def test_start_now_does_not_go_round_it(job, kim):
    DeletionJob.objects.filter(pk=job.pk).update(starts_at=now() + timedelta(minutes=5))
    with pytest.raises(Refused, match="approval"):
        controls.start_now(job, actor=Actor.person(kim))


def test_the_undo_window_begins_with_the_approval(account, kim, ada):
    account.approval_files = 3
    account.save()
    job = opened(account, kim, 3, start_after_s=300)
    DeletionJob.objects.filter(pk=job.pk).update(
        created_at=now() - timedelta(hours=2), starts_at=now() - timedelta(hours=2) + timedelta(seconds=300)
    )
    approve(job, ada)
    assert 290 < (job.starts_at - now()).total_seconds() <= 300


def test_rejecting_needs_a_reason_and_leaves_all_files(job, ada):
    with pytest.raises(WrongUse):
        approvals.reject(job, actor=Actor.person(ada), reason=" ")
    approvals.reject(job, actor=Actor.person(ada), reason="still used")
    assert (job.state, job.cancelled, job.calls) == (JobState.FINISHED, 3, 0)
    assert AuditEvent.objects.get(event=EventKind.JOB_REJECTED).reason == "still used"


def test_what_nobody_approves_within_three_days_ends(job, ada):
    assert approvals.expire() == 0
    DeletionJob.objects.filter(pk=job.pk).update(created_at=now() - timedelta(hours=73))
    with pytest.raises(Refused):
        approve(job, ada)
    assert approvals.expire() == 1
    job.refresh_from_db()
    assert (job.state, job.cancelled) == (JobState.FINISHED, 3)


def test_an_approver_who_loses_the_right_stops_the_job_until_somebody_approves_again(job, ada):
    approve(job, ada)
    lifecycle.start(job)
    ada.user_permissions.clear()
    claimed = claims.claim(job, worker="w", want=5, look_ups=0)
    assert (list(claimed.claims), list(claimed.to_look), claimed.job_state) == ([], [], JobState.PAUSED)
    job.refresh_from_db()
    assert (job.pause_code, "ada" in job.pause_cause) == (PauseCode.APPROVER, True)
    approve(job, factories.user("eve", permissions=APPROVER))
    assert job.approved_by_name == "eve"


def test_who_approved_it_cannot_take_it_over(job, ada):
    approve(job, ada)
    both = grant(ada)
    both.user_permissions.add(*factories.user(permissions=("delete_files",)).user_permissions.all())
    DeletionJob.objects.filter(pk=job.pk).update(state=JobState.PAUSED)
    with pytest.raises(Refused, match="approved"):
        controls.take_over(job, actor=Actor.person(type(both).objects.get(pk=both.pk)))


def test_a_job_that_is_undone_while_it_expires_stops_nobody(job, kim, monkeypatch):
    DeletionJob.objects.filter(pk=job.pk).update(created_at=now() - timedelta(hours=73))
    stale = [DeletionJob.objects.select_related("account", "manifest").get(pk=job.pk)]
    controls.undo(job, actor=Actor.person(kim))
    monkeypatch.setattr(approvals, "_late", lambda: stale)
    assert approvals.expire() == 0
    job.refresh_from_db()
    assert AuditEvent.objects.filter(event=EventKind.JOB_REJECTED).count() == 0


def test_a_job_that_is_approved_while_it_expires_stays_approved(job, ada, monkeypatch):
    stale = [DeletionJob.objects.select_related("account", "manifest").get(pk=job.pk)]
    approve(job, ada)
    monkeypatch.setattr(approvals, "_late", lambda: stale)
    assert approvals.expire() == 0
    job.refresh_from_db()
    assert (job.state, job.approved_by) == (JobState.SCHEDULED, ada)


def test_a_list_changed_in_the_database_after_its_approval_is_not_sent(job, ada):
    approve(job, ada)
    with dba.without_triggers():
        job.manifest.items.filter(position=0).update(file_id="another")
    assert not lifecycle.start(job)
    job.refresh_from_db()
    assert (job.state, job.pause_code) == (JobState.PAUSED, PauseCode.MANIFEST_CHANGED)
