"""Cases in which the first thought is wrong: late calls, lists with strangers, answers that leave files out."""

from __future__ import annotations

import pytest
from django.utils.timezone import now

from medialib.errors import Refused
from medialib.imagekit.types import DeleteAnswer, RateLimit
from medialib.models import AuditEvent, EventKind, JobState, Pace
from medialib.services.accounts import accounts, keys, pacing
from medialib.services.audit.log import SYSTEM
from medialib.services.deletion import calls, runner
from medialib.services.jobs import controls
from tests.services.deletion.conftest import add_files, assert_exact, assert_log_matches_sandbox, outcomes, run
from tests.services.deletion.test_controls import in_thread, wait_until
from tests.services.deletion.test_crashes import let_leases_run_out

pytestmark = pytest.mark.django_db(transaction=True)
STRANGERS = [f"{number:024x}" for number in range(100)]


def test_a_call_that_is_carried_out_late_is_not_called_cancelled(sandbox, job_for, actor, settings):
    settings.IMAGEKIT_READ_TIMEOUT_S = 1.0
    job = job_for(100)
    sandbox.hold()
    worker = in_thread(job)
    wait_until(lambda: len(sandbox.calls("delete")) == 1)
    controls.cancel(job, actor=actor)
    wait_until(lambda: job.batches.filter(state="look_up").exists(), within_s=15)
    sandbox.release()
    worker.join(30)
    run(job)
    assert (job.state, job.deleted) == (JobState.FINISHED, 100)
    assert_exact(job, sandbox)
    assert_log_matches_sandbox(sandbox)


def test_ids_that_were_never_there_are_not_called_deleted(sandbox, job_for):
    real = add_files(sandbox, 1)
    job = job_for([*STRANGERS[:99], *real])
    sandbox.fault("lost_before")
    run(job)
    assert (job.deleted, job.already_gone) == (1, 99)
    assert_log_matches_sandbox(sandbox)


def test_a_refusal_before_the_lost_call_changes_nothing_about_it(sandbox, job_for):
    job = job_for(100)
    gone = sorted(sandbox.file_ids())[:5]
    for file_id in gone:
        sandbox.remove(file_id)
    sandbox.fault("429")
    sandbox.fault("lost_after")
    run(job)
    assert {file_id for file_id, outcome in outcomes(job).items() if outcome == "already_gone"} == set(gone)
    assert_log_matches_sandbox(sandbox)


def test_most_files_of_a_lost_207_are_ours(sandbox, job_for):
    job = job_for(100)
    sandbox.fault("partial_207", stay=1, delay_s=3.0)
    run(job)
    assert job.deleted == 100
    assert_log_matches_sandbox(sandbox)


def test_a_file_that_no_answer_ever_mentions_fails_in_the_end(sandbox, job_for, settings, monkeypatch):
    settings.BREAKER_PERCENT = 100
    monkeypatch.setattr("medialib.services.deletion.verdicts.LOOK_AGAIN_S", 0.05)
    settings.IMAGEKIT_READ_TIMEOUT_S = 0.5
    job = job_for(3)
    stays = min(sandbox.file_ids())
    real = runner.ImageKitClient.delete_files

    def forgetful(self, file_ids):
        answer = real(self, [file_id for file_id in file_ids if file_id != stays]) if set(file_ids) != {stays} else None
        return answer or DeleteAnswer(frozenset(), {}, 200)

    monkeypatch.setattr(runner.ImageKitClient, "delete_files", forgetful)
    run(job)
    assert outcomes(job)[stays] == "failed"
    assert job.calls <= 6


def test_a_file_that_another_job_deleted_meanwhile_is_deleted_once(sandbox, job_for, unseen):
    ids = add_files(sandbox, 10)
    first, second = job_for(ids), job_for(ids)
    sandbox.fault("lost_before")
    runner.lifecycle.start(first)
    claimed = runner.claims.claim(first, worker="w", want=1, look_ups=1).claims[0]
    with keys.client_for(first.account) as client:
        gate, pace = calls.Gate(), calls.ReadPace(1000)
        runner.settling.settle(first, calls.perform(client, claimed, gate, pace), worker="w")
        look_up = runner.claims.claim(first, worker="w", want=1, look_ups=1).claims[0]
        runner.settling.settle(first, calls.perform(client, look_up, gate, pace), worker="w")
    run(second)
    run(first)
    assert (second.deleted, first.deleted, first.already_gone) == (10, 0, 10)
    assert_log_matches_sandbox(sandbox)


def test_the_address_of_an_account_cannot_change_under_a_job(sandbox, sandbox_account, job_for):
    job_for(5, start_after_s=600)
    sandbox_account.api_url = "http://127.0.0.1:9"
    with pytest.raises(Refused, match="API address"):
        accounts.change_account(sandbox_account, actor=SYSTEM)


def test_a_cancelled_job_whose_key_is_gone_ends_unverified(sandbox, sandbox_account, job_for, actor, unseen):
    job = job_for(50)
    runner.lifecycle.start(job)
    runner.claims.claim(job, worker="dead", want=1, look_ups=0)
    let_leases_run_out()
    sandbox_account.api_keys.all().delete()
    controls.cancel(job, actor=actor)
    run(job)
    assert (job.state, job.unverified) == (JobState.FINISHED, 50)
    assert_exact(job, sandbox)


def test_a_call_held_back_is_not_counted_as_sent(sandbox, job_for, unseen):
    job = job_for(10)
    runner.lifecycle.start(job)
    claimed = runner.claims.claim(job, worker="w", want=1, look_ups=0).claims[0]
    claimed.validity._ends_at = 0.0
    with keys.client_for(job.account) as client:
        report = calls.perform(client, claimed, calls.Gate(), calls.ReadPace(1000))
    runner.settling.settle(job, report, worker="w")
    job.refresh_from_db()
    assert (job.calls, job.batches.get().attempts, sandbox.calls("delete")) == (0, 0, [])
    assert AuditEvent.objects.filter(job=job, event=EventKind.BATCH_HELD).count() == 1


def test_headers_in_another_unit_hold_up_nobody():
    gate, row = calls.Gate(), Pace(limit=2, interval_ms=1000, recent=[], refusals=0)
    gate.close_for(1_764_025_000.0)
    assert gate._closed_until - runner.time.monotonic() <= pacing.MAX_BLOCK_S
    assert not pacing._learn(row, RateLimit(20, 10_000_000_000.0), at=now())
    assert row.limit == 2


def test_two_retries_at_once_make_one_job(sandbox, job_for, actor, settings):
    settings.BREAKER_PERCENT = 100
    job = job_for(10)
    sandbox.fault("malformed_400")
    run(job)
    controls.retry_failed(job, actor=actor)
    with pytest.raises(Refused, match="retried already"):
        controls.retry_failed(job, actor=actor)
