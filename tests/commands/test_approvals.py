"""approvejob, rejectjob and shrinkjob: the second person's answer, as on the job's page."""

from __future__ import annotations

import pytest

from medialib.models import DeletionJob
from medialib.services.audit.log import Actor
from medialib.services.jobs import controls
from tests import factories
from tests.views.jobs import job_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(account) -> DeletionJob:
    account.approval_files = 2
    account.save()
    kim = factories.user("kim", permissions=("view_library", "delete_files"))
    factories.user("ada", permissions=("view_library", "approve_deletions"))
    frozen = job_rows.manifest(account, kim, 3)
    return controls.open_deletion_job(manifest=frozen, actor=Actor.person(kim), reason="Old")


def test_another_person_approves_exactly_the_list_of_the_hash(run, job):
    assert run("approvejob", str(job.pk), "--manifest-sha256", "0" * 64, "--user", "ada").code == 2
    assert run("approvejob", str(job.pk), "--manifest-sha256", job.manifest.sha256, "--user", "kim").code == 1
    assert run("approvejob", "999", "--manifest-sha256", job.manifest.sha256, "--user", "ada").code == 2
    assert not DeletionJob.objects.get().approved_by_name
    assert run("approvejob", str(job.pk), "--manifest-sha256", job.manifest.sha256, "--user", "ada").code == 0
    assert DeletionJob.objects.get().approved_by_name == "ada"


def test_a_rejected_job_sends_nothing(run, job):
    assert run("rejectjob", str(job.pk), "--reason", " ", "--user", "ada").code == 2
    done = run("rejectjob", str(job.pk), "--reason", "still used", "--user", "ada", "--json")
    assert (done.code, done.json["cancelled"], done.json["deleted"]) == (0, 3, 0)


def test_a_smaller_list_is_asked_for_anew(run, job, tmp_path):
    first, second, third = job.manifest.items.order_by("position")
    job.account.assets.filter(file_id=second.file_id).update(size_bytes=1)
    (tmp_path / "out.txt").write_text(first.path)
    wish = ("--without", "changed", "--ids-file", str(tmp_path / "out.txt"), "--reason", "still used", "--user", "ada")
    done = run("shrinkjob", str(job.pk), *wish, "--json")
    assert (done.code, done.json["requested"], done.json["state"]) == (0, 1, "scheduled")
    smaller = DeletionJob.objects.get(pk=done.json["job"])
    assert list(smaller.manifest.items.values_list("file_id", flat=True)) == [third.file_id]
    assert (smaller.waits_for_approval, DeletionJob.objects.get(pk=job.pk).state) == (True, "finished")
    assert run("shrinkjob", str(job.pk), *wish).code == 1  # It is over.


def test_what_is_no_wish_for_a_smaller_list(run, job):
    named = ("--reason", "still used", "--user", "ada")
    assert run("shrinkjob", str(job.pk), *named).code == 2
    assert run("shrinkjob", str(job.pk), "--without", "everything", *named).code == 2
    assert run("shrinkjob", str(job.pk), "--without", "gone", *named).code == 1  # None is.
    factories.user("vera", permissions=("view_library",))
    assert run("shrinkjob", str(job.pk), "--without", "gone", "--reason", "x", "--user", "vera").code == 1
    assert DeletionJob.objects.count() == 1
