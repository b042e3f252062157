"""Pause, resume, cancel, undo, speed, retry, verify, and the breaker that pauses by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection

from medialib.errors import Refused, WrongUse
from medialib.models import ApiKey, AuditEvent, DeletionJob, EventKind, JobState, Pace, PauseCode
from medialib.services.accounts import keys
from medialib.services.deletion import runner
from medialib.services.jobs import agreement, controls
from tests import dba
from tests.services.deletion.conftest import assert_exact, assert_log_matches_sandbox, outcomes, run

pytestmark = pytest.mark.django_db(transaction=True)


def in_thread(job: DeletionJob) -> threading.Thread:
    """Run the job as a worker would, beside the test."""

    def work() -> None:
        try:
            runner.run_deletion_job(job.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def wait_until(condition: Callable[[], bool], *, within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def in_the_middle_of_its_first_call(job: DeletionJob, sandbox) -> threading.Thread:
    """A worker whose call is held by the sandbox until it is released."""
    sandbox.hold()
    worker = in_thread(job)
    wait_until(lambda: len(sandbox.calls("delete")) == 1)
    return worker


def kinds(job: DeletionJob) -> list[str]:
    not_life = [EventKind.FILE_SETTLED, EventKind.BATCH_SENT]
    return list(
        AuditEvent.objects.filter(job=job).exclude(event__in=not_life).order_by("pk").values_list("event", flat=True)
    )


def test_pause_settles_what_is_in_flight_and_sends_nothing_more(sandbox, job_for, actor, settings):
    settings.JOB_CONCURRENCY = 1
    job = job_for(500)
    worker = in_the_middle_of_its_first_call(job, sandbox)
    controls.pause(job, actor=actor)
    sandbox.release()
    worker.join(10)
    job.refresh_from_db()
    assert (job.state, job.deleted, job.left) == (JobState.PAUSED, 100, 400)
    controls.resume(job, actor=actor)
    run(job)
    assert job.deleted == 500
    assert kinds(job) == ["job.confirmed", "job.started", "job.paused", "job.resumed", "job.finished"]
    assert_exact(job, sandbox)


def test_cancel_says_how_many_are_gone_and_how_many_stay(sandbox, job_for, actor, settings):
    settings.JOB_CONCURRENCY = 1
    job = job_for(500)
    worker = in_the_middle_of_its_first_call(job, sandbox)
    controls.cancel(job, actor=actor)
    sandbox.release()
    worker.join(10)
    job.refresh_from_db()
    assert (job.state, job.deleted, job.cancelled) == (JobState.FINISHED, 100, 400)
    assert len(sandbox.file_ids()) == 400
    assert_exact(job, sandbox)


def test_cancel_without_any_worker_is_complete(sandbox, job_for, actor):
    job = job_for(250)
    controls.cancel(job, actor=actor)
    assert (job.state, job.cancelled) == (JobState.FINISHED, 250)
    assert sandbox.calls("delete") == []
    assert_exact(job, sandbox)


def test_undo_is_complete_until_the_window_is_over(sandbox, job_for, actor):
    job = job_for(20, start_after_s=600)
    runner.run_deletion_job(job.pk)
    assert sandbox.calls("delete") == []
    controls.undo(job, actor=actor)
    job.refresh_from_db()
    assert (job.state, job.cancelled) == (JobState.FINISHED, 20)
    assert "job.undone" in kinds(job)
    runner.run_deletion_job(job.pk)
    assert len(sandbox.file_ids()) == 20


def test_undo_is_refused_once_it_has_started(sandbox, job_for, actor):
    job = job_for(5)
    run(job)
    with pytest.raises(Refused, match="too late"):
        controls.undo(job, actor=actor)


def test_start_now_ends_the_undo_window(sandbox, job_for, actor):
    job = job_for(5, start_after_s=600)
    controls.start_now(job, actor=actor)
    run(job)
    assert job.deleted == 5


def test_speed_acts_on_the_next_call(sandbox, sandbox_account, job_for, actor):
    job = job_for(1500)
    Pace.objects.filter(account=sandbox_account).delete()
    Pace.objects.create(account=sandbox_account, kind="delete", limit=20, interval_ms=1000, is_learned=True)
    controls.set_speed(job, 10, actor=actor)
    worker = in_thread(job)
    wait_until(lambda: len(sandbox.calls("delete")) >= 3)
    slow = [call.at_monotonic for call in sandbox.calls("delete")]
    controls.set_speed(job, 100, actor=actor)
    changed_at = time.monotonic()
    wait_until(lambda: len(sandbox.calls("delete")) >= 12)
    assert time.monotonic() - changed_at < 2
    worker.join(10)
    assert slow[2] - slow[0] >= 0.9  # A tenth of 20 a second are 2.
    with pytest.raises(WrongUse):
        controls.set_speed(job, 0, actor=actor)


def test_retry_makes_a_new_job_of_the_failed_files_only(sandbox, job_for, actor):
    job = job_for(120)
    sandbox.fault("partial_207", stay=2)
    run(job)
    assert (job.deleted, job.failed) == (118, 2)
    again = controls.retry_failed(job, actor=actor)
    run(again)
    assert {k for k, v in outcomes(job).items() if v == "failed"} == set(outcomes(again))
    assert (again.deleted, again.retry_of_id, again.manifest.sha256 != job.manifest.sha256) == (2, job.pk, True)
    assert_exact(job, sandbox)
    assert_exact(again, sandbox)
    with pytest.raises(Refused, match="retried already"):
        controls.retry_failed(job, actor=actor)


def test_an_impossible_look_up_ends_unverified_and_can_be_verified_again(sandbox, job_for, actor, monkeypatch):
    monkeypatch.setattr("medialib.services.deletion.verdicts.MAX_LOOK_UPS", 1)
    job = job_for(10)
    sandbox.fault("lost_after")
    sandbox.fault("500_before", times=1000, on="details")
    run(job)
    assert (job.state, job.unverified) == (JobState.FINISHED, 10)
    assert agreement.contradictions(job) == []
    with dba.without_triggers():
        job.manifest.items.filter(position=0).update(evidence="ImageKit answered that it never was there.")
    assert "1 file is not as the log says" in agreement.contradictions(job)[0]
    with dba.without_triggers():
        job.manifest.items.filter(position=0).update(evidence=job.manifest.items.get(position=1).evidence)
    assert job.unverified > 0
    assert_exact(job, sandbox)
    sandbox.clear_faults()
    controls.verify(job, actor=actor)
    run(job)
    assert (job.deleted, job.unverified) == (10, 0)
    assert agreement.contradictions(job) == []
    assert_exact(job, sandbox)
    assert_log_matches_sandbox(sandbox)


def test_a_refused_key_pauses_at_once(sandbox, job_for, actor):
    job = job_for(300)
    sandbox.revoke_key()
    run(job)
    assert job.state == JobState.PAUSED
    assert "key" in job.pause_cause
    assert job.pause_code == PauseCode.KEY_REFUSED
    assert job.deleted == 0
    sandbox.restore_key()
    controls.resume(job, actor=actor)
    run(job)
    assert job.deleted == 300
    assert_exact(job, sandbox)


def test_an_account_without_a_key_pauses_its_job(sandbox, sandbox_account, job_for):
    job = job_for(5)
    sandbox_account.api_keys.all().delete()
    run(job)
    assert job.state == JobState.PAUSED
    assert "no private key" in job.pause_cause
    assert job.pause_code == PauseCode.NO_KEY


def test_three_identical_errors_in_a_row_pause_the_job(sandbox, job_for, actor, settings):
    settings.JOB_CONCURRENCY = 1
    job = job_for(50)
    sandbox.fault("500_before", times=50)
    run(job)
    assert job.state == JobState.PAUSED
    assert "3 calls in a row" in job.pause_cause
    assert job.pause_code == PauseCode.BREAKER
    sandbox.clear_faults()
    controls.resume(job, actor=actor)
    run(job)
    assert (job.state, job.deleted) == (JobState.FINISHED, 50)
    assert_exact(job, sandbox)


def test_too_many_failures_pause_the_job(sandbox, job_for, settings):
    settings.JOB_CONCURRENCY = 1
    job = job_for(400)
    sandbox.fault("partial_207", times=1, stay=6)
    run(job)
    assert (job.state, job.failed) == (JobState.PAUSED, 6)
    assert "6 of 100 files failed" in job.pause_cause


def test_an_address_that_does_not_resolve_pauses_and_loses_nothing(sandbox, sandbox_account, job_for, actor):
    job = job_for(20)
    right = sandbox_account.api_url
    type(sandbox_account).objects.filter(pk=sandbox_account.pk).update(api_url="http://127.0.0.1:1")
    run(DeletionJob.objects.get(pk=job.pk))
    job.refresh_from_db()
    assert job.state == JobState.PAUSED
    assert "not sent" in job.pause_cause
    type(sandbox_account).objects.filter(pk=sandbox_account.pk).update(api_url=right)
    controls.resume(job, actor=actor)
    run(DeletionJob.objects.get(pk=job.pk))
    job.refresh_from_db()
    assert job.deleted == 20
    assert_exact(job, sandbox)


def test_nobody_sends_during_a_storm_of_429s_before_the_stated_time(sandbox, job_for):
    job = job_for(600)
    sandbox.fault("storm", seconds=2)
    run(job)
    assert job.deleted == 600
    refused = [call for call in sandbox.calls("delete") if call.status == 429]
    assert 1 <= len(refused) <= 12
    assert job.refused_calls == len(refused)
    assert_exact(job, sandbox)


def test_a_running_job_goes_on_with_a_key_that_was_stored_meanwhile(sandbox, job_for, actor, monkeypatch):
    monkeypatch.setattr(runner, "KEY_EVERY_S", 0.0)
    job = job_for(1200)
    sandbox.hold()
    worker = in_thread(job)
    assert sandbox.wait_until_held()
    new = keys.set_key(job.account, private_key="private_sandbox", actor=actor)
    sandbox.release()
    worker.join(30)
    run(job)
    assert_exact(job, sandbox)
    assert ApiKey.objects.get(pk=new.pk).last_used_at is not None
