"""A whole job against the sandbox, without and with every fault of the matrix, over real sockets."""

from __future__ import annotations

import time

import pytest

from medialib.models import AuditEvent, DeletionJob, EventKind, Exchange, JobState
from medialib.services.deletion import settling
from medialib.services.jobs import controls
from tests import dba
from tests.services.deletion.conftest import add_files, assert_exact, assert_log_matches_sandbox, outcomes, run

pytestmark = pytest.mark.django_db(transaction=True)


def finished(job: DeletionJob, sandbox) -> dict[str, int]:
    """Run the job, check that all adds up, and return its counts that are not zero."""
    run(job)
    assert job.state == JobState.FINISHED, job.pause_cause
    assert_exact(job, sandbox)
    assert_log_matches_sandbox(sandbox)
    names = ["deleted", "already_gone", "skipped", "failed", "cancelled", "unverified"]
    return {name: getattr(job, name) for name in names if getattr(job, name)}


def test_each_file_is_sent_once_in_calls_of_a_hundred(sandbox, job_for):
    assert finished(job_for(250), sandbox) == {"deleted": 250}
    assert sorted(len(call.file_ids) for call in sandbox.calls("delete")) == [50, 100, 100]
    assert sandbox.file_ids() == set()


def test_a_call_that_is_due_goes_before_answers_are_settled(sandbox, job_for, settings, monkeypatch):
    settings.JOB_CONCURRENCY = 20
    sandbox.set_rate(5)
    run(job_for(100))  # The account's limit is known from here on: five calls in a second.
    time.sleep(1.1)
    sandbox.set_latency(700)
    settled_at, settle = [], settling.settle

    def settle_slowly(*args, **options):
        time.sleep(0.15)
        verdict = settle(*args, **options)
        settled_at.append(time.monotonic())
        return verdict

    monkeypatch.setattr(settling, "settle", settle_slowly)
    job = run(job_for(1000))
    assert_exact(job, sandbox)
    sixth_call = sandbox.calls("delete")[1:][5]
    assert sixth_call.at_monotonic < settled_at[4]


def test_files_outside_the_job_stay(sandbox, job_for):
    others = set(add_files(sandbox, 30, folder="/keep"))
    assert finished(job_for(40), sandbox) == {"deleted": 40}
    assert sandbox.file_ids() == others


def test_intent_is_recorded_before_each_call(sandbox, job_for):
    job = job_for(150)
    finished(job, sandbox)
    intents = AuditEvent.objects.filter(job=job, event=EventKind.BATCH_SENT)
    assert sorted(intents.values_list("detail__batch", "detail__file_count")) == [(0, 100), (1, 50)]
    assert job.calls == 2 == len(sandbox.calls("delete"))


def test_files_removed_elsewhere_count_as_already_gone(sandbox, job_for):
    job = job_for(300)
    gone = sorted(sandbox.file_ids())[::20]
    for file_id in gone:
        sandbox.remove(file_id)
    assert finished(job, sandbox) == {"deleted": 285, "already_gone": 15}
    assert {file_id for file_id, outcome in outcomes(job).items() if outcome == "already_gone"} == set(gone)
    assert len(sandbox.calls("delete")) <= 2 * 3 + 1


def test_a_batch_of_nothing_but_missing_files_ends_after_one_call(sandbox, job_for, unseen):
    job = job_for(100)
    for file_id in sandbox.file_ids():
        sandbox.remove(file_id)
    assert finished(job, sandbox) == {"already_gone": 100}
    assert len(sandbox.calls("delete")) == 1


def test_two_404s_in_a_row_with_different_files(sandbox, job_for, unseen):
    job = job_for(50)
    first, second = sorted(sandbox.file_ids())[:2]
    sandbox.remove(first)
    sandbox.fault("slow", delay_s=0.3)

    def remove_another(call) -> bool:
        if second in sandbox.file_ids() and call.number > 1:
            sandbox.remove(second)
        return False

    sandbox.fault("slow", match=remove_another)
    assert finished(job, sandbox) == {"deleted": 48, "already_gone": 2}
    assert [call.status for call in sandbox.calls("delete")] == [404, 404, 200]


@pytest.mark.parametrize(
    ("fault", "counts"),
    [
        ("lost_after", {"deleted": 300}),
        ("lost_before", {"deleted": 300}),
        ("500_before", {"deleted": 300}),
        ("500_after", {"deleted": 300}),
        ("502_html", {"deleted": 300}),
        ("503", {"deleted": 300}),
        ("truncated_200", {"deleted": 300}),
        ("html_200", {"deleted": 300}),
        ("short_200", {"deleted": 300}),
        ("429", {"deleted": 300}),
        ("429_bare", {"deleted": 300}),
        ("partial_207", {"deleted": 299, "failed": 1}),
        ("partial_207_gone", {"deleted": 300}),
        ("malformed_400", {"deleted": 200, "failed": 100}),
        ("redirect", {"deleted": 200, "failed": 100}),
    ],
)
def test_one_fault(sandbox, job_for, settings, fault, counts):
    settings.BREAKER_PERCENT = 100
    job = job_for(300)
    sandbox.fault(fault, times=1)
    assert finished(job, sandbox) == counts


@pytest.mark.parametrize("fault", ["timeout", "timeout_before"])
def test_an_answer_that_comes_after_three_times_the_time_out(sandbox, job_for, fault):
    job = job_for(120)
    sandbox.fault(fault, delay_s=3.0)
    assert finished(job, sandbox) == {"deleted": 120}


def test_a_lost_answer_is_evidence_by_look_up(sandbox, job_for):
    job = job_for(20)
    sandbox.fault("lost_after")
    finished(job, sandbox)
    evidence = set(AuditEvent.objects.filter(job=job, outcome="deleted").values_list("evidence", flat=True))
    assert len(evidence) == 1
    assert "look-up" in evidence.pop()
    kinds = list(Exchange.objects.filter(batch__job=job).values_list("kind", flat=True))
    assert kinds == ["delete", "look_up"]
    assert len(sandbox.calls("delete")) == 1


def test_a_404_whose_answer_is_lost_claims_no_deletion(sandbox, job_for):
    job = job_for(20)
    gone = min(sandbox.file_ids())
    sandbox.remove(gone)
    sandbox.fault("lost_after")
    assert finished(job, sandbox) == {"deleted": 19, "already_gone": 1}
    assert outcomes(job)[gone] == "already_gone"


def test_the_same_file_in_two_jobs_is_deleted_once(sandbox, job_for):
    ids = add_files(sandbox, 60)
    first, second = job_for(ids[:40]), job_for(ids[20:])
    assert finished(first, sandbox) == {"deleted": 40}
    assert finished(second, sandbox) == {"deleted": 20, "already_gone": 20}


def test_protected_folders_are_never_sent(sandbox, sandbox_account, job_for):
    sandbox_account.protected_folders = "/brand"
    sandbox_account.save()
    kept = add_files(sandbox, 3, folder="/brand/logos")
    job = job_for(kept + add_files(sandbox, 5))
    assert finished(job, sandbox) == {"deleted": 5, "skipped": 3}
    assert sandbox.file_ids() == set(kept)


def test_a_batch_of_protected_files_is_no_call(sandbox, sandbox_account, job_for):
    sandbox_account.protected_folders = "/brand"
    sandbox_account.save()
    job = job_for(add_files(sandbox, 250, folder="/brand"))
    assert finished(job, sandbox) == {"skipped": 250}
    assert sandbox.calls("delete") == []
    assert not AuditEvent.objects.filter(event=EventKind.BATCH_SENT).exists()


def test_a_changed_manifest_is_never_run(sandbox, job_for):
    job = job_for(10)
    intruder = add_files(sandbox, 1)[0]
    with dba.without_triggers():
        job.manifest.items.filter(position=3).update(file_id=intruder)
    run(job)
    assert job.state == JobState.PAUSED
    assert "not the one that was confirmed" in job.pause_cause
    assert sandbox.calls("delete") == []


def test_a_second_run_changes_nothing(sandbox, job_for):
    job = job_for(30)
    finished(job, sandbox)
    events = AuditEvent.objects.count()
    run(job)
    assert AuditEvent.objects.count() == events
    assert len(sandbox.calls("delete")) == 1


def test_a_reason_and_one_job_a_manifest(sandbox, job_for, actor):
    job = job_for(3)
    with pytest.raises(controls.AlreadySubmitted) as caught:
        controls.open_deletion_job(manifest=job.manifest, actor=actor, reason="again")
    assert caught.value.job == job
    with pytest.raises(Exception, match="needs a reason"):
        controls.open_deletion_job(manifest=job.manifest, actor=actor, reason=" ")
