"""A frozen list that is changed in the database while its job waits, runs or is paused, its own hash included."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.urls import reverse

from medialib.errors import Refused
from medialib.models import AuditEvent, DeletionJob, EventKind, JobState, Manifest, PauseCode
from medialib.services.audit.log import Actor
from medialib.services.deletion import lifecycle
from medialib.services.jobs import controls, receipts
from medialib.services.manifests.hashing import manifest_sha256
from tests import dba, factories
from tests.services.audit.test_verify_export import SCRIPT
from tests.services.deletion.conftest import actor, add_files, job_for, quick, run

__all__ = ["actor", "job_for", "quick"]
pytestmark = pytest.mark.django_db(transaction=True)


def another_file(job: DeletionJob, file_id: str) -> None:
    with dba.without_triggers():
        job.manifest.items.filter(position=0).update(file_id=file_id)


def another_file_and_its_hash(job: DeletionJob, file_id: str) -> None:
    another_file(job, file_id)
    with dba.without_triggers():
        Manifest.objects.update(sha256=manifest_sha256(job.manifest))


CHANGES = [another_file, another_file_and_its_hash]


@pytest.fixture
def intruder(sandbox: Any) -> str:
    """A file that nobody confirmed."""
    return add_files(sandbox, 1, folder="/brand")[0]


@pytest.fixture
def paused(job_for: Any, actor: Actor) -> DeletionJob:
    job = job_for(3)
    assert lifecycle.start(job)
    controls.pause(job, actor=actor)
    return job


def finished_detail(job: DeletionJob) -> dict[str, Any]:
    return AuditEvent.objects.get(job=job, event=EventKind.JOB_FINISHED).detail


@pytest.mark.parametrize("change", CHANGES)
def test_it_does_not_start(job_for, sandbox, intruder, change):
    job = job_for(3)
    change(job, intruder)
    run(job)
    assert (job.state, job.pause_code) == (JobState.PAUSED, PauseCode.MANIFEST_CHANGED)
    assert sandbox.calls("delete") == []


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("action", [controls.resume, controls.take_over])
def test_it_does_not_go_on(paused, sandbox, actor, intruder, action, change):
    change(paused, intruder)
    with pytest.raises(Refused, match="not the one that was confirmed"):
        action(paused, actor=actor)
    run(paused)
    assert (paused.state, paused.pause_code) == (JobState.PAUSED, PauseCode.MANIFEST_CHANGED)
    assert "cancel the job" in paused.pause_cause
    assert AuditEvent.objects.filter(job=paused, event=EventKind.JOB_PAUSED).last().detail["cause"]
    assert sandbox.calls("delete") == []


def test_it_can_be_cancelled_and_its_end_says_what_was_found(paused, sandbox, actor, intruder):
    another_file(paused, intruder)
    controls.cancel(paused, actor=actor)
    detail = finished_detail(paused)
    assert detail["manifest"] == manifest_sha256(paused.manifest) != paused.manifest.sha256
    assert detail["cause"] == lifecycle.CHANGED_AT_END
    assert intruder in sandbox.file_ids()


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_while_it_runs_is_told_by_its_end(job_for, intruder, change):
    job = job_for(3)
    assert lifecycle.start(job)
    with dba.without_triggers():
        job.manifest.items.filter(position=0).update(path="/brand/logo.png")
    if change is another_file_and_its_hash:
        with dba.without_triggers():
            Manifest.objects.update(sha256=manifest_sha256(job.manifest))
    run(job)
    assert job.state == JobState.FINISHED
    assert finished_detail(job)["cause"] == lifecycle.CHANGED_AT_END


def test_an_untouched_list_goes_on_and_its_end_names_its_hash(paused, actor, sandbox):
    controls.resume(paused, actor=actor)
    run(paused)
    detail = finished_detail(paused)
    assert (detail["manifest"], detail["deleted"], "cause" in detail) == (paused.manifest.sha256, 3, False)
    assert not sandbox.file_ids()


def test_the_receipt_says_so_and_the_verifier_refuses_it(paused, actor, intruder, signed_in, staff, tmp_path):
    another_file(paused, intruder)
    controls.cancel(paused, actor=actor)
    receipt = receipts.receipt(paused)
    assert receipt.facts["manifest_sha256_at_end"] == manifest_sha256(paused.manifest)
    page = signed_in(staff).get(reverse("medialib:job-receipt", args=[paused.pk])).content.decode()
    assert "was not the one that was confirmed" in page
    path = tmp_path / "receipt.json"
    path.write_text(receipt.text)
    command = [sys.executable, "-I", str(SCRIPT), str(path), "--public-key", receipt.facts["key"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:24]) == (1, "Not whole. When the job ")


def test_only_who_may_delete_there_is_told(paused, intruder):
    another_file(paused, intruder)
    stranger = factories.user("max", permissions=("delete_files",), is_member=False)
    with pytest.raises(Refused, match="may not|no member|not a member"):
        controls.resume(paused, actor=Actor.person(stranger))
    assert not AuditEvent.objects.filter(job=paused, detail__code=PauseCode.MANIFEST_CHANGED).exists()


def test_who_took_a_job_over_answers_for_it_in_the_receipt_too(paused, tmp_path):
    lou = factories.user("lou", permissions=factories.EVERY_PERMISSION)
    controls.take_over(paused, actor=Actor.person(lou))
    run(paused)
    receipt = receipts.receipt(paused)
    path = tmp_path / "receipt.json"
    path.write_text(receipt.text)
    command = [sys.executable, "-I", str(SCRIPT), str(path), "--public-key", receipt.facts["key"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, receipt.facts["requested_by"]) == (0, "lou"), done.stdout
