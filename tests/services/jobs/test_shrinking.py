"""Taking files out of a job of which nothing was sent: a new list, a new request, and the old job is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from medialib.errors import Refused, WrongUse
from medialib.models import AuditEvent, DeletionJob, EventKind, JobState, Membership, ProtectionKind
from medialib.services.accounts import protections
from medialib.services.audit.log import SYSTEM, Actor
from medialib.services.jobs import again, approvals, controls
from medialib.services.manifests import changes, hashing, review
from medialib.services.manifests.changes import Change
from medialib.services.manifests.plan import deletion_plan
from tests import factories
from tests.views.jobs import job_rows

pytestmark = pytest.mark.django_db
PATHS = [f"/a/{name}.jpg" for name in ("same", "replaced", "moved", "gone", "kept", "unknown")]


@pytest.fixture
def kim():
    return factories.user("kim", permissions=("view_library", "delete_files"))


@pytest.fixture
def ada():
    return factories.user("ada", permissions=("view_library", "approve_deletions"))


@pytest.fixture
def job(account, kim) -> DeletionJob:
    """Six files that wait for an approval; since they were frozen five of them are no longer as they were."""
    account.approval_files = 2
    account.save()
    frozen = job_rows.manifest(account, kim, PATHS, has_real_hash=True)
    job = controls.open_deletion_job(manifest=frozen, actor=Actor.person(kim), reason="Old", start_after_s=300)
    there = account.assets
    there.filter(path="/a/replaced.jpg").update(size_bytes=9)
    there.filter(path="/a/moved.jpg").update(path="/b/moved.jpg", folder="/b")
    there.filter(path="/a/gone.jpg").update(removed_at=now(), removal="missing")
    there.filter(path="/a/kept.jpg").update(tags=["keep"])
    there.filter(path="/a/unknown.jpg").delete()
    protections.add_rule(account, kind=ProtectionKind.TAG, value="keep", reason="needed", actor=SYSTEM)
    Membership.objects.filter(user=kim).update(delete_paths="/a/*")
    return job


def paths(job: DeletionJob) -> set[str]:
    return set(job.manifest.items.values_list("path", flat=True))


def shrink(job: DeletionJob, person, **options) -> DeletionJob:
    return again.shrink(job, actor=Actor.person(person), **{"reason": "still used"} | options)


def test_each_change_is_counted_and_listed(job):
    frozen = job.manifest
    assert dict(changes.counts_since(frozen)) == {
        Change.CHANGED: 2,
        Change.GONE: 1,
        Change.PROTECTED: 1,
        Change.OUTSIDE: 1,
        Change.UNKNOWN: 1,
    }
    listed = {change: [each.item.path for each in changes.listed_page(frozen, change).files] for change in Change}
    assert {change: sorted(found) for change, found in listed.items()} == {
        Change.CHANGED: ["/a/moved.jpg", "/a/replaced.jpg"],
        Change.GONE: ["/a/gone.jpg"],
        Change.PROTECTED: ["/a/kept.jpg"],
        Change.OUTSIDE: ["/a/moved.jpg"],
        Change.UNKNOWN: ["/a/unknown.jpg"],
    }
    flags = review.manifest_overview(deletion_plan(frozen)).flags
    assert (flags.changed, flags.gone, flags.protected, flags.foreign) == (2, 1, 1, 1)


def test_an_unknown_file_of_another_folder_is_outside_too(job, account):
    Membership.objects.update(delete_paths="/c/*")
    assert dict(changes.counts_since(job.manifest))[Change.OUTSIDE] == 5  # All but the one that is gone.


def test_a_list_is_read_page_by_page_to_its_end(account, kim, monkeypatch):
    monkeypatch.setattr(changes, "PER_PAGE", 2)
    frozen, after, found = job_rows.manifest(account, kim, 5), None, []
    while True:
        page = changes.listed_page(frozen, None, after=after)
        found += [each.item.file_id for each in page.files]
        if (after := page.next_after) is None:
            break
    assert found == list(frozen.items.order_by("position").values_list("file_id", flat=True))


def test_an_approver_takes_out_what_changed_and_then_approves_the_rest(job, kim, ada):
    smaller = shrink(job, ada, without=list(Change))
    assert paths(smaller) == {"/a/same.jpg"}
    job.refresh_from_db()
    assert (job.state, job.cancelled, job.calls) == (JobState.FINISHED, 6, 0)
    assert (smaller.requested_by, smaller.manifest.frozen_by, smaller.reason) == (kim, kim, "Old")
    assert (smaller.starts_at - smaller.created_at).total_seconds() == 300
    assert smaller.waits_for_approval  # Though one file alone would not have to.
    approvals.approve(smaller, actor=Actor.person(ada), manifest_sha256=smaller.manifest.sha256)
    assert smaller.approved_by == ada


def test_all_of_it_is_in_the_audit_log_in_the_name_of_who_did_it(job, ada):
    smaller = shrink(job, ada, without=[Change.GONE], file_ids=[job.manifest.items.get(path="/a/same.jpg").file_id])
    assert smaller.manifest.sha256 == hashing.manifest_sha256(smaller.manifest) != job.manifest.sha256
    ended = AuditEvent.objects.get(event=EventKind.JOB_REJECTED)
    assert (ended.job, ended.actor_name, ended.reason) == (job, "ada", "still used")
    assert ended.detail == {"left_out": 2, "smaller": smaller.manifest.sha256}
    frozen = AuditEvent.objects.filter(event=EventKind.MANIFEST_FROZEN).latest("pk")
    assert (frozen.actor_name, frozen.detail["sha256"]) == ("ada", smaller.manifest.sha256)
    assert frozen.detail["source"] == smaller.manifest.source
    assert smaller.manifest.source["job"] == job.pk
    asked = AuditEvent.objects.get(event=EventKind.JOB_CONFIRMED, job=smaller)
    assert (asked.actor_name, asked.detail["in_the_name_of"]) == ("ada", "kim")


def test_files_stay_as_they_were_frozen_so_a_changed_one_is_still_skipped(job, ada):
    smaller = shrink(job, ada, without=[Change.GONE])
    before, after = (each.manifest.items.get(path="/a/replaced.jpg") for each in (job, smaller))
    assert (
        (after.size_bytes, after.file_updated_at)
        == (before.size_bytes, before.file_updated_at)
        == (1024, factories.LONG_AGO)
    )


def test_who_asked_for_it_may_take_files_out_in_the_undo_window_and_needs_the_approval_again(job, kim, ada):
    approvals.approve(job, actor=Actor.person(ada), manifest_sha256=job.manifest.sha256)
    with pytest.raises(Refused):
        shrink(job, ada, without=[Change.GONE])  # It waits for no approval any more.
    smaller = shrink(job, kim, without=[Change.GONE])
    assert smaller.waits_for_approval
    assert AuditEvent.objects.get(event=EventKind.JOB_UNDONE).reason == "still used"


def test_the_job_that_ended_does_not_count_against_the_days_limit(job, kim, ada):
    Membership.objects.filter(user=kim).update(daily_files=6)
    smaller = shrink(job, ada, without=[Change.GONE])
    assert (smaller.file_count, deletion_plan(smaller.manifest).lately.files) == (5, 0)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"without": [], "file_ids": ["nobody"]}, Refused),
        ({"without": list(Change), "file_ids": None}, Refused),
        ({"without": [Change.GONE], "reason": " "}, WrongUse),
        ({"file_ids": ["x"] * 10_001}, WrongUse),
    ],
    ids=["none", "all", "no reason", "too many"],
)
def test_what_makes_no_sense_changes_nothing(job, ada, options, error):
    if "file_ids" in options and options["file_ids"] is None:
        options = options | {"file_ids": [job.manifest.items.get(path="/a/same.jpg").file_id]}
    with pytest.raises(error):
        shrink(job, ada, **options)
    job.refresh_from_db()
    assert job.waits_for_approval
    assert DeletionJob.objects.count() == 1


@pytest.mark.parametrize("who", ["another deleter", "viewer", "stranger"])
def test_nobody_else_may(job, who):
    person = {
        "another deleter": lambda: factories.user(permissions=("view_library", "delete_files")),
        "viewer": lambda: factories.user(permissions=("view_library",)),
        "stranger": lambda: factories.user(permissions=("approve_deletions",), is_member=False),
    }[who]()
    assert not again.may_shrink(job, Actor.person(person))
    with pytest.raises(Refused):
        shrink(job, person, without=[Change.GONE])


def test_a_job_that_has_started_keeps_its_list(job, kim, ada):
    approvals.approve(job, actor=Actor.person(ada), manifest_sha256=job.manifest.sha256)
    DeletionJob.objects.filter(pk=job.pk).update(state=JobState.RUNNING, started_at=now())
    with pytest.raises(Refused, match="started"):
        shrink(job, kim, without=[Change.GONE])


def test_it_is_not_asked_for_in_the_name_of_somebody_who_lost_the_right(job, kim, ada):
    kim.user_permissions.clear()
    with pytest.raises(Refused, match="kim"):
        shrink(job, ada, without=[Change.GONE])


def test_what_nobody_approved_in_time_is_not_made_smaller(job, ada):
    DeletionJob.objects.filter(pk=job.pk).update(created_at=now() - timedelta(hours=73))
    with pytest.raises(Refused):
        shrink(job, ada, without=[Change.GONE])
