"""approvejob and rejectjob: the second person's answer, as on the job's page."""

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
